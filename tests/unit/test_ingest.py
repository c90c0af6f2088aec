"""Taking in what LoadGen left somewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support import fake_loadgen
from support.loadgen_logs import detail, plain_detail, summary, write_logs
from support.toy import Toys

from axs_core.base.errors import NotFound, Refused, UsageError
from axs_core.base.reporter import Reporter
from axs_core.compare.audit import audit
from axs_core.compare.twin import Twins
from axs_core.report.collect import collect


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

    def test_of_another_measure(self, toys: Toys, tmp_path: Path) -> None:
        """The log is cut short, as in a submission."""
        folder = left(tmp_path / "vendor", mode="AccuracyOnly")
        (folder / "mlperf_log_accuracy.json").write_text('[\n{ "seq_id" : 0, "qsl')
        (folder / "accuracy.txt").write_text('{"exact_match": 83.69, "f1": 90.87}\n\nhash=abc\n')
        made = toys.space().ingest(folder)
        assert (made["accuracy"], made["accuracy_metric"]) == (90.87, "f1")
        assert made["metrics"] == {"f1": {"value": 90.87}, "exact_match": {"value": 83.69}}
        assert "accuracy_interval" not in made.entry.values
        assert audit(made.entry, Reporter()).problems == ()

    @pytest.mark.parametrize("name", ["val_map.txt", "labels.txt", "../val_map.txt"])
    def test_from_mlperfs_val_map(self, toys: Toys, tmp_path: Path, name: str) -> None:
        """It names more images than there were samples."""
        folder = left(tmp_path / "vendor", mode="AccuracyOnly")
        val_map, beside = folder / name, not name.startswith("..")
        val_map.write_text("".join(f"ILSVRC2012_val_{index:08d}.JPEG {index % 10}\n" for index in range(400)))
        made = toys.space().ingest(folder, values={} if beside else {"labels_file": str(val_map)})
        assert made["accuracy"] == 80.0
        assert (made.path / "labels.txt").read_text().splitlines()[1] == "1 ILSVRC2012_val_00000001.JPEG 1"

    def test_from_no_labels_at_all(self, toys: Toys, tmp_path: Path) -> None:
        folder = left(tmp_path / "vendor", mode="AccuracyOnly")
        (tmp_path / "labels.txt").write_text("a.png 1\nb.png\n")
        with pytest.raises(NotFound) as caught:
            toys.space().ingest(folder, values={"labels_file": str(tmp_path / "labels.txt")})
        assert str(caught.value).splitlines()[1] == (
            f"    loadgen_ingest: {tmp_path / 'labels.txt'}: line 2 is neither INDEX FILE LABEL nor FILE LABEL"
        )


class TestOrigin:
    """Whose run it is: what its place in a submission says; never this machine's."""

    @staticmethod
    def submitted(tmp_path: Path, below: str = "performance/run_1") -> Path:
        home = tmp_path / "closed" / "ORG"
        scenario = home / "results" / "SYS" / "bert-99" / "Server"
        folder = left(scenario / below)
        (home / "systems").mkdir()
        (home / "systems" / "SYS.json").write_text(json.dumps({"system_name": "Box with 8 of them"}))
        (scenario / "measurements.json").write_text(json.dumps({"weight_data_types": "int8", "other": 1}))
        return folder

    def test_a_submission(self, toys: Toys, tmp_path: Path) -> None:
        folder = self.submitted(tmp_path)
        made = toys.space().ingest(folder)
        assert made["ingested_from"] == {
            "folder": str(folder),
            "submitter": "ORG",
            "division": "closed",
            "system": "SYS",
            "benchmark": "bert-99",
            "scenario": "Server",
            "sut_name": "ToySUT",
        }
        assert (made["system_name"], made["model_name"]) == ("Box with 8 of them", "bert-99")
        assert made["model_declaration"] == {"weight_data_types": "int8"}
        columns = {"machine": "Box with 8 of them", "model_name": "bert-99"}
        assert toys.space().table("loadgen_output", list(columns)) == [columns]
        assert audit(made.entry, Reporter()).problems == ()

    def test_what_is_said_comes_first(self, toys: Toys, tmp_path: Path) -> None:
        values = {"model_name": "mine", "system_name": "my box"}
        made = toys.space().ingest(self.submitted(tmp_path), values=values)
        assert (made["system_name"], made["model_name"]) == ("my box", "mine")

    def test_a_folder_that_says_nothing(self, toys: Toys, tmp_path: Path) -> None:
        folder = left(tmp_path / "vendor")
        (folder / "user.conf").write_text("*.Server.target_latency = 10\nresnet50.Server.target_qps = 80\n")
        made = toys.space().ingest(folder)
        assert made["ingested_from"] == {"folder": str(folder), "sut_name": "ToySUT"}
        assert made["model_name"] == "resnet50"
        assert toys.space().table("loadgen_output", ["machine"]) == [{"machine": None}]

    def test_the_report_does_not_show_this_machine(self, toys: Toys, tmp_path: Path) -> None:
        made = toys.space().ingest(left(tmp_path / "vendor"))
        shown = collect([made.entry], Twins([]), print)
        assert (shown["machines"], shown["runs"][0]["machine"]) == ([], None)


