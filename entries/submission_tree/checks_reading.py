"""Reading what lies in a tree, whatever it is: a damaged file is a fault with words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import summary_log
from .mlperf_log import DETAIL, SUMMARY, figure, read_log

MOST_SHOWN = 60  # characters of a value that a message shows
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
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


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
        except OSError as error:
            self.errors = [f"{DETAIL} cannot be read: {shown(error)}"]
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
        """What MLPerf scores of the run: samples/s, or ns; NaN where there is none."""
        found = figure(self.values)
        return math.nan if found is None else found

    @property
    def version(self) -> str:
        """The version of LoadGen, as 6.0.17."""
        return str(self.get("loadgen_version")).partition(" ")[0]

    def contradictions(self) -> Iterator[str]:
        """Where the summary says otherwise than the detailed log."""
        for _, key, text in summary_log.lines(self.summary, self.scenario):
            value = self.get(key)
            same = str(value) == text or math.isclose(number(value), number(text), **ROUNDED)
            if value is not None and not same:
                yield f"{SUMMARY} says {shown(text)} where {DETAIL} has {key} = {shown(value)}"
