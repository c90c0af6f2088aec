"""Submissions: what is taken, refused and missing, the tree, and our own look at it."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support import fake_loadgen
from support.submission_runs import ASKED, CLOSED, OPEN, SAID, SCENARIOS, compliance, query, run_all
from support.toy import Toys

from axs_core.api import WorkspaceEntry
from axs_core.base.errors import NotFound, Refused, UsageError

pytestmark = pytest.mark.process

POWER_KEYS = (
    *("power_management", "filesystem", "boot_firmware_version", "management_firmware_version", "other_hardware"),
    *("number_of_type_nics_installed", "nics_enabled_firmware", "nics_enabled_os", "nics_enabled_connected"),
    *("network_speed_mbit", "power_supply_quantity_and_rating_watts", "power_supply_details", "disk_drives"),
    "disk_controllers",
)

CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index0/size")
"""Linux tells it of this machine; no record has it."""


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    toys = Toys(tmp_path)
    fake_loadgen.add_to(toys.recipes)
    toys.settings["AXS_SYSTEM"] = "toy machine"
    return toys


def files(made: WorkspaceEntry, *below: str) -> list[str]:
    folder = made.path.joinpath("tree", *below)
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def home(made: WorkspaceEntry) -> Path:
    return made.path / "tree" / str(made["division"]) / "ORG"


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_open_tree_of_four_scenarios_has_every_file(toys: Toys) -> None:
    space = toys.space()
    run_all(space, *SCENARIOS)
    made = space.byquery(f"{OPEN},{SAID}")
    assert made.get_path() == made.path / "tree"
    expected = [
        "README.md",
        "accuracy/accuracy.txt",
        "accuracy/mlperf_log_accuracy.json",
        "accuracy/mlperf_log_detail.txt",
        "accuracy/mlperf_log_summary.txt",
        "measurements.json",
        "performance/run_1/mlperf_log_detail.txt",
        "performance/run_1/mlperf_log_summary.txt",
        "user.conf",
    ]
    for scenario in SCENARIOS:
        assert files(made, "open", "ORG", "results", "SYS", "resnet50", scenario) == expected
    above = {name for name in files(made, "open", "ORG") if not name.startswith(("src/", "results/SYS/resnet50/"))}
    assert above == {"documentation/README.md", "model_mapping.json", "systems/SYS.json"}
    assert {"README.md", "toy_program/meta.yaml", "loadgen_program/code.py"} <= set(files(made, "open", "ORG", "src"))
    assert read(home(made) / "model_mapping.json") == {"resnet50": "resnet"}
    assert made["check_report"] == "OK: nothing in this tree is against the rules of v6.1 that are checked here"


def test_the_check_is_of_the_tree_as_it_is_now(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    made = space.byquery(f"{OPEN},{SAID}")
    log = home(made) / "results" / "SYS" / "resnet50" / "Offline" / "performance" / "run_1" / "mlperf_log_summary.txt"
    log.write_text(log.read_text(encoding="utf-8").replace("VALID", "INVALID"), encoding="utf-8")
    told = toys.space().byname(made.name)["check_report"].splitlines()
    assert told[0] == "Not as the rules of v6.1 want it (2):"
    assert "mlperf_log_summary.txt says INVALID" in told[1]
    assert told[2].endswith("mlperf_log_summary.txt is not as axs wrote it")


def test_the_system_is_described_by_its_record_and_by_what_is_said(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    described = read(home(space.byquery(f"{OPEN},{SAID}")) / "systems" / "SYS.json")
    assert len(described) == 35
    assert {key: described[key] for key in ASKED} == ASKED
    assert described["system_name"] == "SYS"
    assert described["framework"] == "toy engine 1.0"
    assert described["accelerator_model_name"] == "N/A" or described["accelerators_per_node"] != "0"
    assert all(isinstance(value, str) for value in described.values())


@pytest.mark.skipif(not CACHE.is_file(), reason="this system does not tell of its caches")
def test_this_machine_is_known_by_the_name_that_the_settings_give(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXS_SYSTEM", "what the process says")
    space = toys.space()
    run_all(space, "Offline")
    described = read(home(space.byquery(f"{OPEN},{SAID}")) / "systems" / "SYS.json")
    assert CACHE.read_text(encoding="ascii").strip() in described["host_processor_caches"]


def test_a_file_may_describe_the_system(toys: Toys, tmp_path: Path) -> None:
    file = tmp_path / "system.json"
    file.write_text(json.dumps({**ASKED, "hw_notes": "a toy", "accelerator_on-chip_memories": "none"}))
    space = toys.space()
    run_all(space, "Offline")
    described = read(home(space.byquery(f"{OPEN},system_file={file},cooling=water")) / "systems" / "SYS.json")
    assert (described["cooling"], described["hw_notes"]) == ("water", "a toy")
    assert described["accelerator_on-chip_memories"] == "none"


def test_a_file_may_have_mlperfs_further_keys(toys: Toys, tmp_path: Path) -> None:
    """Those for power, as most published files have them, and those of the network division (inference#1367)."""
    further = {key: "" for key in POWER_KEYS} | {"filesystem": "ext4", "network_speed_mbit": 1000, "is_network": False}
    file = tmp_path / "system.json"
    file.write_text(json.dumps({**ASKED, "cooling": "", **further}))
    space = toys.space()
    run_all(space, "Offline")
    made = space.byquery(f"{OPEN},system_file={file},cooling=air")
    described = read(home(made) / "systems" / "SYS.json")
    assert list(described)[35:] == list(further)
    assert {key: described[key] for key in further} == {**further, "network_speed_mbit": "1000", "is_network": "False"}
    assert described["cooling"] == "air"
    assert made.entry.values.get("system_notes") is None
    assert made["check_report"].startswith("OK")


def test_keys_of_ones_own_are_kept_and_named(toys: Toys, tmp_path: Path) -> None:
    file = tmp_path / "system.json"
    file.write_text(json.dumps({**ASKED, "rack": 7, "cooling_2": "fan", "shelf": None}))
    space = toys.space()
    run_all(space, "Offline")
    said = "system.json has keys that are none of MLPerf's, kept as they are: rack, cooling_2, shelf"
    assert said in space.plan(f"{OPEN},system_file={file}").notes
    made = space.byquery(f"{OPEN},system_file={file}")
    described = read(home(made) / "systems" / "SYS.json")
    assert [described[key] for key in ("rack", "cooling_2", "shelf", "cooling")] == ["7", "fan", "", "air"]
    assert made["system_notes"] == [said]
    assert f"## The description of the system\n\n* {said}\n" in (home(made) / "documentation" / "README.md").read_text()


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("coolling", "cooling"),
        ("accelerator_on_chip_memories", "accelerator_on-chip_memories"),
        ("nics_enabled_conected", "nics_enabled_connected"),
    ],
)
def test_a_misspelt_key_of_the_file_is_refused(toys: Toys, tmp_path: Path, key: str, meant: str) -> None:
    file = tmp_path / "system.json"
    file.write_text(json.dumps({key: "air"}))
    with pytest.raises(UsageError) as caught:
        toys.space().byquery(f"{OPEN},system_file={file}")
    assert caught.value.message == f"system_file={file}: {key} is no key of a system description"
    assert caught.value.hint == f"did you mean {meant}?"


