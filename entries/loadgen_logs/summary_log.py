"""LoadGen's summary, for people: the verdict with its reasons, and figures that are rounded for reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Lines of the summary, and the keys of the detailed log that say the same.
NAMES = {
    "Samples per second": "result_samples_per_second",
    "Scheduled samples per second": "result_scheduled_samples_per_sec",
    "Completed samples per second": "result_completed_samples_per_sec",
    "Tokens per second": "result_tokens_per_second",
    "Tokens per second (inferred)": "result_inferred_tokens_per_second",
    "Completed tokens per second": "result_completed_tokens_per_second",
    "Completed tokens per second (inferred)": "result_inferred_completed_tokens_per_second",
    "Samples per query": "effective_samples_per_query",
    "samples_per_query": "effective_samples_per_query",
}
VALUE = re.compile(r"(\S[^:]{0,80}?) *: *(\S+)")
PERCENTILE = re.compile(r"(\d{1,3}(?:\.\d+)?)(?:th)? percentile latency \(ns\)")
ESTIMATE = re.compile(r" \* Early stopping (\d{1,3})(?:\.\d+)?th percentile estimate *: *(\d{1,18})", re.ASCII)
ESTIMATES = {"90": "early_stopping_latency_ss", "99": "early_stopping_latency_ms"}
# Where tokens are timed, the first one (TTFT) and the others (TPOT) have a result each.
STOPPING = re.compile(r"^(?:(TTFT|TPOT) )?Early Stopping Result:$", re.MULTILINE)
UNMET = re.compile(r"^  (.+?) satisfied ?: NO\s*$", re.MULTILINE)
SUCCESS = "Run successful."
# Characters of the points below a heading that are read, at most.
LONGEST = 4000


def values(text: str, of_scenario: str) -> dict[str, Any]:
    """The figures of a summary by the keys of the detailed log, the first of each, as text."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        value = VALUE.fullmatch(line.rstrip())
        if value and (key := _key(value[1], of_scenario)):
            found.setdefault(key, value[2])
    if re.search(r"^  Early stopping satisfied", text, re.MULTILINE):
        found["early_stopping_met"] = True
    for kind, points in _stopping(text):
        found["early_stopping_met"] = True
        if kind:
            found[f"early_stopping_{kind.lower()}_result"] = " ".join(points)
        else:
            found.update(_estimates(text))
    return found


def _key(name: str, of_scenario: str) -> str | None:
    percentile = PERCENTILE.fullmatch(name)
    if percentile is None:
        return NAMES.get(name)
    of = "per_query_latency" if of_scenario == "MultiStream" else "latency"
    return f"result_{float(percentile[1]):.2f}_percentile_{of}_ns"


def _estimates(text: str) -> dict[str, Any]:
    """Early stopping's estimates of the latency."""
    return {ESTIMATES[at]: value for at, value in ESTIMATE.findall(text) if at in ESTIMATES}


def scenario(text: str) -> str | None:
    """The scenario that it says."""
    found = re.search(r"^Scenario *: *(\S.*?) *$", text, re.MULTILINE)
    return found[1].replace(" ", "") if found else None


def validity(text: str) -> str | None:
    """LoadGen's own word on a performance test, VALID or INVALID; None where it gave none."""
    found = re.search(r"^Result is : (VALID|INVALID)\s*$", text, re.MULTILINE)
    return found[1] if found else None


def unmet(text: str) -> list[str]:
    """The conditions that LoadGen calls not satisfied, as it writes them."""
    return UNMET.findall(text)


def reasons(text: str) -> list[str]:
    """Why a run is INVALID: conditions not met, and what LoadGen recommends."""
    missed = unmet(text)
    told = [f"{name.strip().lower()} not satisfied" for name in missed]
    told += _bullets(text.partition("Recommendations:\n")[2])
    if "Early stopping" in missed:
        for kind, points in _stopping(text):
            told += [f"{kind}: {point}" if kind else point for point in points if point != SUCCESS]
    return told


def wanted_queries(text: str) -> int | None:
    """How many queries a run should have had, where early stopping alone found fault with it; else None."""
    if unmet(text) != ["Early stopping"]:
        return None
    wanted = [_wanted(" ".join(points)) for _, points in _stopping(text)]
    return max((count for count in wanted if count is not None), default=None)


def _wanted(told: str) -> int | None:
    done, more = re.search(r"Processed (\d+) queries", told), re.search(r"at least (\d+) more queries", told)
    return int(done[1]) + int(more[1]) if done and more else None


def latency_percentiles(text: str) -> list[list[float]]:
    """[percentile, latency in ns] as LoadGen wrote them, in order; 0 is the smallest latency, 100 the largest."""
    percentiles = re.findall(r"^(\d{1,3}(?:\.\d+)?) percentile latency \(ns\) *: *(\d{1,18})\b", text, re.MULTILINE)
    found = {float(at): float(ns) for at, ns in percentiles}
    ends = re.findall(r"^(Min|Max) latency \(ns\) *: *(\d{1,18})\b", text, re.MULTILINE)
    found |= {0.0 if name == "Min" else 100.0: float(ns) for name, ns in ends}
    return [[at, found[at]] for at in sorted(found)]


def _stopping(text: str) -> Iterator[tuple[str, list[str]]]:
    """The results of early stopping: of what (TTFT, TPOT; empty: the latency), and their points."""
    for heading in STOPPING.finditer(text):
        below = heading.end() + 1
        yield heading[1] or "", _bullets(text[below : below + LONGEST])


def _bullets(text: str) -> list[str]:
    """The points that a text begins with, each put back on one line; a line that is not indented ends them."""
    points: list[str] = []
    for line in text.splitlines():
        if line.startswith(" * "):
            points.append(line[3:].strip())
        elif line.startswith(" ") and points:
            points[-1] += f" {line.strip()}"
        else:
            break
    return points
