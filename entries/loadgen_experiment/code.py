"""The figures of one LoadGen run, from the logs that LoadGen left in the entry.

Files: LoadGen's own ``mlperf_log_summary.txt``, ``mlperf_log_detail.txt`` and ``mlperf_log_accuracy.json`` (of any
round), ``labels.txt`` (a line ``INDEX FILE LABEL`` for each sample) or ``accuracy.txt`` of MLPerf's own script, and
``search.json`` where the target was searched (the attempts). A figure that must not be given out raises Refused with
what to ask instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from axs_core.sdk import Inapplicable, Refused

from . import measures, run_report, scores, summary_log
from .answers import LABELS, answered_classes, labels_in, refuse_random, right_of_all
from .found_target import target_search_in
from .mlperf_log import ACCURACY_MODES, DETAIL, FIGURES, SUMMARY, read_log, read_run, text_of
from .remedies import remedies
from .rules import NEWEST, UNVERIFIED, rules_of
from .submittable import lacks


def labels(path: Path, model_weights: Any = None) -> dict[int, int]:
    """The right class of each sample, by sample index."""
    if not (path / LABELS).is_file():
        refuse_random(model_weights)
    return labels_in(path)


def predictions(
    path: Path, loadgen_mode: str, accuracy_dtype: str = "float32", model_weights: Any = None, record: Any = None
) -> dict[int, int]:
    """The class that the model answered, by sample index; where LoadGen sent a sample more than once, its first
    answer.
    """
    if loadgen_mode not in ACCURACY_MODES:
        refuse_random(model_weights)
        raise _not_measured("accuracy", loadgen_mode, "AccuracyOnly", record)
    return answered_classes(path, accuracy_dtype)


def accuracy_counts(predictions: dict[int, int], labels: dict[int, int], model_weights: Any = None) -> list[int]:
    """[right answers, samples]; every sample must have been answered."""
    refuse_random(model_weights)
    return right_of_all(predictions, labels)


def metrics(
    path: Path, loadgen_mode: str, accuracy_dtype: str = "float32", model_weights: Any = None, record: Any = None
) -> dict[str, dict[str, Any]]:
    """Every measure of accuracy by its name, ``{value, unit}`` each, the one that the benchmark is judged by first.

    Top-1 where there are labels; else what MLPerf's own script for the benchmark says in accuracy.txt.
    """
    if loadgen_mode in ACCURACY_MODES and (found := measures.reported(path)):
        return found
    answered = predictions(path, loadgen_mode, accuracy_dtype, model_weights, record)
    return measures.counted(accuracy_counts(answered, labels(path, model_weights), model_weights))


def accuracy(metrics: dict[str, dict[str, Any]]) -> float:
    """The measure that the benchmark is judged by; ``accuracy_metric`` is its name. Top-1 is in per cent, with as many
    decimals as that number of samples can carry (98.4 of 768; 76.456 of 50,000).
    """
    return float(metrics[accuracy_metric(metrics)]["value"])


def accuracy_metric(metrics: dict[str, dict[str, Any]]) -> str:
    """The name of what ``accuracy`` gives: accuracy (top-1), f1, AUC, mAP, rouge1, ..."""
    return next(iter(metrics))


def accuracy_report(metrics: dict[str, dict[str, Any]], path: Path) -> str:
    """In the form of MLPerf's own script for the benchmark; top-1 is one line."""
    return measures.report(path, metrics)


def accuracy_interval(metrics: dict[str, dict[str, Any]]) -> str:
    """Where top-1 on all such images lies: the 95 % interval of E. B. Wilson (JASA 22, 1927), in per cent."""
    return measures.interval(metrics)


def summary(path: Path) -> str:
    """LoadGen's summary of a performance test; empty for an accuracy test."""
    file = path / SUMMARY
    if not file.is_file():
        raise Refused(f"it has no {SUMMARY}, it sums up several runs", hint="ask for performance_summary")
    return text_of(file)


def latency_percentiles(path: Path) -> list[list[float]]:
    """[percentile, latency in ns] as LoadGen wrote them, in order; 0 is the smallest latency, 100 the largest."""
    found = summary_log.latency_percentiles(summary(path))
    if not found:
        raise Refused(f"{SUMMARY} has no latencies")
    return found


def target_search(path: Path) -> dict[str, Any]:
    """How the target was found: ``{unit, chosen, attempts}``, each attempt with its number (from 1), what LoadGen was
    told (``target``) and what it measured (``figure``), both in the unit; None where it did not say.

    INVALID attempts have their figures too: they show why another target was chosen.
    """
    return target_search_in(path)


def validity(summary: str) -> str:
    """LoadGen's own word on a performance test: VALID or INVALID."""
    found = summary_log.validity(summary)
    if found is None:
        raise Refused(f"LoadGen gave no result: {SUMMARY} has no line 'Result is'")
    return found


