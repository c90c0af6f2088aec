"""What keeps a run from being handed in to MLPerf's closed division."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .rules import Rules
from .signature import benchmark_of


def lacks(values: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    """In words, each thing; nothing where the run can be handed in as it is."""
    yield from values.get("loadgen_weaker_settings") or ()
    if values.get("loadgen_compliance_test") is not None:
        yield f"compliance test {values['loadgen_compliance_test']}, no run of its own"
    yield from _of_the_benchmark(values, rules)
    if values.get("loadgen_mode") == "FindPeakPerformance":
        yield "a search for the peak is no run"
    if values.get("loadgen_mode") == "SubmissionRun":
        yield "MLPerf takes accuracy and performance from two runs, AccuracyOnly and PerformanceOnly"
    if values.get("suspended_seconds"):
        yield f"it was suspended for {values['suspended_seconds']:.1f} s, which its figures count"


def _of_the_benchmark(values: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    name = benchmark_of(values)
    asked = rules.benchmark(name) if name else None
    if name is None or asked is None:
        yield f"{name} is no benchmark of {rules.round}" if name else "the model is no benchmark of MLPerf"
        return
    if values.get("loadgen_model") not in (None, name):
        yield f"LoadGen's settings are those of {values['loadgen_model']}, not of {name}"
    if values.get("model_weights") in (None, "random"):
        yield "random weights" if values.get("model_weights") else "it is not known where the weights come from"
    wanted = asked.get("dataset")
    if wanted is None:
        yield f"it is not known here whether its samples are those of {asked['data']}"
    elif values.get("dataset_used") != wanted:
        yield f"samples of {values.get('dataset_used') or 'an unknown data set'}, not of {wanted}"
    if values.get("samples_used") != asked["dataset_size"]:
        yield f"{values.get('samples_used')} samples, not all {asked['dataset_size']}"
    if values.get("effective_precision") in (None, "unknown"):
        yield "it is not known in which precision the engine computed"
