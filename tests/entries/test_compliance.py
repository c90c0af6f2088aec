"""TEST01 and TEST04: our verdicts are those of MLPerf's own scripts, which a checkout of mlcommons/inference (b66003e1)
in ``AXS_TEST_MLPERF_INFERENCE`` shows once more.
"""

from __future__ import annotations

import csv
import json
import math
import os
import struct
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.entry_code import module

CHECKOUT = os.environ.get("AXS_TEST_MLPERF_INFERENCE")
with_checkout = pytest.mark.skipif(CHECKOUT is None, reason="AXS_TEST_MLPERF_INFERENCE names no checkout")
TABLE = Path(__file__).parents[1] / "support" / "compliance_verdicts.csv"
"""By test, scenario and figure of the run handed in (ns in the streams, samples/s): the verdict (P: pass) at each ratio
of the compliance run's figure to it.
"""
FIGURES = {
    "Offline": ("result_samples_per_second", "Samples per second: {}"),
    "Server": ("result_completed_samples_per_sec", "Completed samples per second    : {}"),
    "SingleStream": ("early_stopping_latency_ss", " * Early stopping 90.0th percentile estimate: {}"),
    "MultiStream": ("early_stopping_latency_ms", " * Early stopping 99.0th percentile estimate: {}"),
}
# Runs MLPerf's scripts, many in one process: each line of the input is a list of words; prints what each says as JSON.
MANY = """
import contextlib, io, json, runpy, sys
for line in sys.stdin.readlines():
    sys.argv = json.loads(line)
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except SystemExit as end:
            print(end.code)
        except Exception as error:
            print(repr(error))
    print(json.dumps(told.getvalue()))
"""


def write_run(folder: Path, scenario: str, figure: float, valid: str = "VALID", bound: int = 15_000_000) -> Path:
    """A run as far as the tests look at it."""
    folder.mkdir(parents=True)
    key, line = FIGURES[scenario]
    values = {
        "effective_scenario": scenario,
        key: figure,
        "result_validity": valid,
        "effective_target_latency_ns": bound,
    }
    rows = [{"key": name, "value": value, "metadata": {"is_error": False}} for name, value in values.items()]
    (folder / "mlperf_log_detail.txt").write_text("".join(f":::MLLOG {json.dumps(row)}\n" for row in rows))
    (folder / "mlperf_log_summary.txt").write_text(
        f"Scenario : {scenario}\nResult is : {valid}\n{line.format(figure)}\n"
    )
    return folder


def write_answers(folder: Path, answers: Iterable[tuple[int, str]]) -> Path:
    """An accuracy log: number of the sample, and its answer in hexadecimal digits."""
    folder.mkdir(parents=True)
    log = [{"seq_id": number, "qsl_idx": index, "data": data} for number, (index, data) in enumerate(answers)]
    (folder / "mlperf_log_accuracy.json").write_text(json.dumps(log))
    return folder


