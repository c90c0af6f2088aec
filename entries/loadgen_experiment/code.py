"""The figures of one LoadGen run, from the logs that LoadGen left in the entry.

Files: LoadGen's own ``mlperf_log_summary.txt``, ``mlperf_log_detail.txt`` and ``mlperf_log_accuracy.json``
(mlcommons-loadgen 6.0), ``labels.txt`` (a line ``INDEX FILE LABEL`` for each sample), and where the target was searched
``search.json`` (the attempts). A figure that must not be given out raises Refused with what to ask instead.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from axs_core.errors import Inapplicable, Refused

from .rules import NEWEST, rules_of
from .submittable import lacks

SUMMARY, DETAIL, ACCURACY = "mlperf_log_summary.txt", "mlperf_log_detail.txt", "mlperf_log_accuracy.json"
LABELS = "labels.txt"
SEARCH = "search.json"
ACCURACY_MODES = ("AccuracyOnly", "SubmissionRun")
# First item of an answer, as the program writes it (little-endian, as LoadGen dumps the memory).
ANSWER_FORMATS = {"float32": "<f", "int32": "<i", "int64": "<q"}
# The line of the summary that is the scenario's figure, as MLPerf counts it.
HEADLINES = {
    "Offline": r"Samples per second",
    "Server": r"Completed samples per second",
    "SingleStream": r"\d[\d.]*th percentile latency \(ns\)",
    "MultiStream": r"\d[\d.]*th percentile latency \(ns\)",
}
# A stream is scored by LoadGen's early stopping: what its percentile (90th, 99th) is not above, with 99 % confidence.
ESTIMATE = r"^ \* Early stopping {percentile}th percentile estimate *: *(\d+)"
SCORED_PERCENTILES = {"SingleStream": r"90(?:\.0+)?", "MultiStream": r"99(?:\.0+)?"}
# Two-sided 95 % of the normal distribution.
LABEL_ROW = re.compile(r"(\d{1,18}) (?:.* )?(-?\d{1,18})")
Z_95 = 1.959963984540054


def labels(path: Path, model_weights: Any = None) -> dict[int, int]:
    """The right class of each sample, by sample index."""
    file = path / LABELS
    if not file.is_file():
        _refuse_random(model_weights)
        raise Refused("the samples have no labels, so there is no accuracy")
    found: dict[int, int] = {}
    for number, line in enumerate(_text(file).splitlines(), 1):
        row = LABEL_ROW.fullmatch(line)
        if row is None:
            raise Refused(f"{LABELS}: line {number} is not INDEX FILE LABEL")
        found[int(row[1])] = int(row[2])
    return found


def _text(file: Path) -> str:
    """A log, whatever bytes are in it."""
    return file.read_text(encoding="utf-8", errors="replace")


def predictions(
    path: Path, loadgen_mode: str, accuracy_dtype: str = "float32", model_weights: Any = None, record: Any = None
) -> dict[int, int]:
    """The class that the model answered, by sample index; where LoadGen sent a sample more than once, its first
    answer.
    """
    if loadgen_mode not in ACCURACY_MODES:
        _refuse_random(model_weights)
        raise _not_measured("accuracy", loadgen_mode, "AccuracyOnly", record)
    answered: dict[int, int] = {}
    for number, entry in enumerate(_answers(path), 1):
        try:
            index, answer = int(entry["qsl_idx"]), bytes.fromhex(entry["data"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise Refused(f"{ACCURACY}: answer {number} is damaged, so there is no accuracy") from None
        answered.setdefault(index, _answered_class(index, answer, accuracy_dtype))
    return answered


def _answers(path: Path) -> list[Any]:
    """What LoadGen wrote of the answers."""
    try:
        entries = json.loads((path / ACCURACY).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise Refused(f"{ACCURACY} is cut short or not there, so there is no accuracy") from None
    if not isinstance(entries, list):
        raise Refused(f"{ACCURACY} is no list of answers, so there is no accuracy")
    return entries


def _answered_class(index: int, answer: bytes, dtype: str) -> int:
    pattern = ANSWER_FORMATS[dtype]
    if len(answer) < struct.calcsize(pattern):
        what = f"sample {index} has an answer of {len(answer)} bytes"
        raise Refused(f"{ACCURACY}: {what}, which is no {dtype}")
    value = struct.unpack_from(pattern, answer)[0]
    if not math.isfinite(value):
        raise Refused(f"{ACCURACY}: sample {index} has the answer {value}, which is no class")
    return int(value)


def accuracy_counts(predictions: dict[int, int], labels: dict[int, int], model_weights: Any = None) -> list[int]:
    """[right answers, samples]; every sample must have been answered."""
    _refuse_random(model_weights)
    missing = sorted(labels.keys() - predictions.keys())
    unknown = sorted(predictions.keys() - labels.keys())
    if missing or unknown:
        what = (
            f"{len(missing)} samples were never answered"
            if missing
            else f"{len(unknown)} answered samples have no label"
        )
        raise Refused(f"{what}, the first with index {(missing or unknown)[0]}")
    if not labels:
        raise Refused("there are no samples, so there is no accuracy")
    return [sum(predictions[index] == label for index, label in labels.items()), len(labels)]


def _refuse_random(model_weights: Any) -> None:
    if model_weights == "random":
        raise Inapplicable("this model has random weights: it is for speed only, and its accuracy means nothing")


def accuracy(accuracy_counts: list[int]) -> float:
    """Top-1 in per cent, with as many decimals as that number of samples can carry (98.4 of 768; 76.456 of 50,000)."""
    good, total = accuracy_counts
    return round(100 * good / total, _decimals(total))


def accuracy_report(accuracy_counts: list[int]) -> str:
    """One line in the form of MLPerf's own script."""
    good, total = accuracy_counts
    return f"accuracy={100 * good / total:.3f}%, good={good}, total={total}"


