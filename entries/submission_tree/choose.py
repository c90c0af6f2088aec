"""Which of the recorded runs a submission takes, and which are missing.

A performance run must be VALID and have MLPerf's own settings, unless ``allow_invalid+`` and ``allow_short+`` say
otherwise. Among several: one named by ``take``, else a VALID one, else one with MLPerf's settings, else the newest.
Its accuracy run and compliance runs differ from it in nothing that the signature knows (signature.py), and have its
scenario: one named by ``take``, else one that was asked for in the same way, else the newest. Runs that another harness
made are taken only when they are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from axs_core.sdk import Refused, shortened

from .inferred import infer, sources
from .mlperf_log import DETAIL, read_log
from .queries import completed, query_like
from .rules import Rules
from .runs import SCENARIOS, Cell, Choice, Missing, Run
from .signature import NOT_KNOWN, differences

OFFICIAL_SECONDS = 600


class Chooser:
    """Chooses among ``runs`` as ``parameters`` of the submission say."""

    def __init__(self, runs: Iterable[Run], parameters: Mapping[str, Any], rules: Rules) -> None:
        self._parameters, self._rules = parameters, rules
        self._choice = Choice()
        self._choice.considered = self._of_one_system(list(runs))

    def choose(self) -> Choice:
        """What is there, what is missing."""
        for benchmark, runs in self._benchmarks().items():
            measured = [self._cell(benchmark, scenario, runs) for scenario in self._scenarios(benchmark, runs)]
            self._choice.cells += [self._inferred(cell, measured) for cell in measured]
        return self._choice

    def _inferred(self, cell: Cell, measured: list[Cell]) -> Cell:
        """The cell; with ``infer+`` and without runs of its own, one that takes those of another scenario."""
        if not self._parameters.get("infer") or not cell.missing:
            return cell
        for source in sources(cell.scenario, str(self._parameters.get("system_type"))):
            own = next((each for each in measured if each.scenario == source and not each.missing), None)
            if own is None or own.performance is None:
                continue
            try:
                found = infer(cell.scenario, read_log(own.performance.path / DETAIL))
            except Refused as error:
                self._choice.notes.append(f"{cell.benchmark} {cell.scenario}: {error.message}")
            else:
                return replace(own, scenario=cell.scenario, inferred=found)
        return cell

    @property
    def _official(self) -> bool:
        return not self._parameters.get("allow_short")

    def _of_one_system(self, runs: list[Run]) -> list[Run]:
        asked = self._parameters
        if asked.get("model_name"):
            runs = [run for run in runs if run.get("model_name") == asked["model_name"]]
        elsewhere = [run.name for run in runs if run.ingested and not self._named(run)]
        runs = [run for run in runs if not run.ingested or self._named(run)]
        both = [run.name for run in runs if run.get("loadgen_mode") == "SubmissionRun"]
        self._note_left_out(elsewhere, "made elsewhere; take:=NAME takes one")
        self._note_left_out(both, "SubmissionRun; MLPerf takes accuracy and performance from two runs")
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

    def _note_left_out(self, names: list[str], why: str) -> None:
        if names:
            self._choice.notes.append(f"left out: {shortened(names)} ({why})")

    def _named(self, run: Run) -> bool:
        return run.name in (self._parameters.get("take") or ())

    def _benchmarks(self) -> dict[str, list[Run]]:
        """Runs by the name of the folder that they go to; two models of one name go to two folders."""
        found: dict[str, list[Run]] = {}
        planned = str(self._parameters.get("model_name"))
        if self._rules.benchmark(planned):
            found[planned] = []
        others: dict[str, dict[Any, list[Run]]] = {}
        for run in self._choice.considered:
            if run.benchmark and self._rules.benchmark(run.benchmark):
                found.setdefault(run.benchmark, []).append(run)
            elif self._parameters["division"] == "open" and self._parameters.get("mapped_to"):
                others.setdefault(str(run.get("model_name")), {}).setdefault(run.get("model_digest"), []).append(run)
            else:
                self._leave_out(run)
        for name, models in others.items():
            apart = len(models) > 1 or self._rules.benchmark(name) is not None
            for digest, runs in models.items():
                found[f"{name}-{str(digest)[:8]}" if apart else name] = runs
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
        best = self._best_performance(plain)
        like = best or max(runs, key=lambda run: run.made, default=None)
        cell.performance = self._performance(cell, best, like)
        cell.accuracy = self._accuracy(cell, plain, best, like)
        if self._parameters["division"] == "closed":
            for name in (self._rules.benchmark(benchmark) or {}).get("tests", ()):
                self._test(cell, name, tests, best, like)
        return cell

    def _best_performance(self, plain: list[Run]) -> Run | None:
        tried = [run for run in plain if run.get("loadgen_mode") == "PerformanceOnly"]
        return max(tried, key=lambda run: (self._named(run), run.valid, not run.weaker, run.made), default=None)

    def _performance(self, cell: Cell, best: Run | None, like: Run | None) -> Run | None:
        why = "" if best else "no run"
        if best and not best.valid and not self._parameters.get("allow_invalid"):
            why = f"{best.name} is INVALID (allow_invalid+ hands it in all the same)"
        elif best and best.weaker and not self._parameters.get("allow_short"):
            why = f"{best.name} has {'; '.join(best.weaker)} (allow_short+ hands it in all the same)"
        if not why:
            return best
        query = self._query(like, cell, "PerformanceOnly")
        self._miss(cell, f"performance: {why}", query, self._seconds(cell, like))
        return None

    def _accuracy(self, cell: Cell, plain: list[Run], own: Run | None, like: Run | None) -> Run | None:
        tried = [run for run in plain if run.get("loadgen_mode") == "AccuracyOnly"]
        best = self._best(tried, own)
        if best and best.get("accuracy_report") is None:
            why = "the answers have nothing to be compared with, or the weights are random"
            self._choice.problems.append(f"{cell.benchmark} {cell.scenario}: {best.name} has no accuracy: {why}")
        elif best is None:
            query = self._query(like, cell, "AccuracyOnly")
            size = (self._rules.benchmark(cell.benchmark) or {}).get("dataset_size")
            rate = like.rate if like else None
            what = f"accuracy: no run{self._nearest(tried, own)}"
            self._miss(cell, what, query, size / rate if size and rate else None)
        return best

    def _best(self, tried: Iterable[Run], own: Run | None) -> Run | None:
        """The run that goes with a performance run; any, where there is none."""
        fitting = [run for run in tried if own is None or not self._keeps_apart(own, run)]
        question = own.get("question_digest") if own else None
        return max(
            fitting,
            key=lambda run: (self._named(run), run.get("question_digest") == question, run.made),
            default=None,
        )

    def _keeps_apart(self, own: Run, run: Run) -> list[str]:
        """In words, why two runs do not belong together. Of runs that were made elsewhere, and are both named, only
        what is known counts.
        """
        found = list(differences(own.identity, run.identity))
        if own.ingested and run.ingested and self._named(own) and self._named(run):
            return [text for text in found if not text.endswith(NOT_KNOWN)]
        return found

    def _nearest(self, tried: list[Run], own: Run | None) -> str:
        """What is different in the run that comes nearest."""
        if own is None or not tried:
            return ""
        nearest = min(tried, key=lambda run: len(self._keeps_apart(own, run)))
        why = ", ".join(self._keeps_apart(own, nearest))
        return f" that goes with {own.name} ({nearest.name}: {why})" if why else ""

    def _test(self, cell: Cell, name: str, tests: list[Run], own: Run | None, like: Run | None) -> None:
        tried = [run for run in tests if run.get("loadgen_compliance_test") == name]
        tried = [run for run in tried if run.valid and (not run.weaker or self._parameters.get("allow_short"))]
        best = self._best(tried, own)
        if best is not None:
            cell.tests[name] = best
            return
        query = self._query(like, cell, "PerformanceOnly", name)
        what = f"compliance test {name}: no run{self._nearest(tried, own)}"
        self._miss(cell, what, query, self._seconds(cell, like))

    def _query(self, like: Run | None, cell: Cell, mode: str, test: str | None = None) -> str | None:
        asked = self._rules.benchmark(cell.benchmark) or {}
        if like is not None:
            return query_like(like, cell.scenario, mode, self._official, test, asked.get("dataset_size"))
        if "query" not in asked:
            return None
        terms = [str(asked["query"]), f"loadgen_dataset_size={asked['dataset_size']}"]
        terms += [f"framework={self._parameters['framework']}"] if self._parameters.get("framework") else []
        return completed(terms, cell.scenario, mode, self._official, test)

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
        cell.missing.append(Missing(f"{cell.benchmark} {cell.scenario}: {what}", query, seconds))
