"""The harness under the real LoadGen, with a backend that answers the first pixel: each label is its image's pixels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ENTRIES = Path(__file__).parents[2] / "entries"
SUPPORT = Path(__file__).parents[1] / "support"
PROBE = SUPPORT / "backends" / "probe"
SCENARIOS = ["SingleStream", "MultiStream", "Server", "Offline"]
COUNT = 50
SHORT = {name: {"min_duration_s": 0.3, "min_query_count": 1, "target_latency_ms": 100} for name in SCENARIOS}
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def python(axs: AxsCommand) -> str:
    """An interpreter that has what the harness requires."""
    return axs.python_of("onnxrt")


@pytest.fixture
def start(python: str, tmp_path: Path) -> Start:
    """Start the program of image classification with the probe."""
    images = tmp_path / "images"
    images.mkdir()
    (images / "images.u8").write_bytes(b"".join(bytes([i + 1]) * 16 for i in range(COUNT)))
    names, labels = [f"{i} .png" for i in range(COUNT)], list(range(1, COUNT + 1))
    index = {"shape": [4, 4, 1], "dtype": "uint8", "count": COUNT, "files": names, "labels": labels}
    (images / "index.json").write_text(json.dumps(index), encoding="utf-8")

    def begin(scenario: str, mode: str, probe: str = "", backend: Path = PROBE, **parameters: Any) -> Any:
        said = {"loadgen_scenario": scenario, "loadgen_mode": mode, "batch_size": 8, "loadgen_timeout": 2, **parameters}
        needs = {
            "backend": {"path": str(backend), "attributes": {"module": "backend.py"}},
            "model": {"name": "probe", "path": str(tmp_path), "attributes": {"layout": "NCHW"}},
            "images": {"path": str(images), "attributes": {}},
        }
        job = {"parameters": said, "attributes": {"loadgen_short": SHORT}, "needs": needs, "output_path": str(tmp_path)}
        (tmp_path / "parameters.json").write_text(json.dumps(job), encoding="utf-8")
        return subprocess.Popen(
            [python, "-B", str(ENTRIES / "program_image_classification" / "classify.py"), "parameters.json"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ENTRIES / "loadgen_harness"), "PROBE": probe},
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


def finish(process: subprocess.Popen[str], expect: int) -> list[str]:
    """What it said on stderr."""
    _, said = process.communicate(timeout=120)
    assert process.returncode == expect, said
    return said.splitlines()


def measured(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "measured.json").read_text(encoding="utf-8"))
    return found


def predictions_are_labels(folder: Path) -> bool:
    files = [(folder / name).read_text(encoding="utf-8").splitlines() for name in ("predictions.txt", "labels.txt")]
    return files[0] == files[1] == [f"{i} {i} .png {i + 1}" for i in range(COUNT)]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("probe", ["", "fixed", "async"])
@pytest.mark.parametrize("buffer", [COUNT, 11])
def test_each_sample_gets_its_own_answer(start: Start, tmp_path: Path, scenario: str, probe: str, buffer: int) -> None:
    """With a buffer of 11 the samples come in five loads, and streams pad each of them with samples that were there."""
    finish(start(scenario, "AccuracyOnly", probe, loadgen_buffer_size=buffer), expect=0)
    assert predictions_are_labels(tmp_path)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_submission_run_has_accuracy_and_performance(start: Start, tmp_path: Path, scenario: str) -> None:
    rate = {"loadgen_target_qps": 200} if scenario == "Server" else {}
    finish(start(scenario, "SubmissionRun", loadgen_warmup_s=0.05, **rate), expect=0)
    assert predictions_are_labels(tmp_path)
    assert "Result is : " in (tmp_path / "mlperf_log_summary.txt").read_text(encoding="utf-8")
    found = measured(tmp_path)
    assert (found["effective_device"], found["effective_precision"]) == ("cpu", "unknown")
    assert found["samples_used"] == COUNT
    assert found["effective_batch_size"] == (1 if scenario == "SingleStream" else 8)
    assert "min_duration 300 ms (MLPerf: 600000 ms)" in found["loadgen_weaker_settings"]
    assert found["loadgen_benchmark"] is None


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(
    ("probe", "reason"),
    [
        ("raise", "error: ValueError while LoadGen's test: the engine fell over"),
        ("exit", "error: SystemExit while LoadGen's test: 0"),
        ("silent", "error: RuntimeError while LoadGen's test: backend probe came back without an answer"),
        ("sleep", "error: no progress for 2 s while LoadGen's test: ended (loadgen_timeout)"),
    ],
)
def test_engine_that_fails_ends_the_run_with_its_reason(
    start: Start, tmp_path: Path, scenario: str, probe: str, reason: str
) -> None:
    said = finish(start(scenario, "PerformanceOnly", probe, loadgen_target_qps=500), expect=1)
    assert said[-1] == reason
    assert not (tmp_path / "measured.json").exists()


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("batch_size", [4, 8])
def test_fixed_batches_are_filled_up_in_performance_runs_too(
    start: Start, tmp_path: Path, scenario: str, batch_size: int
) -> None:
    """The probe takes batches of 7 and nothing else."""
    said = {"loadgen_warmup_s": 0.05, "batch_size": batch_size}
    finish(start(scenario, "PerformanceOnly", "fixed", **said), expect=0)
    assert measured(tmp_path)["effective_batch_size"] == 7


def test_more_in_a_fixed_batch_than_there_are_samples(start: Start, tmp_path: Path) -> None:
    finish(start("Offline", "PerformanceOnly", "fixed", loadgen_warmup_s=0.05, loadgen_dataset_size=3), expect=0)
    assert measured(tmp_path)["samples_used"] == 3


def test_engine_that_changes_while_it_runs(start: Start, tmp_path: Path) -> None:
    said = finish(start("Offline", "AccuracyOnly", "change"), expect=2)
    assert said == ["error: probe changed its device while the test ran, from 'cpu' to 'cuda'"]
    assert not (tmp_path / "measured.json").exists()


def test_engine_that_leaves_the_device_that_was_asked_for(start: Start) -> None:
    said = finish(start("Offline", "AccuracyOnly", "change", execution_device="cpu"), expect=2)
    assert said == ["error: device 'cpu' was asked for, but probe really uses 'cuda'"]


def test_a_load_far_above_what_is_held_ends_the_run(start: Start, tmp_path: Path) -> None:
    """8 samples in 50 ms are 160 a second; 3 s of 10,000 would take three minutes."""
    said = finish(start("Server", "PerformanceOnly", "slow", loadgen_target_qps=10_000, loadgen_min_duration_s=3), 3)
    assert len(said) == 1
    assert said[0].startswith("error: a load of 10000 queries/s is far more than this Server holds: it answers 1")
    assert not (tmp_path / "measured.json").exists()


def test_engine_that_answers_too_few_samples(start: Start) -> None:
    said = finish(start("Offline", "AccuracyOnly", "short"), expect=1)
    assert said[-1] == "error: ValueError while LoadGen's test: the engine answered 7 samples of a batch of 8"


def test_engine_that_holds_the_interpreter(start: Start) -> None:
    said = finish(start("SingleStream", "PerformanceOnly", "hold"), expect=1)
    assert any(line.startswith("Timeout (") for line in said)


@pytest.mark.parametrize("scenario", ["SingleStream", "Server"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_at_once(start: Start, tmp_path: Path, scenario: str, number: signal.Signals) -> None:
    process = start(scenario, "PerformanceOnly", loadgen_min_duration_s=60, loadgen_target_qps=100)
    deadline = time.monotonic() + 60
    while not (tmp_path / "mlperf_log_detail.txt").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    finish(process, expect=-number)


def test_peak_of_a_server_is_found(start: Start, tmp_path: Path) -> None:
    said = {"loadgen_target_qps": 500, "loadgen_min_duration_s": 0.1, "loadgen_target_latency": 5}
    finish(start("Server", "FindPeakPerformance", **said), expect=0)
    summary = (tmp_path / "mlperf_log_summary.txt").read_text(encoding="utf-8")
    assert "Completed samples per second" in summary


@pytest.mark.parametrize(
    ("scenario", "mode", "said", "reason"),
    [
        (
            "Offline",
            "FindPeakPerformance",
            {},
            "loadgen_mode=FindPeakPerformance works for loadgen_scenario=Server only, not for Offline: "
            "LoadGen searches the highest Server load",
        ),
        (
            "Offline",
            "AccuracyOnly",
            {"loadgen_dataset_size": 51},
            "loadgen_dataset_size=51, but the data set has 50 samples",
        ),
        (
            "Offline",
            "AccuracyOnly",
            {"execution_device": "cuda"},
            "device 'cuda' was asked for, but probe really uses 'cpu'",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_test(
    start: Start, tmp_path: Path, scenario: str, mode: str, said: dict[str, Any], reason: str
) -> None:
    assert finish(start(scenario, mode, **said), expect=2) == [f"error: {reason}"]
    assert not (tmp_path / "mlperf_log_detail.txt").exists()


def test_fewer_samples_are_the_first_ones(start: Start, tmp_path: Path) -> None:
    finish(start("Offline", "AccuracyOnly", loadgen_dataset_size=3), expect=0)
    assert (tmp_path / "predictions.txt").read_text(encoding="utf-8") == "0 0 .png 1\n1 1 .png 2\n2 2 .png 3\n"


def test_null_backend(start: Start, tmp_path: Path) -> None:
    finish(
        start("Offline", "PerformanceOnly", backend=ENTRIES / "loadgen_backend_null", loadgen_warmup_s=0.1), expect=0
    )
    assert measured(tmp_path)["engine"] == "null"


def test_official_settings_of_a_benchmark(python: str) -> None:
    """MLPerf's own values for ResNet50, as the installed LoadGen has them built in."""
    program = (
        "import json; from loadgen_harness.settings import official_values; "
        "print(json.dumps([official_values('resnet50', s) for s in ('Server', 'Offline', 'MultiStream')]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ENTRIES / "loadgen_harness")}
    done = subprocess.run([python, "-B", "-c", program], env=environment, capture_output=True, text=True, check=True)
    server, offline, streams = json.loads(done.stdout)
    assert (server["server_target_latency_ns"], server["min_duration_ms"]) == (15_000_000, 600_000)
    assert (offline["min_query_count"], offline["performance_sample_count_override"]) == (24_576, 1024)
    assert (streams["multi_stream_samples_per_query"], streams["min_query_count"]) == (8, 662)


def test_sample_library(python: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ENTRIES / "loadgen_harness")}
    command = [python, "-B", str(SUPPORT / "image_samples_check.py"), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    differences = found.pop("differences")
    assert max(differences.values()) < 1e-5, differences
    assert found == {
        "count": 6,
        "shapes": [[5, 6, 3], [3, 5, 6]],
        "bare bytes": True,
        "filled up": 4,
        "a view": True,
        "in memory": 3,
        "not loaded": "sample 5 was asked for, but not loaded",
    }
