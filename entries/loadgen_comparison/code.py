"""What is said of runs of LoadGen beside others, from their stored values only."""

from __future__ import annotations

import math
import re
import statistics
from typing import Any

from axs_core.sdk import Refused

from .signature import CALLS
from .signature import signature as signature_of

# So few runs have no 95 % interval of their median: with 5, all are on one side of it once in 16 times.
FEWEST = 6


def signature(
    machine: str | None = None,
    engine: str | None = None,
    engine_version: str | None = None,
    engine_options: dict[str, Any] | None = None,
    environment: dict[str, Any] | None = None,
    environment_digest: str | None = None,
    effective_device: str | None = None,
    effective_precision: str | None = None,
    model_digest: str | None = None,
    input_form: dict[str, Any] | None = None,
    dataset_digest: str | None = None,
    labels_digest: str | None = None,
) -> str | None:
    """Which system ran which benchmark: SHA-256, the same for runs that belong together. None where something that it
    rests on is not known.
    """
    return signature_of(locals())


def calls(effective_batch_size: int | None = None, effective_threads: int | str | None = None) -> dict[str, Any]:
    """How the system was driven: batch (samples) and threads."""
    known = {"effective_batch_size": effective_batch_size, "effective_threads": effective_threads}
    return {CALLS[name]: value for name, value in known.items()}


def performance_unit(loadgen_scenario: str, loadgen_mode: str) -> str | None:
    """The unit of the scenario's figure; None for a run that measures none."""
    if loadgen_mode == "AccuracyOnly":
        return None
    return "ns" if "Stream" in loadgen_scenario else "samples/s"


def short_verdict(verdict: str) -> str:
    """The verdict without its reasons: SUBMITTABLE, VALID or INVALID; and NOISY."""
    word = verdict.split(maxsplit=1)[0].rstrip(";")
    return f"{word} NOISY" if "; NOISY" in verdict else word


def verdict_word(verdict: str) -> str:
    """SUBMITTABLE, VALID or INVALID."""
    return short_verdict(verdict).split()[0]


def noise_word(noisy: bool | None = None) -> str | None:
    """NOISY, where other processes disturbed the run."""
    return "NOISY" if noisy else None


def performance_spread(runs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Of the VALID ones among repeated runs: n, median, quartiles (q1, q3), min, max, in the unit of the figure.

    ``low`` and ``high`` are the ends of the 95 % interval of the median, where there are enough runs to tell one.
    """
    if runs is None:
        raise Refused("this is a single run", hint="ask the same query with repetitions=5")
    figures = sorted(run["performance"] for run in runs if run["performance"] is not None)
    if not figures:
        raise Refused(f"none of the {len(runs)} runs is VALID:{_named(runs)}")
    q1, _, q3 = statistics.quantiles(figures, method="inclusive") if len(figures) > 1 else figures * 3
    spread = {"n": len(figures), "median": statistics.median(figures), "q1": q1, "q3": q3}
    spread |= {"min": figures[0], "max": figures[-1]}
    place = _interval_place(len(figures))
    return spread | ({"low": figures[place - 1], "high": figures[-place]} if place else {})


def performance_summary(performance_spread: dict[str, Any], runs: list[dict[str, Any]], performance_unit: str) -> str:
    """Median and spread of repeated runs, on one line; runs that are INVALID or NOISY are named on further ones."""
    known = {name: f"{value:.6g}" for name, value in performance_spread.items()}
    interval = (
        f"95 % interval of the median {known['low']} .. {known['high']}"
        if "low" in known
        else f"no 95 % interval of the median: it takes {FEWEST} VALID runs"
    )
    told = [
        f"median {known['median']} {performance_unit}",
        f"quartiles {known['q1']} .. {known['q3']}",
        f"min {known['min']}, max {known['max']}",
        interval,
        f"{known['n']} of {len(runs)} runs VALID",
    ]
    return "; ".join(told) + _named(runs)


def _named(runs: list[dict[str, Any]]) -> str:
    """Runs that are not as they should be, a line each."""
    lines = [f"\n{run['name']}: {run['verdict']}" for run in runs if run["performance"] is None]
    return "".join(lines + [f"\n{run['name']}: NOISY" for run in runs if run.get("noisy")])


def _interval_place(count: int) -> int:
    """How far from either end of the sorted figures the 95 % interval of the median begins (from 1; 0: nowhere).

    Distribution-free: the median lies between the k-th smallest and the k-th largest of n figures unless fewer than k
    of them are on one side, with probability 1 - 2 P(Binomial(n, 1/2) < k) (David, Nagaraja: Order Statistics, 7.1).
    """
    outside, place = 0.0, 0
    for below in range(count // 2):
        outside += 2 * math.comb(count, below) / 2**count
        if outside > 0.05:
            break
        place = below + 1
    return place


def accuracy_low(accuracy_interval: str) -> float:
    """The lower end of the 95 % interval, in per cent."""
    return _ends(accuracy_interval)[0]


def accuracy_high(accuracy_interval: str) -> float:
    """The upper end of the 95 % interval, in per cent."""
    return _ends(accuracy_interval)[1]


def _ends(interval: str) -> tuple[float, float]:
    low, high = re.findall(r"-?\d+(?:\.\d+)?", interval)[:2]
    return float(low), float(high)