def test_all_that_must_be_said_is_named_at_once(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    with pytest.raises(UsageError) as caught:
        space.byquery(f"{OPEN},cooling=air,host_processors_per_node=1,host_processor_model_name=x")
    assert caught.value.message == (
        "the submission cannot be put together:\n"
        " * not known, to be said: system_type=, status=, host_memory_configuration=, host_storage_capacity=, "
        "host_storage_type=, host_networking=, host_network_card_count=, host_networking_topology="
    )
    assert caught.value.hint == "system_file=FILE.json may hold what describes the system"


def test_the_accuracy_log_is_cut_and_its_hash_is_of_the_whole(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    whole = (space.byquery(query("Offline", "AccuracyOnly", "")).path / "mlperf_log_accuracy.json").read_bytes()
    assert len(whole) > 10 * 1024
    folder = home(space.byquery(f"{OPEN},{SAID}")) / "results" / "SYS" / "resnet50" / "Offline" / "accuracy"
    cut = (folder / "mlperf_log_accuracy.json").read_bytes()
    assert len(cut) <= 10 * 1024
    assert cut.startswith(whole[:4096])
    assert cut.endswith(whole[-4096:])
    text = (folder / "accuracy.txt").read_text()
    assert text == f"accuracy=80.000%, good=40000, total=50000\n\nhash={sha256(whole).hexdigest()}\n"


def test_a_short_run_is_refused_unless_told_and_then_the_tree_says_so(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline", more="")
    short = space.byquery(query("Offline", more=""))
    with pytest.raises(NotFound) as caught:
        space.byquery(f"{OPEN},{SAID}")
    assert caught.value.message == (
        "runs are missing:\n"
        f" * resnet50 Offline: performance: {short.name} has min_duration 3000 ms (MLPerf: 600000 ms) (allow_short+ "
        "hands it in all the same): axs byquery 'loadgen_output,loadgen_dataset_size=50000,"
        "loadgen_mode=PerformanceOnly,loadgen_official+,loadgen_scenario=Offline,loadgen_target_qps=100'"
    )
    assert caught.value.hint == "run_missing+ makes these runs; allow_incomplete+ goes on without them"
    made = space.byquery(f"{OPEN},{SAID},allow_short+")
    said = "weaker than MLPerf's settings: min_duration 3000 ms (MLPerf: 600000 ms)"
    assert made["deviations"] == [f"resnet50 Offline: {said}"]
    for folder in ("documentation", "results/SYS/resnet50", "results/SYS/resnet50/Offline"):
        assert said in (home(made) / folder / "README.md").read_text()
    assert made["check_report"].endswith(" * resnet50/Offline: min_duration is 3000 ms, not 600000 ms")


def test_an_invalid_run_is_refused_unless_told(toys: Toys) -> None:
    space = toys.space()
    name = space.byquery(query("Server", more="loadgen_official+,limit=50")).name
    space.byquery(query("Server", "AccuracyOnly", ""))
    with pytest.raises(NotFound, match=f"{name} is INVALID"):
        space.byquery(f"{OPEN},{SAID}")
    made = space.byquery(f"{OPEN},{SAID},allow_invalid+")
    assert made["check_report"].splitlines()[1:] == [
        " * resnet50/Server: LoadGen calls the performance run INVALID",
        " * resnet50/Server: early stopping was not met",
    ]
    assert made["deviations"] == [
        "resnet50 Server: LoadGen calls this run INVALID: INVALID (performance constraints not satisfied)"
    ]


def test_the_newest_valid_run_is_taken_unless_one_is_named(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Server")
    first = space.byquery(query("Server"))
    second = space.byquery(query("Server"), fresh="one")
    space.byquery(query("Server", more="loadgen_official+,limit=50"))
    notes = [f"takes {name}," for name in (second.name, first.name)]
    assert toys.space().plan(f"{OPEN},{SAID}").notes[0].startswith(notes[0])
    assert toys.space().plan(f"{OPEN},{SAID},take:={first.name}").notes[0].startswith(notes[1])


def test_missing_runs_are_made_when_asked_for(toys: Toys) -> None:
    space = toys.space()
    space.byquery(query("Offline"))
    asked = f"{OPEN},{SAID},run_missing+"
    made = space.byquery(asked)
    assert made["scenarios_handed_in"] == ["resnet50 Offline"]
    assert toys.space().byquery(asked).name == made.name


def test_the_closed_division_wants_scenarios_and_compliance_tests(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    notes = space.plan(f"{CLOSED},system_type=edge,cooling=air").notes
    kinds = ("performance", "accuracy", "compliance test TEST01", "compliance test TEST04")
    missing = [f"missing: resnet50 Offline: {kind}: no run" for kind in kinds[2:]]
    missing += [
        f"missing: resnet50 {name}: {kind}: no run" for name in ("SingleStream", "MultiStream") for kind in kinds
    ]
    assert [note.partition(": axs")[0] for note in notes if note.startswith("missing")] == missing
    # two tests and two streams of three runs at 600 s, Offline's 24,576 samples at 10/s, accuracy of 50,000 at 10/s
    hours = (2 * 2457.6 + 6 * 600 + 2 * 5000) / 3600
    assert f"machine time: at least {hours:.1f} h" in notes
    with pytest.raises(NotFound):
        space.byquery(f"{CLOSED},{SAID}")


def test_the_closed_tree_with_its_compliance_tests(toys: Toys) -> None:
    space = toys.space()
    run_all(space, *SCENARIOS[:3])
    compliance(space, *SCENARIOS[:3])
    made = space.byquery(f"{CLOSED},{SAID}")
    below = ("closed", "ORG", "results", "SYS", "resnet50", "MultiStream")
    assert [name for name in files(made, *below) if name.startswith("TEST")] == [
        "TEST01/accuracy/accuracy.txt",
        "TEST01/accuracy/mlperf_log_accuracy.json",
        "TEST01/performance/run_1/mlperf_log_detail.txt",
        "TEST01/performance/run_1/mlperf_log_summary.txt",
        "TEST01/verify_accuracy.txt",
        "TEST01/verify_performance.txt",
        "TEST04/performance/run_1/mlperf_log_detail.txt",
        "TEST04/performance/run_1/mlperf_log_summary.txt",
        "TEST04/verify_performance.txt",
    ]
    verified = (made.path / "tree").joinpath(*below, "TEST01", "verify_accuracy.txt").read_text().splitlines()
    assert verified[-2:] == ["answers that differ: 0", "TEST PASS"]
    assert not (home(made) / "model_mapping.json").exists()
    assert made["check_report"].startswith("OK")


def test_answers_that_differ_and_speeds_that_differ_fail(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    compliance(space, "Offline", more=",other_answers=3,slow_test=1.2")
    made = space.byquery(f"{CLOSED},{SAID},scenarios:=Offline")
    assert made["check_report"].splitlines() == [
        "Not as the rules of v6.1 want it (4):",
        " * resnet50: the scenario SingleStream is required",
        " * resnet50: the scenario MultiStream is required",
        " * resnet50/Offline: TEST01: verify_performance.txt: TEST FAIL: slower than that",
        " * resnet50/Offline: TEST01: the answers differ, and acc by more than 1 %: 80, 79",
    ]
    folder = home(made) / "results" / "SYS" / "resnet50" / "Offline" / "TEST01" / "accuracy"
    assert (folder / "baseline_accuracy.txt").read_text() == "accuracy=80.000%, good=240, total=300\n"
    assert (folder / "compliance_accuracy.txt").read_text() == "accuracy=79.000%, good=237, total=300\n"


def test_answers_may_differ_where_their_accuracy_is_the_same(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    compliance(space, "Offline", more=",other_answers=2")
    made = space.byquery(f"{CLOSED},{SAID},scenarios:=Offline")
    folder = home(made) / "results" / "SYS" / "resnet50" / "Offline" / "TEST01"
    assert (folder / "verify_accuracy.txt").read_text().splitlines()[-2:] == ["answers that differ: 2", "TEST FAIL"]
    assert sorted(file.name for file in (folder / "accuracy").iterdir()) == [
        "accuracy.txt",
        "baseline_accuracy.txt",
        "compliance_accuracy.txt",
        "mlperf_log_accuracy.json",
    ]
    assert (folder / "accuracy" / "compliance_accuracy.txt").read_text() == "accuracy=79.333%, good=238, total=300\n"
    assert "TEST01" not in made["check_report"]


def test_a_run_that_was_changed_is_refused(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    run = space.byquery(query("Offline"))
    log = run.path / "mlperf_log_detail.txt"
    log.write_text(log.read_text().replace('"value": 100.0', '"value": 120.0'))
    with pytest.raises(UsageError) as caught:
        space.byquery(f"{OPEN},{SAID}")
    assert caught.value.message == (
        "the submission cannot be put together:\n"
        f" * {run.name}: mlperf_log_detail.txt changed after the run: make it again"
    )


def test_a_system_that_remembers_fails_test04(toys: Toys) -> None:
    space = toys.space()
    run_all(space, "Offline")
    compliance(space, "Offline", more=",slow_test=0.8")
    report = space.byquery(f"{CLOSED},{SAID},scenarios:=Offline")["check_report"]
    assert " * resnet50/Offline: TEST04: verify_performance.txt: TEST FAIL: faster than that" in report.splitlines()


def test_other_models_are_left_out_or_mapped(toys: Toys) -> None:
    space = toys.space()
    for mode in ("PerformanceOnly", "AccuracyOnly"):
        space.byquery(query("Offline", mode, "model_name=mine,loadgen_official+"))
    notes = space.plan(f"{OPEN},{SAID}").notes
    assert notes[-1] == (
        "runs of mine are left out: the model is no benchmark of MLPerf; mapped_to=resnet50 maps it to one"
    )
    made = space.byquery(f"{OPEN},{SAID},mapped_to=resnet50")
    assert read(home(made) / "model_mapping.json") == {"mine": "resnet"}
    assert made["scenarios_handed_in"] == ["mine Offline"]
    random = space.byquery(query("Offline", more="weights=random,loadgen_official+,model_name=resnet50"))
    assert random["model_weights"] == "random"
    left_out = "runs of resnet50 are left out: the model has random weights"
    assert left_out in space.plan(f"{CLOSED},{SAID},model_name=resnet50,system_type=edge").notes


def test_what_is_ambiguous_must_be_said(toys: Toys) -> None:
    run_all(toys.space(), "Offline")
    toys.space(AXS_SYSTEM="another machine").byquery(query("Offline", more="framework=other"))
    with pytest.raises(UsageError) as caught:
        toys.space().byquery(f"{OPEN},{SAID}")
    said = caught.value.message.splitlines()[1]
    assert said == " * runs with several values of framework: say framework=other or framework=toy"
    assert toys.space().byquery(f"{OPEN},{SAID},framework=toy")["scenarios_handed_in"] == ["resnet50 Offline"]


def test_the_official_checker_is_run_and_its_report_kept(toys: Toys, tmp_path: Path) -> None:
    python = {
        "provides": [["python_env"]],
        "parameters": {"requirements": {"type": "list"}},
        "attributes": {"interpreter": sys.executable},
    }
    toys.add("python_env", python)
    checker = tmp_path / "inference" / "tools" / "submission" / "submission_checker"
    checker.mkdir(parents=True)
    (checker / "main.py").write_text("import sys\nprint(*sys.argv[1:])\nsys.exit('--strict' in sys.argv)\n")
    space = toys.space()
    run_all(space, "Offline")
    with pytest.raises(Refused):
        space.byquery(f"{OPEN},{SAID}").get("official_report")
    asked = f"{OPEN},{SAID},checker_dir={tmp_path / 'inference'}"
    made = space.byquery(asked)
    assert made.get("official_report") == "--input tree --version v6.1 --csv official_summary.csv\n"
    assert made["official_check_passed"] is True
    assert space.byquery(f"{asked},checker_options:=--strict")["official_check_passed"] is False
    with pytest.raises(UsageError, match="it is no checkout of mlcommons/inference"):
        space.byquery(f"{OPEN},{SAID},checker_dir={tmp_path / 'inference' / 'tools'}")
