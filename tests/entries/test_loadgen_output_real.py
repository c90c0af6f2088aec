"""The main job by the ordinary command: queries in, figures out; real environments, real LoadGen, real digits."""

from __future__ import annotations

import re

import pytest
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SCENARIOS = ["SingleStream", "MultiStream", "Server", "Offline"]
REPORT = "accuracy=98.438%, good=756, total=768"
PERFORMANCE = "loadgen_output,framework=onnxrt,loadgen_mode=PerformanceOnly"


def answers(axs: AxsCommand, query: str) -> str:
    return (axs.folder(query) / "predictions.txt").read_text(encoding="utf-8")


def test_accuracy_of_the_first_command(axs: AxsCommand) -> None:
    query = "loadgen_output,framework=onnxrt,loadgen_scenario=Offline"
    assert axs.ask(query, "get", "accuracy") == "98.4"
    assert axs.ask(query, "get", "accuracy_report") == REPORT
    assert axs.ask(query, "get", "accuracy_interval") == "97.3 .. 99.1 (95 %, n=768)"
    assert axs.ask(query, "get", "verdict").startswith("VALID (accuracy only: each of 768 samples was answered)")
    assert axs.ask(query, "get", "effective_precision") == "fp32"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_gives_the_same_labels(axs: AxsCommand, scenario: str) -> None:
    query = f"loadgen_output,framework=onnxrt,loadgen_scenario={scenario}"
    assert answers(axs, query) == answers(axs, "loadgen_output,framework=onnxrt,loadgen_scenario=Offline")


@pytest.mark.parametrize("form", ["state_dict", "whole", "torchscript"])
def test_frameworks_agree_on_every_image(axs: AxsCommand, form: str) -> None:
    query = f"loadgen_output,framework=pytorch,model_format={form}"
    assert answers(axs, query) == answers(axs, "loadgen_output,framework=onnxrt,loadgen_scenario=Offline")


@pytest.mark.parametrize(
    ("said", "pattern"),
    [
        ("loadgen_scenario=Offline,loadgen_target_qps=5000", r"\d+(\.\d+)?"),
        ("loadgen_scenario=SingleStream,loadgen_target_latency=1", r"\d+"),
        ("loadgen_scenario=MultiStream", r"\d+"),
    ],
)
def test_performance(axs: AxsCommand, said: str, pattern: str) -> None:
    """allow_invalid+: how fast a busy machine is does not belong to this test."""
    assert re.fullmatch(pattern, axs.ask(f"{PERFORMANCE},{said},allow_invalid+", "get", "performance"))


def test_report_and_verdict_of_a_server(axs: AxsCommand) -> None:
    query = f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=50,loadgen_min_query_count=100"
    report = axs.ask(query, "get", "performance_report")
    assert re.match(r"Result: (VALID|INVALID)\n", report)
    assert re.search(r"^Scheduled samples per second: [\d.]+ samples/s$", report, re.MULTILINE)
    assert "target_qps: 50 queries/s" in report
    assert "min_duration 5000 ms (MLPerf: 600000 ms)" in axs.ask(query, "get", "verdict") or "INVALID" in report


def test_invalid_run_gives_no_figure(axs: AxsCommand) -> None:
    said = "loadgen_scenario=Server,loadgen_target_qps=100,loadgen_target_latency=0.001,loadgen_min_query_count=1"
    query = f"{PERFORMANCE},{said},loadgen_min_duration_s=0.3"
    refused = axs.run("byquery", query, ",", "get", "performance", expect=1)
    assert refused.stdout == ""
    assert "this run is INVALID, so its figure is not given out. LoadGen's reasons:" in refused.stderr
    assert " * Reduce target QPS to improve latency." in refused.stderr
    assert float(axs.ask(f"{query},allow_invalid+", "get", "performance")) > 0
    again = axs.run("byquery", query, ",", "get", "performance", expect=1)
    assert again.stdout == "", "a figure that was allowed once is not kept"


def test_figure_that_the_mode_does_not_measure(axs: AxsCommand) -> None:
    refused = axs.run("byquery", "loadgen_output,framework=onnxrt", ",", "get", "performance", expect=1)
    assert refused.stdout == ""
    assert "this run has loadgen_mode=AccuracyOnly, which measures no performance" in refused.stderr
    assert "loadgen_mode=PerformanceOnly , get performance" in refused.stderr


def test_more_samples_than_there_are(axs: AxsCommand) -> None:
    refused = axs.run("byquery", "loadgen_output,framework=onnxrt,loadgen_dataset_size=5000", expect=1)
    assert "768" in refused.stderr and "5000" in refused.stderr
