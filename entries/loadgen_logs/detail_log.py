"""LoadGen's detailed log: a JSON object on each line since v1.0, plain text in the rounds before (v0.5, v0.7)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MARK = ":::MLLOG"
# `"pid": 1, "tid": 1, "ts": 10ns : ERROR : what is said`
PLAIN_LINE = re.compile(r'"pid": \d+, "tid": \d+, "ts": -?\d+ns : (ERROR : |WARNING : )?(.*)')
PLAIN_VALUE = re.compile(r"(\w[^:]{0,80}?) ?: *(\S.*)")
NUMBER = re.compile(r"-?(0|[1-9]\d{0,25})(\.\d{1,25})?(e[+-]?\d{1,3})?", re.ASCII)
SECTIONS = {"Requested Settings:": "requested_", "Effective Settings:": "effective_"}
# What stands before the settings in plain text, and its key since.
PLAIN_NAMES = {
    "version": "loadgen_version",
    "Date + time of test": "test_datetime",
    "System Under Test (SUT) name": "sut_name",
    "QSL total size": "qsl_reported_total_count",
}
MODES = {
    "Performance": "PerformanceOnly",
    "Accuracy": "AccuracyOnly",
    "Submission": "SubmissionRun",
    "FindPeakPerformance": "FindPeakPerformance",
}


@dataclass
class Said:
    """What a detailed log says: the first value of each key, its errors, and the numbers of lines that are damaged."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)


def parse(text: str) -> Said:
    """What a detailed log of any round says, by the keys of today's."""
    said, prefix = Said(), ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(MARK):
            _take_json(said, number, line.removeprefix(MARK))
        elif plain := PLAIN_LINE.fullmatch(line):
            kind, told = plain[1] or "", plain[2].strip()
            prefix = SECTIONS.get(told, prefix)
            if kind.startswith("ERROR"):
                said.errors.append(told)
            for key, value in _plain_value(told, prefix):
                said.values.setdefault(key, value)
    return said


def _take_json(said: Said, number: int, text: str) -> None:
    try:
        entry = json.loads(text)
        key, value = entry["key"], entry["value"]
        said.values.setdefault(key, value)
        metadata = entry.get("metadata")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        said.damaged.append(number)
        return
    if isinstance(metadata, dict) and metadata.get("is_error"):
        said.errors.append(str(value))


def _plain_value(told: str, prefix: str) -> Iterator[tuple[str, Any]]:
    """A line ``name : value``; none where it is no such line."""
    found = PLAIN_VALUE.fullmatch(told)
    if found is None:
        return
    name, value = found[1].strip(), found[2].strip()
    if not prefix:
        if name in PLAIN_NAMES:
            yield PLAIN_NAMES[name], _typed(value)
        return
    key = prefix + re.sub(r"\W+", "_", name.lower()).strip("_")
    if key.endswith("_scenario"):
        yield key, value.replace(" ", "")
    elif key.endswith("_test_mode"):
        word = value.replace(" ", "")
        yield key, MODES.get(word.removesuffix("Only"), word)
    else:
        yield key, _typed(value)


def _typed(text: str) -> Any:
    """A number, a truth value or quoted text as what it is; other text as it reads."""
    if text in ("true", "false") or NUMBER.fullmatch(text):
        return json.loads(text)
    return text.strip('"')
