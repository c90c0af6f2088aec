"""An accuracy run in a tree: its log, what was made of it, and that both are of one run."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from .benchmark import Benchmark
from .checks_performance import Asked, seeds
from .checks_reading import Log, number, read_text, shown
from .mlperf_log import ACCURACY, SUMMARY

ACCURACY_MODES = ("AccuracyOnly", "SubmissionRun")
CUT = b"\n\n...\n\n"  # stands where MLPerf's script has cut a log
ANSWERED = re.compile(r'"seq_id"\s*:\s*\d{1,18}\s*,\s*"qsl_idx"\s*:\s*(\d{1,18})\b')


def accuracy(folder: Path, log: Log, asked: Asked) -> Iterator[str]:
    """What is wrong with the accuracy run."""
    yield from (f"error in LoadGen's accuracy log: {error}" for error in log.errors)
    if log.scenario != asked.logged:
        yield f"the accuracy run is of the scenario {shown(log.scenario)}"
    if log.get("effective_test_mode") not in ACCURACY_MODES:
        yield f"the accuracy run is of the mode {log.say('effective_test_mode')}"
    if log.get("effective_test_mode") == "AccuracyOnly" and "Result is" in log.summary:
        yield f"accuracy/{SUMMARY} is that of a performance run"
    yield from (f"the accuracy run: {fault}" for fault in (*seeds(log, asked.rules), *log.contradictions()))
    size = asked.benchmark.accuracy_samples(asked.scenario) if asked.benchmark else None
    if size and samples(log) != size:
        yield f"the accuracy run has {shown(samples(log))} samples; the data set has {size}"
    text = read_text(folder / "accuracy.txt")
    yield from (f"accuracy/{fault}" for fault in logged(folder, text, asked, samples(log), whole=True))
    yield from _reported(text, asked, samples(log))


def samples(log: Log) -> float:
    """How many samples an accuracy run has to answer; NaN where it does not say."""
    count = log.get("effective_accuracy_sample_count")
    found = number(log.get("qsl_reported_total_count") if count is None else count)
    return int(found) if found == found // 1 else found


def logged(folder: Path, text: str, asked: Asked, count: float, *, whole: bool) -> Iterator[str]:
    """What is wrong with the logged answers in ``folder`` and their hash in ``text``, that of ``accuracy.txt``.
    ``whole``: all of ``count`` samples must be there, not some of them.
    """
    hashes = re.findall(r"^hash=(\w+)$", text, re.MULTILINE)
    if not hashes:
        yield "accuracy.txt has no line hash=..."
    elif len(hashes) > 1 or not re.search(r"^hash=\w+\s*\Z", text, re.MULTILINE):
        yield "accuracy.txt: the line hash=... must be there once, and the last"
    elif not re.fullmatch("[0-9a-f]{64}", hashes[0]):
        yield "accuracy.txt: the hash is no SHA-256"
    content = (folder / ACCURACY).read_bytes()
    most = asked.rules.data["accuracy_log_bytes"]
    if len(content) > most:
        yield f"{ACCURACY} has {len(content)} bytes, more than {most}"
    if CUT not in content and hashes and sha256(content).hexdigest() != hashes[0]:
        yield f"accuracy.txt: the hash is not that of {ACCURACY}"
    yield from _answers(content, count, whole)


def _answers(content: bytes, count: float, whole: bool) -> Iterator[str]:
    text = content.decode("utf-8", errors="replace")
    if CUT not in content and (fault := _damage(text)):
        yield f"{ACCURACY} {fault}"
        return
    found = [int(index) for index in ANSWERED.findall(text)]
    head, *tails = text.split(CUT.decode())
    if not ANSWERED.search(head):
        yield f"{ACCURACY} has no answers"
    elif not all(tail.rstrip().endswith("]") for tail in tails):
        yield f"{ACCURACY} is cut in another way than MLPerf's script cuts"
    if found and max(found) >= count:
        yield f"{ACCURACY} answers sample {max(found)}; there are {count}"
    if whole and CUT not in content and found and len(found) < count:
        yield f"{ACCURACY} has {len(found)} answers for {count} samples"


def _damage(text: str) -> str | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    return None if isinstance(content, list) else "holds no list of answers"


def _reported(text: str, asked: Asked, count: float) -> Iterator[str]:
    """What ``accuracy.txt`` says: an accuracy, of this run, and in the closed division enough."""
    if not re.search(r"\d", re.sub(r"^hash=.*$", "", text, flags=re.MULTILINE)):
        yield "accuracy/accuracy.txt has no accuracy"
    elif asked.division == "closed" and asked.benchmark:
        yield from (f"accuracy/accuracy.txt: {fault}" for fault in _missed(text, asked.benchmark, asked.scenario))
    counted = re.search(r"^accuracy=([\d.]+)%, good=(\d+), total=(\d+)", text, re.MULTILINE)
    if counted is None:
        return
    share, good, total = (number(item) for item in counted.groups())
    if total and not math.isclose(share, 100 * good / total, abs_tol=0.001):
        yield f"accuracy/accuracy.txt: {counted[2]} of {counted[3]} are not {counted[1]} %"
    if total != count:
        yield f"accuracy/accuracy.txt is of {counted[3]} answers; the accuracy run has {shown(count)} samples"


def _missed(text: str, benchmark: Benchmark, scenario: str) -> list[str]:
    """What the accuracy lacks to that which the benchmark asks for."""
    try:
        return benchmark.accuracy_faults(text, scenario)
    except ValueError as error:
        return [shown(error)]
