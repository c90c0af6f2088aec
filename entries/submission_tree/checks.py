"""Our own look at a tree: the documented rules of the round, one line for each thing that is not as they say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .mlperf_log import ACCURACY, DETAIL, SUMMARY, figure, read_log
from .rules import Rules
from .system import MAY_BE_EMPTY, NEEDED

TYPES = {"edge": "edge", "datacenter": "datacenter", "datacenter,edge": "both", "edge,datacenter": "both"}
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
VERIFIED = {"TEST01": ("verify_accuracy.txt", "verify_performance.txt"), "TEST04": ("verify_performance.txt",)}


def check(home: Path, division: str, system: str, rules: Rules) -> list[str]:
    """What is wrong below ``home``, the folder of the submitter."""
    found = [] if (home / "src").is_dir() else ["src is missing"]
    described, faults = _description(home, division, system, rules)
    found += faults
    mapping = _mapping(home)
    results = home / "results" / system
    benchmarks = _folders(results)
    if not benchmarks:
        found.append(f"results/{system} has no benchmark")
    for benchmark in benchmarks:
        asked = rules.benchmark(benchmark.name) or rules.benchmark(mapping.get(benchmark.name, ""))
        if asked is None:
            found.append(
                f"{benchmark.name}: no benchmark that is known here, so its sizes and targets were not checked"
            )
        here = _folders(benchmark)
        if division == "closed":
            required = (asked or {}).get("required", {}).get(TYPES.get(described.get("system_type", ""), ""))
            if asked and required is None:
                found.append(f"{benchmark.name}: not in this round for system_type={described.get('system_type')}")
            missing = sorted(set(required or ()) - {scenario.name for scenario in here})
            found += [f"{benchmark.name}: the scenario {name} is required" for name in missing]
        for scenario in here:
            where = f"{benchmark.name}/{scenario.name}"
            found += [f"{where}: {fault}" for fault in _scenario(scenario, division, asked or {}, rules)]
    return found


def _folders(path: Path) -> list[Path]:
    return sorted(item for item in path.iterdir() if item.is_dir()) if path.is_dir() else []


def _mapping(home: Path) -> dict[str, str]:
    file = home / "model_mapping.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _description(home: Path, division: str, system: str, rules: Rules) -> tuple[dict[str, Any], list[str]]:
    file = home / "systems" / f"{system}.json"
    if not file.is_file():
        return {}, [f"systems/{system}.json is missing"]
    described = dict(json.loads(file.read_text(encoding="utf-8")))
    where = f"systems/{system}.json"
    found = [f"{where}: no {key}" for key in (*NEEDED, *MAY_BE_EMPTY) if key not in described]
    found += [f"{where}: {key} is empty" for key in NEEDED if key in described and not described[key]]
    if str(described.get("status", "")).lower() not in rules.data["statuses"]:
        found.append(f"{where}: status must be one of {', '.join(rules.data['statuses'])}")
    if described.get("system_type") not in TYPES:
        found.append(f"{where}: system_type must be edge, datacenter or both")
    if described.get("submitter") != home.name or described.get("division") != division:
        found.append(f"{where}: submitter and division are not those of the folders")
    return described, found


def _scenario(folder: Path, division: str, asked: dict[str, Any], rules: Rules) -> Iterator[str]:
    missing = [name for name in SCENARIO_FILES if not (folder / name).is_file()]
    yield from (f"{name} is missing" for name in missing)
    empty = [name for name in ("user.conf", "README.md") if name not in missing and not (folder / name).stat().st_size]
    yield from (f"{name} is empty" for name in empty)
    if missing:
        return
    declared = json.loads((folder / "measurements.json").read_text(encoding="utf-8"))
    yield from (f"measurements.json: {key} is empty" for key in rules.data["measurements"] if not declared.get(key))
    yield from _performance(folder / "performance" / "run_1" / DETAIL, folder.name, division, asked, rules)
    yield from _accuracy(folder / "accuracy", division, asked, rules)
    for test in asked.get("tests", ()) if division == "closed" else ():
        yield from (f"{test}: {fault}" for fault in _test(folder / test, test))


def _performance(file: Path, scenario: str, division: str, asked: dict[str, Any], rules: Rules) -> Iterator[str]:
    log = read_log(file)
    if log.get("effective_scenario") != scenario:
        yield f"the performance run is of the scenario {log.get('effective_scenario')}"
    if log.get("result_validity") != "VALID":
        yield f"LoadGen calls the performance run {log.get('result_validity')}"
    yield from (f"error in LoadGen's log: {error}" for error in log["errors"])
    duration = int(log.get("effective_min_duration_ms", 0))
    if duration < rules.data["min_duration_ms"]:
        yield f"min_duration is {duration} ms, not {rules.data['min_duration_ms']} ms"
    for name, seed in rules.data["seeds"].items():
        if log.get(f"effective_{name}") != seed:
            yield f"{name} is {log.get(f'effective_{name}')}, not {seed}"
    least = asked.get("performance_sample_count", 0)
    if int(log.get("effective_performance_sample_count", 0)) < least:
        yield f"performance_sample_count is {log.get('effective_performance_sample_count')}, less than {least}"
    if scenario != "Offline" and not log.get("early_stopping_met", True):
        yield "early stopping was not met"
    least = asked.get("offline_samples", 0)
    if scenario == "Offline" and division == "closed" and int(log.get("effective_samples_per_query", 0)) < least:
        yield f"the query has {log.get('effective_samples_per_query')} samples, less than {least}"
    bound = asked.get("server_latency_ns")
    if scenario == "Server" and bound and int(log.get("effective_target_latency_ns", 0)) > bound:
        yield f"the latency bound is {log.get('effective_target_latency_ns')} ns, more than {bound} ns"
    if figure(log) is None:
        yield "the performance run has no figure"


def _accuracy(folder: Path, division: str, asked: dict[str, Any], rules: Rules) -> Iterator[str]:
    text = (folder / "accuracy.txt").read_text(encoding="utf-8")
    if not re.search(r"^hash=\w+$", text, re.MULTILINE):
        yield "accuracy/accuracy.txt has no line hash=..."
    size = (folder / ACCURACY).stat().st_size
    if size > rules.data["accuracy_log_bytes"]:
        yield f"accuracy/{ACCURACY} has {size} bytes, more than {rules.data['accuracy_log_bytes']}"
    log = read_log(folder / DETAIL)
    yield from (f"error in LoadGen's accuracy log: {error}" for error in log["errors"])
    if not asked:
        return
    count = log.get("effective_accuracy_sample_count", log.get("qsl_reported_total_count"))
    if count != asked["dataset_size"]:
        yield f"the accuracy run has {count} samples; the data set has {asked['dataset_size']}"
    found = re.search(asked["accuracy"]["pattern"], text, re.MULTILINE)
    if division == "closed" and found is None:
        yield "accuracy/accuracy.txt has no accuracy"
    elif division == "closed" and found and float(found[1]) < asked["accuracy"]["target"]:
        yield f"accuracy {found[1]} is below {asked['accuracy']['target']}"


def _test(folder: Path, test: str) -> Iterator[str]:
    for name in VERIFIED[test]:
        if not (folder / name).is_file():
            yield f"{name} is missing"
        elif "TEST PASS" not in (folder / name).read_text(encoding="utf-8"):
            yield f"{name}: {(folder / name).read_text(encoding='utf-8').splitlines()[-1]}"
    for name in (DETAIL, SUMMARY):
        if not (folder / "performance" / "run_1" / name).is_file():
            yield f"performance/run_1/{name} is missing"
