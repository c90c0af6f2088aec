"""Which figure of a log counts: what was measured, and what MLPerf scored in the round that made the log.

After LoadGen's results.cc and the tables of MLPerf's submission checkers (RESULT_FIELD_NEW and
RESULT_FIELD_BENCHMARK_OVERWRITE), v0.5 to v6.1. ``log`` holds values by the keys of LoadGen's detailed log.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

# The figure that MLPerf compares, by scenario: samples/s, or ns.
FIGURES = {
    "Offline": "result_samples_per_second",
    "Server": "result_completed_samples_per_sec",
    "SingleStream": "early_stopping_latency_ss",
    "MultiStream": "early_stopping_latency_ms",
}
SCENARIOS = ("SingleStream", "MultiStream", "Server", "Offline")
# Benchmarks that answer in tokens; where the number of tokens is inferred (GPT-J), there is no measured rate beside it.
TOKENS = {
    "Offline": ("result_tokens_per_second", "result_inferred_tokens_per_second"),
    "Server": ("result_completed_tokens_per_second", "result_inferred_completed_tokens_per_second"),
}
PERCENTILES = {
    "SingleStream": "result_90.00_percentile_latency_ns",
    "MultiStream": "result_99.00_percentile_per_query_latency_ns",
}
SCHEDULED = ("result_scheduled_samples_per_sec", "samples/s", "scheduled")
# Of the first token: with these, early stopping's estimates are the first token's (TTFT), not the answer's.
TOKENS_TIMED = ("early_stopping_ttft_result", "result_first_token_mean_latency_ns")
EARLY_STOPPING, COMPLETED = (2, 0), (4, 1)
"""The first rounds with early stopping, and with the completed rate as a Server's score."""


@dataclass(frozen=True)
class Figure:
    """A key of the detailed log, the unit of its value, and what it is."""

    key: str
    unit: str
    what: str


def measured(log: dict[str, Any]) -> Figure | None:
    """The figure of a run: a rate, or in the streams the percentile of the latency; None for an unknown scenario."""
    scenario = str(log.get("effective_scenario"))
    if scenario == "MultiStream" and _round(log) < EARLY_STOPPING:
        return Figure("effective_samples_per_query", "samples/query", "streams that kept the bound")
    if scenario in PERCENTILES:
        return Figure(PERCENTILES[scenario], "ns", "the measured percentile")
    tokens = next((key for key in TOKENS.get(scenario, ()) if log.get(key) is not None), None)
    if scenario == "Server" and _round(log) < COMPLETED:
        completed = tokens or _tokens_timed(log)
        return Figure(FIGURES[scenario], "samples/s", "completed") if completed else Figure(*SCHEDULED)
    if tokens:
        return Figure(tokens, "tokens/s", "inferred from samples" if "inferred" in tokens else "completed")
    return Figure(FIGURES[scenario], "samples/s", "completed") if scenario in FIGURES else None


def scored(log: dict[str, Any]) -> Figure | None:
    """What MLPerf scores: in the streams early stopping's estimate of the percentile, in rounds that have it and unless
    tokens are timed; else what was measured.
    """
    scenario = str(log.get("effective_scenario"))
    of_tokens = scenario == "SingleStream" and (_tokens_timed(log) or log.get("effective_use_token_latencies") is True)
    if scenario in PERCENTILES and _stops_early(log) and not of_tokens:
        return Figure(FIGURES[scenario], "ns", "early stopping's estimate")
    return measured(log)


def value(log: dict[str, Any], of: Figure | None) -> float | int | None:
    """The figure in the log; None where it has none, or one that is no number from 0 on. A latency of 0 is none: so
    LoadGen writes that there were too few queries for an estimate.
    """
    found = log.get(of.key) if of else None
    if found is None or isinstance(found, (bool, list, dict)):
        return None
    try:
        number = float(found)
    except (ValueError, OverflowError):
        return None
    if not 0 <= number < math.inf or (of and of.unit == "ns" and not number):
        return None
    return int(number) if of and of.unit in ("ns", "samples/query") and number.is_integer() else number


def figure(log: dict[str, Any]) -> float | None:
    """MLPerf's score of the run whose log that is."""
    found = value(log, scored(log))
    return None if found is None else float(found)


def _round(log: dict[str, Any]) -> tuple[int, int]:
    """The round whose LoadGen made the log; the last one where it does not say."""
    found = re.match(r"v?(\d{1,4})\.(\d{1,4})", str(log.get("loadgen_version", "")))
    return (int(found[1]), int(found[2])) if found else (9999, 0)


def _stops_early(log: dict[str, Any]) -> bool:
    known = log.get("early_stopping_met") is not None or _round(log) != (9999, 0)
    return known and _round(log) >= EARLY_STOPPING


def _tokens_timed(log: dict[str, Any]) -> bool:
    return any(log.get(key) is not None for key in TOKENS_TIMED)
