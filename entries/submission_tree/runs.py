"""Which of the recorded runs a submission takes, and which are missing.

A performance run must be VALID and have MLPerf's own settings, unless ``allow_invalid+`` and ``allow_short+`` say
otherwise. Among several: one named by ``take``, else a VALID one, else one with MLPerf's settings, else the newest.
Its accuracy run has the same model file, framework, precision and scenario: one named by ``take``, else one on the
same samples, else that with the most samples, else the newest. Compliance runs likewise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from axs_core.entry import record_in
from axs_core.query import parse

from .mlperf_log import FIGURES
from .rules import Rules

SCENARIOS = tuple(FIGURES)
SIMILAR = ("model_digest", "framework", "effective_precision")
OFFICIAL_SECONDS = 600


@dataclass(frozen=True)
class Run:
    """One recorded run of LoadGen."""

    name: str
    path: Path
    values: Mapping[str, Any]

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
        """Where it was measured."""
        return dict(self.record.get("machine", {}))

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
    missing: list[Missing] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    considered: list[Run] = field(default_factory=list)

    @property
    def taken(self) -> list[Cell]:
        """Cells that have both of their runs."""
        return [cell for cell in self.cells if cell.performance and cell.accuracy]


def recorded(needs: Mapping[str, Any]) -> list[Run]:
    """The runs among a recipe's needs; those that do not say scenario and mode are no runs of LoadGen, and one that
    sums up repetitions has no logs.
    """
    runs = [Run(item["name"], Path(item["path"]), item["attributes"]) for item in needs.get("runs") or []]
    known = [run for run in runs if run.get("loadgen_scenario") in SCENARIOS and run.get("loadgen_mode")]
    return [run for run in known if run.get("repetitions") is None]


class Chooser:
    """Chooses among ``runs`` as ``parameters`` of the submission say."""

    def __init__(self, runs: Iterable[Run], parameters: Mapping[str, Any], rules: Rules) -> None:
        self._parameters, self._rules = parameters, rules
        self._choice = Choice()
        self._choice.considered = self._of_one_system(list(runs))

    def choose(self) -> Choice:
        """What is there, what is missing."""
        for benchmark, runs in self._benchmarks().items():
            for scenario in self._scenarios(benchmark, runs):
                self._choice.cells.append(self._cell(benchmark, scenario, runs))
        if not self._choice.cells and not self._choice.problems:
            self._choice.missing.append(Missing("any performance run of a benchmark (model_name=resnet50)", None))
        return self._choice

    @property
    def _official(self) -> bool:
        return not self._parameters.get("allow_short")

    def _of_one_system(self, runs: list[Run]) -> list[Run]:
        asked = self._parameters
        if asked.get("model_name"):
            runs = [run for run in runs if run.get("model_name") == asked["model_name"]]
        for parameter, value_of in (
            ("framework", lambda run: run.get("framework")),
            ("runs_machine", lambda run: run.machine.get("name")),
        ):
            wanted = asked.get(parameter)
            found = sorted({str(value_of(run)) for run in runs})
            if wanted is None and len(found) > 1:
                said = " or ".join(
                    f'{parameter}="{value}"' if "," in value else f"{parameter}={value}" for value in found
                )
                self._choice.problems.append(f"runs with several values of {parameter}: say {said}")
            if wanted is not None:
                runs = [run for run in runs if str(value_of(run)) == wanted]
        return runs

    def _benchmarks(self) -> dict[str, list[Run]]:
        """Runs by the name of the folder that they go to."""
        found: dict[str, list[Run]] = {}
        planned = str(self._parameters.get("model_name"))
        if self._rules.benchmark(planned):
            found[planned] = []
        for run in self._choice.considered:
            own = run.get("loadgen_benchmark")
            if own and self._rules.benchmark(own) and run.get("model_weights") != "random":
                found.setdefault(own, []).append(run)
            elif self._parameters["division"] == "open" and self._parameters.get("mapped_to"):
                found.setdefault(str(run.get("model_name")), []).append(run)
            else:
                self._leave_out(run)
        return found

    def _leave_out(self, run: Run) -> None:
        model = run.get("model_name")
        why = "has random weights" if run.get("model_weights") == "random" else "is no benchmark of MLPerf"
        remedy = "; mapped_to=resnet50 maps it to one" if self._parameters["division"] == "open" else ""
        note = f"runs of {model} are left out: the model {why}{remedy}"
        if note not in self._choice.notes:
            self._choice.notes.append(note)

    def _scenarios(self, benchmark: str, runs: list[Run]) -> list[str]:
        asked: list[str] | None = self._parameters.get("scenarios")
        unknown = [name for name in asked or () if name not in SCENARIOS]
        if unknown:
            self._choice.problems.append(f"there is no scenario {', '.join(unknown)}: {', '.join(SCENARIOS)}")
        run = {str(item.get("loadgen_scenario")) for item in runs if item.get("loadgen_mode") == "PerformanceOnly"}
        wanted = set(asked) if asked else run
        if self._parameters["division"] == "closed" and not asked:
            kind = self._parameters.get("system_type")
            required = (self._rules.benchmark(benchmark) or {}).get("required", {}).get(kind)
            if kind and required is None:
                self._choice.problems.append(f"{self._rules.round} has no {benchmark} for system_type={kind}")
            wanted |= set(required or ())
        return [name for name in SCENARIOS if name in wanted]

    def _cell(self, benchmark: str, scenario: str, runs: list[Run]) -> Cell:
        here = [run for run in runs if run.get("loadgen_scenario") == scenario]
        tests = [run for run in here if run.get("loadgen_compliance_test")]
        plain = [run for run in here if not run.get("loadgen_compliance_test")]
        cell = Cell(benchmark, scenario)
        cell.performance = self._performance(cell, plain, runs)
        like = cell.performance or (runs[0] if runs else None)
        cell.accuracy = self._accuracy(cell, plain, like)
        if self._parameters["division"] == "closed":
            for name in (self._rules.benchmark(benchmark) or {}).get("tests", ()):
                self._test(cell, name, tests, like)
        return cell

    def _performance(self, cell: Cell, plain: list[Run], runs: list[Run]) -> Run | None:
        take = self._parameters.get("take") or ()
        tried = [run for run in plain if run.get("loadgen_mode") == "PerformanceOnly"]
        best = max(tried, key=lambda run: (run.name in take, run.valid, not run.weaker, run.made), default=None)
        why = "" if best else "no run"
        if best and not best.valid and not self._parameters.get("allow_invalid"):
            why = f"{best.name} is INVALID (allow_invalid+ hands it in all the same)"
        elif best and best.weaker and not self._parameters.get("allow_short"):
            why = f"{best.name} has {'; '.join(best.weaker)} (allow_short+ hands it in all the same)"
        if not why:
            return best
        like = best or (runs[0] if runs else None)
        query = self._query(like, cell, "PerformanceOnly")
        self._miss(cell, f"performance: {why}", query, self._seconds(cell, like))
        return None

    def _accuracy(self, cell: Cell, plain: list[Run], like: Run | None) -> Run | None:
        tried = [run for run in plain if run.get("loadgen_mode") == "AccuracyOnly" and _similar(run, like)]
        samples = like.get("sample_list_digest") if like else None
        best = max(tried, key=lambda run: self._rank(run, samples), default=None)
        if best and best.get("accuracy_report") is None:
            why = "the answers have nothing to be compared with, or the weights are random"
            self._choice.problems.append(f"{cell.benchmark} {cell.scenario}: {best.name} has no accuracy: {why}")
        elif best is None:
            query = self._query(like, cell, "AccuracyOnly")
            size = (self._rules.benchmark(cell.benchmark) or {}).get("dataset_size")
            rate = like.rate if like else None
            self._miss(cell, "accuracy: no run", query, size / rate if size and rate else None)
        return best

    def _rank(self, run: Run, samples: Any) -> tuple[Any, ...]:
        taken = run.name in (self._parameters.get("take") or ())
        return (taken, run.get("sample_list_digest") == samples, run.get("samples_used") or 0, run.made)

    def _test(self, cell: Cell, name: str, tests: list[Run], like: Run | None) -> None:
        tried = [run for run in tests if run.get("loadgen_compliance_test") == name and _similar(run, like)]
        tried = [run for run in tried if run.valid and (not run.weaker or self._parameters.get("allow_short"))]
        samples = like.get("sample_list_digest") if like else None
        best = max(tried, key=lambda run: self._rank(run, samples), default=None)
        if best is not None:
            cell.tests[name] = best
            return
        query = self._query(like, cell, "PerformanceOnly", name)
        self._miss(cell, f"compliance test {name}: no run", query, self._seconds(cell, like))

    def _query(self, like: Run | None, cell: Cell, mode: str, test: str | None = None) -> str | None:
        asked = self._rules.benchmark(cell.benchmark) or {}
        if like is not None:
            return _query_like(like, cell.scenario, mode, self._official, test, asked.get("dataset_size"))
        if "query" not in asked:
            return None
        terms = [str(asked["query"]), f"loadgen_dataset_size={asked['dataset_size']}"]
        terms += [f"framework={self._parameters['framework']}"] if self._parameters.get("framework") else []
        return _completed(terms, cell.scenario, mode, self._official, test)

    def _asked(self, cell: Cell) -> dict[str, Any]:
        """What is asked of the benchmark that it is or stands for."""
        mapped = self._parameters.get("mapped_to")
        return self._rules.benchmark(cell.benchmark) or self._rules.benchmark(str(mapped)) or {}

    def _seconds(self, cell: Cell, like: Run | None) -> float | None:
        if not self._official:
            return None
        samples = self._asked(cell).get("offline_samples", 0)
        if cell.scenario == "Offline" and like and like.rate:
            return max(float(OFFICIAL_SECONDS), samples / like.rate)
        return float(OFFICIAL_SECONDS)

    def _miss(self, cell: Cell, what: str, query: str | None, seconds: float | None) -> None:
        self._choice.missing.append(Missing(f"{cell.benchmark} {cell.scenario}: {what}", query, seconds))


def _similar(run: Run, like: Run | None) -> bool:
    return like is None or all(run.get(name) == like.get(name) for name in SIMILAR)


# What belongs to one run and not to its kind.
OF_ONE_RUN = (
    "loadgen_scenario",
    "loadgen_mode",
    "loadgen_official",
    "loadgen_compliance_test",
    "until_valid",
    "find_target_qps",
    "find_target_latency",
)
OF_ONE_SCENARIO = ("loadgen_target_qps", "loadgen_target_latency")
DURATIONS = (
    "loadgen_min_duration_s",
    "loadgen_max_duration_s",
    "loadgen_duration_s",
    "loadgen_min_query_count",
    "loadgen_max_query_count",
    "loadgen_query_count",
)


def _query_like(
    like: Run, scenario: str, mode: str, official: bool, test: str | None, dataset_size: int | None
) -> str | None:
    """The query of a run with the same model and engine as ``like``."""
    said = like.record.get("query")
    if not said:
        return None
    query = parse(str(said)).without(*OF_ONE_RUN)
    if like.get("loadgen_scenario") != scenario or mode == "AccuracyOnly":
        query = query.without(*OF_ONE_SCENARIO)
    if official or mode == "AccuracyOnly":
        query = query.without(*DURATIONS)
    if official and dataset_size:
        query = parse(f"{query.without('loadgen_dataset_size')},loadgen_dataset_size={dataset_size}")
    return _completed([str(query)], scenario, mode, official, test)


def _completed(terms: list[str], scenario: str, mode: str, official: bool, test: str | None) -> str:
    terms = [*terms, f"loadgen_scenario={scenario}", f"loadgen_mode={mode}"]
    terms += [f"loadgen_compliance_test={test}"] if test else []
    terms += ["loadgen_official+"] if official and mode == "PerformanceOnly" else []
    return str(parse(",".join(terms)))
