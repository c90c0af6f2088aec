"""What LoadGen leaves of a run: the names of its files, and what its logs say.

The detailed log has the figures at LoadGen's full precision. The summary rounds them for reading; it is asked for what
an older detailed log does not have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import detail_log, summary_log
from .scores import FIGURES, figure

__all__ = ["FIGURES", "figure", "read_log", "read_run", "text_of"]

SUMMARY, DETAIL, ACCURACY = "mlperf_log_summary.txt", "mlperf_log_detail.txt", "mlperf_log_accuracy.json"
# What MLPerf's own script for the benchmark prints about the accuracy log.
REPORTED = "accuracy.txt"
MODES = ("AccuracyOnly", "SubmissionRun", "PerformanceOnly", "FindPeakPerformance")
ACCURACY_MODES = ("AccuracyOnly", "SubmissionRun")


def text_of(file: Path) -> str:
    """A log, whatever bytes are in it."""
    return file.read_text(encoding="utf-8", errors="replace")


def read_log(file: Path) -> dict[str, Any]:
    """The values of LoadGen's detailed log, the first of each name; errors, and lines that are damaged, under
    ``errors``.
    """
    said = detail_log.parse(text_of(file))
    damaged = [f"{file.name} is damaged in line {number}" for number in said.damaged]
    return {**said.values, "errors": said.errors + damaged}


def read_run(folder: Path, scenario: str | None = None) -> dict[str, Any]:
    """The values of a run's detailed log, and of its summary what the former does not have. ``scenario``: the run's,
    where that is known already.
    """
    log = read_log(folder / DETAIL) if (folder / DETAIL).is_file() else {"errors": []}
    text = text_of(folder / SUMMARY) if (folder / SUMMARY).is_file() else ""
    known = scenario or str(log.get("effective_scenario") or summary_log.scenario(text))
    return {**summary_log.values(text, known), **log, "effective_scenario": known}
