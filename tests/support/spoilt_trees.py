"""Ways to spoil the tree of a submission that nothing is wrong with (closed division, ResNet50 in four scenarios with
its compliance tests), what our own check must say of each, and which of them MLPerf's own checker does not notice.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

Way = Callable[[Path], None]
"""Spoils what is in the submitter's folder."""
RESULTS = "results/SYS/resnet50"
OFFLINE, SERVER, SINGLE = (f"{RESULTS}/{scenario}" for scenario in ("Offline", "Server", "SingleStream"))
SYSTEM, RUN, ACCURACY = "systems/SYS.json", "performance/run_1", f"{OFFLINE}/accuracy"
DETAIL, SUMMARY, LOG = "mlperf_log_detail.txt", "mlperf_log_summary.txt", "mlperf_log_accuracy.json"
PERFORMANCE = f"{OFFLINE}/{RUN}/{DETAIL}"
GARBAGE = bytes(range(256)) * 8


@dataclass(frozen=True)
class Spoilt:
    """One way, and the line that must tell it. ``by_digests``: only the digests of what was written can tell it."""

    name: str
    way: Way
    said: str
    by_digests: bool = False


def edit(file: str, pattern: str, by: str, home: Path) -> None:
    """Put ``by`` wherever ``pattern`` is found in a file; it must be there."""
    text = (home / file).read_text(encoding="utf-8")
    changed = re.sub(pattern, by, text)
    assert changed != text, f"{pattern} is not in {file}"
    (home / file).write_text(changed, encoding="utf-8")


def write(file: str, content: bytes, home: Path) -> None:
    """Put other content into a file."""
    (home / file).write_bytes(content)


