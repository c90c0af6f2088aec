"""What to type where LoadGen says INVALID."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ANYWAY = "allow_invalid+ gives out the figure anyway; performance_report tells all"
# Reasons of LoadGen that a bound on the test explains, where one was said.
CUT_SHORT = ("min duration", "min queries", "early stopping")
BOUNDS = ("loadgen_max_duration_s", "loadgen_duration_s", "loadgen_max_query_count", "loadgen_query_count")


def remedies(reasons: list[str], loadgen_mode: str, noisy: bool | None, record: Any) -> str:
    """What helps against LoadGen's ``reasons``, the likeliest first; of a run made elsewhere only what shows it."""
    known = record if isinstance(record, Mapping) else {}
    if "program" not in known.get("recipe", {}).get("producers", ()):
        return ANYWAY
    again = "--fresh measures again"
    if noisy:
        again += ", best while the machine does nothing else"
    searched = (
        ["until_valid+ in the query looks for a target that is VALID"] if loadgen_mode == "PerformanceOnly" else []
    )
    ways = [again, *searched] if noisy else [*searched, again]
    bounds = [name for name in BOUNDS if name in known.get("parameters", {})]
    if bounds and any(reason.startswith(CUT_SHORT) for reason in reasons):
        ways.insert(0, f"without {' and '.join(bounds)} the test is as long as it must be")
    return "; ".join([*ways, ANYWAY])
