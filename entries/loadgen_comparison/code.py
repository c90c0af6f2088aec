"""What tables say of a run of LoadGen, from its stored values only."""

from __future__ import annotations

import re


def performance_unit(loadgen_scenario: str, loadgen_mode: str) -> str | None:
    """The unit of the scenario's figure; None for a run that measures none."""
    if loadgen_mode == "AccuracyOnly":
        return None
    return "ns" if "Stream" in loadgen_scenario else "samples/s"


def short_verdict(verdict: str) -> str:
    """The verdict without its reasons: SUBMITTABLE, VALID or INVALID; and NOISY."""
    word = verdict.split(maxsplit=1)[0].rstrip(";")
    return f"{word} NOISY" if "; NOISY" in verdict else word


def accuracy_low(accuracy_interval: str) -> float:
    """The lower end of the 95 % interval, in per cent."""
    return _ends(accuracy_interval)[0]


def accuracy_high(accuracy_interval: str) -> float:
    """The upper end of the 95 % interval, in per cent."""
    return _ends(accuracy_interval)[1]


def _ends(interval: str) -> tuple[float, float]:
    low, high = re.findall(r"-?[\d.]+", interval)[:2]
    return float(low), float(high)
