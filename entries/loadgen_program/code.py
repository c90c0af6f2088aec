"""Several runs for one answer: repetitions, searching the target, and running again until LoadGen says VALID.

Each of them is an ordinary run, an entry of its own. Repetitions are summed up. What a search asks for in the end holds
the logs of the last run, the confirming one, and ``search.json`` with all attempts. The confirming run is always made
afresh: the luckiest of several runs is no measurement.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from axs_core.sdk import ProduceError, ProgramFailed, Query, UsageError, brief, parse

from . import summary_log
from .mlperf_log import DETAIL, SUMMARY, figure, read_log, text_of

OWN = frozenset({"until_valid", "find_target_qps", "find_target_latency"})
# What an INVALID run's target is multiplied by, towards fewer and towards more queries.
LESS, MORE = {"qps": 0.9, "latency": 1.1}, {"qps": 1 / 0.9, "latency": 1 / 1.1}
# Reasons of LoadGen that more queries cure: it ended before the least duration, or needs more of them to tell.
TOO_FEW_QUERIES = ("min duration", "early stopping")
# A Server that fails at this share of the rate that single samples reach hardly ever has two queries at once: a still
# lower load does not help, and 662 queries would take for ever.
LOWEST_LOAD = 1 / 16
# A run of a Server that kept the bound, but had too few queries to be sure, is made longer: up to so many times as many
# queries as LoadGen says that it takes if not one more is late, in at most so many seconds.
MORE_QUERIES, LONGEST_S = 2, 120.0
# How the harness ends a Server's run whose load is far above what can be held (loadgen_harness/overload.py).
OVERLOADED = 3
# What the target of a scenario is counted in.
UNITS = {"Server": "queries/s", "Offline": "samples/s", "SingleStream": "ms", "MultiStream": "ms"}
COUNTS = ("loadgen_min_query_count", "loadgen_max_query_count", "loadgen_query_count")
# What only the search itself uses of an attempt.
NOT_KEPT = frozenset({"path", "in_time", "wants", "single"})
NOT_LOGS = frozenset({"meta.yaml", "record.json"})
SEARCH_FILE = "search.json"
RUNS_FILE = "runs.json"
# What a summary keeps of each run, and what it does not take over as common to all.
OF_RUN = ("name", "performance", "verdict", "noisy", "started_at")
NOT_COMMON = frozenset(
    {"file", "repetition", "runs", "performance", "mlperf_score", "performance_report", "verdict", "noisy"}
    | {"started_at", "searched"}
)


def several_runs(
    query: str, parameters: dict[str, Any], path: Path, byquery: Callable[..., Any], note: Callable[[str], None]
) -> dict[str, Any]:
    """Make what ``repetitions=``, ``until_valid+`` and the like ask for, in ``path``; what is found."""
    if parameters.get("repetitions"):
        return _repeat(query, parameters, path, byquery)
    return _search(query, parameters, path, byquery, note)


def _search(
    query: str, parameters: dict[str, Any], path: Path, byquery: Callable[..., Any], note: Callable[[str], None]
) -> dict[str, Any]:
    """Make what ``until_valid+``, ``find_target_qps+`` or ``find_target_latency+`` ask for, in ``path``.

    Raises UsageError where they do not fit the scenario, ProduceError when no run was VALID.
    """
    _check(parameters)
    search = Search(parse(query), parameters, byquery, note)
    if not (parameters.get("find_target_qps") or parameters.get("find_target_latency")):
        last = search.confirm(search.said())
    elif parameters.get("until_valid"):
        last = search.confirm(search.find(search.said()))
    else:
        last = search.confirm_found(search.find(search.said()))
    return _keep(search, last, path)


def _repeat(query: str, parameters: dict[str, Any], path: Path, byquery: Callable[..., Any]) -> dict[str, Any]:
    """The same run several times: ``runs`` has what each came to, the rest is what they have in common."""
    mode = parameters["loadgen_mode"]
    if mode not in ("PerformanceOnly", "FindPeakPerformance"):
        hint = "add loadgen_mode=PerformanceOnly"
        raise UsageError(f"repetitions are for performance tests, not for {mode}", hint=hint)
    if parameters.get("repetition") is not None:
        raise UsageError("repetition is the number of one run, repetitions how many there are to be: say one of them")
    plain = parse(query).without("repetitions")
    made = [
        byquery(str(parse(f"{plain},repetition={number}")), need="run")
        for number in range(1, parameters["repetitions"] + 1)
    ]
    runs = [{name: _of_run(each, name) for name in OF_RUN} for each in made]
    (path / RUNS_FILE).write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    first, *others = (each["attributes"] for each in made)
    common = {
        name: value
        for name, value in first.items()
        if name not in NOT_COMMON and all(name in other and other[name] == value for other in others)
    }
    figures = [run["performance"] for run in runs if run["performance"] is not None]
    median = {"performance": statistics.median(figures)} if figures else {}
    noisy = any(run["noisy"] for run in runs)
    return {**common, "runs": runs, "noisy": noisy, "verdict": _joint_verdict(runs), **median}


def _of_run(made: dict[str, Any], name: str) -> Any:
    return made["name"] if name == "name" else made["attributes"].get(name)


def _joint_verdict(runs: list[dict[str, Any]]) -> str:
    """What the median stands on: how many runs are VALID, and what is weaker than MLPerf's settings."""
    good = [run for run in runs if not str(run["verdict"]).startswith("INVALID")]
    if not good:
        return f"INVALID (each of {len(runs)} runs)"
    told = f"{len(good)} of {len(runs)} runs"
    first = str(good[0]["verdict"])
    reasons = first.partition("(")[2].rpartition(")")[0] if first.startswith("VALID") else ""
    noisy = [str(run["name"]) for run in runs if run["noisy"]]
    noise = f"; NOISY: other processes used the processors during {len(noisy)} of them" if noisy else ""
    return f"VALID ({'; '.join(filter(None, (told, reasons)))}){noise}"


