"""Our own look at a tree: the documented rules of the round, one line for each thing that is not as they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .checks_accuracy import accuracy
from .checks_compliance import compliance
from .checks_performance import Asked, conf, performance
from .checks_reading import Log
from .checks_system import description, loadgen_versions, mapping, measurements, system_type
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
    known = rules.benchmark(folder.name) or rules.benchmark(official)
    if known is None:
        yield f"{folder.name}: no benchmark that is known here, so its sizes and targets were not checked"
    scenarios = _folders(folder)
    if division == "closed":
        required = (known or {}).get("required", {}).get(system_type(described) or "")
        if known and required is None:
            yield f"{folder.name}: not in this round for system_type={described.get('system_type')}"
        missing = sorted(set(required or ()) - {scenario.name for scenario in scenarios})
        yield from (f"{folder.name}: the scenario {name} is required" for name in missing)
    for scenario in scenarios:
        asked = Asked(rules, division, scenario.name, known or {}, (folder.name, rules.official_name(official)))
        where = f"{folder.name}/{scenario.name}"
        yield from (f"{where}: {fault}" for fault in _scenario(scenario, asked, loadgen_versions(described)))


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
    tests = asked.benchmark.get("tests", ()) if asked.division == "closed" else ()
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
