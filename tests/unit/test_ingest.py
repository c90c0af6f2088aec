"""Taking in what LoadGen left somewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support import fake_loadgen
from support.toy import Toys

from axs_core.compare.audit import audit
from axs_core.errors import NotFound, Refused, UsageError
from axs_core.reporter import Reporter


@pytest.fixture
def toys(toys: Toys) -> Toys:
    fake_loadgen.add_to(toys.recipes)
    shutil.copytree(fake_loadgen.ENTRIES / "loadgen_ingest", toys.recipes / "loadgen_ingest")
    return toys


def left(folder: Path, scenario: str = "Server", mode: str = "PerformanceOnly", valid: bool = True) -> Path:
    """What a harness of somebody else's would leave in ``folder``."""
    folder.mkdir(parents=True)
    known = {"loadgen_scenario": scenario, "loadgen_mode": mode, "samples": 300}
    fake_loadgen.write_logs(folder, known, valid, 321.5)
    (folder / "labels.txt").unlink()
    (folder / "private.bin").write_bytes(b"x")
    return folder


def test_a_performance_run(toys: Toys, tmp_path: Path) -> None:
    folder = left(tmp_path / "vendor")
    made = toys.space().ingest(folder, tags=["c++", "vendor"], name="theirs", values={"framework": "tflite"})
    assert {"c++", "vendor", "loadgen_output", "ingested"} == made.tags
    assert (made["loadgen_scenario"], made["loadgen_mode"], made["loadgen_version"]) == (
        "Server",
        "PerformanceOnly",
        "6.0.17",
    )
    assert (made["performance"], made["framework"], made["samples_used"]) == (321.5, "tflite", 300)
    assert made["verdict"] == "VALID (settings were not compared with MLPerf's; the model is no benchmark of MLPerf)"
    assert made["loadgen_settings"]["min_duration_ms"] == 3000
    assert not (made.path / "private.bin").exists()
    assert toys.space().byname("theirs").name == made.name
    assert [run.name for run in toys.space().all_byquery("loadgen_output,vendor")] == [made.name]


def test_an_invalid_one_gives_no_figure(toys: Toys, tmp_path: Path) -> None:
    made = toys.space().ingest(left(tmp_path / "vendor", valid=False))
    assert made["verdict"] == "INVALID (performance constraints not satisfied)"
    with pytest.raises(Refused):
        made.get("performance")


def test_it_survives_without_its_source_and_passes_an_audit(toys: Toys, tmp_path: Path) -> None:
    folder = left(tmp_path / "vendor")
    made = toys.space().ingest(folder)
    shutil.rmtree(folder)
    outcome = audit(made.entry, Reporter())
    assert outcome.problems == ()
    assert set(outcome.agreeing) == {"performance", "mlperf_score", "performance_report", "verdict"}


def test_the_same_folder_is_the_same_entry(toys: Toys, tmp_path: Path) -> None:
    folder = left(tmp_path / "vendor")
    first = toys.space().ingest(folder)
    assert toys.space().ingest(folder).name == first.name
    (folder / "user.conf").write_text("changed")
    assert toys.space().ingest(folder).name != first.name


class TestAccuracy:
    def test_from_mlperfs_own_script(self, toys: Toys, tmp_path: Path) -> None:
        folder = left(tmp_path / "vendor", mode="AccuracyOnly")
        (folder / "accuracy.txt").write_text("accuracy=80.000%, good=240, total=300\nhash=abc\n")
        made = toys.space().ingest(folder)
        assert (made["accuracy"], made["accuracy_report"]) == (80.0, "accuracy=80.000%, good=240, total=300")
        assert made["accuracy_interval"] == "75.1 .. 84.1 (95 %, n=300)"
        assert audit(made.entry, Reporter()).problems == ()

    def test_from_labels(self, toys: Toys, tmp_path: Path) -> None:
        folder = left(tmp_path / "vendor", mode="AccuracyOnly")
        labels = tmp_path / "labels.txt"
        labels.write_text("".join(f"{index} {index}.png {index % 10}\n" for index in range(300)))
        made = toys.space().ingest(folder, values={"labels_file": str(labels)})
        assert made["accuracy"] == 80.0

    def test_from_nothing(self, toys: Toys, tmp_path: Path) -> None:
        made = toys.space().ingest(left(tmp_path / "vendor", mode="AccuracyOnly"))
        with pytest.raises(Refused) as caught:
            made.get("accuracy")
        assert str(caught.value) == "the samples have no labels, so there is no accuracy"
        assert made["verdict"] == "VALID (accuracy only: each of 300 samples was answered)"

    def test_answers_that_are_missing_or_cut(self, toys: Toys, tmp_path: Path) -> None:
        folder = left(tmp_path / "vendor", mode="AccuracyOnly")
        log = folder / "mlperf_log_accuracy.json"
        log.write_text(json.dumps(json.loads(log.read_text())[:200]))
        assert toys.space().ingest(folder)["verdict"] == "INVALID (200 of 300 samples were answered)"
        log.write_text(log.read_text()[:1000] + "\n\nhash=abc")
        assert toys.space().ingest(folder)["verdict"] == "unknown (mlperf_log_accuracy.json is cut short)"