def search_notes(parameters: dict[str, Any], searched: bool, loadgen_short: dict[str, Any]) -> list[str]:
    """For ``axs plan``: how many runs there will be, and how long at least."""
    if not searched:
        return []
    if parameters.get("repetitions"):
        return [f"{parameters['repetitions']} runs, an entry each"]
    scenario = parameters["loadgen_scenario"]
    short = parameters.get("loadgen_search_duration_s") or loadgen_short[scenario]["min_duration_s"]
    own = parameters.get("loadgen_min_duration_s") or parameters.get("loadgen_duration_s")
    long = 600 if parameters.get("loadgen_official") else own or loadgen_short[scenario]["min_duration_s"]
    finding = parameters.get("find_target_qps") or parameters.get("find_target_latency")
    notes = [f"up to {parameters['loadgen_search_runs']} short runs of {short:g} s or more"] if finding else []
    most = parameters["loadgen_max_attempts"]
    return [*notes, f"up to {most} run{'s' * (most > 1)} of {long:g} s or more"]


def _check(parameters: dict[str, Any]) -> None:
    scenario, mode = parameters["loadgen_scenario"], parameters["loadgen_mode"]
    if mode != "PerformanceOnly":
        said = next(name for name in sorted(OWN) if parameters.get(name))
        raise UsageError(f"{said}+ is for performance tests, not for {mode}", hint="add loadgen_mode=PerformanceOnly")
    for name, other, scenarios in (
        ("find_target_qps", "find_target_latency", ("Server", "Offline")),
        ("find_target_latency", "find_target_qps", ("SingleStream", "MultiStream")),
    ):
        if parameters.get(name) and scenario not in scenarios:
            raise UsageError(f"{name}+ is for {' and '.join(scenarios)}, not for {scenario}", hint=f"say {other}+")


@dataclass(frozen=True)
class Attempt:
    """One run: ``target`` as LoadGen was told (queries/s or samples/s, or ms), ``figure`` (a rate, or ns).

    ``entry``: None where the run was ended because of its load. ``in_time``: VALID, or the bound was kept and only
    early stopping wanted more queries (``wants`` of them, all in all) to be sure; ``noisy``: others used the
    processors; ``single``: samples/s of single samples in the warm-up.
    """

    entry: str | None
    purpose: str
    target: float | None
    valid: bool
    figure: float | None
    verdict: str
    path: str | None = None
    in_time: bool = False
    noisy: bool = False
    wants: int | None = None
    single: float | None = None


