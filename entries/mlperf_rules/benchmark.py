"""What a round asks of one benchmark, as typed values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["edge", "datacenter", "both"]
"""Type of system; ``both`` is handed in for the datacenter and the edge."""
SCENARIOS = ("SingleStream", "MultiStream", "Offline", "Server", "Interactive")
ONE_OF = ("Interactive", "Server")
"""Where both are optional, the checker wants one of them (``check_scenarios`` in its loader.py)."""


@dataclass(frozen=True)
class Metric:
    """One figure of quality. ``target`` is the least, ``limit`` the most that is accepted; None: no such bound."""

    name: str
    target: float | None = None
    limit: float | None = None
    pattern: str | None = None
    """Regular expression of a line of ``accuracy.txt``, from its beginning on; its first group is the figure."""

    def figures(self, report: str) -> list[float]:
        """The figures of this metric in the text of an ``accuracy.txt``."""
        found = (re.match(self.pattern, line) for line in report.splitlines()) if self.pattern else ()
        return [float(match[1]) for match in found if match]

    def faults(self, report: str) -> list[str]:
        """What is wrong with this metric in ``report``, as the checker judges: it must be there if it has a target, and
        each figure must be within the bounds.
        """
        found = self.figures(report)
        faults = [f"no {self.name}"] if self.target is not None and not found else []
        for figure in found:
            if self.target is not None and figure < self.target:
                faults.append(f"{self.name} {figure:.10g} is below {self.target:.10g}")
            if self.limit is not None and figure > self.limit:
                faults.append(f"{self.name} {figure:.10g} is above {self.limit:.10g}")
        return faults

    def __str__(self) -> str:
        if self.target is not None and self.limit is not None:
            return f"{self.name} {self.target:.10g} to {self.limit:.10g}"
        return f"{self.name} <= {self.limit:.10g}" if self.target is None else f"{self.name} >= {self.target:.10g}"


@dataclass(frozen=True)
class TokenLatency:
    """Bounds of a language model at the 99th percentile, ns: time to first token, and per output token."""

    ttft: int
    tpot: int


@dataclass(frozen=True)
class Benchmark:
    """One benchmark: the name of its folder, the checker's name, and what the files of the round say."""

    name: str
    official: str
    data: Mapping[str, Any]

    def metrics(self, scenario: str = "Offline") -> tuple[Metric, ...]:
        """What ``accuracy.txt`` of ``scenario`` has to show."""
        found = self._of_scenario("metrics", scenario) or ()
        return tuple(
            Metric(each["metric"], *(each.get(name) for name in ("target", "limit", "pattern"))) for each in found
        )

    def accuracy_faults(self, report: str, scenario: str = "Offline") -> list[str]:
        """Why the text of an ``accuracy.txt`` does not do for the closed division; empty where it does."""
        return [fault for metric in self.metrics(scenario) for fault in metric.faults(report)]

    def accuracy_samples(self, scenario: str = "Offline") -> int:
        """How many samples an accuracy run must have."""
        return int(self._of_scenario("accuracy_samples", scenario) or self.data["dataset_size"])

    def latency_ns(self, scenario: str) -> int | None:
        """The bound of a query's latency, in Server and Interactive."""
        found: int | None = self.data.get("latency_ns", {}).get(scenario)
        return found

    def token_latency(self, scenario: str) -> TokenLatency | None:
        """The bounds of tokens, in Server and Interactive."""
        found = self.data.get("token_latency_ns", {}).get(scenario)
        return TokenLatency(**found) if found else None

    def required(self, kind: str) -> tuple[str, ...] | None:
        """Scenarios that the closed division asks for; None where a system of this kind cannot hand it in."""
        found = self.data.get("required", {}).get(kind)
        return None if found is None else tuple(found)

    def optional(self, kind: str) -> tuple[str, ...]:
        """Scenarios that may stand beside the required ones."""
        return tuple(self.data.get("optional", {}).get(kind, ()))

    def missing(self, kind: str, scenarios: Iterable[str]) -> list[str]:
        """What the closed division asks for besides ``scenarios``: ``Offline``, ``one of Interactive and Server``."""
        there = set(scenarios)
        found = [name for name in SCENARIOS if name in (self.required(kind) or ()) and name not in there]
        if set(ONE_OF) <= set(self.optional(kind)) and not there.intersection(ONE_OF):
            found.append(f"one of {' and '.join(ONE_OF)}")
        return found

    def _of_scenario(self, name: str, scenario: str) -> Any:
        """A value that may differ by scenario; then Offline's stands for one that is not named."""
        found = self.data.get(name)
        return found.get(scenario, found.get("Offline")) if isinstance(found, Mapping) else found
