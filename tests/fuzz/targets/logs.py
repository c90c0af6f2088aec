"""LoadGen's logs, from whichever harness: taken in, their figures computed, the entry audited."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fuzz.guard import told
from fuzz.mutation import mutated
from fuzz.parts import join, split
from fuzz.target import Target
from fuzz.toy_room import ToyRoom
from hypothesis import strategies as st
from support import loadgen_logs
from support.fake_loadgen import ENTRIES

from axs_core.base.errors import AxsError
from axs_core.base.reporter import Reporter
from axs_core.compare.audit import audit
from axs_core.entry import Entry, entry_scope
from axs_core.entry.functions import functions_of

SUMMARY, DETAIL, ACCURACY = "mlperf_log_summary.txt", "mlperf_log_detail.txt", "mlperf_log_accuracy.json"
FILES = (
    *(SUMMARY, DETAIL, ACCURACY, "accuracy.txt", "labels.txt", "user.conf"),
    *("val_map.txt", "audit.config", "measurements.json"),
)
FIGURES = (
    "accuracy",
    "accuracy_report",
    "accuracy_interval",
    "accuracy_counts",
    "accuracy_metric",
    "metrics",
    "performance",
    "mlperf_score",
    "rounded_performance",
    "performance_report",
    "verdict",
    "latency_percentiles",
    "predictions",
    "labels",
)


def _detail(scenario: str, mode: str, more: Mapping[str, Any] | None = None) -> bytes:
    said = {
        "effective_scenario": scenario,
        "effective_test_mode": mode,
        "loadgen_version": "6.0.17 @ abc",
        "qsl_reported_total_count": 3,
        "effective_min_duration_ms": 3000,
        "effective_target_qps": 500.0,
        "test_datetime": "2026-01-02T03:04:05Z",
        **(more or {}),
    }
    rows = [{"key": key, "value": value, "metadata": {"is_error": False}} for key, value in said.items()]
    rows.append({"key": "error_runtime", "value": "a sample was lost", "metadata": {"is_error": True}})
    return "".join(f":::MLLOG {json.dumps(row)}\n" for row in rows).encode()


_ANSWERS = json.dumps([{"seq_id": i, "qsl_idx": i, "data": loadgen_logs.answer(float(i))} for i in range(3)]).encode()
_LABELS = b"0 picture 0.png 0\n1 b.png 1\n2 c.png 7\n"


def _run(scenario: str, mode: str, valid: bool = True, points: str = "") -> bytes:
    text = loadgen_logs.summary(scenario, valid, ["Min duration satisfied : NO"], points).encode()
    files = {SUMMARY: text if mode != "AccuracyOnly" else b"", DETAIL: _detail(scenario, mode)}
    if mode == "AccuracyOnly":
        files |= {ACCURACY: _ANSWERS, "labels.txt": _LABELS}
    return join(files)


_TOKENS_LATE = """TTFT Early Stopping Result:
 * Run successful.