def cut(file: str, home: Path) -> None:
    """Leave the first half of a file."""
    content = (home / file).read_bytes()
    (home / file).write_bytes(content[: len(content) // 2])


def remove(name: str, home: Path) -> None:
    """Take a file or a folder away."""
    shutil.rmtree(home / name) if (home / name).is_dir() else (home / name).unlink()


def copy(source: str, target: str, home: Path) -> None:
    """Put the logs of one run in the place of another's: detailed log and summary."""
    for name in (DETAIL, SUMMARY):
        shutil.copy(home / source / name, home / target / name)


def setting(file: str, key: str, value: Any, home: Path) -> None:
    """Give a key of a detailed log another value."""
    edit(file, rf'"key": "{key}", "value": [^,]+,', f'"key": "{key}", "value": {json.dumps(value)},', home)


def without(file: str, key: str, home: Path) -> None:
    """Take a line of a detailed log away."""
    edit(file, rf':::MLLOG {{"key": "{key}".*\n', "", home)


def all_of(*ways: Way) -> Way:
    """Several ways at once."""

    def spoil(home: Path) -> None:
        for way in ways:
            way(home)

    return spoil


def fault(file: str, home: Path) -> None:
    """Put an error into a detailed log."""
    row = {"key": "error_runtime", "value": "queries were lost", "metadata": {"is_error": True, "is_warning": False}}
    with (home / file).open("a", encoding="utf-8") as stream:
        stream.write(f":::MLLOG {json.dumps(row)}\n")


def hash_first(file: str, home: Path) -> None:
    """Put the line with the hash before the others."""
    lines = (home / file).read_text(encoding="utf-8").split()
    (home / file).write_text("\n".join([lines[-1], " ".join(lines[:-1])]) + "\n", encoding="utf-8")


def _in(where: str, *rows: tuple[str, Way, str]) -> list[Spoilt]:
    return [Spoilt(name, way, f"{where}{said}") for name, way, said in rows]


SYSTEMS = _in(
    SYSTEM,
    ("no system", partial(remove, SYSTEM), " is missing"),
    ("system with an empty value", partial(edit, SYSTEM, '"air"', '""'), ": cooling is empty"),
    ("system without a key", partial(edit, SYSTEM, '"hw_notes"', '"other"'), ": no hw_notes"),
    (
        "status unknown",
        partial(edit, SYSTEM, '"available"', '"soon"'),
        ": status must be one of available, preview, rdi",
    ),
    (
        "type of system unknown",
        partial(edit, SYSTEM, '"datacenter,edge"', '"both"'),
        ": system_type must be edge, datacenter or both",
    ),
    (
        "system of another submitter",
        partial(edit, SYSTEM, '"ORG"', '"X"'),
        ": submitter and division are not those of the folders",
    ),
    ("system cut short", partial(cut, SYSTEM), " is no JSON: "),
    ("system is a list", partial(write, SYSTEM, b"[1, 2]"), " holds no JSON object"),
    ("system is garbage", partial(write, SYSTEM, GARBAGE), " is no JSON: "),
    (
        "values of other types",
        partial(edit, SYSTEM, '"available"', "[1]"),
        ": status must be one of available, preview, rdi",
    ),
)

SCENARIO = _in(
    "resnet50/Offline: ",
    ("no README.md", partial(remove, f"{OFFLINE}/README.md"), "README.md is missing"),
    ("no user.conf", partial(remove, f"{OFFLINE}/user.conf"), "user.conf is missing"),
    ("empty user.conf", partial(write, f"{OFFLINE}/user.conf", b""), "user.conf is empty"),
    (
        "measurements with an empty value",
        partial(edit, f"{OFFLINE}/measurements.json", '"no"', '""'),
        "measurements.json: retraining is empty",
    ),
    ("measurements cut short", partial(cut, f"{OFFLINE}/measurements.json"), "measurements.json is no JSON: "),
    (
        "measurements is a list",
        partial(write, f"{OFFLINE}/measurements.json", b"[]"),
        "measurements.json holds no JSON object",
    ),
    (
        "user.conf with another duration",
        partial(write, f"{OFFLINE}/user.conf", b"*.Offline.min_duration = 60000\n"),
        "user.conf says min_duration = 60000, the log requested_min_duration_ms = 600000",
    ),
    (
        "user.conf with another target",
        partial(edit, f"{OFFLINE}/user.conf", "target_qps = 100", "target_qps = 120"),
        "user.conf says target_qps = 120, the log requested_offline_expected_qps = 100.0",
    ),
    (
        "user.conf with a longest duration",
        partial(edit, f"{OFFLINE}/user.conf", "$", "resnet50.*.max_duration = 700000\n"),
        "user.conf says max_duration = 700000, the log requested_max_duration_ms = 0",
    ),
)

RUNS = _in(
    "resnet50/Offline: ",
    ("no detailed log", partial(remove, PERFORMANCE), f"{RUN}/{DETAIL} is missing"),
    ("no performance run", partial(remove, f"{OFFLINE}/performance"), f"{RUN}/{SUMMARY} is missing"),
    (
        "INVALID",
        all_of(
            partial(setting, PERFORMANCE, "result_validity", "INVALID"),
            partial(edit, f"{OFFLINE}/{RUN}/{SUMMARY}", "VALID", "INVALID"),
        ),
        "LoadGen calls the performance run INVALID",
    ),
    (
        "INVALID in the detailed log",
        partial(setting, PERFORMANCE, "result_validity", "INVALID"),
        "LoadGen calls the performance run INVALID",
    ),
    (
        "INVALID in the summary",
        partial(edit, f"{OFFLINE}/{RUN}/{SUMMARY}", "VALID", "INVALID"),
        f"{SUMMARY} says INVALID where {DETAIL} has result_validity = VALID",
    ),
    (
        "another scenario in the log",
        partial(setting, PERFORMANCE, "effective_scenario", "Server"),
        "the performance run is of the scenario Server",
    ),
    (
        "run of another scenario",
        partial(copy, f"{SINGLE}/{RUN}", f"{OFFLINE}/{RUN}"),
        "the performance run is of the scenario SingleStream",
    ),
    (
        "another mode in the log",
        partial(setting, PERFORMANCE, "effective_test_mode", "FindPeakPerformance"),
        "the performance run is of the mode FindPeakPerformance",
    ),
    (
        "accuracy run as performance run",
        partial(copy, ACCURACY, f"{OFFLINE}/{RUN}"),
        "the performance run is of the mode AccuracyOnly",
    ),
    (
        "TEST04 as performance run",
        partial(copy, f"{OFFLINE}/TEST04/{RUN}", f"{OFFLINE}/{RUN}"),
        "the performance run is one of TEST04",
    ),
    (
        "TEST01 as performance run",
        partial(copy, f"{OFFLINE}/TEST01/{RUN}", f"{OFFLINE}/{RUN}"),
        "the performance run is one of TEST01",
    ),
    (
        "too short",
        partial(setting, PERFORMANCE, "effective_min_duration_ms", 60_000),
        "min_duration is 60000 ms, not 600000 ms",
    ),
    (
        "too few samples in memory",
        partial(setting, PERFORMANCE, "effective_performance_sample_count", 64),
        "performance_sample_count is 64, less than 1024",
    ),
    (
        "another seed",
        partial(setting, PERFORMANCE, "effective_qsl_rng_seed", 1),
        "qsl_rng_seed is 1, not 2085463073848966840",
    ),
    (
        "longest duration set",
        partial(setting, PERFORMANCE, "effective_max_duration_ms", 700_000),
        "max_duration is set, to 700000",
    ),
    (
        "most queries set",
        partial(setting, PERFORMANCE, "effective_max_query_count", 5),
        "max_query_count is set, to 5",
    ),
    (
        "too few samples in the query",
        partial(setting, PERFORMANCE, "effective_samples_per_query", 1000),
        "the query has 1000 samples, less than 24576",
    ),
    ("error in the log", partial(fault, PERFORMANCE), "error in LoadGen's log: queries were lost"),
    (
        "figure edited in the detailed log",
        partial(setting, PERFORMANCE, "result_samples_per_second", 120.0),
        f"{SUMMARY} says 100.0 where {DETAIL} has result_samples_per_second = 120.0",
    ),
    (
        "figure edited in the summary",
        partial(edit, f"{OFFLINE}/{RUN}/{SUMMARY}", "Samples per second : .*", "Samples per second : 120.0"),
        f"{SUMMARY} says 120.0 where {DETAIL} has result_samples_per_second = 100.0",
    ),
    (
        "figure edited in both logs of Offline",
        all_of(
            partial(setting, PERFORMANCE, "result_samples_per_second", 120.0),
            partial(edit, f"{OFFLINE}/{RUN}/{SUMMARY}", "Samples per second : .*", "Samples per second : 120.0"),
        ),
        "the figure of the performance run is 120 samples/s; samples and time give 100",
    ),
    (
        "no figure",
        partial(without, PERFORMANCE, "result_samples_per_second"),
        "the performance run has no figure",
    ),
    (
        "another LoadGen in one run",
        partial(edit, PERFORMANCE, "6.0.17", "5.1.0"),
        "the runs were made with several versions of LoadGen: 5.1.0, 6.0.17",
    ),
    (
        "no summary's content",
        partial(write, f"{OFFLINE}/{RUN}/{SUMMARY}", b""),
        f"{SUMMARY} is none of a performance run: ",
    ),
    ("detailed log cut in a line", partial(cut, PERFORMANCE), "error in LoadGen's log: "),
    ("detailed log is garbage", partial(write, PERFORMANCE, GARBAGE), "the performance run is of the scenario None"),
    ("detailed log is empty", partial(write, PERFORMANCE, b""), "the performance run is of the scenario None"),
    (
        "a value of another type",
        partial(setting, PERFORMANCE, "effective_min_duration_ms", "long"),
        "min_duration is long ms, not 600000 ms",
    ),
    (
        "a value that is null",
        partial(setting, PERFORMANCE, "effective_performance_sample_count", None),
        "performance_sample_count is None, less than 1024",
    ),
    (
        "a line without a value",
        partial(edit, PERFORMANCE, '"value": "ToySUT", ', ""),
        "error in LoadGen's log: ",
    ),
)

OTHER_RUNS = [
    *_in(
        "resnet50/Server: ",
        (
            "latency bound too high",
            partial(setting, f"{SERVER}/{RUN}/{DETAIL}", "effective_target_latency_ns", 20_000_000),
            "the latency bound is 20000000 ns, more than 15000000 ns",
        ),
        (
            "early stopping not met",
            partial(setting, f"{SERVER}/{RUN}/{DETAIL}", "early_stopping_met", False),
            "early stopping was not met",
        ),
        (
            "TEST04 with another latency bound",
            partial(setting, f"{SERVER}/TEST04/{RUN}/{DETAIL}", "effective_target_latency_ns", 14_000_000),
            "TEST04: target_latency_ns is 14000000; in the performance run it is 15000000",
        ),
    ),
    *_in(
        "resnet50/SingleStream: ",
        (
            "too few queries asked for",
            partial(setting, f"{SINGLE}/{RUN}/{DETAIL}", "effective_min_query_count", 10),
            "min_query_count is 10, less than 100",
        ),
        (
            "figure edited in both logs",
            all_of(
                partial(setting, f"{SINGLE}/{RUN}/{DETAIL}", "early_stopping_latency_ss", 5_000_000),
                partial(edit, f"{SINGLE}/{RUN}/{SUMMARY}", "estimate: .*", "estimate: 5000000"),
            ),
            "the figure of the performance run, 5000000 ns, is below its percentile",
        ),
    ),
    Spoilt(
        "a scenario is missing",
        partial(remove, f"{RESULTS}/MultiStream"),
        "resnet50: the scenario MultiStream is required",
    ),
    Spoilt("no sources", partial(remove, "src"), "src is missing"),
    Spoilt(
        "another LoadGen in the system",
        partial(edit, SYSTEM, "6.0.17", "5.1.0"),
        "resnet50/Offline: LoadGen's logs are of version 6.0.17; the system has 5.1.0",
    ),
]

ACCURATE = _in(
    "resnet50/Offline: ",
    ("accuracy log emptied", partial(write, f"{ACCURACY}/{LOG}", b"[\n]\n"), f"accuracy/{LOG} has no answers"),
    ("accuracy log of no bytes", partial(write, f"{ACCURACY}/{LOG}", b""), f"accuracy/{LOG} is no JSON: "),
    ("accuracy log is garbage", partial(write, f"{ACCURACY}/{LOG}", GARBAGE), f"accuracy/{LOG} is no JSON: "),
    (
        "accuracy log is an object",
        partial(write, f"{ACCURACY}/{LOG}", b"{}"),
        f"accuracy/{LOG} holds no list of answers",
    ),
    (
        "accuracy log of a larger data set",
        partial(edit, f"{ACCURACY}/{LOG}", '"qsl_idx" : 49999', '"qsl_idx" : 60000'),
        f"accuracy/{LOG} answers sample 60000; there are 50000",
    ),
    (
        "accuracy log of a smaller run",
        partial(write, f"{ACCURACY}/{LOG}", b'[\n{ "seq_id" : 0, "qsl_idx" : 0, "data" : "0000803F" }\n]\n'),
        f"accuracy/{LOG} has 1 answers for 50000 samples",
    ),
    (
        "accuracy log not cut",
        partial(edit, f"{ACCURACY}/{LOG}", r"\n\.\.\.\n", "\n...\n" + "\n" * 3000),
        f"accuracy/{LOG} has 11199 bytes, more than 10240",
    ),
    (
        "accuracy log cut otherwise",
        partial(edit, f"{ACCURACY}/{LOG}", r"(?s)\n\n\.\.\.\n\n.*", "\n\n...\n\n"),
        f"accuracy/{LOG} is cut in another way than MLPerf's script cuts",
    ),
    ("no hash", partial(edit, f"{ACCURACY}/accuracy.txt", "hash=.*", ""), "accuracy/accuracy.txt has no line hash=..."),
    (
        "hash of another kind",
        partial(edit, f"{ACCURACY}/accuracy.txt", "hash=.*", "hash=abc"),
        "accuracy/accuracy.txt: the hash is no SHA-256",
    ),
    (
        "hash at the beginning",
        partial(hash_first, f"{ACCURACY}/accuracy.txt"),
        "accuracy/accuracy.txt: the line hash=... must be there once, and the last",
    ),
    (
        "two hashes",
        partial(edit, f"{ACCURACY}/accuracy.txt", "(hash=.*)", r"\1\nhash=0"),
        "accuracy/accuracy.txt: the line hash=... must be there once, and the last",
    ),
    (
        "accuracy.txt without accuracy",
        partial(edit, f"{ACCURACY}/accuracy.txt", "accuracy=.*", ""),
        "accuracy/accuracy.txt has no accuracy",
    ),
    (
        "accuracy.txt of another run",
        partial(edit, f"{ACCURACY}/accuracy.txt", "accuracy=.*", "accuracy=76.800%, good=384, total=500"),
        "accuracy/accuracy.txt is of 500 answers; the accuracy run has 50000 samples",
    ),
    (
        "accuracy edited",
        partial(edit, f"{ACCURACY}/accuracy.txt", "accuracy=80.000", "accuracy=81.000"),
        "accuracy/accuracy.txt: 40000 of 50000 are not 81.000 %",
    ),
    (
        "accuracy too low",
        partial(edit, f"{ACCURACY}/accuracy.txt", "accuracy=.*", "accuracy=75.000%, good=37500, total=50000"),
        "accuracy/accuracy.txt: acc 75 is below 75.6954",
    ),
    (
        "accuracy.txt is garbage",
        partial(write, f"{ACCURACY}/accuracy.txt", GARBAGE),
        "accuracy/accuracy.txt has no line hash=...",
    ),
    (
        "accuracy run of another scenario",
        partial(copy, f"{SINGLE}/accuracy", ACCURACY),
        "the accuracy run is of the scenario SingleStream",
    ),
    (
        "performance run as accuracy run",
        partial(copy, f"{OFFLINE}/{RUN}", ACCURACY),
        "the accuracy run is of the mode PerformanceOnly",
    ),
    (
        "summary of a performance run",
        lambda home: shutil.copy(home / OFFLINE / RUN / SUMMARY, home / ACCURACY / SUMMARY) and None,
        f"accuracy/{SUMMARY} is that of a performance run",
    ),
    (
        "another seed in the accuracy run",
        partial(setting, f"{ACCURACY}/{DETAIL}", "effective_sample_index_rng_seed", 1),
        "the accuracy run: sample_index_rng_seed is 1, not 2747215439041700203",
    ),
    (
        "accuracy run on fewer samples",
        partial(setting, f"{ACCURACY}/{DETAIL}", "effective_accuracy_sample_count", 500),
        "the accuracy run has 500 samples; the data set has 50000",
    ),
    (
        "error in the accuracy run",
        partial(fault, f"{ACCURACY}/{DETAIL}"),
        "error in LoadGen's accuracy log: queries were lost",
    ),
    (
        "another LoadGen in the accuracy run",
        partial(edit, f"{ACCURACY}/{DETAIL}", "6.0.17", "5.1.0"),
        "the runs were made with several versions of LoadGen: 5.1.0, 6.0.17",
    ),
    (
        "accuracy run's log is garbage",
        partial(write, f"{ACCURACY}/{DETAIL}", GARBAGE),
        "the accuracy run is of the mode None",
    ),
)

TEST01, TEST04 = f"{OFFLINE}/TEST01", f"{OFFLINE}/TEST04"
TESTS = [
    *_in(
        "resnet50/Offline: TEST01: ",
        ("no TEST01", partial(remove, TEST01), "verify_performance.txt is missing"),
        ("no verdict on answers", partial(remove, f"{TEST01}/verify_accuracy.txt"), "verify_accuracy.txt is missing"),
        (
            "answers fail",
            partial(edit, f"{TEST01}/verify_accuracy.txt", "TEST PASS", "TEST FAIL"),
            "verify_accuracy.txt: TEST FAIL",
        ),
        (
            "performance fails",
            partial(edit, f"{TEST01}/verify_performance.txt", "TEST PASS", "TEST FAIL: slower"),
            "verify_performance.txt: TEST FAIL: slower",
        ),
        (
            "verdict on other runs",
            partial(edit, f"{TEST01}/verify_performance.txt", "test score = .*", "test score = 101.5"),
            "verify_performance.txt is of other runs: its scores are not those of the logs",
        ),
        (
            "verdict that the logs do not give",
            all_of(
                partial(setting, f"{TEST01}/{RUN}/{DETAIL}", "result_samples_per_second", 80.0),
                partial(edit, f"{TEST01}/{RUN}/{SUMMARY}", "Samples per second : .*", "Samples per second : 80.0"),
            ),
            "verify_performance.txt says TEST PASS, but the logs do not",
        ),
        (
            "plain run as TEST01",
            partial(copy, f"{OFFLINE}/{RUN}", f"{TEST01}/{RUN}"),
            "the run is a plain one, not one of TEST01",
        ),
        (
            "TEST04 as TEST01",
            partial(copy, f"{TEST04}/{RUN}", f"{TEST01}/{RUN}"),
            "the run is one of TEST04, not one of TEST01",
        ),
        (
            "TEST01 of another scenario",
            partial(copy, f"{SERVER}/TEST01/{RUN}", f"{TEST01}/{RUN}"),
            "the compliance run is of the scenario Server",
        ),
        (
            "TEST01 too short",
            partial(setting, f"{TEST01}/{RUN}/{DETAIL}", "effective_min_duration_ms", 60_000),
            "min_duration is 60000 ms, not 600000 ms",
        ),
        (
            "TEST01 INVALID",
            partial(setting, f"{TEST01}/{RUN}/{DETAIL}", "result_validity", "INVALID"),
            "LoadGen calls the compliance run INVALID",
        ),
        ("error in TEST01", partial(fault, f"{TEST01}/{RUN}/{DETAIL}"), "error in LoadGen's log: queries were lost"),
        (
            "another seed in TEST01",
            partial(setting, f"{TEST01}/{RUN}/{DETAIL}", "effective_schedule_rng_seed", 1),
            "schedule_rng_seed is 1, not 16159082839903944936",
        ),
        (
            "TEST01 without answers",
            partial(write, f"{TEST01}/accuracy/{LOG}", b"[\n]\n"),
            f"accuracy/{LOG} has no answers",
        ),
        (
            "TEST01's log is garbage",
            partial(write, f"{TEST01}/{RUN}/{DETAIL}", GARBAGE),
            "the compliance run has no figure",
        ),
    ),
    *_in(
        "resnet50/Offline: TEST04: ",
        (
            "plain run as TEST04",
            partial(copy, f"{OFFLINE}/{RUN}", f"{TEST04}/{RUN}"),
            "the run is a plain one, not one of TEST04",
        ),
        (
            "TEST04 INVALID in the summary",
            partial(edit, f"{TEST04}/{RUN}/{SUMMARY}", "VALID", "INVALID"),
            f"{SUMMARY} says INVALID where {DETAIL} has result_validity = VALID",
        ),
        (
            "longest duration set in TEST04",
            partial(setting, f"{TEST04}/{RUN}/{DETAIL}", "effective_max_duration_ms", 1000),
            "max_duration is set, to 1000",
        ),
        ("no summary of TEST04", partial(remove, f"{TEST04}/{RUN}/{SUMMARY}"), f"{RUN}/{SUMMARY} is missing"),
    ),
    Spoilt(
        "another LoadGen in TEST04",
        partial(edit, f"{TEST04}/{RUN}/{DETAIL}", "6.0.17", "5.1.0"),
        "resnet50/Offline: the runs were made with several versions of LoadGen: 5.1.0, 6.0.17",
    ),
]

BY_DIGESTS = [
    Spoilt(
        "system of another machine",
        partial(edit, SYSTEM, "Toy CPU", "Another CPU"),
        f"{SYSTEM} is not as axs wrote it",
        by_digests=True,
    ),
    Spoilt(
        "accuracy log of another run",
        partial(edit, f"{ACCURACY}/{LOG}", "0000803F", "00000040"),
        f"{ACCURACY}/{LOG} is not as axs wrote it",
        by_digests=True,
    ),
    Spoilt(
        "another hash",
        partial(edit, f"{ACCURACY}/accuracy.txt", "hash=.*", f"hash={'0' * 64}"),
        f"{ACCURACY}/accuracy.txt is not as axs wrote it",
        by_digests=True,
    ),
    Spoilt(
        "another declaration of the model",
        partial(edit, f"{OFFLINE}/measurements.json", "toy.onnx", "other.onnx"),
        f"{OFFLINE}/measurements.json is not as axs wrote it",
        by_digests=True,
    ),
    Spoilt(
        "answers of TEST01 from another run",
        partial(edit, f"{TEST01}/accuracy/{LOG}", "0000803F", "00000040"),
        f"{TEST01}/accuracy/{LOG} is not as axs wrote it",
        by_digests=True,
    ),
]

SPOILT = [*SYSTEMS, *SCENARIO, *RUNS, *OTHER_RUNS, *ACCURATE, *TESTS, *BY_DIGESTS]


def _blanks(home: Path) -> None:
    # not after the hash in accuracy.txt: MLPerf's checker does not find it then
    for name in (PERFORMANCE, f"{OFFLINE}/{RUN}/{SUMMARY}", f"{OFFLINE}/user.conf", SYSTEM):
        edit(name, r"(?<=\S)\n", "  \n", home)


def _more_documentation(home: Path) -> None:
    (home / "documentation" / "calibration.md").write_text("Nothing was calibrated.\n", encoding="utf-8")


def _other_form(home: Path) -> None:
    for name in (SYSTEM, f"{OFFLINE}/measurements.json"):
        content = json.loads((home / name).read_text(encoding="utf-8"))
        (home / name).write_text(json.dumps(content, indent=8), encoding="utf-8")


HARMLESS: dict[str, Way] = {
    "nothing": lambda home: None,
    "text of a README.md": partial(edit, f"{OFFLINE}/README.md", "$", "Thanks to all.\n"),
    "blanks at the ends of lines": _blanks,
    "one more file of documentation": _more_documentation,
    "another form of JSON": _other_form,
}

MISSED_BY_MLPERF = frozenset(
    (
        "user.conf with another duration",
        "user.conf with another target",
        "user.conf with a longest duration",
        "INVALID",
        "INVALID in the detailed log",
        "INVALID in the summary",
        "another mode in the log",
        "TEST04 as performance run",
        "TEST01 as performance run",
        "longest duration set",
        "most queries set",
        "error in the log",
        "figure edited in the detailed log",
        "figure edited in the summary",
        "figure edited in both logs of Offline",
        "another LoadGen in one run",
        "no summary's content",
        "TEST04 with another latency bound",
        "too few queries asked for",
        "figure edited in both logs",
        "another LoadGen in the system",
        "accuracy log emptied",
        "accuracy log of no bytes",
        "accuracy log is garbage",
        "accuracy log is an object",
        "accuracy log of a larger data set",
        "accuracy log of a smaller run",
        "accuracy log cut otherwise",
        "hash of another kind",
        "hash at the beginning",
        "two hashes",
        "accuracy.txt of another run",
        "accuracy edited",
        "accuracy run of another scenario",
        "performance run as accuracy run",
        "summary of a performance run",
        "another seed in the accuracy run",
        "another LoadGen in the accuracy run",
        "verdict on other runs",
        "verdict that the logs do not give",
        "plain run as TEST01",
        "TEST04 as TEST01",
        "TEST01 INVALID",
        "error in TEST01",
        "TEST01 without answers",
        "plain run as TEST04",
        "TEST04 INVALID in the summary",
        "longest duration set in TEST04",
        "another LoadGen in TEST04",
        "system of another machine",
        "accuracy log of another run",
        "another hash",
        "another declaration of the model",
        "answers of TEST01 from another run",
    )
)
"""Spoilt trees that the submission checker of mlcommons/inference b66003e1 passes: its exit code is 0."""