def accuracy_interval(accuracy_counts: list[int]) -> str:
    """Where the accuracy on all such images lies: the 95 % interval of E. B. Wilson (JASA 22, 1927), in per cent."""
    good, total = accuracy_counts
    share, z2 = good / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    digits = _decimals(total)
    low, high = 100 * max(0.0, centre - half), 100 * min(1.0, centre + half)
    return f"{low:.{digits}f} .. {high:.{digits}f} (95 %, n={total})"


def _decimals(total: int) -> int:
    return max(1, math.ceil(math.log10(total)) - 2)


def summary(path: Path) -> str:
    """LoadGen's summary of a performance test; empty for an accuracy test."""
    file = path / SUMMARY
    if not file.is_file():
        raise Refused(f"it has no {SUMMARY}, it sums up several runs", hint="ask for performance_summary")
    return _text(file)


def latency_percentiles(path: Path) -> list[list[float]]:
    """[percentile, latency in ns] as LoadGen wrote them, in order; 0 is the smallest latency, 100 the largest."""
    text = summary(path)
    percentiles = re.findall(r"^(\d{1,3}(?:\.\d+)?) percentile latency \(ns\) *: *(\d{1,18})\b", text, re.M)
    found = {float(at): float(ns) for at, ns in percentiles}
    ends = re.findall(r"^(Min|Max) latency \(ns\) *: *(\d{1,18})\b", text, re.M)
    found |= {0.0 if name == "Min" else 100.0: float(ns) for name, ns in ends}
    if not found:
        raise Refused(f"{SUMMARY} has no latencies")
    return [[at, found[at]] for at in sorted(found)]