@dataclass
class Search:
    """The attempts of one search, in order."""

    asked: Query
    parameters: dict[str, Any]
    byquery: Callable[..., Any]
    note: Callable[[str], None]
    attempts: list[Attempt] = field(default_factory=list)
    queries: int | None = None
    """Least number of queries, where the runs before have shown that it takes more than was said."""

    @property
    def scenario(self) -> str:
        """Whose target it is."""
        return str(self.parameters["loadgen_scenario"])

    @property
    def kind(self) -> str:
        """What the scenario's target is: ``qps`` or ``latency``."""
        return "latency" if "Stream" in self.scenario else "qps"

    def said(self) -> float | None:
        """The target in the query."""
        return self.parameters.get(f"loadgen_target_{self.kind}")

    def run(self, purpose: str, target: float | None, fresh: bool = False) -> Attempt:
        """One run with that target; without one, the harness takes what its warm-up shows."""
        query = self.asked.without(*OWN, *(name for name in self.parameters if name.startswith("loadgen_search_")))
        query = query.without("loadgen_max_attempts")
        if purpose == "search":
            query = self._shortened(query)
        if target is not None:
            query = parse(f"{query.without(f'loadgen_target_{self.kind}')},loadgen_target_{self.kind}={target:.6g}")
        if self.queries is not None:
            query = parse(f"{query.without(*COUNTS)},loadgen_min_query_count={self.queries}")
        made = self.byquery(str(query), fresh=fresh, need="attempt")
        return self._note(_attempt(made, purpose, f"target_{self.kind}", self.scenario))

    def _note(self, tried: Attempt) -> Attempt:
        """Keep an attempt, and say what came of it: a search may take an hour."""
        self.attempts.append(tried)
        load = "" if tried.target is None else f": {tried.target:g} {UNITS[self.scenario]}"
        self.note(f"attempt {len(self.attempts)} ({tried.purpose}){load}: {_in_short(tried.verdict)}")
        return tried

    def _short_run(self, target: float | None, fresh: bool) -> Attempt:
        """A run of the search; that a load is far too high is an answer, too."""
        try:
            return self.run("search", target, fresh)
        except ProgramFailed as error:
            if error.returncode != OVERLOADED or target is None:
                raise
            verdict = "INVALID (ended: far more than this Server holds)"
            return self._note(Attempt(None, "search", target, valid=False, figure=None, verdict=verdict))

    def _shortened(self, query: Query) -> Query:
        duration = self.parameters.get("loadgen_search_duration_s")
        query = query.without("loadgen_official")
        if duration is None:
            return query
        plain = query.without("loadgen_min_duration_s", "loadgen_max_duration_s", "loadgen_duration_s")
        return parse(f"{plain},loadgen_min_duration_s={duration:g}")

    def find(self, start: float | None) -> float:
        """The target that short runs show, from ``start`` on."""
        return self._highest_load(start) if self.scenario == "Server" else self._measured(start)

    def _highest_load(self, target: float | None) -> float:
        """Server: the highest load at which the bound was kept; doubled or halved until it was and was not, then in
        between. A NOISY run in which it was not is made once more, until such a repetition shows that the noise stays.
        """
        low = high = None
        again = steady = False  # this run is a repetition; the noise stays
        for _ in range(self.parameters["loadgen_search_runs"]):
            tried = self._short_run(target, fresh=again)
            target = target or tried.target
            if target is None:
                raise ProduceError(f"{tried.entry} does not say which load was tried")
            if tried.noisy and not (tried.in_time or again or steady):
                again = True
                continue
            again, steady = False, steady or (again and not tried.in_time)
            low, high = (target, high) if tried.in_time else (low, min(target, tried.figure or target))
            if low and high and high / low <= 1 + self.parameters["loadgen_search_precision"]:
                break
            if low is None and tried.single and target <= tried.single * LOWEST_LOAD:
                break
            target = _rounded(math.sqrt(low * high) if low and high else low * 2 if low else high / 2)
        if low is None:
            raise ProduceError(f"no load kept the bound:{self._told()}", hint=self._too_tight())
        return low

    def _too_tight(self) -> str:
        last = self.attempts[-1]
        late = last.path and dict(summary_log.latency_percentiles(text_of(Path(last.path) / SUMMARY))).get(99.0)
        told = f"at {last.target:g} queries/s 1 in 100 takes longer than {late / 1e6:.3g} ms: " if late else ""
        noise = " when the machine does nothing else, or" if last.noisy else ""
        return f"{told}ask again{noise} with another bound, loadgen_target_latency=MS"

    def _measured(self, target: float | None) -> float:
        """The other scenarios: what a VALID short run has shown."""
        for _ in range(self.parameters["loadgen_search_runs"]):
            tried = self.run("search", target)
            if tried.valid and tried.figure:
                return _rounded(tried.figure / (1e6 if self.kind == "latency" else 1))
            target = self._adjusted(tried)
        raise ProduceError(f"no short run was VALID:{self._told()}")

    def confirm(self, target: float | None) -> Attempt:
        """The run that the figure comes from: fresh where others came before it. With ``until_valid``, more of them."""
        most = self.parameters["loadgen_max_attempts"] if self.parameters.get("until_valid") else 1
        tried = self.run("confirm" if self.attempts else "try", target, fresh=bool(self.attempts))
        number = 1
        while number < most and not (tried.valid and tried.purpose == "confirm") and not (tried.valid and number == 1):
            if not tried.valid:
                target = self._adjusted(tried)
            purpose = "confirm" if tried.valid else "try"
            tried, number = self.run(purpose, target, fresh=purpose == "confirm"), number + 1
        if self.parameters.get("until_valid") and not tried.valid:
            hint = "say another loadgen_target_..., or more of loadgen_max_attempts"
            raise ProduceError(f"none of {number} runs was VALID:{self._told()}", hint=hint)
        return tried

    def confirm_found(self, target: float | None) -> Attempt:
        """The run that the figure of a search comes from, always fresh. A load that only short runs have held gives
        way to the next lower one of theirs, with the same target for more queries first.
        """
        held = sorted({each.target for each in self.attempts if each.in_time and each.target}, reverse=True)
        for _ in range(self.parameters["loadgen_max_attempts"]):
            tried = self.run("confirm", target, fresh=True)
            if tried.valid:
                return tried
            target = self._next_lower(tried, held) if self.scenario == "Server" else self._adjusted(tried)
            if target is None:
                break
        hint = "add loadgen_search_duration_s=, so that short runs tell more, or until_valid+, which goes on below them"
        raise ProduceError(f"what short runs have shown was never VALID when it counted:{self._told()}", hint=hint)

    def _next_lower(self, tried: Attempt, held: list[float]) -> float | None:
        """The load to be confirmed after ``tried``; None where short runs have held none below."""
        if self._gets_more_queries(tried):
            return tried.target
        return next((load for load in held if tried.target is not None and load < tried.target), None)

    def _gets_more_queries(self, tried: Attempt) -> bool:
        """Did a Server's run want more queries only, so many that they are worth the time? The next one has them."""
        if tried.wants is None or tried.target is None or MORE_QUERIES * tried.wants > LONGEST_S * tried.target:
            return False
        self.queries = MORE_QUERIES * tried.wants
        return True

    def _adjusted(self, tried: Attempt) -> float | None:
        """The next target; where all that was missing were queries, the same, with more of them."""
        if tried.target is None:
            return None
        if self.scenario == "Server":
            if self._gets_more_queries(tried):
                return tried.target
            return _rounded(min(tried.target, tried.figure or tried.target) * LESS["qps"])
        more = any(reason in tried.verdict.lower() for reason in TOO_FEW_QUERIES)
        return _rounded(tried.target * (MORE if more else LESS)[self.kind])

    def _told(self) -> str:
        return "".join(
            f"\n    {each.entry or 'no entry'}: target {each.target}: {each.verdict}" for each in self.attempts
        )


