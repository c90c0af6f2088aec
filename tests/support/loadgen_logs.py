"""LoadGen's logs, written by the form that its documentation and its output show (mlcommons-loadgen 6.0)."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

FRAME = "=" * 48
FORMATS = {"float32": "<f", "int32": "<i", "int64": "<q"}
HEADLINES = {
    "Offline": "Samples per second: 4013.27",
    "Server": "Completed samples per second    : 514.12",
    "SingleStream": "90.0th percentile latency (ns) : 351404",
    "MultiStream": "99.0th percentile latency (ns) : 2219851",
}
EARLY_STOPPING = """Early Stopping Result:
 * Processed at least 64 queries (9931).
 * Would discard 922 highest latency queries.
 * Early stopping 90.0th percentile estimate: 354799"""
SERVER_OVERLOADED = """Recommendations:
 * Reduce target QPS to improve latency.
Early Stopping Result:
 * Run unsuccessful.
 * Processed 2572 queries.
 * Would need to run at least 178557 more queries,
 with the run being successful if every additional
 query were under latency."""


def summary(scenario: str, valid: bool = True, conditions: Sequence[str] = (), points: str = "") -> str:
    """A summary of a performance test; ``conditions`` are lines ``NAME satisfied : Yes``, ``points`` what follows."""
    return "\n".join(
        [
            FRAME,
            "MLPerf Results Summary",
            FRAME,
            "SUT name : PyFastSUT",
            f"Scenario : {scenario}",
            "Mode     : PerformanceOnly",
            HEADLINES[scenario],
            f"Result is : {'VALID' if valid else 'INVALID'}",
            *(f"  {condition}" for condition in conditions),
            *([points] if points else []),
            "",
            FRAME,
            "Additional Stats",
            FRAME,
            "Min latency (ns)                : 243744",
            "99.00 percentile latency (ns)   : 457572",
            "",
            FRAME,
            "Test Parameters Used",
            FRAME,
            "samples_per_query : 1",
            "target_qps : 500",
            "min_duration (ms): 3000",
            "qsl_rng_seed : 2085463073848966840",
            "",
            "No warnings encountered during test.",
            "",
            "No errors encountered during test.",
            "",
        ]
    )


def answer(value: float, dtype: str = "float32") -> str:
    """An answer as LoadGen dumps it."""
    return struct.pack(FORMATS[dtype], value if dtype == "float32" else int(value)).hex().upper()


def write_run(
    folder: Path,
    text: str = "",
    answers: Sequence[tuple[int, float]] = (),
    labels: Mapping[int, int] | None = None,
    dtype: str = "float32",
    errors: Sequence[str] = (),
) -> Path:
    """The files that one run leaves. ``answers`` are (sample index, class) in the order of the log."""
    (folder / "mlperf_log_summary.txt").write_text(text, encoding="utf-8")
    records = ",\n".join(
        f'{{ "seq_id" : {number}, "qsl_idx" : {index}, "data" : "{answer(value, dtype)}" }}'
        for number, (index, value) in enumerate(answers)
    )
    (folder / "mlperf_log_accuracy.json").write_text(f"[\n{records}\n]\n", encoding="utf-8")
    lines = [
        ":::MLLOG "
        + json.dumps({"key": key, "value": value, "time_ms": 0.5, "metadata": {"is_error": bad, "is_warning": False}})
        for key, value, bad in (("sut_name", "PyFastSUT", False), *(("error_runtime", error, True) for error in errors))
    ]
    (folder / "mlperf_log_detail.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if labels is not None:
        rows = "".join(f"{index} picture {index}.png {label}\n" for index, label in labels.items())
        (folder / "labels.txt").write_text(rows, encoding="utf-8")
    return folder