def target_search(path: Path) -> dict[str, Any]:
    """How the target was found: ``{unit, chosen, attempts}``, each attempt with its number (from 1), what LoadGen was
    told (``target``) and what it measured (``figure``), both in the unit; None where it did not say.

    INVALID attempts have their figures too: they show why another target was chosen.
    """
    file = path / SEARCH
    if not file.is_file():
        raise Inapplicable("its target was not searched", hint="add until_valid+ or find_target_qps+ to the query")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        streams = data["units"]["figure"] == "ns"
        attempts = [_attempt(number, each, 1e6 if streams else 1) for number, each in enumerate(data["attempts"], 1)]
        chosen = next(each["target"] for each in attempts if each["entry"] == data["confirmed_by"])
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        raise Refused(f"{SEARCH} is cut short or was changed, so the search cannot be shown") from None
    return {"unit": "ms" if streams else "samples/s", "chosen": chosen, "attempts": attempts}


def _attempt(number: int, said: dict[str, Any], scale: float) -> dict[str, Any]:
    """One attempt of a search; its figure is divided by ``scale``, to be in the unit of its target."""
    kept = {name: said[name] for name in ("entry", "purpose", "target", "valid", "verdict")}
    return {"number": number, **kept, "figure": None if said["figure"] is None else said["figure"] / scale}


def validity(summary: str) -> str:
    """LoadGen's own word on a performance test: VALID or INVALID."""
    found = re.search(r"^Result is : (VALID|INVALID)\s*$", summary, re.MULTILINE)
    if found is None:
        raise Refused(f"LoadGen gave no result: {SUMMARY} has no line 'Result is'")
    return found.group(1)


def invalid_reasons(summary: str, path: Path) -> list[str]:
    """What LoadGen found wrong: conditions not met, its recommendations, and the errors of the detailed log."""
    missed = re.findall(r"^  (.+?) satisfied ?: NO\s*$", summary, re.MULTILINE)
    reasons = [f"{name.strip().lower()} not satisfied" for name in missed]
    reasons += _bullets(summary, "Recommendations:")
    if "Early stopping" in missed:
        reasons += _bullets(summary, "Early Stopping Result:")
    return reasons + [error for error in _logged_errors(path) if error not in reasons]


def _bullets(summary: str, heading: str) -> list[str]:
    """The points below a heading, each put back on one line; a line that is not indented ends them."""
    points: list[str] = []
    _, _, below = summary.partition(f"{heading}\n")
    for line in below.splitlines():
        if line.startswith(" * "):
            points.append(line[3:].strip())
        elif line.startswith(" ") and points:
            points[-1] += f" {line.strip()}"
        else:
            break
    return points


def _logged_errors(path: Path) -> list[str]:
    file = path / DETAIL
    if not file.is_file():
        return []
    errors = []
    for line in _text(file).splitlines():
        if line.startswith(":::MLLOG ") and '"is_error": true' in line:
            try:
                errors.append(str(json.loads(line.removeprefix(":::MLLOG "))["value"]))
            except (ValueError, KeyError, TypeError, RecursionError):
                errors.append(f"a damaged line in {DETAIL}")
    return errors


def performance(
    loadgen_scenario: str, loadgen_mode: str, path: Path, allow_invalid: bool = False, record: Any = None
) -> float | int:
    """The scenario's figure: Offline samples/s; Server completed samples/s; SingleStream (90th) and MultiStream (99th
    percentile) ns.

    FindPeakPerformance: the figure of the highest load that met the bound. The figure of an INVALID run is refused
    unless ``allow_invalid`` is set.
    """
    if loadgen_mode == "AccuracyOnly":
        raise _not_measured("performance", loadgen_mode, "PerformanceOnly", record)
    text = summary(path)
    if validity(text) == "INVALID" and not allow_invalid:
        reasons = "".join(f"\n * {reason}" for reason in invalid_reasons(text, path))
        raise Refused(
            f"this run is INVALID, so its figure is not given out. LoadGen's reasons:{reasons}",
            hint="add allow_invalid+ to the query to see the figure anyway, or ask for performance_report",
        )
    found = re.search(rf"^{HEADLINES[loadgen_scenario]} *: *(\S+)", text, re.MULTILINE)
    if found is None:
        raise Refused(f"{SUMMARY} has no figure for {loadgen_scenario}")
    try:
        figure = float(found.group(1))
    except ValueError:
        figure = math.nan
    if not 0 <= figure < math.inf:
        raise Refused(f"{SUMMARY}: the figure {found.group(1)[:40]!r} for {loadgen_scenario} is no number")
    return int(figure) if figure.is_integer() and "Stream" in loadgen_scenario else figure


