"""What a submission of toy runs is made of: what is said of the system, and the runs."""

from __future__ import annotations

from axs_core.api import Workspace

SCENARIOS = ("SingleStream", "MultiStream", "Offline", "Server")
OPEN, CLOSED = (f"submission,division={division},submitter=ORG,system=SYS" for division in ("open", "closed"))
ASKED = {
    "status": "available",
    "system_type": "edge",
    "host_memory_configuration": "2 x 16 GiB",
    "host_storage_capacity": "1 TB",
    "host_storage_type": "SSD",
    "host_networking": "N/A",
    "host_network_card_count": "N/A",
    "host_networking_topology": "N/A",
    "cooling": "air",
    "host_processors_per_node": "1",
    "host_processor_model_name": "Toy CPU",
}
SAID = ",".join(f"{name}={value}" for name, value in ASKED.items())


def query(scenario: str, mode: str = "PerformanceOnly", more: str = "loadgen_official+") -> str:
    target = "" if mode == "AccuracyOnly" else ",loadgen_target_qps=100" if scenario in ("Server", "Offline") else ""
    return f"loadgen_output,loadgen_scenario={scenario},loadgen_mode={mode}{target},{more}".rstrip(",")


def run_all(space: Workspace, *scenarios: str, more: str = "loadgen_official+") -> None:
    for scenario in scenarios:
        space.byquery(query(scenario, more=more))
        space.byquery(query(scenario, "AccuracyOnly", ""))


def compliance(space: Workspace, *scenarios: str, more: str = "") -> None:
    for scenario in scenarios:
        for test in ("TEST01", "TEST04"):
            space.byquery(query(scenario, more=f"loadgen_official+,loadgen_compliance_test={test}{more}"))
