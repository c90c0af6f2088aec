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


def detail(values: Mapping[str, object], errors: Sequence[str] = ()) -> str:
    """A detailed log that says these values, and errors, each on a line."""
    said = [
        *((key, value, False) for key, value in values.items()),
        *(("error_runtime", text, True) for text in errors),
    ]
    rows = [
        {"key": key, "value": value, "time_ms": 0.5, "metadata": {"is_error": bad, "is_warning": False}}
        for key, value, bad in said
    ]
    return "".join(f":::MLLOG {json.dumps(row)}\n" for row in rows)


def plain_detail(settings: Mapping[str, object], version: str = "0.5a1", errors: Sequence[str] = ()) -> str:
    """A detailed log as it was in v0.5 and v0.7: plain text. ``settings`` are the effective ones."""
    told = ["LoadgenVersionInfo:", f"version : {version} @ 0123456789", "git_log :", ""]
    told += ["Date + time of test: 2020-09-01T10:00:00Z", "System Under Test (SUT) name: PySUT", "QSL total size: 300"]
    told += ["Requested Settings:", "Scenario : Server", "Effective Settings:", ""]
    told += [f"{name} : {value}" for name, value in settings.items()]
    told += ["Starting performance mode:", *(f"ERROR : {text}" for text in errors)]
    return "".join(f'"pid": 7, "tid": 9, "ts": {at}ns : {line}\n' for at, line in enumerate(told))


def write_logs(folder: Path, told: str, summary: str) -> Path:
    """A detailed log and a summary, in a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlperf_log_detail.txt").write_text(told, encoding="utf-8")
    (folder / "mlperf_log_summary.txt").write_text(summary, encoding="utf-8")
    return folder


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
    (folder / "mlperf_log_detail.txt").write_text(detail({"sut_name": "PyFastSUT"}, errors), encoding="utf-8")
    if labels is not None:
        rows = "".join(f"{index} picture {index}.png {label}\n" for index, label in labels.items())
        (folder / "labels.txt").write_text(rows, encoding="utf-8")
    return folder
