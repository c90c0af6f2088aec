"""LoadGen's logs: the names of its files, and what the detailed log says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SUMMARY, DETAIL, ACCURACY = "mlperf_log_summary.txt", "mlperf_log_detail.txt", "mlperf_log_accuracy.json"
# The figure that MLPerf compares, by scenario: samples/s, or ns.
FIGURES = {
    "Offline": "result_samples_per_second",
    "Server": "result_completed_samples_per_sec",
    "SingleStream": "early_stopping_latency_ss",
    "MultiStream": "early_stopping_latency_ms",
}


def read_log(file: Path) -> dict[str, Any]:
    """The values of LoadGen's detailed log, the first of each name; errors under ``errors``."""
    values: dict[str, Any] = {"errors": []}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(":::MLLOG "):
            entry = json.loads(line.removeprefix(":::MLLOG "))
            values.setdefault(entry["key"], entry["value"])
            if entry["metadata"]["is_error"]:
                values["errors"].append(str(entry["value"]))
    return values


def figure(log: dict[str, Any]) -> float | None:
    """The figure of the run whose log that is."""
    value = log.get(FIGURES.get(str(log.get("effective_scenario")), ""))
    return None if value is None else float(value)