def mlperf_score(performance: float | int, loadgen_scenario: str, path: Path) -> float | int:
    """The figure that MLPerf scores: that of ``performance`` Offline and with Server; in the streams early stopping's
    estimate of the percentile (ns), which is above the measured one and comes nearer to it with more queries.
    """
    if loadgen_scenario not in SCORED_PERCENTILES:
        return performance
    estimate = _estimate(summary(path), loadgen_scenario)
    if estimate is None:
        raise Refused(
            "LoadGen gave no early-stopping estimate (64 queries or more for SingleStream, 662 for MultiStream), so "
            "MLPerf has no score for this run"
        )
    return estimate


def _estimate(summary: str, scenario: str) -> int | None:
    """Early stopping's estimate in ns; None where there were too few queries for one."""
    found = re.search(ESTIMATE.format(percentile=SCORED_PERCENTILES[scenario]), summary, re.MULTILINE)
    return int(found.group(1)) if found else None


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
    if loadgen_scenario in SCORED_PERCENTILES:
        estimate = _estimate(text, loadgen_scenario)
        told = "none, too few queries" if estimate is None else f"{estimate} ns (early stopping's estimate)"
        lines.append(f"MLPerf's score: {told}")
    lines += [_with_unit(line) for line in _figures(text)]
    lines += [
        f"Engine: {engine} {engine_version}".rstrip(),
        f"Effective device: {effective_device}, precision: {effective_precision}",
        f"Batch size: {effective_batch_size} samples",
        _foreign_load(foreign_cpu_share, noisy, foreign_cpu_max_cores, foreign_cpu_burst_seconds),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _figures(summary: str) -> Iterator[str]:
    """The summary without its frame, its verdict and its recommendations: those come first in a report."""
    skipping = False
    for line in summary.splitlines():
        skipping = line == "Recommendations:" or (skipping and line.startswith(" "))
        if not skipping and not line.startswith(("===", "MLPerf Results Summary", "Result is")):
            yield line


def _with_unit(line: str) -> str:
    """A line ``name (unit) : value`` of the summary as ``name: value unit``; other lines as they are."""
    found = re.match(r"^( *(?:\* )?)(\S.*?) *: *(-?[\d.]+(?:e[+-]?\d+)?)$", line)
    if not found:
        return line.rstrip()
    indent, name, value = found.groups()
    unit = re.search(r" *\((ns|ms)\)$", name)
    if unit:
        return f"{indent}{name[: unit.start()]}: {value} {unit.group(1)}"
    return f"{indent}{name}: {value} {_unit(name)}".rstrip()


def _unit(name: str) -> str:
    lower = name.lower()
    if "samples per second" in lower:
        return "samples/s"
    if lower.endswith("percentile estimate"):
        return "ns"
    if lower.startswith("qps") or lower == "target_qps":
        return "queries/s"
    if lower in ("samples_per_query", "performance_sample_count", "accuracy_sample_count"):
        return "samples"
    return "queries" if lower in ("min_query_count", "max_query_count", "max_async_queries") else ""


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
    query = record.get("query") if isinstance(record, dict) else None
    if isinstance(query, str) and query:
        terms = [term for term in query.split(",") if not term.startswith("loadgen_mode")]
        hint = f"axs byquery {','.join([*terms, f'loadgen_mode={wanted}'])} , get {what}"
    else:
        hint = f"ask the same query with loadgen_mode={wanted}"
    return Inapplicable(f"this run has loadgen_mode={mode}, which measures no {what}", hint=hint)