class TestRefused:
    @pytest.mark.parametrize(
        ("gone", "reason"),
        [
            (["mlperf_log_summary.txt"], "{0} is no output of LoadGen: it has no mlperf_log_summary.txt"),
            (
                ["mlperf_log_summary.txt", "mlperf_log_detail.txt"],
                "{0} is no output of LoadGen: it has no mlperf_log_summary.txt, no mlperf_log_detail.txt",
            ),
            (
                ["mlperf_log_accuracy.json"],
                "{0} is no complete output of LoadGen: a run with AccuracyOnly has mlperf_log_accuracy.json",
            ),
        ],
    )
    def test_what_is_missing(self, toys: Toys, tmp_path: Path, gone: list[str], reason: str) -> None:
        folder = left(tmp_path / "vendor", mode="AccuracyOnly")
        for name in gone:
            (folder / name).unlink()
        with pytest.raises(NotFound) as caught:
            toys.space().ingest(folder)
        assert str(caught.value).splitlines()[1] == f"    loadgen_ingest: {reason.format(folder)}"

    def test_logs_further_down_are_pointed_at(self, toys: Toys, tmp_path: Path) -> None:
        left(tmp_path / "vendor" / "performance" / "run_1")
        with pytest.raises(NotFound) as caught:
            toys.space().ingest(tmp_path / "vendor")
        assert caught.value.hint == "there are some in performance/run_1"

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("some other log\n", "is no log of LoadGen: it has no effective_scenario, no effective_test_mode"),
            (":::MLLOG {half a li", "is damaged in line 1"),
            (
                ':::MLLOG {"key": "effective_scenario", "value": "Odd"}\n'
                ':::MLLOG {"key": "effective_test_mode", "value": "PerformanceOnly"}\n',
                ": the scenario 'Odd' is not known",
            ),
        ],
    )
    def test_a_log_of_something_else(self, toys: Toys, tmp_path: Path, text: str, reason: str) -> None:
        folder = left(tmp_path / "vendor")
        (folder / "mlperf_log_detail.txt").write_text(text)
        with pytest.raises(NotFound) as caught:
            toys.space().ingest(folder)
        told = f"{folder}/mlperf_log_detail.txt{'' if reason.startswith(':') else ' '}{reason}"
        assert str(caught.value).splitlines()[1] == f"    loadgen_ingest: {told}"

    def test_a_run_without_an_end(self, toys: Toys, tmp_path: Path) -> None:
        folder = left(tmp_path / "vendor")
        (folder / "mlperf_log_summary.txt").write_text("")
        with pytest.raises(NotFound) as caught:
            toys.space().ingest(folder)
        assert str(caught.value).splitlines()[1] == (
            f"    loadgen_ingest: {folder}/mlperf_log_summary.txt has no result: the run did not come to its end"
        )

    def test_no_folder_and_nobody_to_ask(self, toys: Toys, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            toys.space().ingest(tmp_path / "gone")
        assert str(caught.value) == f"there is no folder {tmp_path / 'gone'}"
        shutil.rmtree(toys.recipes / "loadgen_ingest")
        with pytest.raises(NotFound) as nobody:
            toys.space().ingest(tmp_path)
        assert str(nobody.value) == f"nothing knows how to take in {tmp_path}"
