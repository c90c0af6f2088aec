"""Taking in what LoadGen left in a folder, whichever harness ran it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from axs_core.errors import DoesNotApply

SUMMARY, DETAIL, ACCURACY = "mlperf_log_summary.txt", "mlperf_log_detail.txt", "mlperf_log_accuracy.json"
REPORTED = "accuracy.txt"
# What is copied besides LoadGen's logs, if it is there.
BESIDE = ("user.conf", "mlperf.conf", "audit.config", REPORTED, "measurements.json", "README.md", "labels.txt")
LINE = ":::MLLOG "
ACCURACY_MODES = ("AccuracyOnly", "SubmissionRun")
MODES = (*ACCURACY_MODES, "PerformanceOnly", "FindPeakPerformance")
SCENARIOS = ("SingleStream", "MultiStream", "Server", "Offline")


def take_in(path: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """Copy the logs into ``path``; what they say of the run.

    Raises DoesNotApply that names what is missing where the folder holds no output of LoadGen.
    """
    folder = Path(parameters["folder"])
    said = _logged(folder)
    mode = said["effective_test_mode"]
    if mode in ACCURACY_MODES and not (folder / ACCURACY).is_file():
        raise DoesNotApply(f"{folder} is no complete output of LoadGen: a run with {mode} has {ACCURACY}")
    if mode != "AccuracyOnly" and "Result is : " not in (folder / SUMMARY).read_text(
        encoding="utf-8", errors="replace"
    ):
        raise DoesNotApply(f"{folder}/{SUMMARY} has no result: the run did not come to its end")
    for name in (SUMMARY, DETAIL, ACCURACY, *BESIDE):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, path / name)
    if parameters.get("labels_file"):
        shutil.copyfile(parameters["labels_file"], path / "labels.txt")
    return {
        "loadgen_scenario": said["effective_scenario"],
        "loadgen_mode": mode,
        "loadgen_version": str(said.get("loadgen_version", "unknown")).split(" ")[0],
        "loadgen_weaker_settings": ["settings were not compared with MLPerf's"],
        "loadgen_settings": {name: value for name in SETTINGS if _is_number(value := said.get(f"effective_{name}"))},
        "samples_used": _count(said),
        "started_at": str(said["test_datetime"]) if said.get("test_datetime") is not None else None,
        **(_accuracy(path, said) if mode in ACCURACY_MODES else {}),
    }


SETTINGS = (
    "min_duration_ms",
    "max_duration_ms",
    "min_query_count",
    "target_qps",
    "target_latency_ns",
    "samples_per_query",
)


def _logged(folder: Path) -> dict[str, Any]:
    """What the detailed log says, by key; the last of several."""
    missing = [name for name in (SUMMARY, DETAIL) if not (folder / name).is_file()]
    if missing:
        below = sorted({file.parent.relative_to(folder).as_posix() for file in folder.glob(f"*/**/{DETAIL}")})[:3]
        hint = f"there are some in {', '.join(below)}" if below else None
        raise DoesNotApply(f"{folder} is no output of LoadGen: it has no {', no '.join(missing)}", hint=hint)
    said: dict[str, Any] = {}
    for number, line in enumerate((folder / DETAIL).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if line.startswith(LINE):
            try:
                entry = json.loads(line.removeprefix(LINE))
                said[entry["key"]] = entry["value"]
            except (ValueError, KeyError, TypeError, RecursionError):
                raise DoesNotApply(f"{folder}/{DETAIL} is damaged in line {number}") from None
    lacks = [key for key in ("effective_scenario", "effective_test_mode") if key not in said]
    if lacks:
        raise DoesNotApply(f"{folder}/{DETAIL} is no log of LoadGen: it has no {', no '.join(lacks)}")
    for key, known in (("effective_scenario", SCENARIOS), ("effective_test_mode", MODES)):
        if said[key] not in known:
            what = key.removeprefix("effective_").replace("_", " ")
            raise DoesNotApply(f"{folder}/{DETAIL}: the {what} {str(said[key])[:60]!r} is not known")
    return said


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


def _count(said: dict[str, Any]) -> int | None:
    """How many samples there are, where the log says a number."""
    count = said.get("qsl_reported_total_count")
    return count if type(count) is int and 0 <= count < 1 << 63 else None


def _accuracy(path: Path, said: dict[str, Any]) -> dict[str, Any]:
    """How many samples were answered; right ones from MLPerf's own script where there are no labels."""
    found: dict[str, Any] = {}
    reported = path / REPORTED
    if not (path / "labels.txt").is_file() and reported.is_file():
        text = reported.read_text(encoding="utf-8", errors="replace")
        counts = re.search(r"good=(\d{1,18}), *total=(\d{1,18})\b", text)
        if counts and int(counts[1]) <= int(counts[2]) > 0:
            found["accuracy_counts"] = [int(counts[1]), int(counts[2])]
    wanted = _count(said)
    try:
        answered: int | None = len(
            {entry["qsl_idx"] for entry in json.loads((path / ACCURACY).read_text(encoding="utf-8"))}
        )
    except (ValueError, KeyError, TypeError, RecursionError):  # cut short for a submission
        answered = None
    if answered is None:
        found["verdict"] = f"unknown ({ACCURACY} is cut short)"
    elif wanted is not None and answered != wanted:
        found["verdict"] = f"INVALID ({answered} of {wanted} samples were answered)"
    return found
