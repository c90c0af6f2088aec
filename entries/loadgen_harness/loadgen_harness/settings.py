"""LoadGen's settings from a program's parameters: ``user.conf``, and what they lack of MLPerf's own.

LoadGen (mlcommons-loadgen 6.0.17) has MLPerf's values built in; ``user.conf`` overrides them. Two targets are only
estimates from which LoadGen generates queries in advance (samples/s Offline, expected latency in SingleStream and
MultiStream): too low a rate ends the run early, as INVALID. So the rate measured in the warm-up is used where it is
the higher one. A Server's target is what is tested; it is never touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadgen_harness.parameters import HarnessError, Job

if TYPE_CHECKING:
    import mlperf_loadgen as lg

USER_CONF = "user.conf"
# MLPerf's wildcard: the values for networks that are no benchmark of its own.
ANY_MODEL = "*"
# LoadGen generates 1.1 (Offline) or 2 times (streams) what the expected rate needs; a test can still be faster than the
# fastest call of its warm-up. Offline this makes the run longer; in a stream, queries never issued cost memory only.
OFFLINE_HEADROOM, STREAM_HEADROOM = 1.2, 2.0
# A Server without a target gets this share of the rate at which single samples were answered.
SERVER_SHARE = 0.5
# An accuracy test is not timed: a Server's queries may all come at once (LoadGen's own default is one a second).
UNTIMED_QPS = 1e6

# parameter -> key of user.conf, factor to its unit
DURATIONS = {"loadgen_min_duration_s": "min_duration", "loadgen_max_duration_s": "max_duration"}
COUNTS = {"loadgen_min_query_count": "min_query_count", "loadgen_max_query_count": "max_query_count"}
# What is compared with MLPerf's own: field of TestSettings, name, unit, scenario (None: all), and which way is weaker.
COMPARED = (
    ("min_duration_ms", "min_duration", "ms", None, "less"),
    ("min_query_count", "min_query_count", "queries", None, "less"),
    ("performance_sample_count_override", "performance_sample_count", "samples", None, "less"),
    ("multi_stream_samples_per_query", "samples_per_query", "samples", "MultiStream", "other"),
    ("server_target_latency_ns", "target_latency", "ns", "Server", "more"),
    ("max_duration_ms", "max_duration", "ms", None, "set"),
    ("max_query_count", "max_query_count", "queries", None, "set"),
)


@dataclass(frozen=True)
class Settings:
    """What goes into ``user.conf``: ``keys`` are those of ``MODEL.SCENARIO.KEY``; times in ms."""

    scenario: str
    mode: str
    model: str
    keys: Mapping[str, int | float] = field(default_factory=dict)

    def user_conf(self) -> str:
        """LoadGen wants blanks round the sign, and ignores a line without them."""
        return "".join(f"{self.model}.{self.scenario}.{key} = {value:.12g}\n" for key, value in self.keys.items())

    def after_warm_up(self, seconds: Sequence[float], samples: int) -> Settings:
        """The same with the target that is called for after calls of ``samples`` samples each took ``seconds``."""
        keys, fastest = dict(self.keys), min(seconds)
        if self.scenario == "Offline":
            keys["target_qps"] = max(keys.get("target_qps", 0.0), round(samples / fastest * OFFLINE_HEADROOM, 3))
        elif self.scenario == "Server":
            keys.setdefault("target_qps", round(len(seconds) * samples / sum(seconds) * SERVER_SHARE, 3))
        else:
            expected_ms = round(1000 * fastest / STREAM_HEADROOM, 6)
            keys["target_latency"] = min(keys.get("target_latency", expected_ms), expected_ms)
        return Settings(self.scenario, self.mode, self.model, keys)


def read_settings(job: Job, sample_count: int) -> Settings:
    """The settings that ``job`` asks for; raises :class:`HarnessError` for a combination that LoadGen does not have."""
    scenario, mode = job.value("loadgen_scenario", "Offline"), job.value("loadgen_mode", "AccuracyOnly")
    if mode == "FindPeakPerformance" and scenario != "Server":
        raise HarnessError(
            f"loadgen_mode=FindPeakPerformance works for loadgen_scenario=Server only, not for {scenario}: "
            "LoadGen searches the highest Server load"
        )
    model = str(job.value("loadgen_model", ANY_MODEL))
    if not model or any(c.isspace() for c in model):
        raise HarnessError(f"loadgen_model={model!r} is not a name that LoadGen's user.conf can hold")
    official = bool(job.value("loadgen_official", False))
    keys: dict[str, int | float] = {} if official else _short(job, scenario, model)
    for name, key in DURATIONS.items():
        _take(keys, key, job.value(name), 1000)
    for name, key in COUNTS.items():
        _take(keys, key, job.value(name))
    if job.value("loadgen_duration_s") is not None:
        keys["min_duration"] = keys["max_duration"] = round(1000 * job.value("loadgen_duration_s"))
    if job.value("loadgen_query_count") is not None:
        keys["min_query_count"] = keys["max_query_count"] = job.value("loadgen_query_count")
    if scenario in ("Offline", "Server"):
        _take(keys, "target_qps", job.value("loadgen_target_qps"))
    if scenario == "Server" and "target_qps" not in keys:
        if mode == "AccuracyOnly":
            keys["target_qps"] = UNTIMED_QPS
        elif not job.value("loadgen_warmup_s"):
            raise HarnessError(
                "without a warm-up (loadgen_warmup_s=0) a Server's load must be said: loadgen_target_qps=N"
            )
    if scenario != "Offline":
        _take(keys, "target_latency", job.value("loadgen_target_latency"))
    if scenario == "MultiStream":
        _take(keys, "samples_per_query", job.value("loadgen_samples_per_query", job.value("loadgen_multistreamness")))
    buffer = job.value("loadgen_buffer_size")
    if buffer is not None or sample_count < 1024 or not official:
        keys["performance_sample_count_override"] = min(buffer or 1024, sample_count)
    return Settings(scenario, mode, model, keys)


def _take(keys: dict[str, int | float], key: str, value: float | None, factor: int = 1) -> None:
    if value is not None:
        keys[key] = round(value * factor) if factor != 1 else value


def _short(job: Job, scenario: str, model: str) -> dict[str, int | float]:
    """The program's own short defaults (attribute ``loadgen_short``): valid results in seconds instead of ten
    minutes.
    """
    short = dict(job.value("loadgen_short", {}).get(scenario, {}))
    keys: dict[str, int | float] = {}
    _take(keys, "min_duration", short.get("min_duration_s"), 1000)
    _take(keys, "min_query_count", short.get("min_query_count"))
    if model == ANY_MODEL:  # a benchmark of MLPerf's has its own bound
        _take(keys, "target_latency", short.get("target_latency_ms"))
    return keys


def apply(settings: Settings, folder: Path) -> lg.TestSettings:
    """Write ``user.conf`` into ``folder`` and let LoadGen read it: once in a process, for the built-in values load
    only once.
    """
    import mlperf_loadgen as lg

    file = folder / USER_CONF
    file.write_text(settings.user_conf(), encoding="utf-8")
    test = lg.TestSettings()
    test.scenario = getattr(lg.TestScenario, settings.scenario)
    test.mode = getattr(lg.TestMode, settings.mode)
    code = test.FromConfig(str(file), settings.model, settings.scenario)
    if code != 0:
        raise HarnessError(f"LoadGen does not take {file} (FromConfig returned {code}):\n{settings.user_conf()}")
    if settings.scenario == "Server" and "target_latency" in settings.keys:
        # user.conf holds whole milliseconds only; LoadGen cuts off the rest without a word.
        test.server_target_latency_ns = round(settings.keys["target_latency"] * 1e6)
    if settings.mode == "FindPeakPerformance":
        # The search ends at this many decimals of queries/s; one per cent is all that short runs can tell.
        test.server_find_peak_qps_decimals_of_precision = 0 if settings.keys.get("target_qps", 0) >= 50 else 1
    return test


def official_values(model: str, scenario: str) -> dict[str, int]:
    """MLPerf's own settings, as built into LoadGen: asked in a process of their own, because they load only once in
    each.
    """
    names = [name for name, *_ in COMPARED]
    program = (
        "import json, sys, mlperf_loadgen as lg\n"
        "settings = lg.TestSettings()\n"
        f"code = settings.FromConfig({os.devnull!r}, *sys.argv[1:])\n"
        f"print(json.dumps({{name: getattr(settings, name) for name in {names!r}}}))\n"
        "sys.exit(-code)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, model, scenario], capture_output=True, text=True, timeout=60, check=True
    )
    values: dict[str, int] = json.loads(found.stdout)
    return values


def weaker_than(test: Any, official: Mapping[str, int], scenario: str) -> list[str]:
    """Where ``test`` asks for less than MLPerf does, as ``min_duration 3000 ms (MLPerf: 600000 ms)``."""
    weaker = []
    for name, title, unit, only, how in COMPARED:
        used, wanted = getattr(test, name), official[name]
        if only not in (None, scenario):
            continue
        if (
            (how == "less" and used < wanted)
            or (how == "more" and used > wanted)
            or (how == "other" and used != wanted)
            or (how == "set" and used and not wanted)
        ):
            weaker.append(f"{title} {used} {unit} (MLPerf: {'none' if how == 'set' else f'{wanted} {unit}'})")
    return weaker
