"""The figures of a LoadGen run, from written logs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from support.entry_code import functions
from support.loadgen_logs import EARLY_STOPPING, SERVER_OVERLOADED, summary, write_run

from axs_core.base.errors import Refused

SERVER_CONDITIONS = (
    "Performance constraints satisfied : NO",
    "Min duration satisfied : Yes",
    "Min queries satisfied : Yes",
    "Early stopping satisfied: NO",
)
ASKED = {"record": {"query": "loadgen_output,loadgen_mode=PerformanceOnly,framework=onnxrt"}}


@pytest.fixture
def figures() -> Any:
    return functions("loadgen_experiment")


def counted(figures: Any, folder: Path, counts: list[int]) -> Any:
    """The measures of a run that got so many right of so many."""
    good, total = counts
    labels = dict.fromkeys(range(total), 1)
    write_run(folder, answers=[(index, 1.0 if index < good else 2.0) for index in labels], labels=labels)
    return figures.metrics(folder, "AccuracyOnly")


def overloaded(folder: Path) -> Path:
    return write_run(
        folder, summary("Server", False, SERVER_CONDITIONS, SERVER_OVERLOADED), errors=["Ran out of queries"]
    )


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64"])
def test_predictions_are_read_in_every_type(figures: Any, tmp_path: Path, dtype: str) -> None:
    write_run(tmp_path, answers=[(1, 999), (0, 3)], dtype=dtype)
    assert figures.predictions(tmp_path, "AccuracyOnly", dtype) == {1: 999, 0: 3}


def test_sample_that_comes_twice_counts_once(figures: Any, tmp_path: Path) -> None:
    write_run(tmp_path, answers=[(0, 3), (1, 4), (0, 9)])
    assert figures.predictions(tmp_path, "SubmissionRun") == {0: 3, 1: 4}


def test_answer_without_content_is_refused(figures: Any, tmp_path: Path) -> None:
    (tmp_path / "mlperf_log_accuracy.json").write_text('[{ "seq_id" : 0, "qsl_idx" : 7, "data" : "00" }]')
    with pytest.raises(Refused) as refused:
        figures.predictions(tmp_path, "AccuracyOnly")
    assert str(refused.value) == "mlperf_log_accuracy.json: sample 7 has an answer of 1 bytes, which is no float32"


def test_labels_may_belong_to_names_with_blanks(figures: Any, tmp_path: Path) -> None:
    assert figures.labels(write_run(tmp_path, labels={0: 5, 1: 6})) == {0: 5, 1: 6}


def test_without_labels_there_is_no_accuracy(figures: Any, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^the samples have no labels, so there is no accuracy$"):
        figures.labels(tmp_path)


def test_counts(figures: Any) -> None:
    assert figures.accuracy_counts({0: 1, 1: 2, 2: 3}, {0: 1, 1: 9, 2: 3}) == [2, 3]


@pytest.mark.parametrize(
    ("predictions", "labels", "weights", "message"),
    [
        ({0: 1}, {0: 1, 4: 2, 5: 2}, None, "2 samples were never answered, the first with index 4"),
        ({0: 1, 8: 1}, {0: 1}, None, "1 answered samples have no label, the first with index 8"),
        (
            {0: 1},
            {0: 1},
            "random",
            "this model has random weights: it is for speed only, and its accuracy means nothing",
        ),
    ],
)
def test_counts_refused(
    figures: Any, predictions: dict[int, int], labels: dict[int, int], weights: str | None, message: str
) -> None:
    with pytest.raises(Refused) as refused:
        figures.accuracy_counts(predictions, labels, weights)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("counts", "value", "report"),
    [
        ([790, 800], 98.8, "accuracy=98.750%, good=790, total=800"),
        ([756, 768], 98.4, "accuracy=98.438%, good=756, total=768"),
        ([1, 1], 100.0, "accuracy=100.000%, good=1, total=1"),
        ([48, 64], 75.0, "accuracy=75.000%, good=48, total=64"),
        ([38228, 50000], 76.456, "accuracy=76.456%, good=38228, total=50000"),
    ],
)
def test_accuracy_has_the_decimals_that_its_samples_carry(
    figures: Any, tmp_path: Path, counts: list[int], value: float, report: str
) -> None:
    metrics = counted(figures, tmp_path, counts)
    assert (figures.accuracy(metrics), figures.accuracy_report(metrics, tmp_path)) == (value, report)


def test_interval_is_wilsons(figures: Any, tmp_path: Path) -> None:
    """Against the equation that defines it: both ends are shares from which the measured one is 1.96 deviations off."""
    low, _, high, *_ = figures.accuracy_interval(counted(figures, tmp_path, [38228, 50000])).split()
    share, total = 38228 / 50000, 50000
    for end in (float(low) / 100, float(high) / 100):
        assert abs(share - end) / math.sqrt(end * (1 - end) / total) == pytest.approx(1.96, abs=0.01)


@pytest.mark.parametrize(
    ("counts", "interval"),
    [
        ([756, 768], "97.3 .. 99.1 (95 %, n=768)"),
        ([20, 20], "83.9 .. 100.0 (95 %, n=20)"),
        ([0, 20], "0.0 .. 16.1 (95 %, n=20)"),
    ],
)
def test_interval_carries_its_n(figures: Any, tmp_path: Path, counts: list[int], interval: str) -> None:
    assert figures.accuracy_interval(counted(figures, tmp_path, counts)) == interval


@pytest.mark.parametrize(
    ("scenario", "value"),
    [("Offline", 4013.27), ("Server", 514.12), ("SingleStream", 351404), ("MultiStream", 2219851)],
)
def test_performance_is_the_headline(figures: Any, tmp_path: Path, scenario: str, value: float) -> None:
    write_run(tmp_path, summary(scenario))
    found = figures.performance(scenario, "PerformanceOnly", tmp_path)
    assert (found, type(found)) == (value, type(value))


def test_invalid_figure_is_refused_with_loadgens_reasons(figures: Any, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        figures.performance("Server", "PerformanceOnly", overloaded(tmp_path))
    assert str(refused.value) == (
        "this run is INVALID, so its figure is not given out. LoadGen's reasons:\n"
        " * performance constraints not satisfied\n"
        " * early stopping not satisfied\n"
        " * Reduce target QPS to improve latency.\n"
        " * Run unsuccessful.\n"
        " * Processed 2572 queries.\n"
        " * Would need to run at least 178557 more queries, with the run being successful if every additional "
        "query were under latency.\n"
        " * Ran out of queries"
    )
    assert refused.value.hint == "allow_invalid+ gives out the figure anyway; performance_report tells all"


@pytest.mark.parametrize(
    ("noisy", "mode", "said", "first"),
    [
        (
            False,
            "PerformanceOnly",
            {},
            "until_valid+ in the query looks for a target that is VALID; --fresh measures again",
        ),
        (
            True,
            "PerformanceOnly",
            {},
            "--fresh measures again, best while the machine does nothing else; until_valid+ in the query looks for a "
            "target that is VALID",
        ),
        (False, "FindPeakPerformance", {}, "--fresh measures again"),
        (
            False,
            "PerformanceOnly",
            {"loadgen_query_count": {"value": 50}},
            "without loadgen_query_count the test is as long as it must be; until_valid+ in the query looks for a "
            "target that is VALID; --fresh measures again",
        ),
    ],
)
def test_what_to_type_about_an_invalid_run_of_ours(
    figures: Any, tmp_path: Path, noisy: bool, mode: str, said: dict[str, Any], first: str
) -> None:
    record = {"recipe": {"name": "program", "producers": ["program"]}, "parameters": said}
    with pytest.raises(Refused) as refused:
        figures.performance("Server", mode, overloaded(tmp_path), record=record, noisy=noisy)
    assert refused.value.hint == f"{first}; allow_invalid+ gives out the figure anyway; performance_report tells all"


def test_invalid_figure_is_given_where_it_is_allowed(figures: Any, tmp_path: Path) -> None:
    assert figures.performance("Server", "PerformanceOnly", overloaded(tmp_path), allow_invalid=True) == 514.12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "LoadGen gave no result: mlperf_log_summary.txt has no line 'Result is'"),
        ("Result is : VALID\n", "LoadGen's logs have no figure for Offline"),
    ],
)
def test_summary_without_a_figure(figures: Any, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        figures.performance("Offline", "PerformanceOnly", write_run(tmp_path, text))
    assert str(refused.value) == message


def test_figure_of_the_other_mode_names_the_query_to_type(figures: Any, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        figures.predictions(tmp_path, "PerformanceOnly", **ASKED)
    assert str(refused.value) == "this run has loadgen_mode=PerformanceOnly, which measures no accuracy"
    assert refused.value.hint == "axs byquery loadgen_output,framework=onnxrt,loadgen_mode=AccuracyOnly , get accuracy"
    with pytest.raises(Refused) as refused:
        figures.performance("Offline", "AccuracyOnly", tmp_path)
    assert str(refused.value) == "this run has loadgen_mode=AccuracyOnly, which measures no performance"
    assert refused.value.hint == "ask the same query with loadgen_mode=PerformanceOnly"
    taken_in = {"query": "ingested,loadgen_output,folder=/x", "parameters": {"folder": {"value": "/x"}}}
    with pytest.raises(Refused) as refused:
        figures.performance("Offline", "AccuracyOnly", tmp_path, record=taken_in)
    assert (
        refused.value.hint
        == "axs ingest FOLDER , get performance: the folder of a run with loadgen_mode=PerformanceOnly"
    )


def test_report_gives_each_figure_its_unit(figures: Any, tmp_path: Path) -> None:
    conditions = ("Min duration satisfied : Yes",)
    write_run(tmp_path, summary("SingleStream", True, conditions, EARLY_STOPPING))
    report = figures.performance_report(
        "PerformanceOnly",
        tmp_path,
        "onnxruntime",
        "1.31.1",
        "cpu",
        "fp32",
        1,
        foreign_cpu_share=0.25,
        noisy=True,
        loadgen_scenario="SingleStream",
    )
    assert report.splitlines() == [
        "Result: VALID",
        "MLPerf's score, unverified: 354799 ns (early stopping's estimate)",
        "Result not verified by MLCommons Association.",
        "SUT name : PyFastSUT",
        "Scenario : SingleStream",
        "Mode     : PerformanceOnly",
        "90.0th percentile latency: 351404 ns",
        "  Min duration satisfied : Yes",
        "Early Stopping Result:",
        " * Processed at least 64 queries (9931).",
        " * Would discard 922 highest latency queries.",
        " * Early stopping 90.0th percentile estimate: 354799 ns",
        "",
        "Additional Stats",
        "Min latency: 243744 ns",
        "99.00 percentile latency: 457572 ns",
        "",
        "Test Parameters Used",
        "samples_per_query: 1 samples",
        "target_qps: 500 queries/s",
        "min_duration: 3000 ms",
        "qsl_rng_seed: 2085463073848966840",
        "",
        "No warnings encountered during test.",
        "",
        "No errors encountered during test.",
        "Engine: onnxruntime 1.31.1",
        "Effective device: cpu, precision: fp32",
        "Batch size: 1 samples",
        "NOISY: other processes took 25.0 % of the CPU time",
    ]


def test_the_report_of_an_earlier_version_is_known(figures: Any, tmp_path: Path) -> None:
    write_run(tmp_path, summary("SingleStream", points=EARLY_STOPPING))
    report = figures.performance_report("PerformanceOnly", tmp_path, loadgen_scenario="SingleStream")
    assert figures.earlier_report(report).splitlines()[:3] == [
        "Result: VALID",
        "MLPerf's score: 354799 ns (early stopping's estimate)",
        "SUT name : PyFastSUT",
    ]


def test_operators_that_ran_elsewhere_are_shown(figures: Any, tmp_path: Path) -> None:
    write_run(tmp_path, summary("SingleStream", points=EARLY_STOPPING))
    elsewhere = {"Shape": 1, "NonMaxSuppression": 1, "Gather": 3}
    said = {"effective_device": "cuda", "effective_precision": "fp16"}
    report = figures.performance_report("PerformanceOnly", tmp_path, **said, fallback_nodes=elsewhere)
    assert [line for line in report.splitlines() if line.startswith("Effective device")] == [
        "Effective device: cuda, precision: fp16; 5 operators ran elsewhere: 3 Gather, 1 NonMaxSuppression, 1 Shape"
    ]
    report = figures.performance_report("PerformanceOnly", tmp_path, **said, fallback_nodes={})
    assert "Effective device: cuda, precision: fp16\n" in report


def test_streams_are_scored_by_early_stopping(figures: Any, tmp_path: Path) -> None:
    write_run(tmp_path, summary("SingleStream", points=EARLY_STOPPING))
    assert figures.mlperf_score(351404, "SingleStream", tmp_path) == 354799
    assert figures.mlperf_score(514.12, "Server", tmp_path) == 514.12


def test_the_estimate_is_that_of_the_scenarios_percentile(figures: Any, tmp_path: Path) -> None:
    """A stream of single samples has an estimate of the 99th percentile beside that of the 90th."""
    more = f"{EARLY_STOPPING}\n * Early stopping 99.0th percentile estimate: 999999"
    write_run(tmp_path, summary("SingleStream", points=more))
    assert figures.mlperf_score(351404, "SingleStream", tmp_path) == 354799
    assert figures.mlperf_score(2219851, "MultiStream", tmp_path) == 999999


def test_too_few_queries_have_no_score(figures: Any, tmp_path: Path) -> None:
    write_run(tmp_path, summary("MultiStream", points=EARLY_STOPPING))
    with pytest.raises(Refused, match="LoadGen gave no early-stopping estimate"):
        figures.mlperf_score(2219851, "MultiStream", tmp_path)
    report = figures.performance_report("PerformanceOnly", tmp_path, loadgen_scenario="MultiStream")
    assert "MLPerf's score: none, too few queries" in report


def test_report_of_an_invalid_run_begins_with_the_reasons(figures: Any, tmp_path: Path) -> None:
    report = figures.performance_report("PerformanceOnly", overloaded(tmp_path))
    assert report.startswith("Result: INVALID\n * performance constraints not satisfied\n")
    assert "Recommendations" not in report
    assert "Completed samples per second: 514.12 samples/s" in report
    assert report.endswith("Other processes' share of the CPU time: unknown")


OFFICIAL: dict[str, Any] = {
    "loadgen_weaker_settings": [],
    "loadgen_benchmark": "resnet50",
    "mlperf_benchmark": "resnet50",
    "model_weights": "mlperf",
    "dataset_used": "imagenet",
    "samples_used": 50000,
    "effective_precision": "fp32",
    "started_at": "2026-11-29T12:00:00+00:00",
}
TO_HAND_IN = "SUBMITTABLE (round v6.1, closed on 2026-07-31)"
TWO_RUNS = "MLPerf takes accuracy and performance from two runs, AccuracyOnly and PerformanceOnly"
SHORT: dict[str, Any] = {
    "loadgen_weaker_settings": ["min_duration 3000 ms (MLPerf: 600000 ms)"],
    "loadgen_benchmark": None,
}


@pytest.mark.parametrize(
    ("mode", "settings", "expected"),
    [
        ("PerformanceOnly", OFFICIAL, TO_HAND_IN),
        ("PerformanceOnly", OFFICIAL | {"noisy": False, "foreign_cpu_share": 0.01}, TO_HAND_IN),
        (
            "PerformanceOnly",
            OFFICIAL | {"started_at": "2026-07-31T12:00:00+00:00"},
            "SUBMITTABLE (round v6.1, open until 2026-07-31)",
        ),
        ("SubmissionRun", OFFICIAL, f"VALID ({TWO_RUNS})"),
        (
            "PerformanceOnly",
            OFFICIAL | {"mlperf_benchmark": None, "loadgen_benchmark": "foo", "loadgen_model": "foo"},
            "VALID (the model is no benchmark of MLPerf)",
        ),
        (
            "PerformanceOnly",
            OFFICIAL | {"mlperf_benchmark": None, "loadgen_benchmark": "resnet50", "loadgen_model": "resnet50"},
            "VALID (the model is no benchmark of MLPerf)",
        ),
        (
            "PerformanceOnly",
            OFFICIAL | {"loadgen_benchmark": "bert-99", "loadgen_model": "bert-99"},
            "VALID (LoadGen's settings are those of bert-99, not of resnet50)",
        ),
        (
            "PerformanceOnly",
            OFFICIAL | {"mlperf_benchmark": "mobilenet"},
            "VALID (mobilenet is no benchmark of v6.1)",
        ),
        ("PerformanceOnly", OFFICIAL | {"samples_used": 43}, "VALID (43 samples, not all 50000)"),
        (
            "PerformanceOnly",
            OFFICIAL | {"dataset_used": None},
            "VALID (samples of an unknown data set, not of imagenet)",
        ),
        (
            "PerformanceOnly",
            OFFICIAL | {"mlperf_benchmark": "bert-99", "samples_used": 10833, "dataset_used": "my questions"},
            "VALID (it is not known here whether its samples are those of SQuAD v1.1 (max_seq_len=384))",
        ),
        ("PerformanceOnly", OFFICIAL | {"model_weights": "random"}, "VALID (random weights)"),
        (
            "PerformanceOnly",
            OFFICIAL | {"model_weights": None},
            "VALID (it is not known where the weights come from)",
        ),
        (
            "PerformanceOnly",
            OFFICIAL | {"effective_precision": "unknown"},
            "VALID (it is not known in which precision the engine computed)",
        ),
        (
            "PerformanceOnly",
            SHORT,
            "VALID (min_duration 3000 ms (MLPerf: 600000 ms); the model is no benchmark of MLPerf)",
        ),
        (
            "PerformanceOnly",
            OFFICIAL | {"suspended_seconds": 3.06},
            "VALID (it was suspended for 3.1 s, which its figures count)",
        ),
        ("FindPeakPerformance", OFFICIAL, "VALID (a search for the peak is no run)"),
        ("AccuracyOnly", {"samples_used": 768}, "VALID (accuracy only: each of 768 samples was answered)"),
        (
            "PerformanceOnly",
            OFFICIAL | {"noisy": True, "foreign_cpu_share": 0.5},
            f"{TO_HAND_IN}; NOISY: other processes took 50.0 % of the CPU time",
        ),
    ],
)
def test_verdict(figures: Any, tmp_path: Path, mode: str, settings: dict[str, Any], expected: str) -> None:
    assert figures.verdict(mode, write_run(tmp_path, summary("Offline")), **settings) == expected


BURST = {"noisy": True, "foreign_cpu_share": 0.0167, "foreign_cpu_max_cores": 1.04, "foreign_cpu_burst_seconds": 20.02}
LOUD = "NOISY: other processes took 1.7 % of the CPU time, in 20.0 s of the test up to 1.0 cores"


def test_a_burst_is_told(figures: Any, tmp_path: Path) -> None:
    write_run(tmp_path, summary("Offline"))
    assert figures.verdict("PerformanceOnly", tmp_path, **SHORT, **BURST).endswith(f"); {LOUD}")
    assert figures.performance_report("PerformanceOnly", tmp_path, **BURST).splitlines()[-1] == LOUD
    quiet = figures.performance_report("PerformanceOnly", tmp_path, **BURST | {"noisy": False})
    assert quiet.splitlines()[-1] == LOUD.replace("NOISY: o", "O")


def test_what_is_said_before_anything_is_compared(figures: Any) -> None:
    assert figures.noise_caution(**BURST) == LOUD
    assert figures.noise_caution(True) == "NOISY: other processes used the CPUs", "of several runs"
    assert figures.noise_caution(**BURST | {"noisy": False}) is figures.noise_caution() is None


def test_verdict_of_an_invalid_run(figures: Any, tmp_path: Path) -> None:
    text = summary("Offline", False, ("Min duration satisfied : NO",), "Recommendations:\n * Increase expected QPS.")
    verdict = figures.verdict("PerformanceOnly", write_run(tmp_path, text), **OFFICIAL)
    assert verdict == "INVALID (min duration not satisfied; Increase expected QPS)"