def invalid_reasons(summary: str, path: Path) -> list[str]:
    """What LoadGen found wrong: conditions not met, its recommendations, and the errors of the detailed log."""
    reasons = summary_log.reasons(summary)
    errors = read_log(path / DETAIL)["errors"] if (path / DETAIL).is_file() else []
    return reasons + [error for error in errors if error not in reasons]


def performance(
    loadgen_scenario: str,
    loadgen_mode: str,
    path: Path,
    allow_invalid: bool = False,
    record: Any = None,
    noisy: bool | None = None,
) -> float | int:
    """The scenario's figure: Offline samples/s; Server completed samples/s; SingleStream (90th) and MultiStream (99th
    percentile) ns. Benchmarks that answer in tokens: tokens/s. Before v4.1 a Server's rate is the scheduled one.

    FindPeakPerformance: the figure of the highest load that met the bound. The figure of an INVALID run is refused
    unless ``allow_invalid`` is set.
    """
    if loadgen_mode == "AccuracyOnly":
        raise _not_measured("performance", loadgen_mode, "PerformanceOnly", record)
    text = summary(path)
    if validity(text) == "INVALID" and not allow_invalid:
        reasons = invalid_reasons(text, path)
        listed = "".join(f"\n * {reason}" for reason in reasons)
        raise Refused(
            f"this run is INVALID, so its figure is not given out. LoadGen's reasons:{listed}",
            hint=remedies(reasons, loadgen_mode, noisy, record),
        )
    return _read(path, loadgen_scenario)


def _read(path: Path, scenario: str) -> float | int:
    """What was measured."""
    log = read_run(path, scenario)
    figure = scores.measured(log)
    found = scores.value(log, figure)
    if found is None and figure and log.get(figure.key) is not None:
        raise Refused(f"the logs have {str(log[figure.key])[:40]!r} as the figure for {scenario}: that is no number")
    if found is None:
        raise Refused(f"LoadGen's logs have no figure for {scenario}")
    return found


def mlperf_score(performance: float | int, loadgen_scenario: str, path: Path) -> float | int:
    """The figure that MLPerf scored in the round of the log: that of ``performance`` Offline and with Server; in the
    streams early stopping's estimate of the percentile (ns), which is above the measured one and comes nearer to it
    with more queries. Before v2.0, and in a single stream of tokens, it is the percentile itself.
    """
    log = read_run(path, loadgen_scenario)
    if scores.scored(log) == scores.measured(log):
        return performance
    estimate = scores.value(log, scores.scored(log))
    if estimate is None:
        raise Refused(
            "LoadGen gave no early-stopping estimate (64 queries or more for SingleStream, 662 for MultiStream), so "
            "MLPerf has no score for this run"
        )
    return estimate


def rounded_performance(performance: float | int, loadgen_scenario: str, path: Path) -> float:
    """The rate as it stands in the summary, rounded to two decimals: what earlier versions of axs stored."""
    in_summary = summary_log.values(summary(path), loadgen_scenario)
    rate = scores.value(in_summary, scores.Figure(FIGURES[loadgen_scenario], "samples/s", "rounded"))
    if rate is None or "Stream" in loadgen_scenario:
        raise Inapplicable(f"{SUMMARY} has no rate for {loadgen_scenario}")
    if not math.isclose(rate, performance, rel_tol=1e-5, abs_tol=0.005):  # the detailed log has six digits
        raise Refused(f"the rate is {rate:g} in {SUMMARY}, {performance:g} in {DETAIL}")
    return rate


