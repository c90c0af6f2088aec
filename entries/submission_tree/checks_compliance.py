"""The compliance tests in a tree: the runs are what they should be, and agree with those handed in."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from .benchmark import Metric
from .checks_accuracy import logged, samples
from .checks_performance import Asked, timed
from .checks_reading import Log, number, read_text, shown
from .compliance import PASS, score, within
from .compliance_test import logged_test
from .mlperf_log import ACCURACY, DETAIL, SUMMARY

LOGS = tuple(f"performance/run_1/{name}" for name in (DETAIL, SUMMARY))
FILES = {
    "TEST01": ("verify_accuracy.txt", "verify_performance.txt", f"accuracy/{ACCURACY}", "accuracy/accuracy.txt", *LOGS),
    "TEST04": ("verify_performance.txt", *LOGS),
}
# Where answers differ from run to run: the accuracies of both may differ by so many per cent.
ACCURACY_DELTA, ACCURACY_DELTA_999 = 1, 0.1


def compliance(folder: Path, test: str, reference: Log, asked: Asked) -> Iterator[str]:
    """What is wrong with a compliance test; ``reference`` is the performance run that is handed in."""
    if test not in FILES:
        yield "is not checked here; MLPerf's checker knows it"
        return
    missing = [name for name in FILES[test] if not (folder / name).is_file()]
    yield from (f"{name} is missing" for name in missing)
    if missing:
        return
    log = Log(folder / "performance" / "run_1")
    logged_as = logged_test(log.values)
    if logged_as != test:
        yield f"the run is {f'one of {logged_as}' if logged_as else 'a plain one'}, not one of {test}"
    yield from timed(log, asked, "compliance run")
    yield from _like(log, reference)
    yield from _performance(folder, test, log, reference)
    if test == "TEST01":
        text = read_text(folder / "accuracy" / "accuracy.txt")
        yield from (
            f"accuracy/{fault}" for fault in logged(folder / "accuracy", text, asked, samples(log), whole=False)
        )
        yield from _accuracy(folder, asked)


def _like(log: Log, reference: Log) -> Iterator[str]:
    """What must be as in the run that is handed in."""
    for key in {"Server": ["target_latency_ns"], "MultiStream": ["samples_per_query"]}.get(log.scenario, []):
        ours, theirs = log.say(f"effective_{key}"), reference.say(f"effective_{key}")
        if ours != theirs:
            yield f"{key} is {ours}; in the performance run it is {theirs}"


def _performance(folder: Path, test: str, log: Log, reference: Log) -> Iterator[str]:
    """What the file says, and whether the logs say so too."""
    text = read_text(folder / "verify_performance.txt")
    if PASS not in text:
        yield f"verify_performance.txt: {_last(text)}"
        return
    scores = [score(test, run.values, run.summary) or math.nan for run in (reference, log)]
    said = [number(word) for word in re.findall(r"score = (\S+)$", text, re.MULTILINE)][:2]
    if len(said) < 2 or not all(math.isclose(a, b, rel_tol=1e-5) for a, b in zip(said, scores, strict=True)):
        yield "verify_performance.txt is of other runs: its scores are not those of the logs"
    if not within(test, log.scenario, *scores):
        yield f"verify_performance.txt says {PASS}, but the logs do not"


def _accuracy(folder: Path, asked: Asked) -> Iterator[str]:
    """The answers must be the same; else the accuracy on the same samples, as near as the rules want it."""
    text = read_text(folder / "verify_accuracy.txt")
    if PASS in [line.strip() for line in text.splitlines()]:
        return
    files = [folder / "accuracy" / f"{name}_accuracy.txt" for name in ("baseline", "compliance")]
    if asked.benchmark is None or not all(file.is_file() for file in files):
        yield f"verify_accuracy.txt: {_last(text)}"
        return
    for metric in asked.benchmark.metrics(asked.scenario):
        baseline, tested = (_figure(metric, read_text(file)) for file in files)
        most = asked.data.get("accuracy_delta_percent", {}).get(metric.name, _delta(asked))
        if not 100 * abs(1 - baseline / tested) <= most:
            yield f"the answers differ, and {metric.name} by more than {most} %: {baseline:g}, {tested:g}"


def _figure(metric: Metric, text: str) -> float:
    """The last figure of a metric in a report; NaN without one."""
    try:
        return (metric.figures(text) or [math.nan])[-1] or math.nan
    except ValueError:
        return math.nan


def _delta(asked: Asked) -> float:
    return ACCURACY_DELTA_999 if any("99.9" in name for name in asked.names) else ACCURACY_DELTA


def _last(text: str) -> str:
    """The verdict at the end of a file."""
    return shown((text.strip().splitlines() or ["is empty"])[-1])
