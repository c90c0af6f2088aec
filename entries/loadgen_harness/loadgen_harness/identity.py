"""Digests that tell whether two runs were of the same thing."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from loadgen_harness.parameters import Job

# Parameters whose names begin so are LoadGen's, and differ between the runs of one benchmark, but for these.
LOADGEN, OF_THE_BENCHMARK = "loadgen_", frozenset({"loadgen_scenario", "loadgen_dataset_size", "loadgen_max_batch"})
# What sets runs apart that measure the same.
OF_ONE_RUN = frozenset(
    {"repetition", "repetitions", "until_valid", "find_target_qps", "find_target_latency", "allow_invalid", "verbosity"}
)


def environment_digest(job: Job) -> str | None:
    """SHA-256 of the version of Python and of all packages that the program can import; None where they are not
    known.
    """
    python = job.needs.get("python")
    if python is None or python.attributes.get("frozen") is None:
        return None
    return of([python.attributes.get("python_version"), sorted(python.attributes["frozen"])])


def question_digest(job: Job) -> str:
    """SHA-256 of what was asked for, but for what sets the runs of one benchmark apart (mode, durations, targets)."""
    asked = {name: value for name, value in job.parameters.items() if value is not None and _is_of_the_benchmark(name)}
    return of(asked)


def _is_of_the_benchmark(name: str) -> bool:
    return name in OF_THE_BENCHMARK or not (name.startswith(LOADGEN) or name in OF_ONE_RUN)


def of(value: Any) -> str:
    """SHA-256 of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
