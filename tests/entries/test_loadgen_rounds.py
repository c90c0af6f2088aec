"""The figure and MLPerf's score of a run, as the round had them that made its log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.entry_code import functions
from support.loadgen_logs import detail, plain_detail, summary, write_logs

from axs_core.base.errors import Refused

TTFT_TPOT = """TTFT Early Stopping Result:
 * Processed at least 64 queries (5000).
 * Would discard 449 highest latency queries.
 * Early stopping 90.0th percentile estimate: 272000000
 * Early stopping 99.0th percentile estimate: 333000000
TPOT Early Stopping Result:
 * Run successful."""
RATES = {"result_scheduled_samples_per_sec": 501.2345, "result_completed_samples_per_sec": 500.1234}
TOKENS = {"result_completed_tokens_per_second": 8840.42, "result_first_token_mean_latency_ns": 201330486}
STREAM = {"result_90.00_percentile_latency_ns": 351404, "early_stopping_latency_ss": 354799, "early_stopping_met": True}
STREAMS = {
    "effective_samples_per_query": 8,
    "result_99.00_percentile_per_query_latency_ns": 2219851,
    "early_stopping_latency_ms": 2300000,
}
# version of LoadGen, scenario, what the detailed log says; the figure, MLPerf's score, what the report says of it
ROUNDS: list[tuple[str | None, str, dict[str, Any], float, float, str | None]] = [
    ("6.0.17 @ abc", "Server", RATES, 500.1234, 500.1234, None),
    ("4.1", "Server", RATES, 500.1234, 500.1234, None),
    ("4.0", "Server", RATES, 501.2345, 501.2345, "501.2345 samples/s (scheduled)"),
    ("v1.1", "Server", RATES, 501.2345, 501.2345, "501.2345 samples/s (scheduled)"),
    (None, "Server", RATES, 500.1234, 500.1234, None),
    ("5.1.0", "Server", RATES | TOKENS, 8840.42, 8840.42, "8840.42 tokens/s (completed)"),
    ("4.0", "Server", RATES | TOKENS, 500.1234, 500.1234, None),
    (
        "5.0",
        "Server",
        RATES | {"result_inferred_completed_tokens_per_second": 34508.5},
        34508.5,
        34508.5,
        "34508.5 tokens/s (inferred from samples)",
    ),
    ("6.0.17", "Offline", {"result_samples_per_second": 4013.27}, 4013.27, 4013.27, None),
    (
        "5.1.0",
        "Offline",
        {"result_samples_per_second": 4013.27, "result_tokens_per_second": 27803.9},
        27803.9,
        27803.9,
        "27803.9 tokens/s (completed)",
    ),
    ("2.0", "SingleStream", STREAM, 351404, 354799, "354799 ns (early stopping's estimate)"),
    ("1.1", "SingleStream", STREAM, 351404, 351404, "351404 ns (the measured percentile)"),
    (
        "5.1.0",
        "SingleStream",
        STREAM | {"effective_use_token_latencies": True},
        351404,
        351404,
        "351404 ns (the measured percentile)",
    ),
    ("2.0", "MultiStream", STREAMS, 2219851, 2300000, "2300000 ns (early stopping's estimate)"),
    ("1.0", "MultiStream", STREAMS, 8, 8, "8 samples/query (streams that kept the bound)"),
]


@pytest.fixture(scope="module")
def figures() -> Any:
    return functions("loadgen_experiment")


def logs(folder: Path, version: str | None, scenario: str, results: dict[str, Any], points: str = "") -> Path:
    said = {"loadgen_version": version} if version else {}
    return write_logs(
        folder, detail({**said, "effective_scenario": scenario, **results}), summary(scenario, points=points)
    )


@pytest.mark.parametrize(("version", "scenario", "results", "figure", "score", "told"), ROUNDS)
def test_the_score_is_that_of_the_round(
    figures: Any,
    tmp_path: Path,
    version: str | None,
    scenario: str,
    results: dict[str, Any],
    figure: float,
    score: float,
    told: str | None,
) -> None:
    path = logs(tmp_path, version, scenario, results)
    assert figures.performance(scenario, "PerformanceOnly", path) == figure
    assert figures.mlperf_score(figure, scenario, path) == score
    report = figures.performance_report("PerformanceOnly", path, loadgen_scenario=scenario).splitlines()
    wanted = [f"MLPerf's score, unverified: {told}", "Result not verified by MLCommons Association."]
    assert [line for line in report if line.startswith(("MLPerf's", "Result not"))] == (wanted if told else [])


def test_no_estimate_is_no_score(figures: Any, tmp_path: Path) -> None:
    """LoadGen writes 0 where there were too few queries."""
    path = logs(tmp_path, "6.0.17", "SingleStream", STREAM | {"early_stopping_latency_ss": 0})
    with pytest.raises(Refused, match="LoadGen gave no early-stopping estimate"):
        figures.mlperf_score(351404, "SingleStream", path)
    report = figures.performance_report("PerformanceOnly", path, loadgen_scenario="SingleStream")
    assert "MLPerf's score: none, too few queries" in report


class TestFromTheSummary:
    """Where the detailed log does not say."""

    def test_tokens(self, figures: Any, tmp_path: Path) -> None:
        text = summary("Offline").replace("Result is", "Tokens per second: 1600\nResult is")
        path = write_logs(tmp_path, detail({"loadgen_version": "5.1.0"}), text)
        assert figures.performance("Offline", "PerformanceOnly", path) == 1600

    def test_the_latency_of_answers_not_of_first_tokens(self, figures: Any, tmp_path: Path) -> None:
        path = logs(tmp_path, "5.1.0", "SingleStream", {}, TTFT_TPOT)
        assert figures.mlperf_score(351404, "SingleStream", path) == 351404

    def test_a_servers_scheduled_rate(self, figures: Any, tmp_path: Path) -> None:
        text = summary("Server").replace("Completed samples per second    :", "Scheduled samples per second :")
        text += "Completed samples per second    : 513.99\n"
        path = write_logs(tmp_path, detail({"loadgen_version": "1.1"}), text)
        assert figures.performance("Server", "PerformanceOnly", path) == 514.12

    def test_the_detailed_log_comes_first(self, figures: Any, tmp_path: Path) -> None:
        path = logs(tmp_path, "6.0.17", "Server", {"result_completed_samples_per_sec": 514.1234})
        assert figures.performance("Server", "PerformanceOnly", path) == 514.1234

    @pytest.mark.parametrize("value", ["nan", True, [1], -1, "x", 10**400])
    def test_what_is_no_number(self, figures: Any, tmp_path: Path, value: Any) -> None:
        path = logs(tmp_path, "6.0.17", "Server", {"result_completed_samples_per_sec": value})
        with pytest.raises(Refused) as refused:
            figures.performance("Server", "PerformanceOnly", path)
        assert str(refused.value) == (f"the logs have {str(value)[:40]!r} as the figure for Server: that is no number")


def test_plain_text_of_the_first_rounds(figures: Any, tmp_path: Path) -> None:
    text = summary("SingleStream", points="").replace("SingleStream", "Single Stream").replace("90.0th", "90th")
    settings = {"Scenario": "Single Stream", "Test mode": "Performance", "min_duration (ms)": 60000}
    path = write_logs(tmp_path, plain_detail(settings, errors=["a sample was lost"]), text)
    assert figures.performance("SingleStream", "PerformanceOnly", path) == 351404
    assert figures.mlperf_score(351404, "SingleStream", path) == 351404
    assert figures.invalid_reasons(text, path) == ["a sample was lost"]


def test_reasons_are_those_of_what_failed(figures: Any, tmp_path: Path) -> None:
    conditions = ("Performance constraints satisfied : Yes", "Early stopping satisfied: NO")
    points = (
        "TTFT Early Stopping Result:\n * Run successful.\nTPOT Early Stopping Result:\n * Run unsuccessful.\n"
        " * Processed 33 queries.\n * Would need to run at least 805 more queries,\n with the run being successful if x"
    )
    text = summary("Server", False, conditions, points)
    assert figures.invalid_reasons(text, write_logs(tmp_path, "", text)) == [
        "early stopping not satisfied",
        "TPOT: Run unsuccessful.",
        "TPOT: Processed 33 queries.",
        "TPOT: Would need to run at least 805 more queries, with the run being successful if x",
    ]


def test_damage_is_told(figures: Any, tmp_path: Path) -> None:
    told = detail({"sut_name": "x"}) + ":::MLLOG {half a li\n:::MLLOG [1]\n"
    assert figures.invalid_reasons("", write_logs(tmp_path, told, "")) == [
        "mlperf_log_detail.txt is damaged in line 2",
        "mlperf_log_detail.txt is damaged in line 3",
    ]


class TestReportedMeasures:
    """What MLPerf's scripts print, and the measure that the benchmark is judged by."""

    @pytest.mark.parametrize(
        ("text", "name", "value", "others"),
        [
            ('{"exact_match": 83.69, "f1": 90.87}', "f1", 90.87, {"exact_match": {"value": 83.69}}),
            (
                "AUC=80.166%, accuracy=96.605%, good=86110748, total=89137319, queries=330067",
                "AUC",
                80.166,
                {"accuracy": {"value": 96.605, "unit": "%"}},
            ),
            ("Loading results ...\nDONE (t=0.53s)\nmAP=37.36%", "mAP", 37.36, {}),
            (
                "Results\n\n{'rouge1': 44.5, 'rougeL': 28.7, 'gen_len': 4016878, 'tokens_per_sample': 301.1}",
                "rouge1",
                44.5,
                {
                    "rougeL": {"value": 28.7},
                    "gen_len": {"value": 4016878},
                    "tokens_per_sample": {"value": 301.1},
                },
            ),
            (
                "Word Error Rate: 7.452%, accuracy=92.548%",
                "accuracy",
                92.548,
                {"Word Error Rate": {"value": 7.452, "unit": "%"}},
            ),
            (
                "Accuracy: mean = 0.86170, kidney = 0.9341, tumor = 0.7893",
                "Dice",
                0.8617,
                {"kidney": {"value": 0.9341}, "tumor": {"value": 0.7893}},
            ),
            ("BLEU: 23.9", "BLEU", 23.9, {}),
            (
                "Accuracy Results: {'FID_SCORE': '23.05', 'CLIP_SCORE': '31.7'}",
                "CLIP_SCORE",
                31.7,
                {"FID_SCORE": {"value": 23.05}},
            ),
            ('{"accuracy": 72.86}', "accuracy", 72.86, {}),
            ("{'exact_match': 81.36, 'tokens_per_sample': 3886.2}", "exact_match", 81.36, None),
        ],
    )
    def test_the_one_that_leads(
        self, figures: Any, tmp_path: Path, text: str, name: str, value: float, others: dict[str, Any] | None
    ) -> None:
        (tmp_path / "accuracy.txt").write_text(f"{text}\n\nhash={'0' * 64}\n")
        found = figures.metrics(tmp_path, "AccuracyOnly")
        assert (figures.accuracy_metric(found), figures.accuracy(found)) == (name, value)
        assert others is None or {key: found[key] for key in found if key != name} == others
        assert figures.accuracy_report(found, tmp_path) == text.splitlines()[-1]
        with pytest.raises(Refused) as refused:
            figures.accuracy_interval(found)
        assert str(refused.value) == f"{name} counts no right answers, so there is no 95 % interval of it"

    def test_counted_answers_have_an_interval(self, figures: Any, tmp_path: Path) -> None:
        (tmp_path / "accuracy.txt").write_text("accuracy=75.000%, good=48, total=64\nhash=0\n")
        found = figures.metrics(tmp_path, "AccuracyOnly")
        assert figures.accuracy_interval(found) == "63.2 .. 84.0 (95 %, n=64)"
        assert figures.accuracy_report(found, tmp_path) == "accuracy=75.000%, good=48, total=64"

    def test_one_that_names_nothing(self, figures: Any, tmp_path: Path) -> None:
        (tmp_path / "accuracy.txt").write_text("hash=0\n")
        with pytest.raises(Refused) as refused:
            figures.metrics(tmp_path, "AccuracyOnly")
        assert str(refused.value) == "accuracy.txt names no measure of accuracy that is known here"
