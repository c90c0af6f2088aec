"""The summary of a performance test for a report: without its frame, each figure with its unit."""

from __future__ import annotations

import re
from collections.abc import Iterator


def lines(summary: str) -> Iterator[str]:
    """The summary without its frame, its verdict and its recommendations: those come first in a report."""
    skipping = False
    for line in summary.splitlines():
        skipping = line == "Recommendations:" or (skipping and line.startswith(" "))
        if not skipping and not line.startswith(("===", "MLPerf Results Summary", "Result is")):
            yield _with_unit(line)


def _with_unit(line: str) -> str:
    """A line ``name (unit) : value`` of the summary as ``name: value unit``; other lines as they are."""
    found = re.match(r"^( *(?:\* )?)(\S.*?) *: *(-?[\d.]+(?:e[+-]?\d+)?)$", line)
    if not found:
        return line.rstrip()
    indent, name, value = found.groups()
    unit = re.search(r" *\((ns|ms)\)$", name)
    if unit:
        return f"{indent}{name[: unit.start()]}: {value} {unit.group(1)}"
    return f"{indent}{name}: {value} {_unit(name)}".rstrip()


def _unit(name: str) -> str:
    lower = name.lower()
    if "samples per second" in lower:
        return "samples/s"
    if "tokens per second" in lower:
        return "tokens/s"
    if lower.endswith("percentile estimate"):
        return "ns"
    if lower.startswith("qps") or lower == "target_qps":
        return "queries/s"
    if lower in ("samples_per_query", "performance_sample_count", "accuracy_sample_count"):
        return "samples"
    return "queries" if lower in ("min_query_count", "max_query_count", "max_async_queries") else ""