def performance_report(
    loadgen_mode: str,
    path: Path,
    engine: str = "unknown",
    engine_version: str = "",
    effective_device: str = "unknown",
    effective_precision: str = "unknown",
    effective_batch_size: int | None = None,
    foreign_cpu_share: float | None = None,
    noisy: bool | None = None,
    foreign_cpu_max_cores: float | None = None,
    foreign_cpu_burst_seconds: float | None = None,
    record: Any = None,
    loadgen_scenario: str | None = None,
    fallback_nodes: Mapping[str, int] | None = None,
) -> str:
    """Everything LoadGen says about a performance test, each figure with its unit, and how it was run. INVALID runs
    too.
    """
    if loadgen_mode == "AccuracyOnly":
        raise _not_measured("performance_report", loadgen_mode, "PerformanceOnly", record)
    text = summary(path)
    lines = [f"Result: {validity(text)}"]
    if validity(text) == "INVALID":
        lines += [f" * {reason}" for reason in invalid_reasons(text, path)]
    lines += [*_score_line(path, loadgen_scenario), *run_report.lines(text)]
    lines += [
        f"Engine: {engine} {engine_version}".rstrip(),
        f"Effective device: {effective_device}, precision: {effective_precision}{_elsewhere(fallback_nodes)}",
        f"Batch size: {effective_batch_size} samples",
        _foreign_load(foreign_cpu_share, noisy, foreign_cpu_max_cores, foreign_cpu_burst_seconds),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def earlier_report(performance_report: str) -> str:
    """The report as earlier versions of axs stored it, which did not say that nobody verified the score."""
    return performance_report.replace("MLPerf's score, unverified:", "MLPerf's score:").replace(f"\n{UNVERIFIED}", "")


def _score_line(path: Path, scenario: str | None) -> list[str]:
    """MLPerf's score, where it is not what the summary of today's logs begins with, and that nobody verified it."""
    log = read_run(path, scenario)
    figure = scores.scored(log)
    if figure is None or (figure.unit == "samples/s" and figure.key in FIGURES.values()):
        return []
    found = scores.value(log, figure)
    if found is None:
        return ["MLPerf's score: none, too few queries"]
    return [f"MLPerf's score, unverified: {found} {figure.unit} ({figure.what})", UNVERIFIED]


def _elsewhere(fallback_nodes: Mapping[str, int] | None) -> str:
    """What of the network ran elsewhere than on the device, the most frequent operators first."""
    if not fallback_nodes:
        return ""
    most = sorted(fallback_nodes.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{count} {operator}" for operator, count in most)
    return f"; {sum(fallback_nodes.values())} operators ran elsewhere: {told}"


def verdict(
    loadgen_mode: str,
    path: Path,
    loadgen_weaker_settings: list[str] | None = None,
    mlperf_benchmark: str | None = None,
    loadgen_benchmark: str | None = None,
    loadgen_model: str | None = None,
    loadgen_compliance_test: str | None = None,
    model_weights: str | None = None,
    effective_precision: str | None = None,
    dataset_used: str | None = None,
    samples_used: int | None = None,
    foreign_cpu_share: float | None = None,
    noisy: bool | None = None,
    foreign_cpu_max_cores: float | None = None,
    foreign_cpu_burst_seconds: float | None = None,
    suspended_seconds: float | None = None,
    started_at: str | None = None,
) -> str:
    """SUBMITTABLE (MLPerf's benchmark, data set and settings, trained weights, known precision, VALID, with the round),
    VALID (with what it lacks), or INVALID (reasons).
    """
    known = locals()
    load = (foreign_cpu_share, noisy, foreign_cpu_max_cores, foreign_cpu_burst_seconds)
    noise = f"; {_foreign_load(*load)}" if noisy else ""
    if loadgen_mode == "AccuracyOnly":
        return f"VALID (accuracy only: each of {samples_used} samples was answered){noise}"
    text = summary(path)
    if validity(text) == "INVALID":
        return f"INVALID ({'; '.join(reason.rstrip('.') for reason in invalid_reasons(text, path))}){noise}"
    rules = rules_of(NEWEST)
    lacking = list(lacks(known, rules))
    if lacking:
        return f"VALID ({'; '.join(lacking)}){noise}"
    day = date.fromisoformat(started_at[:10]) if started_at else datetime.now(timezone.utc).date()
    return f"SUBMITTABLE (round {rules.round}, {rules.state(day)}){noise}"


def _foreign_load(
    share: float | None, noisy: bool | None, max_cores: float | None = None, burst_seconds: float | None = None
) -> str:
    """Who else used the processors: on average, and in bursts."""
    if share is None:
        return "NOISY: other processes used the CPUs" if noisy else "Other processes' share of the CPU time: unknown"
    bursts = (
        f", in {burst_seconds:.1f} s of the test up to {max_cores:.1f} cores" if burst_seconds and max_cores else ""
    )
    return f"{'NOISY: other' if noisy else 'Other'} processes took {100 * share:.1f} % of the CPU time{bursts}"


def noise_caution(
    noisy: bool | None = None,
    foreign_cpu_share: float | None = None,
    foreign_cpu_max_cores: float | None = None,
    foreign_cpu_burst_seconds: float | None = None,
) -> str | None:
    """What has to be said before the figures of a NOISY run; None for another one."""
    told = (foreign_cpu_share, noisy, foreign_cpu_max_cores, foreign_cpu_burst_seconds)
    return _foreign_load(*told) if noisy else None


def _not_measured(what: str, mode: str, wanted: str, record: Any) -> Refused:
    """The error for a figure that this mode does not measure, with the query that would."""
    said = record if isinstance(record, dict) else {}
    query = said.get("query")
    if "folder" in (said.get("parameters") or {}):  # taken in as it was, in the mode that it has
        hint = f"axs ingest FOLDER , get {what}: the folder of a run with loadgen_mode={wanted}"
    elif isinstance(query, str) and query:
        terms = [term for term in query.split(",") if not term.startswith("loadgen_mode")]
        hint = f"axs byquery {','.join([*terms, f'loadgen_mode={wanted}'])} , get {what}"
    else:
        hint = f"ask the same query with loadgen_mode={wanted}"
    return Inapplicable(f"this run has loadgen_mode={mode}, which measures no {what}", hint=hint)