def _in_short(verdict: str) -> str:
    """A verdict in half a line: of an INVALID run what was not satisfied, without LoadGen's advice."""
    noise = ", NOISY" if "NOISY" in verdict else ""
    if not verdict.startswith("INVALID"):
        return f"VALID{noise}"
    reasons = re.findall(r"[^;()]+ not satisfied", verdict)
    return f"INVALID ({', '.join(map(str.strip, reasons))}){noise}" if reasons else brief(verdict, 200)


def _rounded(target: float) -> float:
    return float(f"{target:.4g}")


def _attempt(made: dict[str, Any], purpose: str, key: str, scenario: str) -> Attempt:
    values, folder = made["attributes"], Path(made["path"])
    verdict = str(values["verdict"])
    valid = not verdict.startswith("INVALID")
    wants = summary_log.wanted_queries(text_of(folder / SUMMARY)) if scenario == "Server" else None
    return Attempt(
        entry=made["name"],
        purpose=purpose,
        target=values.get("loadgen_user_conf", {}).get(key),
        valid=valid,
        figure=figure(read_log(folder / DETAIL)),
        verdict=verdict,
        path=made["path"],
        in_time=valid or wants is not None,
        noisy=bool(values.get("noisy")),
        wants=wants,
        single=values.get("warmup_samples_per_second"),
    )


def _keep(search: Search, last: Attempt, path: Path) -> dict[str, Any]:
    """Copy the confirming run's logs, and leave what a plot of the search needs."""
    for file in Path(last.path).iterdir():
        if file.is_file() and file.name not in NOT_LOGS:
            shutil.copy2(file, path / file.name)
    target, figure = ("ms", "ns") if search.kind == "latency" else ("1/s", "1/s")
    attempts = [
        {name: value for name, value in asdict(each).items() if name not in NOT_KEPT} for each in search.attempts
    ]
    units = {"target": target, "figure": figure}
    data = {"scenario": search.scenario, "units": units, "attempts": attempts, "confirmed_by": last.entry}
    (path / SEARCH_FILE).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    measured = json.loads((path / "measured.json").read_text(encoding="utf-8"))
    found = {f"found_target_{search.kind}": last.target, "confirmed_by": last.entry, "attempts": attempts}
    return {**measured, **found, "file": SUMMARY}
