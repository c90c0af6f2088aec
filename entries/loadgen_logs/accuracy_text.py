"""accuracy.txt, what MLPerf's script for a benchmark prints: which measures it names, and which of them leads."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

# Where there are several, the first of these is what the benchmark is judged by.
LEADING = (
    *(
        "f1",
        "AUC",
        "mAP",
        "BLEU",
        "Dice",
        "rouge1",
        "rougeL",
        "CLIP_SCORE",
        "FID_SCORE",
        "exact_match",
        "mean-accuracy",
    ),
    *("vbench_score", "metric/lifetime_ne/rating", "accuracy", "Accuracy"),
)
# Names that say too little, and what MLPerf calls the measure.
RENAMED = {"mean": "Dice", "Total": "mAP"}
# Numbers of things, no measures.
COUNTS = frozenset({"good", "total", "queries", "gen_len", "gen_num", "gen_tok_len"})
NUMBER = r"-?\d{1,30}(?:\.\d{1,30})?(?:e[+-]?\d{1,3})?"
MAPPING = re.compile(r"\{[^{}]{1,4000}\}")
PAIR = re.compile(
    r"\b(accuracy|Accuracy|AUC|mAP|BLEU|WER|Word Error Rate|F1|f1|exact_match|rouge\w{1,4}|mean|kidney|tumor|good|total"
    rf"|queries|metric/lifetime_\w{{1,20}}/rating) *[=:] *({NUMBER})(?![\w.]) *(%?)"
)


def measures(text: str) -> dict[str, dict[str, Any]]:
    """What it names, the measure that leads first: ``value``, and ``unit`` where it says one; empty where it names
    none.

    >>> measures("AUC=80.166%, accuracy=96.605%, good=86110748, total=89137319, queries=330067")["AUC"]
    {'value': 80.166, 'unit': '%'}
    """
    found: dict[str, dict[str, Any]] = {}
    for line in text.splitlines():
        for name, number, unit in _named(line):
            value = int(number) if name in COUNTS and number.is_integer() else number
            found.setdefault(RENAMED.get(name, name), {"value": value, **({"unit": unit} if unit else {})})
    known = [name for name in found if name not in COUNTS]
    if not known:
        return {}
    first = next((name for name in LEADING if name in found), known[0])
    return {first: found[first], **found}


def said(text: str) -> str:
    """The lines that name a measure."""
    return "\n".join(line.strip() for line in text.splitlines() if any(_named(line)))


def _named(line: str) -> Iterator[tuple[str, float, str]]:
    """Names in a line, with value and unit."""
    if line.startswith("hash="):
        return
    mappings = MAPPING.findall(line)
    for content in map(_mapping, mappings):
        for name, value in content.items():
            number = _number(value)
            if isinstance(name, str) and number is not None:
                yield name, number, ""
    for name, value, unit in [] if mappings else PAIR.findall(line):
        yield name, float(value), unit


def _mapping(text: str) -> dict[Any, Any]:
    """As JSON or as Python writes it; empty where it is neither."""
    for read in (json.loads, ast.literal_eval):
        try:
            content = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        return content if isinstance(content, dict) else {}
    return {}


def _number(value: Any) -> float | None:
    if isinstance(value, str) and re.fullmatch(NUMBER, value):
        return float(value)
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if plain and abs(value) < 1e300 else None
