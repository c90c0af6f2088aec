"""Submissions from real LoadGen runs: four scenarios of the digits, short, and the two compliance tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SCENARIOS = ("SingleStream", "MultiStream", "Offline", "Server")
RUN = "loadgen_output,framework=onnxrt"
PERFORMANCE = f"{RUN},loadgen_mode=PerformanceOnly"
# A bound that holds on a busy machine too.
SERVER = ",loadgen_target_qps=20,loadgen_target_latency=2000,loadgen_min_query_count=100,loadgen_min_duration_s=3"
SYSTEM = {
    "status": "available",
    "system_type": "edge",
    "host_processors_per_node": "1",
    "host_memory_configuration": "N/A",
    "host_storage_capacity": "N/A",
    "host_storage_type": "N/A",
    "host_networking": "N/A",
    "host_network_card_count": "N/A",
    "host_networking_topology": "N/A",
    "cooling": "N/A",
}


@pytest.fixture(scope="module")
def axs(axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> AxsCommand:
    return axs.apart(tmp_path_factory.mktemp("submission"), RUN)


def test_the_open_division_in_four_scenarios(axs: AxsCommand, tmp_path: Path) -> None:
    for scenario in SCENARIOS:
        more = SERVER if scenario == "Server" else ""
        axs.run("byquery", f"{PERFORMANCE},loadgen_scenario={scenario}{more}")
        axs.run("byquery", f"{RUN},loadgen_scenario={scenario}{more}")
    system = tmp_path / "system.json"
    system.write_text(json.dumps(SYSTEM))
    asked = f"submission,division=open,submitter=ORG,system=SYS,mapped_to=resnet50,system_file={system}"
    refused = axs.run("byquery", asked, expect=3).stderr
    for scenario in SCENARIOS:
        assert f" * digits {scenario}: performance: digits_onnxrt_{scenario}_PerformanceOnly_" in refused
    told = f"{asked},allow_short+,allow_invalid+"
    home = Path(axs.ask(told, "get_path")) / "open" / "ORG"
    for scenario in SCENARIOS:
        folder = home / "results" / "SYS" / "digits" / scenario
        files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
        logs = {f"mlperf_log_{name}.txt" for name in ("summary", "detail")}
        assert files == {
            *("user.conf", "README.md", "measurements.json", "accuracy/accuracy.txt"),
            *(f"performance/run_1/{log}" for log in logs),
            *(f"accuracy/{log}" for log in logs),
            "accuracy/mlperf_log_accuracy.json",
        }
        assert (folder / "accuracy" / "mlperf_log_accuracy.json").stat().st_size <= 10 * 1024
        assert (folder / "accuracy" / "accuracy.txt").read_text().startswith("accuracy=98.438%, good=756, total=768\n")
        assert "min_duration 3000 ms" in (folder / "README.md").read_text()
    assert json.loads((home / "model_mapping.json").read_text()) == {"digits": "resnet"}
    described = json.loads((home / "systems" / "SYS.json").read_text())
    assert len(described) == 35
    assert described["framework"].startswith("onnxruntime ")
    report = axs.ask(told, "get", "check_report")
    assert " * digits/Offline: the accuracy run has 768 samples; the data set has 50000" in report.splitlines()
    assert "error in LoadGen" not in report


@pytest.mark.parametrize("test", ["TEST01", "TEST04"])
def test_compliance_runs(axs: AxsCommand, test: str) -> None:
    """1,100 samples, so that the run is VALID however quick or busy this machine is."""
    enough = "loadgen_target_qps=100000,loadgen_min_duration_s=0.01"
    query = f"{PERFORMANCE},loadgen_scenario=Offline,loadgen_compliance_test={test},{enough}"
    folder = Path(axs.ask(query, "get", "path"))
    log = (folder / "mlperf_log_detail.txt").read_text()
    assert "Found Audit Config file" in log
    answers = json.loads((folder / "mlperf_log_accuracy.json").read_text())
    assert bool(answers) is (test == "TEST01")
    same = '"key": "effective_performance_issue_same", "value": true'
    assert (same in log) is (test == "TEST04")
    assert f"compliance test {test}, no run of its own" in axs.ask(query, "get", "verdict")


def test_a_compliance_test_is_a_performance_test(axs: AxsCommand) -> None:
    refused = axs.run("byquery", f"{RUN},loadgen_compliance_test=TEST01", expect=1).stderr
    assert "loadgen_compliance_test=TEST01 is a performance test: add loadgen_mode=PerformanceOnly" in refused


def test_the_search_of_a_real_target(axs: AxsCommand) -> None:
    query = f"{PERFORMANCE},loadgen_scenario=SingleStream,find_target_latency+,until_valid+,loadgen_search_duration_s=1"
    attempts = json.loads(axs.ask(query, "get", "attempts"))
    assert attempts[0]["purpose"] == "search"
    assert attempts[-1]["valid"] is True
    confirming = axs.run("byname", attempts[-1]["entry"], ",", "get", "performance").stdout
    assert f"{axs.ask(query, 'get', 'performance')}\n" == confirming