def theirs(script: str, runs: Iterable[Sequence[Any]]) -> list[str]:
    """What MLPerf's script says with each list of words."""
    lines = "".join(json.dumps([f"{CHECKOUT}/compliance/{script}", *map(str, words)]) + "\n" for words in runs)
    done = subprocess.run([sys.executable, "-c", MANY], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def pairs(name: str, root: Path) -> tuple[list[tuple[Path, Path]], list[str], list[list[str]]]:
    """The pairs of runs of the table (compliance run, run handed in), their verdicts, and the table itself."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        head, *rows = [row for row in csv.reader(file) if row[0] in ("test", name)]
    found, verdicts = [], []
    for _, scenario, reference, *cells in rows:
        there = write_run(root / scenario / reference, scenario, float(reference))
        for ratio, cell in zip(head[3:], cells, strict=True):
            tested = float(reference) * float(ratio)
            tested = round(tested) if "Stream" in scenario else round(tested, 4)
            found.append((write_run(root / scenario / f"{reference} {ratio}", scenario, tested), there))
            verdicts.append(cell)
    return found, verdicts, rows


@pytest.mark.parametrize("name", ["TEST01", "TEST04"])
def test_verdicts_on_speed(tmp_path: Path, name: str) -> None:
    judge = module("submission_tree", "compliance").Judge()
    runs, verdicts, rows = pairs(name, tmp_path)
    assert {row[1] for row in rows} == set(FIGURES)
    ours = ["P" if "TEST PASS" in judge.performance(name, *pair) else "F" for pair in runs]
    assert ours == verdicts


@with_checkout
@pytest.mark.parametrize(("name", "log"), [("TEST01", "detail"), ("TEST04", "summary")])
def test_the_table_of_verdicts_is_that_of_mlperfs_scripts(tmp_path: Path, name: str, log: str) -> None:
    runs, verdicts, _ = pairs(name, tmp_path)
    file = f"mlperf_log_{log}.txt"
    told = theirs(f"{name}/verify_performance.py", [["-r", there / file, "-t", test / file] for test, there in runs])
    assert ["P" if "TEST PASS" in text else "F" for text in told] == verdicts


def f32(*values: float) -> str:
    return struct.pack(f"<{len(values)}f", *values).hex().upper()


# type, answers of the accuracy run, those of TEST01, verdict
ANSWERS = {
    "the same": ("float32", [(0, f32(1)), (1, f32(2))], [(1, f32(2)), (0, f32(1))], "P"),
    "one differs": ("float32", [(0, f32(1)), (1, f32(2))], [(1, f32(2)), (0, f32(3))], "F"),
    "another type": ("int64", [(0, "0100000000000000")], [(0, "0200000000000000")], "F"),
    "only the first value counts": ("float32", [(0, f32(1, 5))], [(0, f32(1, 6))], "P"),
    "only the first byte counts": ("byte", [(0, "01FF")], [(0, "01EE")], "P"),
    "minus zero is zero": ("float32", [(0, f32(0.0))], [(0, f32(-0.0))], "P"),
    "no number is like none": ("float32", [(0, f32(math.nan))], [(0, f32(math.nan))], "F"),
    "no answers": ("float32", [(0, f32(1))], [], "F"),
    "none of the same samples": ("float32", [(0, f32(1))], [(1, f32(1))], "F"),
    "a further sample": ("float32", [(0, f32(1))], [(0, f32(1)), (1, f32(1))], "P"),
    "a further sample with two answers": ("float32", [(0, f32(1))], [(0, f32(1)), (1, f32(1)), (1, f32(2))], "F"),
    "two answers in the accuracy run, first": ("float32", [(0, f32(1)), (0, f32(2))], [(0, f32(1))], "P"),
    "two answers in the accuracy run, second": ("float32", [(0, f32(1)), (0, f32(2))], [(0, f32(2))], "F"),
    "the same wrong answer twice": ("float32", [(0, f32(1))], [(0, f32(2)), (0, f32(2))], "F"),
    "empty answers": ("float32", [(0, "")], [(0, "")], "P"),
    "one empty answer": ("float32", [(0, "")], [(0, f32(1))], "F"),
}


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS)
def test_verdicts_on_answers(
    tmp_path: Path, case: tuple[str, list[tuple[int, str]], list[tuple[int, str]], str]
) -> None:
    judge = module("submission_tree", "compliance").Judge()
    dtype, there, here, verdict = case
    told = judge.accuracy(write_answers(tmp_path / "test", here), write_answers(tmp_path / "accuracy", there), dtype)
    assert told.splitlines()[-1] == {"P": "TEST PASS", "F": "TEST FAIL"}[verdict]


@with_checkout
def test_the_verdicts_on_answers_are_those_of_mlperfs_script(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    runs: list[list[Any]] = []
    for name, (dtype, there, here, _) in ANSWERS.items():
        logs = [write_answers(tmp_path / name / kind, rows) for kind, rows in (("accuracy", there), ("test", here))]
        accuracy, test = (folder / "mlperf_log_accuracy.json" for folder in logs)
        runs.append(["--dtype", dtype, "-r", accuracy, "-t", test])
    told = theirs("TEST01/verify_accuracy.py", runs)
    assert ["P" if "TEST PASS" in text else "F" for text in told] == [case[-1] for case in ANSWERS.values()]


@pytest.mark.parametrize(
    ("name", "more", "verdict"),
    [
        ("TEST01", {"valid": "INVALID"}, "TEST FAIL: a run is not VALID"),
        ("TEST04", {"valid": "INVALID"}, "TEST FAIL: a run is not VALID"),
        ("TEST01", {"bound": 10_000_000}, "TEST FAIL: the latency bounds differ"),
        ("TEST04", {"bound": 10_000_000}, "TEST PASS"),  # MLPerf's script does not look at it: our check of a tree does
        ("TEST01", {"scenario": "Offline"}, "TEST FAIL: Server and Offline cannot be compared"),
        ("TEST04", {"scenario": "Offline"}, "TEST FAIL: Server and Offline cannot be compared"),
        ("TEST01", {"figure": 0.0}, "TEST FAIL: a log has no figure"),
    ],
)
def test_runs_that_cannot_be_compared(tmp_path: Path, name: str, more: dict[str, Any], verdict: str) -> None:
    judge = module("submission_tree", "compliance").Judge()
    there = write_run(tmp_path / "run", "Server", 500.0)
    here = write_run(tmp_path / "test", **{"scenario": "Server", "figure": 500.0, **more})
    assert judge.performance(name, here, there).splitlines()[-1] == verdict


@with_checkout
def test_mlperfs_scripts_judge_where_there_is_a_checkout(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    judge = module("submission_tree", "compliance").Judge(Path(str(CHECKOUT)), sys.executable)
    there, here = (write_run(tmp_path / name, "Offline", figure) for name, figure in (("run", 100.0), ("test", 120.0)))
    for name in ("TEST01", "TEST04"):
        assert judge.performance(name, there, there).startswith("Verifying performance.\n")
        assert judge.performance(name, there, there).splitlines()[-1] == "TEST PASS"
        assert judge.performance(name, here, there).splitlines()[-1] == "TEST FAIL: Test score invalid"
    answers = write_answers(tmp_path / "answers", [(0, f32(1))])
    assert "TEST PASS" in judge.accuracy(answers, answers, "float32")
