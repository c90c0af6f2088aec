"""TEST01 and TEST04: does a compliance run agree with the run that is handed in? Rules: compliance/README.md in
mlcommons/inference.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from .mlperf_log import ACCURACY, DETAIL, figure, read_log
from .runs import Run

PASS, FAIL = "TEST PASS", "TEST FAIL"
TOLERANCE = 0.10
# Very short latencies may differ more: ns in SingleStream, and in MultiStream.
SHORT, SHORT_TOLERANCE = {"SingleStream": 200_000, "MultiStream": 1_600_000}, 0.20
FORMATS = {"float32": "<f", "int32": "<i", "int64": "<q"}


def verify_accuracy(test: Run, accuracy: Run) -> list[str]:
    """TEST01: each answer that the performance run logged must be that of the accuracy run. The last line is the
    verdict.
    """
    dtype = str(accuracy.get("accuracy_dtype") or "float32")
    wanted = _answers(accuracy.path / ACCURACY, dtype)
    logged = json.loads((test.path / ACCURACY).read_text(encoding="utf-8"))
    known = [item for item in logged if item["qsl_idx"] in wanted]
    wrong = [item for item in known if _first(item["data"], dtype) != wanted[item["qsl_idx"]]]
    lines = [
        f"answers of the accuracy run: {len(wanted)}",
        f"answers of the compliance run: {len(logged)}, of samples of the accuracy run: {len(known)}",
        f"answers that differ: {len(wrong)}",
    ]
    return [*lines, PASS if known and not wrong else FAIL]


def sampled_accuracy(test: Run, accuracy: Run) -> tuple[str, str]:
    """Where answers differ from run to run, their accuracy decides: that of the accuracy run and that of the compliance
    run, both on the samples that the latter logged.
    """
    dtype = str(accuracy.get("accuracy_dtype") or "float32")
    rows = (accuracy.path / "labels.txt").read_text(encoding="utf-8").splitlines()
    labels = {int(row.split(" ", 1)[0]): int(row.rsplit(" ", 1)[1]) for row in rows}
    there, here = _answers(accuracy.path / ACCURACY, dtype), _answers(test.path / ACCURACY, dtype)
    return _report({index: there[index] for index in here}, labels), _report(here, labels)


def verify_performance(name: str, test: Run, performance: Run) -> list[str]:
    """Both runs must be VALID; TEST01 as fast as the run within 10 %, TEST04 at most 10 % faster. The last line is the
    verdict.
    """
    logs = [read_log(run.path / DETAIL) for run in (performance, test)]
    scenarios = [str(log.get("effective_scenario")) for log in logs]
    reference, tested = (_speed(log) for log in logs)
    lines = [f"reference score = {figure(logs[0])}", f"test score = {figure(logs[1])}"]
    if any(log.get("result_validity") != "VALID" for log in logs):
        return [*lines, f"{FAIL}: a run is not VALID"]
    if scenarios[0] != scenarios[1]:
        return [*lines, f"{FAIL}: {scenarios[0]} and {scenarios[1]} cannot be compared"]
    key = "effective_target_latency_ns"
    if scenarios[0] == "Server" and logs[0].get(key) != logs[1].get(key):
        return [*lines, f"{FAIL}: the latency bounds differ"]
    if reference is None or tested is None:
        return [*lines, f"{FAIL}: a log has no figure"]
    short = (figure(logs[0]) or 0) <= SHORT.get(scenarios[0], -1)
    tolerance = SHORT_TOLERANCE if short else TOLERANCE
    lines.append(f"compliance run / run = {tested / reference:.4f}, tolerance {tolerance:.0%}")
    fast = tested <= reference * (1 + tolerance)
    slow = name == "TEST01" and tested < reference * (1 - tolerance)
    return [*lines, PASS if fast and not slow else f"{FAIL}: {'slower' if slow else 'faster'} than that"]


def _speed(log: dict[str, Any]) -> float | None:
    """A number that is the larger, the faster."""
    value = figure(log)
    if not value:
        return None
    return 1e9 / value if "Stream" in str(log.get("effective_scenario")) else value


def _answers(file: Path, dtype: str) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for item in json.loads(file.read_text(encoding="utf-8")):
        found.setdefault(item["qsl_idx"], _first(item["data"], dtype))
    return found


def _first(data: str, dtype: str) -> Any:
    raw, form = bytes.fromhex(data), FORMATS[dtype]
    return struct.unpack_from(form, raw)[0] if len(raw) >= struct.calcsize(form) else None


def _report(answers: dict[int, Any], labels: dict[int, int]) -> str:
    good, total = sum(answer == labels.get(index) for index, answer in answers.items()), len(answers)
    return f"accuracy={100 * good / total if total else 0:.3f}%, good={good}, total={total}\n"
