"""The benchmarks of a round as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .benchmark import Benchmark
from .rules import Rules, rules_of

KINDS = ("edge", "datacenter", "both")
BOUND = ("Server", "Interactive")
"""Scenarios with a bound of latency."""
NS_PER_MS = 1_000_000


def benchmarks(round: str) -> list[dict[str, Any]]:
    """One row a benchmark: what the submission checker asks for, and in ``text`` where the text of the rules says
    something else.
    """
    rules = rules_of(round)
    return [_row(benchmark) for name in rules.data["benchmarks"] if (benchmark := rules.asked(name))]


def state(round: str) -> str:
    """Until when results may be handed in, or since when no more."""
    return rules_of(round).state()


def source(round: str) -> str:
    """The commit of the checker whose tables these are."""
    return _source(rules_of(round))


def _source(rules: Rules) -> str:
    return "{repository} {commit}, {date}".format(**rules.data["source"])


def _row(benchmark: Benchmark) -> dict[str, Any]:
    data = benchmark.data
    return {
        "benchmark": benchmark.name,
        "official": benchmark.official,
        **{name: data[name] for name in ("area", "task", "model", "data")},
        "qsl_size": data["performance_sample_count"],
        "samples": data["dataset_size"],
        "quality": f"{data['quality']}: {_quality(benchmark)}",
        "latency": _latency(benchmark),
        "required": _required(benchmark),
        "tests": ", ".join(data["tests"]),
        "text": "; ".join(_otherwise(benchmark)) or None,
    }


def _quality(benchmark: Benchmark) -> str:
    found = ", ".join(map(str, benchmark.metrics()))
    interactive = ", ".join(map(str, benchmark.metrics("Interactive")))
    return found if found == interactive else f"{found} (Interactive: {interactive})"


def _latency(benchmark: Benchmark) -> str | None:
    """The bounds of tokens where there are some: LoadGen bounds nothing else then."""
    found = []
    for scenario in BOUND:
        tokens, query = benchmark.token_latency(scenario), benchmark.latency_ns(scenario)
        if tokens:
            found.append(f"{scenario} TTFT {_ms(tokens.ttft)}, TPOT {_ms(tokens.tpot)}")
        elif query:
            found.append(f"{scenario} {_ms(query)}")
    return "; ".join(found) or None


def _ms(ns: int) -> str:
    return f"{ns / NS_PER_MS:g} ms"


def _required(benchmark: Benchmark) -> str:
    """Kinds of systems with the same scenarios stand together."""
    kinds: dict[str, list[str]] = {}
    for kind in KINDS:
        if benchmark.required(kind) is not None:
            kinds.setdefault(", ".join(benchmark.missing(kind, ())), []).append(kind)
    return "; ".join(f"{', '.join(same)}: {scenarios}" for scenarios, same in kinds.items())


def _otherwise(benchmark: Benchmark) -> Iterator[str]:
    said = benchmark.data.get("otherwise", {})
    other = Benchmark(benchmark.name, benchmark.official, said)
    if "performance_sample_count" in said:
        yield f"QSL size {said['performance_sample_count']}"
    for each in (_quality(other), _latency(other), _required(other)):
        if each:
            yield each
