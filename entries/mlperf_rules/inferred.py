"""Results that an edge system may infer from a run of another scenario, instead of measuring them.

The rules are in inference_rules.adoc of mlcommons/inference_policies (section "Benchmarks", after the scenarios that
the edge suite requires), the arithmetic in performance_check.py of the submission checker (``inferred_check`` and
``get_inferred_result``). In the tree an inferred result is a copy of the folder that it was inferred from, under the
name of its own scenario; the checker sees from the log that it is one, and computes the figure itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from axs_core.sdk import Refused

SAMPLES_PER_QUERY = 8
"""Of MultiStream."""
NS_PER_S = 1e9
SOURCES = {"MultiStream": ("SingleStream",), "Offline": ("MultiStream", "SingleStream")}
"""From which scenarios one may be inferred. A source has to be measured: nothing is inferred from what is inferred."""
KINDS = ("edge", "both")
"""Types of systems for which results may be inferred."""


@dataclass(frozen=True)
class Inferred:
    """A figure of ``scenario``, inferred from a run in ``source``: ns in MultiStream, samples/s in Offline."""

    scenario: str
    source: str
    value: float
    rule: str

    def __str__(self) -> str:
        return f"inferred from {self.source}: {self.rule}"


def sources(scenario: str, kind: str) -> tuple[str, ...]:
    """The scenarios from which ``scenario`` may be inferred on a system of this kind, the nearest first."""
    return SOURCES.get(scenario, ()) if kind in KINDS else ()


def infer(scenario: str, log: Mapping[str, Any]) -> Inferred:
    """The figure of ``scenario`` from the detail log of a run in another one.

    ``log`` has the values of ``mlperf_log_detail.txt`` by their keys. Raises Refused where the rules do not allow that
    pair, or where the log does not have what it takes.
    """
    source = str(log.get("effective_scenario"))
    if source not in SOURCES.get(scenario, ()):
        allowed = " or ".join(SOURCES.get(scenario, ()))
        raise Refused(
            f"{scenario} cannot be inferred from {source}",
            hint=f"{scenario} may be inferred from {allowed}" if allowed else f"{scenario} has to be measured",
        )
    if scenario == "MultiStream":
        return _multi_stream(source, _positive(log, "early_stopping_latency_ms"))
    if source == "MultiStream":
        return _offline(
            source, _positive(log, "result_mean_query_latency_ns"), _positive(log, "effective_samples_per_query")
        )
    return _offline(source, _positive(log, "result_mean_latency_ns"), 1)


def _multi_stream(source: str, latency: float) -> Inferred:
    """8 times the 99th percentile of the latency, ns: LoadGen's estimate of it (early stopping), which the checker
    takes for a MultiStream that was measured, too.
    """
    rule = f"{SAMPLES_PER_QUERY} x 99th percentile of the latency (LoadGen's estimate, {latency:.0f} ns)"
    return Inferred("MultiStream", source, SAMPLES_PER_QUERY * latency, rule)


def _offline(source: str, latency: float, samples: float) -> Inferred:
    """Samples of a query divided by its mean latency."""
    rule = f"{samples:.0f} / mean latency of a query ({latency:.0f} ns)"
    return Inferred("Offline", source, samples * NS_PER_S / latency, rule)


def _positive(log: Mapping[str, Any], key: str) -> float:
    """A value of the log; LoadGen writes 0 where it had too few queries for an estimate."""
    value = float(log.get(key) or 0)
    if value <= 0:
        raise Refused(
            f"nothing can be inferred from this run: LoadGen's log has no {key}",
            hint="LoadGen gives its estimate from 662 queries on: a longer run has more" if "early" in key else None,
        )
    return value
