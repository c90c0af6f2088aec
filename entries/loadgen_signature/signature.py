"""The signature of a LoadGen run: which system ran which benchmark.

Two runs belong together only if their signatures are equal: an accuracy beside a figure, the runs of a submission, and
what a verdict rests on all go by it. Something that is not known equals nothing, not even itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

# What makes a run another system's or another benchmark's, with the words for it.
PARTS = {
    "machine": "machine",
    "engine": "engine",
    "engine_version": "version of the engine",
    "engine_options": "options of the engine",
    "environment": "environment variables",
    "environment_digest": "Python packages",
    "effective_device": "device",
    "effective_precision": "precision",
    "model_digest": "file of the model",
    "input_form": "normalisation",
    "dataset_digest": "samples or their preprocessing",
    "labels_digest": "labels",
}
# How the same system was driven. Answers do not depend on it as a rule, so an accuracy measured with other values may
# stand beside a figure, marked; in a submission these agree as well.
CALLS = {"effective_batch_size": "batch", "effective_threads": "threads"}
UNKNOWN = (None, "unknown")
NOT_KNOWN = "not known"


def signature(values: Mapping[str, Any]) -> str | None:
    """SHA-256 of all :data:`PARTS` in ``values``; None where one of them is not known."""
    parts = {name: values.get(name) for name in PARTS}
    if any(value in UNKNOWN for value in parts.values()):
        return None
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """In words, what keeps two runs from being of one system and benchmark, driven alike; nothing where they are."""
    for name, word in {**PARTS, **CALLS}.items():
        mine, its = one.get(name), other.get(name)
        if mine in UNKNOWN or its in UNKNOWN:
            yield f"{word} {NOT_KNOWN}"
        elif mine != its:
            yield (
                f"other {word}"
                if isinstance(mine, (dict, list)) or len(str(mine)) > 40
                else f"{word} {its}, not {mine}"
            )


def benchmark_of(values: Mapping[str, Any]) -> str | None:
    """MLPerf's benchmark that the model is, by the model's own entry: what LoadGen was told to measure by
    (``loadgen_model``) makes a run no other benchmark's.
    """
    said = values.get("loadgen_benchmark") if values.get("loadgen_model") is None else None
    name = values.get("mlperf_benchmark") or said  # runs of axs before 0.2 have only what LoadGen was told
    return None if name is None else str(name)
