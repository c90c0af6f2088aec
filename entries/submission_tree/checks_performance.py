"""A performance run in a tree, and what a compliance run has in common with it: one line for each fault."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .benchmark import Benchmark
from .checks_reading import Log, number, read_text, shown
from .compliance_test import logged_test
from .mlperf_log import FIGURES, SUMMARY
from .rules import Rules

PERFORMANCE_MODES = ("PerformanceOnly", "SubmissionRun")
# What LoadGen asks for at least, where nobody says otherwise.
LEAST_QUERIES = {"SingleStream": 100, "MultiStream": 662, "Server": 100}
# Settings that end a test early, or change what is asked: MLPerf has none of them where a duration is prescribed.
MUST_BE_UNSET = ("max_duration_ms", "max_query_count", "performance_issue_unique")
# Keys of user.conf, what the detailed log calls them, and its units in each.
CONF_KEYS = {
    **{f"{key}_duration": (f"requested_{key}_duration_ms", 1.0) for key in ("min", "max")},
    **{f"{key}_query_count": (f"requested_{key}_query_count", 1.0) for key in ("min", "max")},
    **{f"{key}_rng_seed": (f"requested_{key}_rng_seed", 1.0) for key in ("qsl", "sample_index", "schedule")},
    "performance_sample_count_override": ("requested_performance_sample_count_override", 1.0),
}
CONF_KEYS_OF_SCENARIO = {
    "Offline": {"target_qps": ("requested_offline_expected_qps", 1.0)},
    "Server": {
        "target_qps": ("requested_server_target_qps", 1.0),
        "target_latency": ("requested_server_target_latency_ns", 1e6),
    },
    "SingleStream": {"target_latency": ("requested_single_stream_expected_latency_ns", 1e6)},
    "MultiStream": {
        "target_latency": ("requested_multi_stream_expected_latency_ns", 1e6),
        "samples_per_query": ("requested_multi_stream_samples_per_query", 1.0),
    },
}


@dataclass(frozen=True)
class Asked:
    """What is asked of a scenario, the name of its folder; ``benchmark`` is None for one that is not known here,
    ``names`` are what it may be called.
    """

    rules: Rules
    division: str
    scenario: str
    benchmark: Benchmark | None
    names: tuple[str, ...]

    @property
    def logged(self) -> str:
        """LoadGen's name of the scenario."""
        return "Server" if self.scenario == "Interactive" else self.scenario

    @property
    def data(self) -> Mapping[str, Any]:
        """What the files of the round say of the benchmark."""
        return self.benchmark.data if self.benchmark else {}


def performance(log: Log, asked: Asked) -> Iterator[str]:
    """What is wrong with the performance run that is handed in."""
    test = logged_test(log.values)
    if test:
        yield f"the performance run is one of {test}"
    yield from timed(log, asked, "performance run")


def timed(log: Log, asked: Asked, name: str) -> Iterator[str]:
    """What is wrong with a run in which LoadGen measured; ``name`` is what to call it."""
    yield from (f"error in LoadGen's log: {error}" for error in log.errors)
    if log.scenario != asked.logged:
        yield f"the {name} is of the scenario {shown(log.scenario)}"
    if log.get("effective_test_mode") not in PERFORMANCE_MODES:
        yield f"the {name} is of the mode {log.say('effective_test_mode')}"
    if log.get("result_validity") != "VALID":
        yield f"LoadGen calls the {name} {log.say('result_validity')}"
    if "Result is" not in log.summary:
        yield f"{SUMMARY} is none of a {name}: it has no line 'Result is'"
    yield from log.contradictions()
    yield from _settings(log, asked)
    yield from _figure(log, name)