TPOT Early Stopping Result:
 * Run unsuccessful.
 * Processed 33 queries."""

SEEDS = (
    _run("Offline", "PerformanceOnly"),
    _run("Server", "PerformanceOnly", False, loadgen_logs.SERVER_OVERLOADED),
    _run("SingleStream", "PerformanceOnly", True, loadgen_logs.EARLY_STOPPING),
    _run("MultiStream", "PerformanceOnly"),
    _run("Offline", "AccuracyOnly"),
    join(
        {
            SUMMARY: b"",
            DETAIL: _detail("Offline", "AccuracyOnly"),
            ACCURACY: b"[ ]",
            "accuracy.txt": b"accuracy=75.000%, good=48, total=64\nhash=abc\n",
        }
    ),
    join(
        {
            SUMMARY: b"",
            DETAIL: _detail("Offline", "AccuracyOnly"),
            ACCURACY: b"[ {",
            "accuracy.txt": b"AUC=80.166%, accuracy=96.605%, good=8, total=9, queries=3\n{'rouge1': 44.5, \"f1\": 9}\n",
        }
    ),
    join(
        {
            SUMMARY: b"",
            DETAIL: _detail("Offline", "AccuracyOnly"),
            ACCURACY: _ANSWERS,
            "val_map.txt": b"a.JPEG 0\nb c.JPEG 1\nd.JPEG 7\n",
        }
    ),
    join(
        {
            SUMMARY: loadgen_logs.summary("Server", False, ["Early stopping satisfied: NO"], _TOKENS_LATE).encode(),
            DETAIL: _detail("Server", "PerformanceOnly", {"result_completed_tokens_per_second": 24593.8}),
            "audit.config": b"*.*.accuracy_log_sampling_target = 100\n*.*.min_duration = 0\n",
            "measurements.json": b'{"weight_data_types": "fp8", "retraining": "No"}',
            "user.conf": b"*.Server.target_latency = 10\nresnet50.Server.target_qps = 80\n",
        }
    ),
    join(
        {
            SUMMARY: loadgen_logs.summary("Offline").encode(),
            DETAIL: loadgen_logs.plain_detail(
                {"Scenario": "Offline", "Test mode": "Performance", "performance_issue_same": 1}, errors=["lost"]
            ).encode(),
        }
    ),
)
TOKENS = (
    b":::MLLOG ",
    b'"is_error": true',
    b'{"key": "x", "value": 1}',
    b"Result is : VALID",
    b"Result is : INVALID",
    b"NO",
    b"Recommendations:\n",
    b"Early Stopping Result:\n",
    b" * ",
    b"satisfied : NO",
    b"percentile latency (ns) : ",
    b"Tokens per second: 1600",
    b'"value": true',
    b'"value": [',
    b"result_90.00_percentile_latency_ns",
    b"early_stopping_latency_ss",
    b"effective_accuracy_log_sampling_target",
    b"Effective Settings:",
    b'"pid": 1, "tid": 1, "ts": 1ns : ',
    b"mAP=",
    b"{'f1': ",
    b"\n### val_map.txt\n",
    b"\n### audit.config\n",
    b"\n### measurements.json\n",
    b"### ",
    b"nan",
    b"inf",
    b"1e400",
    b"-0",
    b"0",
    b"99.99.9",
    b"\n### labels.txt\n",
    b"\n### accuracy.txt\n",
    b"good=0, total=0",
    b'"qsl_idx": ',
    b'"data": ',
    b"AccuracyOnly",
    b"SubmissionRun",
    b"FindPeakPerformance",
    b"PerformanceOnly",
    b"Server",
)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.just(10**400),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
_MORE = st.dictionaries(
    st.sampled_from(
        [
            "effective_scenario",
            "effective_test_mode",
            "loadgen_version",
            "qsl_reported_total_count",
            "effective_min_duration_ms",
            "test_datetime",
            "effective_target_qps",
            "effective_qsl_rng_seed",
            "effective_accuracy_log_sampling_target",
            "effective_performance_issue_same",
            "effective_use_token_latencies",
            "effective_samples_per_query",
            "result_validity",
            "result_completed_samples_per_sec",
            "result_tokens_per_second",
            "result_90.00_percentile_latency_ns",
            "early_stopping_latency_ss",
            "early_stopping_met",
            "sut_name",
        ]
    ),
    _VALUES,
    max_size=2,
)
_MODES = st.sampled_from(["PerformanceOnly", "AccuracyOnly", "SubmissionRun", "FindPeakPerformance"])
_SCENARIOS = st.sampled_from(["Offline", "Server", "SingleStream", "MultiStream"])
_ROW = st.fixed_dictionaries(
    {},
    optional={
        "qsl_idx": st.one_of(st.integers(0, 4), _VALUES),
        "seq_id": _VALUES,
        "data": st.one_of(st.sampled_from(["0000803F", "00", "", "xyz", "0000C07F", "0000807F"]), _VALUES),
    },
)
_LINES = st.lists(
    st.sampled_from(
        [
            "Result is : VALID",
            "Result is : INVALID",
            "Samples per second: 4013.27",
            "Samples per second: nan",
            "Samples per second: x",
            "90.0th percentile latency (ns) : 351404",
            "90.0th percentile latency (ns) : 1e999",
            "99..9 percentile latency (ns) : 5",
            "Completed samples per second    : 514.12",
            "Recommendations:",
            " * Reduce target QPS",
            "  Min duration satisfied : NO",
            "Min latency (ns)  : 243744",
            "Max latency (ns)  : " + "9" * 5000,
            "=" * 48,
            "  x : y",
            "qps : -",
            ": : :",
        ]
    ),
    max_size=8,
).map("\n".join)
_BUILT = st.builds(
    lambda scenario, mode, more, text, rows, labels, reported: join(
        {
            SUMMARY: text.encode(),
            DETAIL: _detail(scenario, mode, more),
            ACCURACY: json.dumps(rows).encode(),
            **({"labels.txt": labels.encode("utf-8", "surrogatepass")} if labels else {}),
            **({"accuracy.txt": reported.encode()} if reported else {}),
        }
    ),
    _SCENARIOS,
    _MODES,
    _MORE,
    _LINES,
    st.one_of(st.lists(_ROW, max_size=4), _VALUES),
    st.one_of(st.just(""), st.just(_LABELS.decode()), st.text(alphabet="01 ax.\n-", max_size=20), st.text(max_size=10)),
    st.sampled_from(
        [
            *("", "good=1, total=2", "good=0, total=0", "good=9, total=3", f"good={'9' * 5000}, total=1"),
            *("accuracy=1%, good=1, total=1e2", "mAP=37.4%", "{'f1': 9, 1: [2]}", "{'f1': 1e400}", "{" * 3000),
        ]
    ),
)


class Room(ToyRoom):
    """A folder with the input's files is taken in, as a new entry each time."""

    def fill(self) -> None:
        for name in (
            "loadgen_comparison",
            "loadgen_experiment",
            "loadgen_ingest",
            "loadgen_logs",
            "loadgen_report",
            "loadgen_signature",
            "mlperf_rules",
        ):
            if not (self.toys.recipes / name).is_dir():
                shutil.copytree(ENTRIES / name, self.toys.recipes / name, ignore=shutil.ignore_patterns("__pycache__"))
        super().fill()

    def tried(self, data: bytes) -> str:
        """One input of eight goes all the way, unless the room is thorough: planning and storing take most of the time,
        and are the same for all.
        """
        self.number += 1
        folder = self.root / "left"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, text in split(data).items():
            if name in FILES:
                (folder / name).write_bytes(text)
        labels = folder / "labels.txt"
        values: dict[str, Any] = {"labels_file": str(labels)} if labels.exists() else {}
        if self.number % 8 and not self.thorough:
            return self._by_functions(folder, values)
        try:
            made = self.space.ingest(folder, values=values)
            audit(made.entry, Reporter())
            self.space.table("loadgen_output")
            return self._figures(made.get)
        finally:
            for left in [item for item in self.toys.work.iterdir() if item.name.startswith("ingested")]:
                shutil.rmtree(left)
                self.space.session.index.forget(left)

    def _by_functions(self, folder: Path, values: Mapping[str, Any]) -> str:
        """What the recipe's function takes in, and the figures that functions make of it; nothing is stored."""
        recipe, parent = (self.space.session.index.by_name(name) for name in ("loadgen_ingest", "loadgen_experiment"))
        place = self.root / "taken"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        parameters = {"folder": str(folder), "accuracy_dtype": "float32", **values}
        found = functions_of(recipe)["take_in"](place, parameters)
        attributes = {**parameters, **{name: value for name, value in found.items() if value is not None}}
        meta = {
            "tags": ["loadgen_output"],
            "attributes": {**attributes, "file": SUMMARY},
            "produced": {"by": ["python"], "at": "2026-01-02T03:04:05Z"},
        }
        return self._figures(entry_scope(Entry("taken", place, meta, ancestors=tuple(parent.lineage))).get)

    def _figures(self, get: Callable[[str], Any]) -> str:
        said, refused = [], []
        for name in FIGURES:
            try:
                get(name)
                said.append(name)
            except AxsError as error:
                refused.append(told(error))
        return f"taken in, with {', '.join(said)}; {refused[0] if refused else 'nothing is refused'}"


TARGET = Target("logs", Room, st.one_of(mutated(SEEDS, TOKENS), _BUILT), SEEDS, TOKENS)
