"""The description of the system, ``systems/SYSTEM.json``: read from the runs' records, the rest asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from axs_core.sdk import UsageError, closest, machine

from .rules import NEWEST, rules_of
from .runs import Run

KEYS = rules_of(NEWEST).data["system"]
# The keys of the description in their order. The first group must not be empty ("N/A" is an answer).
NEEDED = tuple(KEYS["not_empty"])
MAY_BE_EMPTY = tuple(key for key in KEYS["keys"] if key not in NEEDED)
# Further keys of MLPerf's, that a file may bring: for systems whose power was measured, and for the network division.
FURTHER = (*KEYS["power_keys"], *KEYS["network_keys"])
# Keys whose parameter is called otherwise: a query's names hold no hyphen, and framework= chooses among runs.
PARAMETERS = {"accelerator_on-chip_memories": "accelerator_on_chip_memories", "framework": "framework_name"}
OF_ACCELERATORS = (
    "accelerator_model_name",
    "accelerator_memory_capacity",
    "accelerator_host_interconnect",
    "accelerator_memory_configuration",
    "accelerator_interconnect",
)
NONE = "N/A"
LATER = "known when there are runs"


def description(parameters: Mapping[str, Any], runs: Sequence[Run], here: str) -> dict[str, str]:
    """All keys; what is neither said nor known is empty. What else stands in ``system_file`` comes after them. Texts
    only: the checker takes the number 0 for empty. ``here``: this machine's name.
    """
    file = _of_file(parameters.get("system_file"))
    known = {
        **_detected(parameters, runs, here),
        **{key: value for key, value in file.items() if value not in ("", None)},
    }
    for key in (*NEEDED, *MAY_BE_EMPTY):
        said = parameters.get(PARAMETERS.get(key, key))
        if said is not None:
            known[key] = said
    if known.get("system_type") == "both":
        known["system_type"] = "datacenter,edge"
    more = (key for key in file if key not in (*NEEDED, *MAY_BE_EMPTY))
    return {key: _text(known.get(key)) for key in (*NEEDED, *MAY_BE_EMPTY, *more)}


def remarks(parameters: Mapping[str, Any]) -> list[str]:
    """What is told of ``system_file``: its keys that are none of MLPerf's are handed in as they are."""
    file = parameters.get("system_file")
    unknown = [key for key in _of_file(file) if key not in (*NEEDED, *MAY_BE_EMPTY, *FURTHER)]
    if file is None or not unknown:
        return []
    return [f"{Path(file).name} has keys that are none of MLPerf's, kept as they are: {', '.join(unknown)}"]


def lacking(described: Mapping[str, str]) -> list[str]:
    """The parameters that would fill what must not be empty, as ``cooling``."""
    return [PARAMETERS.get(key, key) for key in NEEDED if not described[key]]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _of_file(file: str | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"system_file={file} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise UsageError(f"system_file={file} must hold a JSON object")
    _refuse_misspelt(content, file)
    return content


def _refuse_misspelt(content: Mapping[str, Any], file: str) -> None:
    """A key that looks like one of MLPerf's, which the file does not have, is taken for a slip."""
    known = (*NEEDED, *MAY_BE_EMPTY, *FURTHER)
    for key in [key for key in content if key not in known]:
        meant = closest(key, known)
        if meant is not None and meant not in content:
            raise UsageError(
                f"system_file={file}: {key} is no key of a system description", hint=f"did you mean {meant}?"
            )


def _detected(parameters: Mapping[str, Any], runs: Sequence[Run], here: str) -> dict[str, Any]:
    """What the records say of the machine and of the software; before anything was run, this machine counts."""
    found: dict[str, Any] = {
        "division": parameters["division"],
        "submitter": parameters["submitter"],
        "system_name": parameters["system"],
        "number_of_nodes": 1,
    }
    facts = next((run.machine for run in runs if run.machine), None) or {**machine.facts(), "name": here}
    devices = list(facts.get("accelerators") or [])
    found |= {
        "host_processor_model_name": facts.get("cpu"),
        "host_processor_core_count": facts.get("cores"),
        "host_memory_capacity": f"{facts['memory_bytes'] / 2**30:.0f} GiB" if facts.get("memory_bytes") else None,
        "operating_system": " ".join(filter(None, (f"{facts.get('os')},", facts.get("kernel")))),
        "accelerators_per_node": len(devices),
        **(dict.fromkeys(OF_ACCELERATORS, NONE) if not devices else {"accelerator_model_name": devices[0]}),
        "framework": ", ".join(sorted({f"{run.get('engine')} {run.get('engine_version')}" for run in runs})) or LATER,
        "other_software_stack": ", ".join(_software(runs)) or LATER,
    }
    if facts.get("name") == here:
        found |= _of_this_machine()
    return found


def _software(runs: Sequence[Run]) -> list[str]:
    stack = {f"Python {run.machine['python']}" for run in runs if run.machine.get("python")}
    stack |= {f"MLPerf LoadGen {run.get('loadgen_version')}" for run in runs if run.get("loadgen_version")}
    stack |= {f"axs {run.record['axs']}" for run in runs if run.record.get("axs")}
    for run in runs:
        stack |= {package for frozen in run.record.get("python", {}).values() for package in frozen}
    return sorted(stack, key=lambda item: ("==" in item, item))


def _of_this_machine() -> dict[str, Any]:
    """What Linux says beyond the record, where the runs were made here."""
    cpus = Path("/sys/devices/system/cpu")
    packages = {_read(file) for file in cpus.glob("cpu[0-9]*/topology/physical_package_id")} - {None}
    caches = {
        f"L{level} {size} {_read(cache / 'type') or ''}".strip()
        for cache in cpus.glob("cpu0/cache/index*")
        if (level := _read(cache / "level")) and (size := _read(cache / "size"))
    }
    fastest = _read(cpus / "cpu0/cpufreq/cpuinfo_max_freq")
    return {
        "host_processors_per_node": len(packages) or None,
        "host_processor_caches": ", ".join(sorted(caches)),
        "host_processor_frequency": f"{int(fastest) / 1e6:.2f} GHz" if fastest else None,
    }


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="ascii").strip() or None
    except OSError:
        return None
