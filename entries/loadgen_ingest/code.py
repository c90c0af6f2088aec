"""Taking in what LoadGen left in a folder, whichever harness ran it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from axs_core.sdk import DoesNotApply

from . import detail_log, scores
from .compliance_test import CONFIG, compliance_test
from .mlperf_log import (
    ACCURACY,
    ACCURACY_MODES,
    DETAIL,
    MODES,
    REPORTED,
    SUMMARY,
    read_run,
    text_of,
)
from .origin import origin_of

LABELS, VAL_MAP = "labels.txt", "val_map.txt"
# What is copied besides LoadGen's logs, if it is there.
BESIDE = ("user.conf", "mlperf.conf", CONFIG, REPORTED, "measurements.json", "README.md")
SETTINGS = (
    "min_duration_ms",
    "max_duration_ms",
    "min_query_count",
    "target_qps",
    "target_latency_ns",
    "samples_per_query",
)


def take_in(path: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """Copy the logs into ``path``; what they and their place say of the run.

    Raises DoesNotApply that names what is missing where the folder holds no output of LoadGen.
    """
    folder = Path(parameters["folder"])
    said = _logged(folder)
    mode = said["effective_test_mode"]
    if mode in ACCURACY_MODES and not (folder / ACCURACY).is_file():
        raise DoesNotApply(f"{folder} is no complete output of LoadGen: a run with {mode} has {ACCURACY}")
    if mode != "AccuracyOnly" and "Result is : " not in text_of(folder / SUMMARY):
        raise DoesNotApply(f"{folder}/{SUMMARY} has no result: the run did not come to its end")
    for name in (SUMMARY, DETAIL, ACCURACY, *BESIDE):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, path / name)
    _keep_labels(folder, path, parameters.get("labels_file"), _count(said))
    return {
        **_run(said, mode),
        **_told_by_place(folder, said, parameters),
        "loadgen_compliance_test": compliance_test(folder, said) if mode != "AccuracyOnly" else None,
        **(_verdict(path, said) if mode in ACCURACY_MODES else {}),
    }


def _run(said: dict[str, Any], mode: str) -> dict[str, Any]:
    """What the logs say of the run."""
    figure = scores.measured(said) if mode != "AccuracyOnly" else None
    return {
        "loadgen_scenario": said["effective_scenario"],
        "loadgen_mode": mode,
        "loadgen_version": str(said.get("loadgen_version", "unknown")).split(" ")[0],
        "loadgen_weaker_settings": ["settings were not compared with MLPerf's"],
        "loadgen_settings": {name: value for name in SETTINGS if _is_number(value := said.get(f"effective_{name}"))},
        "samples_used": _count(said),
        "started_at": str(said["test_datetime"]) if said.get("test_datetime") is not None else None,
        "performance_unit": figure.unit if figure else None,
    }


def _told_by_place(folder: Path, said: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Whose run it is: never this machine's, which only takes it in."""
    origin = origin_of(folder)
    system = parameters.get("system_name") or origin.system_name
    sut = {"sut_name": said["sut_name"]} if isinstance(said.get("sut_name"), str) else {}
    return {
        "ingested_from": {"folder": str(folder), **origin.facts, **sut},
        "machine": system,
        "system_name": system,
        "model_name": parameters.get("model_name") or origin.model_name,
        "model_declaration": origin.declaration,
    }


def _logged(folder: Path) -> dict[str, Any]:
    """What the logs say, by the keys of the detailed one."""
    missing = [name for name in (SUMMARY, DETAIL) if not (folder / name).is_file()]
    if missing:
        below = sorted({file.parent.relative_to(folder).as_posix() for file in folder.glob(f"*/**/{DETAIL}")})[:3]
        hint = f"there are some in {', '.join(below)}" if below else None
        raise DoesNotApply(f"{folder} is no output of LoadGen: it has no {', no '.join(missing)}", hint=hint)
    detail = detail_log.parse(text_of(folder / DETAIL))
    if detail.damaged:
        raise DoesNotApply(f"{folder}/{DETAIL} is damaged in line {detail.damaged[0]}")
    lacks = [key for key in ("effective_scenario", "effective_test_mode") if key not in detail.values]
    if lacks:
        raise DoesNotApply(f"{folder}/{DETAIL} is no log of LoadGen: it has no {', no '.join(lacks)}")
    for key, known in (("effective_scenario", scores.SCENARIOS), ("effective_test_mode", MODES)):
        if detail.values[key] not in known:
            what = key.removeprefix("effective_").replace("_", " ")
            raise DoesNotApply(f"{folder}/{DETAIL}: the {what} {str(detail.values[key])[:60]!r} is not known")
    return read_run(folder)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


def _count(said: dict[str, Any]) -> int | None:
    """How many samples there are, where the log says a number."""
    count = said.get("qsl_reported_total_count")
    return count if type(count) is int and 0 <= count < 1 << 63 else None


def _keep_labels(folder: Path, path: Path, said: str | None, count: int | None) -> None:
    """The labels as lines INDEX FILE LABEL; MLPerf's val_map.txt has FILE LABEL, in the order of the indices. What lies
    in the folder is kept as it is where it is neither.
    """
    beside = (LABELS,) if (path / REPORTED).is_file() else (LABELS, VAL_MAP)
    file = Path(said) if said else next((folder / name for name in beside if (folder / name).is_file()), None)
    if file is None:
        return
    rows = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    named = [re.fullmatch(r"(\S.*?)\s+(-?\d{1,18})\s*", row) for row in rows]
    first = next((row.split()[0] for row in rows if row.strip()), "0")
    if not first.isdigit() and None not in named:
        rows = [f"{index} {row[1]} {row[2]}" for index, row in enumerate(named[:count]) if row]
    elif not first.isdigit() and said:
        raise DoesNotApply(f"{file}: line {named.index(None) + 1} is neither INDEX FILE LABEL nor FILE LABEL")
    (path / LABELS).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _verdict(path: Path, said: dict[str, Any]) -> dict[str, Any]:
    """How many samples were answered, where it is not all of them."""
    wanted = _count(said)
    try:
        answered = len({entry["qsl_idx"] for entry in json.loads((path / ACCURACY).read_text(encoding="utf-8"))})
    except (ValueError, KeyError, TypeError, RecursionError):  # cut short for a submission
        return {"verdict": f"unknown ({ACCURACY} is cut short)"}
    if wanted is not None and answered != wanted:
        return {"verdict": f"INVALID ({answered} of {wanted} samples were answered)"}
    return {}