class TestCompliance:
    """Such a run is never a plain one."""

    @pytest.mark.parametrize(
        ("said", "config", "below", "test"),
        [
            ({}, None, "run", None),
            ({"effective_accuracy_log_sampling_target": 0}, None, "run", None),
            ({"effective_accuracy_log_sampling_target": 1024}, None, "run", "TEST01"),
            ({"effective_accuracy_log_probability": 10}, None, "run", "TEST01"),
            ({"effective_performance_issue_same": True}, None, "run", "TEST04"),
            ({"effective_performance_issue_unique": True}, None, "run", "TEST04-A"),
            ({"effective_qsl_rng_seed": 313588358309856706}, None, "run", "TEST05"),
            ({}, "*.*.mode = 2\n*.*.accuracy_log_sampling_target = 128\n", "run", "TEST01"),
            ({}, "*.*.test07_accuracy_threshold = 60.698\n", "run", "TEST07"),
            ({}, "# nothing\n", "run", "an unknown one (audit.config)"),
            ({}, None, "TEST06/performance/run_1", "TEST06"),
        ],
    )
    def test_it_is_recognised(
        self, toys: Toys, tmp_path: Path, said: dict[str, object], config: str | None, below: str, test: str | None
    ) -> None:
        folder = left(tmp_path / below)
        log = folder / "mlperf_log_detail.txt"
        log.write_text(detail(said) + log.read_text())
        if config is not None:
            (folder / "audit.config").write_text(config)
        made = toys.space().ingest(folder)
        assert made.entry.values.get("loadgen_compliance_test") == test
        assert (f"compliance test {test}, no run of its own" in made["verdict"]) == (test is not None)


class TestOldForms:
    def test_plain_text(self, toys: Toys, tmp_path: Path) -> None:
        settings = {"Scenario": "Single Stream", "Test mode": "Performance", "min_duration (ms)": 60000}
        text = summary("SingleStream").replace("SingleStream", "Single Stream").replace("90.0th", "90th")
        made = toys.space().ingest(write_logs(tmp_path / "old", plain_detail(settings), text))
        assert (made["loadgen_scenario"], made["loadgen_mode"]) == ("SingleStream", "PerformanceOnly")
        assert (made["performance"], made["mlperf_score"], made["performance_unit"]) == (351404, 351404, "ns")
        assert (made["started_at"], made["samples_used"]) == ("2020-09-01T10:00:00Z", 300)
        assert (made["loadgen_version"], made["loadgen_settings"]) == ("0.5a1", {"min_duration_ms": 60000})
        assert made["ingested_from"]["sut_name"] == "PySUT"

    def test_tokens(self, toys: Toys, tmp_path: Path) -> None:
        said = {"loadgen_version": "5.1.0", "effective_scenario": "Offline", "effective_test_mode": "PerformanceOnly"}
        told = detail({**said, "result_samples_per_second": 92.1, "result_tokens_per_second": 27803.9})
        made = toys.space().ingest(write_logs(tmp_path / "llm", told, summary("Offline")))
        assert (made["mlperf_score"], made["performance_unit"]) == (27803.9, "tokens/s")
        assert audit(made.entry, Reporter()).problems == ()


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
