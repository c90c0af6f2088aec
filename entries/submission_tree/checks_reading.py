"""Reading what lies in a tree, whatever it is: a damaged file is a fault with words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .mlperf_log import DETAIL, FIGURES, SUMMARY, read_log

FOREVER = 60  # characters of a value that a message shows
# Lines of the summary besides those that name a setting, and the keys of the detailed log that say the same.
SHOWN = {
    "Samples per second": "result_samples_per_second",
    "Scheduled samples per second": "result_scheduled_samples_per_sec",
    "Completed samples per second": "result_completed_samples_per_sec",
    "Min latency (ns)": "result_min_latency_ns",
    "Max latency (ns)": "result_max_latency_ns",
    "Mean latency (ns)": "result_mean_latency_ns",
    "Result is": "result_validity",
    "Scenario": "effective_scenario",
    "Mode": "effective_test_mode",
}
ESTIMATES = {"SingleStream": "90", "MultiStream": "99"}
ROUNDED = {"rel_tol": 1e-5, "abs_tol": 0.0051}  # LoadGen prints six digits, and two decimals of a Server's figures


def read_text(file: Path) -> str:
    """The text of a file, with marks for bytes that are no UTF-8; empty where there is none."""
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def read_object(file: Path) -> tuple[dict[str, Any], list[str]]:
    """The JSON object in a file, and what is wrong with it; empty where it is damaged or missing."""
    try:
        content = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (ValueError, RecursionError) as error:
        return {}, [f"{file.name} is no JSON: {error}"]
    return (content, []) if isinstance(content, dict) else ({}, [f"{file.name} holds no JSON object"])


def shown(value: Any) -> str:
    """A value for a message."""
    text = str(value)
    return text if len(text) <= FOREVER else f"{text[:FOREVER]}..."


def number(value: Any) -> float:
    """A number as it is, and NaN for anything else: it compares with nothing."""
    try:
        return float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        return math.nan


class Log:
    """What LoadGen left of a run in a folder of the tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values: dict[str, Any] = {}
        self.errors: list[str] = []
        try:
            self.values = read_log(folder / DETAIL)
            self.errors = [shown(error) for error in self.values.pop("errors", [])]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self.errors = [f"{DETAIL} is damaged: {shown(error)}"]
        self.summary = read_text(folder / SUMMARY)

    def get(self, key: str) -> Any:
        """A value of the detailed log; None where it has none."""
        return self.values.get(key)

    def number(self, key: str) -> float:
        """The same as a number; NaN where it is none."""
        return number(self.get(key))

    def say(self, key: str) -> str:
        """The same for a message."""
        return shown(self.get(key))

    @property
    def scenario(self) -> str:
        """The scenario of the run."""
        return str(self.get("effective_scenario"))

    @property
    def figure(self) -> float:
        """The figure of the run: samples/s, or ns; NaN without one."""
        return self.number(FIGURES.get(self.scenario, ""))

    @property
    def version(self) -> str:
        """The version of LoadGen, as 6.0.17."""
        return str(self.get("loadgen_version")).partition(" ")[0]

    def contradictions(self) -> Iterator[str]:
        """Where the summary says otherwise than the detailed log."""
        for name, key, text in self._summary_values():
            value = self.get(key)
            same = str(value) == text or math.isclose(number(value), number(text), **ROUNDED)
            if value is not None and not same:
                yield f"{SUMMARY} says {name}: {shown(text)}, {DETAIL} {shown(value)}"

    def _summary_values(self) -> Iterator[tuple[str, str, str]]:
        """Name, key of the detailed log, and value of each line of the summary that has one."""
        for line in self.summary.splitlines():
            found = re.fullmatch(r"[ *]*(\S[^:]*?) *: *(\S+) *", line)
            if found and (key := self._key(found[1])):
                yield found[1], key, found[2]

    def _key(self, name: str) -> str | None:
        if name in SHOWN:
            return SHOWN[name]
        if percentile := re.fullmatch(r"([\d.]+?)(?:th)? percentile latency \(ns\)", name):
            of = "per_query_latency" if self.scenario == "MultiStream" else "latency"
            return f"result_{number(percentile[1]):.2f}_percentile_{of}_ns"
        if estimate := re.fullmatch(r"Early stopping ([\d.]+)th percentile estimate", name):
            own = number(estimate[1]) == number(ESTIMATES.get(self.scenario))
            return FIGURES[self.scenario] if own else None
        setting = re.fullmatch(r"(\w+?)(?: \((ms|ns)\))?", name)
        return "_".join(filter(None, ("effective", *setting.groups()))) if setting else None
