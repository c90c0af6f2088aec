"""The rules of a round: what the checker's tables say, what the text says, and what follows from them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.entry_code import module
from support.mlperf_runs import MULTI, STREAM

from axs_core.base.errors import NotFound, Refused

HERE = Path(__file__).parents[2] / "entries" / "mlperf_rules"


@pytest.fixture
def v6_1() -> Any:
    return module("mlperf_rules", "rules").rules_of("v6.1")


def test_the_21_benchmarks_of_v6_1(v6_1: Any) -> None:
    assert list(v6_1.data["benchmarks"]) == [
        *("resnet50", "bert-99", "bert-99.9", "3d-unet-99", "3d-unet-99.9", "llama3.1-8b", "llama3.1-8b-edge"),
        *("llama2-70b-99.9", "stable-diffusion-xl", "rgat", "deepseek-r1", "whisper", "gpt-oss-120b"),
        *("wan-2.2-t2v-a14b", "qwen3-vl-235b-a22b", "qwen3.6-27b", "dlrm-v3", "yolo-95", "yolo-99"),
        *("e2e-rag-qna", "e2e-rag-db"),
    ]
    assert v6_1.data["source"]["commit"] == "b66003e10e2db4b8c36a448b0545ec90fcc6e9e9"


def test_both_files_of_a_round_have_the_same_benchmarks() -> None:
    for round in module("mlperf_rules", "rules").rounds():
        tables, text = (yaml.safe_load((HERE / f"{round}{end}").read_text()) for end in (".yaml", ".text.yaml"))
        assert set(text["benchmarks"]) == set(tables["benchmarks"])
        for name, said in text["benchmarks"].items():
            assert {"area", "task", "model", "data", "quality"} <= set(said), name


def test_what_the_text_says_otherwise_is_otherwise(v6_1: Any) -> None:
    """A difference that has gone must go from the file; a metric that the checker does not have is misspelt."""
    for name, benchmark in v6_1.data["benchmarks"].items():
        for key, said in benchmark.get("otherwise", {}).items():
            if key == "metrics":
                targets = {each["metric"]: each["target"] for each in benchmark[key]}
                assert any(abs(each["target"] / targets[each["metric"]] - 1) > 1e-6 for each in said), name
            elif isinstance(said, dict):
                assert all(value != benchmark[key][each] for each, value in said.items()), name
            else:
                assert said != benchmark[key], name


def test_3d_unet_has_42_samples_by_the_text_and_43_by_the_checker(v6_1: Any) -> None:
    asked = v6_1.benchmark("3d-unet-99")
    assert (asked["performance_sample_count"], asked["otherwise"]["performance_sample_count"]) == (43, 42)


def test_a_benchmark_by_the_name_of_its_folder_or_the_checkers(v6_1: Any) -> None:
    assert v6_1.benchmark("resnet50") is v6_1.benchmark("resnet")
    assert v6_1.official_name("resnet50") == v6_1.official_name("resnet") == "resnet"
    assert v6_1.official_name("bert-99") == "bert-99"
    assert v6_1.benchmark("mobilenet") is None
    assert v6_1.asked("foo") is None
    resnet = v6_1.asked("resnet")
    assert (resnet.name, resnet.official, resnet.latency_ns("Server")) == ("resnet50", "resnet", 15_000_000)
    assert (resnet.latency_ns("Offline"), resnet.token_latency("Server")) == (None, None)


@pytest.mark.parametrize(
    ("kind", "there", "missing"),
    [
        ("datacenter", [], ["Offline", "one of Interactive and Server"]),
        ("datacenter", ["Offline"], ["one of Interactive and Server"]),
        ("datacenter", ["Server"], ["Offline"]),
        ("both", ["Offline", "Interactive"], []),
        ("edge", [], []),
    ],
)
def test_scenarios_that_are_missing(v6_1: Any, kind: str, there: list[str], missing: list[str]) -> None:
    llama = v6_1.asked("llama2-70b-99.9")
    assert llama.missing(kind, there) == missing
    assert (llama.required(kind) is None) == (kind == "edge")


def test_what_depends_on_the_scenario(v6_1: Any) -> None:
    qwen = v6_1.asked("qwen3-vl-235b-a22b")
    samples = {name: qwen.accuracy_samples(name) for name in ("Offline", "Interactive", "SingleStream")}
    assert samples == {"Offline": 48289, "Interactive": 8000, "SingleStream": 48289}
    assert [str(qwen.metrics(name)[0]) for name in ("Server", "Interactive")] == [
        "F1_HIERARCHICAL >= 0.782397",
        "F1_HIERARCHICAL >= 0.779922",
    ]
    assert v6_1.asked("gpt-oss-120b").accuracy_samples("Server") == 4395
    bounds = v6_1.asked("llama3.1-8b").token_latency("Interactive")
    assert (bounds.ttft, bounds.tpot) == (500_000_000, 30_000_000)


@pytest.mark.parametrize(
    ("name", "scenario", "field", "unit"),
    [
        ("resnet50", "Offline", "result_samples_per_second", "Samples/s"),
        ("resnet50", "MultiStream", "early_stopping_latency_ms", "Latency (ms)"),
        ("llama2-70b-99.9", "Offline", "result_tokens_per_second", "Tokens/s"),
        ("llama2-70b-99.9", "Server", "result_completed_tokens_per_second", "Tokens/s"),
        ("llama2-70b-99.9", "Interactive", "result_completed_tokens_per_second", "Tokens/s"),
        ("llama3.1-8b-edge", "SingleStream", "result_90.00_percentile_latency_ns", "Latency (ms)"),
        ("whisper", "Offline", "result_tokens_per_second", "Tokens/s"),
        ("qwen3-vl-235b-a22b", "Interactive", "result_completed_samples_per_sec", "Queries/s"),
        ("e2e-rag-qna", "Offline", "result_samples_per_second", "Tasks/s"),
    ],
)
def test_the_score_and_its_unit(v6_1: Any, name: str, scenario: str, field: str, unit: str) -> None:
    assert (v6_1.score_field(name, scenario), v6_1.score_unit(name, scenario)) == (field, unit)


def test_how_long_a_run_must_be_set_to_last(v6_1: Any) -> None:
    assert [v6_1.min_duration_ms(name) for name in ("resnet50", "e2e-rag-qna")] == [600_000, 0]


LLAMA = "{'rouge1': '38.5', 'rouge2': '15.8', 'rougeL': '24.3', 'rougeLsum': '35.5', 'gen_len': %s, 'gen_num': 13368}"


@pytest.mark.parametrize(
    ("name", "report", "faults"),
    [
        ("resnet50", "accuracy=75.695%, good=37847, total=50000\n", ["acc 75.695 is below 75.6954"]),
        ("resnet50", "accuracy=75.696%, good=37848, total=50000\nhash=1", []),
        ("resnet50", "the accuracy=80%", ["no acc"]),
        ("bert-99", '{"exact_match": 83.6, "f1": 90.87}', []),
        ("3d-unet-99.9", "Accuracy: mean = 0.86084, kidney = 0.93, tumor = 0.78", []),
        ("3d-unet-99.9", "Accuracy: mean = 0.86083, kidney = 0.93, tumor = 0.78", ["DICE 0.86083 is below 0.8608383"]),
        ("llama3.1-8b", LLAMA % 8167644, []),
        ("llama3.1-8b", LLAMA % 8984409, ["GEN_LEN 8984409 is above 8984408.4"]),
        ("llama3.1-8b", LLAMA % 7350879, ["GEN_LEN 7350879 is below 7350879.6"]),
        ("llama3.1-8b", "{'rouge1': '38.5'}", ["no ROUGE2", "no ROUGEL", "no ROUGELSUM", "no GEN_LEN"]),
        ("gpt-oss-120b", "{'exact_match': 83.0}", []),
        (
            "gpt-oss-120b",
            "{'exact_match': 83.0, 'tokens_per_sample': 20000.0}",
            ["TOKENS_PER_SAMPLE 20000 is above 10998.9"],
        ),
        ("stable-diffusion-xl", "{'CLIP_SCORE': '31.7', 'FID_SCORE': '24'}", ["FID_SCORE 24 is above 23.95007626"]),
        ("whisper", "Word Error Rate: 2.1%, accuracy=97.9%", []),
    ],
)
def test_an_accuracy_report(v6_1: Any, name: str, report: str, faults: list[str]) -> None:
    assert v6_1.asked(name).accuracy_faults(report) == faults


def test_a_round_is_open_until_its_deadline(v6_1: Any) -> None:
    last = datetime.date(2026, 7, 31)
    assert v6_1.deadline == last
    assert v6_1.state(last) == "open until 2026-07-31"
    assert v6_1.state(last + datetime.timedelta(days=1)) == "closed on 2026-07-31"
    assert v6_1.is_open() == (datetime.date.today() <= last)


def test_a_round_that_is_not_here() -> None:
    with pytest.raises(NotFound) as caught:
        module("mlperf_rules", "rules").rules_of("v9.9")
    assert (caught.value.message, caught.value.hint) == ("there are no rules of round v9.9 here", "known: v6.1")


@pytest.mark.parametrize(
    ("scenario", "log", "value", "said"),
    [
        (
            *("MultiStream", STREAM, 200_000_000),
            "inferred from SingleStream: 8 x 99th percentile of the latency (LoadGen's estimate, 25000000 ns)",
        ),
        ("Offline", STREAM, 50, "inferred from SingleStream: 1 / mean latency of a query (20000000 ns)"),
        ("Offline", MULTI, 40, "inferred from MultiStream: 8 / mean latency of a query (200000000 ns)"),
    ],
)
def test_an_inferred_figure(scenario: str, log: dict[str, Any], value: float, said: str) -> None:
    found = module("mlperf_rules", "inferred").infer(scenario, log)
    assert (found.scenario, found.value, str(found)) == (scenario, value, said)


@pytest.mark.parametrize(
    ("scenario", "log", "message", "hint"),
    [
        ("SingleStream", MULTI, "SingleStream cannot be inferred from MultiStream", "SingleStream has to be measured"),
        (
            *("MultiStream", {"effective_scenario": "Offline"}, "MultiStream cannot be inferred from Offline"),
            "MultiStream may be inferred from SingleStream",
        ),
        (
            *("MultiStream", {**STREAM, "early_stopping_latency_ms": 0}),
            "nothing can be inferred from this run: LoadGen's log has no early_stopping_latency_ms",
            "LoadGen gives its estimate from 662 queries on: a longer run has more",
        ),
    ],
)
def test_what_cannot_be_inferred(scenario: str, log: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        module("mlperf_rules", "inferred").infer(scenario, log)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_from_where_a_scenario_may_be_inferred() -> None:
    sources = module("mlperf_rules", "inferred").sources
    assert sources("Offline", "edge") == sources("Offline", "both") == ("MultiStream", "SingleStream")
    assert [sources("Offline", "datacenter"), sources("Server", "edge")] == [(), ()]
