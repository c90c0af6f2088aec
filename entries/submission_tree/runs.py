"""The recorded runs that a submission is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from axs_core.sdk import record_in

from .inferred import Inferred
from .mlperf_log import FIGURES
from .signature import benchmark_of

SCENARIOS = tuple(FIGURES)


@dataclass(frozen=True)
class Run:
    """One recorded run of LoadGen."""

    name: str
    path: Path
    values: Mapping[str, Any]
    produced: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def record(self) -> dict[str, Any]:
        """How it came about."""
        return record_in(self.path)

    @property
    def made(self) -> str:
        """When it ended."""
        return str(self.record.get("finished", ""))

    @property
    def machine(self) -> dict[str, Any]:
        """Where it was measured; only a name, or nothing, for a run that was made elsewhere and taken in."""
        if self.ingested:
            return {"name": self.get("machine")} if self.get("machine") else {}
        return dict(self.record.get("machine", {}))

    @property
    def ingested(self) -> bool:
        """Was it made by another harness, and taken in?"""
        return self.get("folder") is not None

    @property
    def benchmark(self) -> str | None:
        """MLPerf's benchmark that its model is; None for any other model, and for random weights."""
        return None if self.get("model_weights") == "random" else benchmark_of(self.values)

    @property
    def identity(self) -> dict[str, Any]:
        """What it is compared by: see signature.py."""
        return {**self.values, "machine": self.machine.get("name"), "environment": self.produced.get("environment")}

    def get(self, name: str) -> Any:
        """A value of the entry; None where it has none."""
        return self.values.get(name)

    @property
    def valid(self) -> bool:
        """LoadGen's word."""
        return not str(self.get("verdict")).startswith("INVALID")

    @property
    def weaker(self) -> list[str]:
        """Where its settings ask for less than MLPerf's."""
        return list(self.get("loadgen_weaker_settings") or [])

    @property
    def rate(self) -> float | None:
        """Samples/s that it has seen, about."""
        return self.get("warmup_samples_per_second")


@dataclass(frozen=True)
class Missing:
    """Something that is to be run; ``query`` makes it, ``seconds`` is the least it takes (None: not known)."""

    what: str
    query: str | None
    seconds: float | None = None


@dataclass
class Cell:
    """One benchmark in one scenario."""

    benchmark: str
    scenario: str
    performance: Run | None = None
    accuracy: Run | None = None
    tests: dict[str, Run] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    inferred: Inferred | None = None

    @property
    def title(self) -> str:
        """Which cell it is, as ``resnet50 Offline``."""
        return f"{self.benchmark} {self.scenario}{f' ({self.inferred})' if self.inferred else ''}"

    @property
    def runs(self) -> list[Run]:
        """All runs that are there."""
        return [run for run in (self.performance, self.accuracy, *self.tests.values()) if run]

    @property
    def deviations(self) -> list[str]:
        """What is not as the rules want it, for the README."""
        run = self.performance
        if run is None:
            return []
        found = [] if run.valid else [f"LoadGen calls this run INVALID: {run.get('verdict')}"]
        found += [f"weaker than MLPerf's settings: {text}" for text in run.weaker]
        return found + (["NOISY: other processes used the processors"] if run.get("noisy") else [])


@dataclass
class Choice:
    """What a submission is made of. ``problems`` keep it from being made; ``notes`` say what was left out and why."""

    cells: list[Cell] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    considered: list[Run] = field(default_factory=list)

    @property
    def missing(self) -> list[Missing]:
        """What is to be run."""
        if not self.cells and not self.problems:
            return [Missing("any performance run of a benchmark (model_name=resnet50)", None)]
        return [each for cell in self.cells for each in cell.missing]

    @property
    def taken(self) -> list[Cell]:
        """Cells that have both of their runs."""
        return [cell for cell in self.cells if cell.performance and cell.accuracy]


def recorded(needs: Mapping[str, Any]) -> list[Run]:
    """The runs among a recipe's needs; those that do not say scenario and mode are no runs of LoadGen, and one that
    sums up repetitions has no logs.
    """
    items = needs.get("runs") or []
    runs = [Run(item["name"], Path(item["path"]), item["attributes"], item["produced"]) for item in items]
    known = [run for run in runs if run.get("loadgen_scenario") in SCENARIOS and run.get("loadgen_mode")]
    return [run for run in known if run.get("repetitions") is None]
