"""Which runs a submission puts together: those of one system and one benchmark, and no others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import fake_loadgen
from support.made import rewrite
from support.toy import Toys

from axs_core.api import Workspace, WorkspaceEntry
from axs_core.base.errors import NotFound, UsageError

pytestmark = pytest.mark.process

SAID = ",".join(
    f"{name}=x"
    for name in (
        *("host_processor_model_name", "host_processors_per_node", "host_memory_configuration"),
        *("host_storage_capacity", "host_storage_type", "host_networking", "host_network_card_count"),
        *("host_networking_topology", "cooling"),
    )
)
SAID = f"status=available,system_type=edge,{SAID.replace('per_node=x', 'per_node=1')}"
OPEN, CLOSED = (f"submission,division={name},submitter=ORG,system=SYS,{SAID}" for name in ("open", "closed"))
RUN = "loadgen_output,loadgen_scenario=SingleStream,loadgen_official+"
PERFORMANCE = f"{RUN},loadgen_mode=PerformanceOnly"
ACCURACY = RUN.replace(",loadgen_official+", "")
KNOWN = {
    "engine_version": "version of the engine",
    "engine_options": "options of the engine",
    "environment": "environment variables",
    "environment_digest": "Python packages",
    "effective_device": "device",
    "effective_precision": "precision",
    "model_digest": "file of the model",
    "dataset_digest": "samples or their preprocessing",
    "labels_digest": "labels",
    "effective_batch_size": "batch",
    "effective_threads": "threads",
}


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    toys = Toys(tmp_path)
    fake_loadgen.add_to(toys.recipes)
    toys.settings["AXS_SYSTEM"] = "toy machine"
    return toys


def missing(space: Workspace, query: str = OPEN) -> str:
    with pytest.raises(NotFound) as caught:
        space.byquery(query)
    return caught.value.message


def readme(made: WorkspaceEntry, benchmark: str = "resnet50") -> str:
    folder = made.path / "tree" / "open" / "ORG" / "results" / "SYS" / benchmark / "SingleStream"
    return (folder / "README.md").read_text(encoding="utf-8")


def test_an_accuracy_with_another_normalisation_is_not_handed_in(toys: Toys) -> None:
    """Seen with the digits: speed at mean=78.37, then an accuracy run at mean=0, and 10.2 beside the figure."""
    space = toys.space()
    space.byquery(f"{PERFORMANCE},mean=78.37")
    wrong = space.byquery(f"{ACCURACY},mean=0")
    told = missing(space)
    assert "resnet50 SingleStream: accuracy: no run that goes with" in told
    assert f"({wrong.name}: other normalisation)" in told
    right = space.byquery(f"{ACCURACY},mean=78.37")
    space.byquery(f"{ACCURACY},mean=1")
    assert f"accuracy run: {right.name}" in readme(space.byquery(OPEN))


@pytest.mark.parametrize("name", KNOWN)
def test_a_pair_differs_in_nothing_that_is_known(toys: Toys, name: str) -> None:
    space = toys.space()
    space.byquery(PERFORMANCE)
    accuracy = space.byquery(ACCURACY)
    other = {"OMP_NUM_THREADS": "1"} if name == "environment" else "other"
    for value, told in ((other, KNOWN[name]), (None, f"{KNOWN[name]} not known")):
        rewrite(accuracy.path, name, value)
        assert told in missing(toys.space())


def test_what_is_unknown_on_both_sides_is_not_the_same(toys: Toys) -> None:
    space = toys.space()
    for run in (space.byquery(PERFORMANCE), space.byquery(ACCURACY)):
        rewrite(run.path, "effective_precision", "unknown")
    assert "precision not known" in missing(toys.space())


def test_a_compliance_run_of_another_system_is_missing(toys: Toys) -> None:
    space = toys.space()
    for query in (PERFORMANCE, ACCURACY, *(f"{PERFORMANCE},loadgen_compliance_test={t}" for t in ("TEST01", "TEST04"))):
        last = space.byquery(query)
    rewrite(last.path, "engine_version", "2.0")
    told = missing(toys.space(), f"{CLOSED},scenarios:=SingleStream")
    assert "compliance test TEST04: no run that goes with" in told
    assert "version of the engine 2.0, not 1.0" in told
    assert "TEST01" not in told


def test_two_models_of_one_name_have_a_folder_each(toys: Toys) -> None:
    space = toys.space()
    for mean, digest in ((0, "1" * 64), (1, "2" * 64)):
        for query in (PERFORMANCE, ACCURACY):
            run = space.byquery(f"{query},model_name=net,mean={mean}")
            rewrite(run.path, "model_digest", digest)
    made = toys.space().byquery(f"{OPEN},mapped_to=resnet50")
    assert made["scenarios_handed_in"] == ["net-11111111 SingleStream", "net-22222222 SingleStream"]
    mapping = json.loads((made.path / "tree/open/ORG/model_mapping.json").read_text(encoding="utf-8"))
    assert mapping == {"net-11111111": "resnet", "net-22222222": "resnet"}


def test_a_network_that_only_has_the_name_of_a_benchmark_is_none(toys: Toys) -> None:
    space = toys.space()
    for query in (PERFORMANCE, ACCURACY):
        run = space.byquery(query)
        rewrite(run.path, "mlperf_benchmark", None)
        rewrite(run.path, "loadgen_model", "resnet50")
    assert "is no benchmark of MLPerf" in missing(toys.space(), f"{CLOSED},scenarios:=SingleStream")
    made = toys.space().byquery(f"{OPEN},mapped_to=bert-99")
    assert made["scenarios_handed_in"] == ["resnet50-dddddddd SingleStream"]


def test_what_nobody_said_of_a_model_is_asked_for(toys: Toys) -> None:
    space = toys.space()
    for query in (PERFORMANCE, ACCURACY):
        run = space.byquery(f"{query},model_name=mine")
        rewrite(run.path, "model_declaration", dict.fromkeys(("retraining", "weight_transformations")))
    with pytest.raises(UsageError) as caught:
        toys.space().byquery(f"{OPEN},mapped_to=resnet50")
    asked = "retraining=, starting_weights_filename=, weight_transformations="
    assert f"not known, to be said: input_data_types=, {asked}" in caught.value.message


def ingested(space: Workspace, run: WorkspaceEntry, folder: Path, **values: Any) -> WorkspaceEntry:
    shutil.copytree(run.path, folder, ignore=shutil.ignore_patterns(".axs", "meta.yaml", "record.json"))
    labels = {} if run["loadgen_mode"] == "PerformanceOnly" else {"labels_file": str(folder / "labels.txt")}
    return space.ingest(folder, values={"model_name": "resnet50", "framework": "toy", **labels, **values})


def test_runs_of_another_harness_go_in_only_when_they_are_named(toys: Toys, tmp_path: Path) -> None:
    for name in ("loadgen_ingest",):
        shutil.copytree(fake_loadgen.ENTRIES / name, toys.recipes / name)
    space = toys.space()
    runs = [space.byquery(query) for query in (PERFORMANCE, ACCURACY)]
    taken = [ingested(space, run, tmp_path / str(number), model_digest="9" * 64) for number, run in enumerate(runs)]
    made = toys.space().byquery(f"{OPEN},mapped_to=resnet50")
    assert made["scenarios_handed_in"] == ["resnet50 SingleStream"]
    assert runs[0].name in readme(made)
    for run in runs:
        shutil.rmtree(run.path)
    told = missing(toys.space(), f"{OPEN},mapped_to=resnet50")
    assert "any performance run" in told
    assert f"left out: {taken[0].name}, {taken[1].name} (made elsewhere; take:=NAME takes one)" in told
    names = ":".join(run.name for run in taken)
    told = "retraining=no,starting_weights_filename=none,weight_transformations=none,input_data_types=fp32"
    made = toys.space().byquery(
        f"{OPEN},mapped_to=resnet50,take:={names},allow_short+,{told},weight_data_types=fp32,host_processor_core_count=2,"
        "host_memory_capacity=x,operating_system=x,accelerators_per_node=0"
    )
    assert made["scenarios_handed_in"] == ["resnet50-99999999 SingleStream"]


def test_a_submission_run_is_left_out_and_named(toys: Toys) -> None:
    run = toys.space().byquery(ACCURACY)
    rewrite(run.path, "loadgen_mode", "SubmissionRun")
    told = missing(toys.space(), f"{OPEN},mapped_to=resnet50")
    why = "SubmissionRun; MLPerf takes accuracy and performance from two runs"
    assert f"left out: {run.name} ({why})" in told


def test_edge_scenarios_are_inferred_on_request(toys: Toys) -> None:
    space = toys.space()
    for query in (PERFORMANCE, ACCURACY):
        space.byquery(query)
    wanted = "scenarios:=SingleStream:MultiStream:Offline"
    assert "resnet50 MultiStream: performance: no run" in missing(space, f"{OPEN},{wanted}")
    made = space.byquery(f"{OPEN},{wanted},infer+")
    multi, offline, first = sorted(made["scenarios_handed_in"])
    assert first == "resnet50 SingleStream"
    latency = 10_000_000  # of the toy, ns
    assert multi.startswith("resnet50 MultiStream (inferred from SingleStream: 8 x 99th percentile of the latency ")
    assert offline == f"resnet50 Offline (inferred from SingleStream: 1 / mean latency of a query ({latency} ns))"
    folder = made.path / "tree/open/ORG/results/SYS/resnet50"
    told = (folder / "Offline" / "README.md").read_text(encoding="utf-8")
    assert "**Not measured.** inferred from SingleStream" in told
    assert "the figure is 100." in told
    assert (folder / "Offline/performance/run_1/mlperf_log_detail.txt").read_bytes() == (
        folder / "SingleStream/performance/run_1/mlperf_log_detail.txt"
    ).read_bytes()
    assert made["check_report"].startswith("OK")
    server = missing(toys.space(), f"{OPEN.replace('edge', 'datacenter')},{wanted},infer+")
    assert "resnet50 Offline: performance: no run" in server
