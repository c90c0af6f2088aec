"""TEST01 and TEST04: does a compliance run agree with the runs that are handed in? MLPerf's own scripts say so where
there is a checkout of mlcommons/inference; else the same arithmetic does (compliance/TEST01 and compliance/TEST04
there, b66003e1).
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axs_core.sdk import ProduceError, UsageError

from .mlperf_log import ACCURACY, DETAIL, FIGURES, SUMMARY, read_log

PASS, FAIL = "TEST PASS", "TEST FAIL"
TOLERANCE = 0.10
# Very short latencies may differ more: ns in SingleStream, and in MultiStream.
SHORT, SHORT_TOLERANCE = {"SingleStream": 200_000, "MultiStream": 1_600_000}, 0.20
# The line of the summary that TEST04 compares; the last one counts.
SUMMARY_SCORES = {
    "Offline": r"^Samples per second.*?: (.+)$",
    "Server": r"^Completed samples per second.*?: (.+)$",
    "SingleStream": r"Early stopping (?:90|90\.0|99\.9)th percentile estimate: (.+)$",
    "MultiStream": r"Early stopping (?:99|99\.0)th percentile estimate: (.+)$",
}
FORMATS = {"byte": "<b", "float32": "<f", "int32": "<i", "int64": "<q"}
SCRIPTS_TIMEOUT = 3600


@dataclass(frozen=True)
class Judge:
    """Compares a compliance run with the runs that are handed in: by the scripts of ``checkout``, run by
    ``interpreter`` (it has numpy), or without a checkout itself. Runs are given as folders.
    """

    checkout: Path | None = None
    interpreter: str | None = None

    def performance(self, name: str, test: Path, performance: Path) -> str:
        """The text of ``verify_performance.txt``."""
        log = DETAIL if name == "TEST01" else SUMMARY
        told = self._told(name, "verify_performance.py", "-r", performance / log, "-t", test / log)
        return told or "\n".join(verify_performance(name, test, performance)) + "\n"

    def accuracy(self, test: Path, accuracy: Path, dtype: str) -> str:
        """The text of ``verify_accuracy.txt`` of TEST01; ``dtype`` is the type of the logged answers."""
        logs = ("-r", accuracy / ACCURACY, "-t", test / ACCURACY)
        told = self._told("TEST01", "verify_accuracy.py", "--dtype", dtype, *logs)
        return told or "\n".join(verify_accuracy(test, accuracy, dtype)) + "\n"

    def _told(self, name: str, script: str, *words: str | Path) -> str | None:
        """What MLPerf's script says; None without one."""
        if self.checkout is None or self.interpreter is None:
            return None
        file = self.checkout / "compliance" / name / script
        if not file.is_file():
            raise UsageError(
                f"{self.checkout} has no compliance/{name}/{script}: it is no checkout of mlcommons/inference"
            )
        try:
            done = subprocess.run(
                [self.interpreter, str(file), *map(str, words)],
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SCRIPTS_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ProduceError(f"{file} has not ended in {SCRIPTS_TIMEOUT} s") from None
        return done.stdout or f"{FAIL}: {script} said nothing and ended with {done.returncode}\n"


def within(name: str, scenario: str, reference: float, tested: float) -> bool:
    """Is the score of a compliance run near enough to that of the run handed in? Both are as :func:`score` gives them.
    TEST04 compares queries/s of the streams with bounds that are meant for latencies in ns: so it allows 20 % there,
    but for latencies of less than 5 µs (MultiStream: 0.6 µs).
    """
    tolerance = SHORT_TOLERANCE if reference <= SHORT.get(scenario, -1) else TOLERANCE
    if name == "TEST04":
        return tested < reference * (1 + tolerance)
    return reference * (1 - tolerance) <= tested <= reference * (1 + tolerance)


def score(name: str, log: Mapping[str, Any], summary: str) -> float | None:
    """What a test compares of a run: TEST01 the figure of the detailed log, samples/s, or ns in the streams; TEST04
    that of the summary, samples/s or queries/s. None where there is none.
    """
    scenario = str(log.get("effective_scenario"))
    value = log.get(FIGURES.get(scenario, ""))
    if name == "TEST04":
        value = (re.findall(SUMMARY_SCORES.get(scenario, "$^"), summary, re.MULTILINE) or [None])[-1]
    try:
        found = float(value or 0)
    except (TypeError, ValueError):
        return None
    return (1e9 / found if name == "TEST04" and "Stream" in scenario else found) if found else None


def verify_performance(name: str, test: Path, performance: Path) -> list[str]:
    """Both runs must be VALID and of one scenario, TEST01's Server with the same bound, and the scores near enough. The
    last line is the verdict.
    """
    logs = [read_log(folder / DETAIL) for folder in (performance, test)]
    summaries = [(folder / SUMMARY).read_text(encoding="utf-8") for folder in (performance, test)]
    scenarios = [str(log.get("effective_scenario")) for log in logs]
    reference, tested = (score(name, log, text) for log, text in zip(logs, summaries, strict=True))
    lines = [f"reference score = {reference}", f"test score = {tested}"]
    if not all(_valid(name, log, text) for log, text in zip(logs, summaries, strict=True)):
        return [*lines, f"{FAIL}: a run is not VALID"]
    if scenarios[0] != scenarios[1]:
        return [*lines, f"{FAIL}: {scenarios[0]} and {scenarios[1]} cannot be compared"]
    key = "effective_target_latency_ns"
    if name == "TEST01" and scenarios[0] == "Server" and logs[0].get(key) != logs[1].get(key):
        return [*lines, f"{FAIL}: the latency bounds differ"]
    if reference is None or tested is None:
        return [*lines, f"{FAIL}: a log has no figure"]
    lines.append(f"test score / reference score = {tested / reference:.4f}")
    if within(name, scenarios[0], reference, tested):
        return [*lines, PASS]
    latencies = name == "TEST01" and "Stream" in scenarios[0]
    return [*lines, f"{FAIL}: {'slower' if (tested > reference) == latencies else 'faster'} than that"]


def _valid(name: str, log: Mapping[str, Any], summary: str) -> bool:
    """TEST01 looks into the detailed log, TEST04 into the summary."""
    if name == "TEST01":
        return log.get("result_validity") == "VALID"
    return not re.search(r"^Result is.*: INVALID$", summary, re.MULTILINE)


def verify_accuracy(test: Path, accuracy: Path, dtype: str) -> list[str]:
    """TEST01: each answer that the performance run logged must be that of the accuracy run (of a sample with several,
    the one before). The last line is the verdict.
    """
    known, wrong, matched = answers(accuracy, dtype), 0, 0
    logged = _records(test)
    lines = [f"answers of the accuracy run: {len(known)}"]
    for item in logged:
        index, answer = item["qsl_idx"], _first(item["data"], dtype)
        matched += index in known
        wrong += index in known and answer != known[index]
        known[index] = answer
    lines += [
        f"answers of the compliance run: {len(logged)}, of samples of the accuracy run: {matched}",
        f"answers that differ: {wrong}",
    ]
    return [*lines, PASS if matched and not wrong else FAIL]


def sampled_accuracy(test: Path, accuracy: Path, dtype: str) -> tuple[str, str]:
    """Where answers differ from run to run, their accuracy decides: that of the accuracy run and that of the compliance
    run, both on the samples that the latter logged. Classes are compared with ``labels.txt`` of the accuracy run.
    """
    rows = (accuracy / "labels.txt").read_text(encoding="utf-8").splitlines()
    labels = {int(row.split(" ", 1)[0]): int(row.rsplit(" ", 1)[1]) for row in rows}
    there, here = answers(accuracy, dtype), answers(test, dtype)
    return _report({index: there.get(index) for index in here}, labels), _report(here, labels)


def answers(run: Path, dtype: str) -> dict[int, Any]:
    """The first value of each sample's first answer in the accuracy log of a run, by the number of the sample."""
    found: dict[int, Any] = {}
    for item in _records(run):
        found.setdefault(item["qsl_idx"], _first(item["data"], dtype))
    return found


def _records(run: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((run / ACCURACY).read_text(encoding="utf-8"))
    return found


def _first(data: str, dtype: str) -> Any:
    raw, form = bytes.fromhex(data), FORMATS[dtype]
    return struct.unpack_from(form, raw)[0] if len(raw) >= struct.calcsize(form) else None


def _report(answers: Mapping[int, Any], labels: Mapping[int, int]) -> str:
    good, total = sum(answer == labels.get(index) for index, answer in answers.items()), len(answers)
    return f"accuracy={100 * good / total if total else 0:.3f}%, good={good}, total={total}\n"
