"""The rules of a round, as data, and what LoadGen's detailed log says about a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Rules:
    """What a round asks for; ``data`` is its part of ``rules.yaml``."""

    round: str
    data: dict[str, Any]

    def benchmark(self, name: str) -> dict[str, Any] | None:
        """What is asked of a benchmark, by MLPerf's name or the checker's; None for one that is not known here."""
        known: dict[str, Any] = self.data["benchmarks"]
        return known.get(name) or next((item for item in known.values() if item.get("official") == name), None)

    def official_name(self, name: str) -> str:
        """The checker's name of a benchmark."""
        return str((self.benchmark(name) or {}).get("official", name))


def rules_of(round: str) -> Rules:
    """The rules of ``round`` (v6.1)."""
    import yaml

    file = Path(__file__).with_name("rules.yaml")
    return Rules(round, yaml.safe_load(file.read_text(encoding="utf-8"))[round])


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
