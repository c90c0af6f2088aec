"""Measures of accuracy: top-1 of counted answers, or what MLPerf's own script reported; the one that leads first."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from axs_core.sdk import Inapplicable, Refused

from .accuracy_text import measures, said
from .answers import LABELS
from .mlperf_log import REPORTED, text_of

TOP_1 = "accuracy"
# Two-sided 95 % of the normal distribution.
Z_95 = 1.959963984540054


def counted(counts: list[int]) -> dict[str, dict[str, Any]]:
    """Top-1 in per cent, with as many decimals as that number of samples can carry (98.4 of 768; 76.456 of 50,000)."""
    good, total = counts
    value = round(100 * good / total, _decimals(total))
    return {TOP_1: {"value": value, "unit": "%", "good": good, "total": total}}


def reported(path: Path) -> dict[str, dict[str, Any]] | None:
    """What accuracy.txt names; None where there is none, or labels to count with. Raises Refused where it names nothing
    that is known here.
    """
    if (text := _report(path)) is None:
        return None
    found = measures(text)
    if not found:
        raise Refused(f"{REPORTED} names no measure of accuracy that is known here")
    good, total, _ = (found.pop(name, {}).get("value", 0) for name in ("good", "total", "queries"))
    countable = all(type(count) is int for count in (good, total)) and 0 <= good <= total and total > 0
    return counted([good, total]) if next(iter(found), None) == TOP_1 and countable else found


def report(path: Path, metrics: dict[str, dict[str, Any]]) -> str:
    """In the form of MLPerf's own script: one line for counted answers, others as they were reported."""
    leading = next(iter(metrics.values()))
    if "total" not in leading:
        return said(_report(path) or "")
    good, total = leading["good"], leading["total"]
    return f"accuracy={100 * good / total:.3f}%, good={good}, total={total}"


def interval(metrics: dict[str, dict[str, Any]]) -> str:
    """Where the accuracy on all such images lies: the 95 % interval of E. B. Wilson (JASA 22, 1927), in per cent."""
    name, leading = next(iter(metrics.items()))
    if "total" not in leading:
        raise Inapplicable(f"{name} counts no right answers, so there is no 95 % interval of it")
    good, total = leading["good"], leading["total"]
    share, z2 = good / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    digits = _decimals(total)
    low, high = 100 * max(0.0, centre - half), 100 * min(1.0, centre + half)
    return f"{low:.{digits}f} .. {high:.{digits}f} (95 %, n={total})"


def _decimals(total: int) -> int:
    return max(1, math.ceil(math.log10(total)) - 2)


def _report(path: Path) -> str | None:
    file = path / REPORTED
    return text_of(file) if file.is_file() and not (path / LABELS).is_file() else None
