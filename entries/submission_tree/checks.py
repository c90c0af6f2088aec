"""Our own look at a tree: the documented rules of the round, one line for each thing that is not as they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .benchmark import Benchmark
from .checks_accuracy import accuracy
from .checks_compliance import compliance
from .checks_performance import Asked, conf, performance
from .checks_reading import Log, shown
from .checks_system import description, loadgen_versions, mapping, measurements, system_type
from .inferred import sources
from .mlperf_log import ACCURACY, DETAIL, SUMMARY
from .rules import Rules

SCENARIO_FILES = (
    "user.conf",
    "README.md",
    "measurements.json",
    "accuracy/accuracy.txt",
    f"accuracy/{ACCURACY}",
    f"accuracy/{DETAIL}",
    f"accuracy/{SUMMARY}",
    f"performance/run_1/{DETAIL}",
    f"performance/run_1/{SUMMARY}",
)


def check(home: Path, division: str, system: str, rules: Rules) -> list[str]:
    """What is wrong below ``home``, the folder of the submitter."""
    found = [] if (home / "src").is_dir() else ["src is missing"]
    described, faults = description(home, division, system, rules)
    mapped, damage = mapping(home)
    found += [*faults, *damage]
    results = home / "results" / system
    benchmarks = _folders(results)
    if not benchmarks:
        found.append(f"results/{system} has no benchmark")
    for benchmark in benchmarks:
        found += _benchmark(benchmark, division, mapped, described, rules)
    return found


def _folders(path: Path) -> list[Path]:
    return sorted(item for item in path.iterdir() if item.is_dir()) if path.is_dir() else []


def _benchmark(
    folder: Path, division: str, mapped: dict[str, str], described: dict[str, Any], rules: Rules
) -> Iterator[str]:
    official = mapped.get(folder.name, folder.name)
    benchmark = rules.asked(folder.name) or rules.asked(official)
    scenarios = _folders(folder)
    if benchmark is None:
        yield f"{folder.name}: no benchmark that is known here, so its sizes and targets were not checked"
    elif division == "closed":
        names = [scenario.name for scenario in scenarios]
        yield from (f"{folder.name}: {fault}" for fault in _scenarios(benchmark, names, described))
    for scenario in scenarios:
        measured = _measured(scenario, described)
        asked = Asked(rules, division, measured.name, benchmark, (folder.name, rules.official_name(official)))
        where = f"{folder.name}/{scenario.name}"
        if _performance_log(measured) != _performance_log(scenario):
            yield f"{where}: inferred from {measured.name}, whose performance run is another one"
        yield from (f"{where}: {fault}" for fault in _scenario(scenario, asked, loadgen_versions(described)))


def _measured(scenario: Path, described: dict[str, Any]) -> Path:
    """The folder of the scenario that was measured: another one where this one is inferred from it, all of it."""
    logged = {Log(scenario / folder).scenario for folder in ("performance/run_1", "accuracy")}
    allowed = sources(scenario.name, str(system_type(described)))
    source = next((name for name in allowed if logged == {name}), None)
    return scenario.with_name(source) if source else scenario


def _performance_log(scenario: Path) -> bytes | None:
    file = scenario / "performance" / "run_1" / DETAIL
    return file.read_bytes() if file.is_file() else None


def _scenarios(benchmark: Benchmark, names: list[str], described: dict[str, Any]) -> Iterator[str]:
    """Scenarios that the closed division requires, or does not know."""
    kind = system_type(described)
    required = benchmark.required(kind) if kind else None
    if kind is None or required is None:
        yield f"not in this round for system_type={shown(described.get('system_type'))}"
        return
    yield from (f"the scenario {name} is required" for name in benchmark.missing(kind, names))
    known = (*required, *benchmark.optional(kind))
    yield from (f"the scenario {name} is not asked for" for name in names if name not in known)


def _scenario(folder: Path, asked: Asked, versions: set[str]) -> Iterator[str]:
    missing = [name for name in SCENARIO_FILES if not (folder / name).is_file()]
    yield from (f"{name} is missing" for name in missing)
    empty = [name for name in ("user.conf", "README.md") if name not in missing and not (folder / name).stat().st_size]
    yield from (f"{name} is empty" for name in empty)
    if missing:
        return
    run, accurate = Log(folder / "performance" / "run_1"), Log(folder / "accuracy")
    yield from measurements(folder, asked.rules)
    yield from performance(run, asked)
    yield from conf(folder / "user.conf", run, asked)
    yield from accuracy(folder / "accuracy", accurate, asked)
    tests = asked.data.get("tests", ()) if asked.division == "closed" else ()
    for test in tests:
        yield from (f"{test}: {fault}" for fault in compliance(folder / test, test, run, asked))
    logs = [run, accurate, *(Log(folder / test / "performance" / "run_1") for test in tests)]
    yield from _versions({log.version for log in logs if log.values}, versions)


def _versions(logged: set[str], described: set[str]) -> Iterator[str]:
    """All runs of a scenario are made with one LoadGen, that which the description of the system names."""
    if len(logged) > 1:
        yield f"the runs were made with several versions of LoadGen: {', '.join(sorted(logged))}"
    elif described and not logged <= described:
        yield f"LoadGen's logs are of version {', '.join(logged)}; the system has {', '.join(sorted(described))}"