def _settings(log: Log, asked: Asked) -> Iterator[str]:
    rules = asked.rules
    duration = rules.min_duration_ms(asked.names[-1])
    if not log.number("effective_min_duration_ms") >= duration:
        yield f"min_duration is {log.say('effective_min_duration_ms')} ms, not {duration} ms"
    yield from seeds(log, rules)
    least = min(LEAST_QUERIES.get(asked.logged, 0), asked.data.get("min_queries", {}).get(asked.scenario, math.inf))
    if least and not log.number("effective_min_query_count") >= least:
        yield f"min_query_count is {log.say('effective_min_query_count')}, less than {least}"
    for key in MUST_BE_UNSET if duration else ():
        if log.get(f"effective_{key}"):
            yield f"{key.removesuffix('_ms')} is set, to {log.say(f'effective_{key}')}"
    least = asked.data.get("performance_sample_count", 0)
    if not log.number("effective_performance_sample_count") >= least:
        yield f"performance_sample_count is {log.say('effective_performance_sample_count')}, less than {least}"
    if asked.scenario != "Offline" and log.get("early_stopping_met") is False:
        yield "early stopping was not met"
    least = asked.data.get("offline_samples", 0)
    of_offline = asked.scenario == "Offline" and asked.division == "closed"
    if of_offline and not log.number("effective_samples_per_query") >= least:
        yield f"the query has {log.say('effective_samples_per_query')} samples, less than {least}"
    bound = asked.benchmark.latency_ns(asked.scenario) if asked.benchmark else None
    if bound and not log.number("effective_target_latency_ns") <= bound:
        yield f"the latency bound is {log.say('effective_target_latency_ns')} ns, more than {bound} ns"


def seeds(log: Log, rules: Rules) -> Iterator[str]:
    """Seeds that are not those of the round."""
    for name, seed in rules.data["seeds"].items():
        if log.get(f"effective_{name}") != seed:
            yield f"{name} is {log.say(f'effective_{name}')}, not {seed}"


def _figure(log: Log, name: str) -> Iterator[str]:
    """A figure must be there, and must not contradict what else the log says."""
    if math.isnan(log.figure):
        yield f"the {name} has no figure"
    percentile = {"SingleStream": "90.00_percentile", "MultiStream": "99.00_percentile_per_query"}.get(log.scenario)
    if percentile and log.figure < log.number(f"result_{percentile}_latency_ns"):
        yield f"the figure of the {name}, {log.figure:.0f} ns, is below its percentile"
    samples = log.number("generated_samples_per_query") * log.number("result_query_count")
    rate, said = 1e9 * samples / (log.number("result_max_latency_ns") or math.nan), log.number(FIGURES["Offline"])
    if log.scenario == "Offline" and abs(rate - said) > 0.01 * rate:
        yield f"the figure of the {name} is {said:.6g} samples/s; samples and time give {rate:.6g}"


def conf(file: Path, log: Log, asked: Asked) -> Iterator[str]:
    """Settings that ``user.conf`` has otherwise than the log of the run."""
    known = {**CONF_KEYS, **CONF_KEYS_OF_SCENARIO.get(asked.logged, {})}
    for key, text in _conf_values(read_text(file), asked).items():
        logged, factor = known.get(key, ("", 1.0))
        value = log.number(logged)
        # LoadGen logs six digits, and takes whole milliseconds only.
        near = any(math.isclose(value, factor * said, rel_tol=1e-5) for said in (number(text), number(text) // 1))
        if logged in log.values and not near:
            yield f"user.conf says {key} = {shown(text)}, the log {logged} = {log.say(logged)}"


def _conf_values(text: str, asked: Asked) -> dict[str, str]:
    """The settings of this benchmark and scenario, the more special before the others."""
    found: dict[str, tuple[tuple[bool, bool], str]] = {}
    for line in text.splitlines():
        row = re.fullmatch(r"\s*([^\s#]+)\.([\w*]+)\.(\w+)\s*=\s*(\S+)\s*", line)
        if row is None or row[2] not in (asked.logged, "*"):
            continue
        if row[1] == "*" or any(name.startswith(row[1]) for name in asked.names):
            special = (row[1] != "*", row[2] != "*")
            if special >= found.get(row[3], ((False, False), ""))[0]:
                found[row[3]] = (special, row[4])
    return {key: value for key, (_, value) in found.items()}
