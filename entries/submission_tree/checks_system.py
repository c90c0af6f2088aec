"""The description of a system, and of a model: one line for each thing that is not as the rules say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .benchmark import Kind
from .checks_reading import read_object
from .rules import Rules
from .system import MAY_BE_EMPTY, NEEDED

TYPES: dict[str, Kind] = {
    "edge": "edge",
    "datacenter": "datacenter",
    "datacenter,edge": "both",
    "edge,datacenter": "both",
}


def description(home: Path, division: str, system: str, rules: Rules) -> tuple[dict[str, Any], list[str]]:
    """The description of the system, and what is wrong with it."""
    file = home / "systems" / f"{system}.json"
    where = f"systems/{file.name}"
    if not file.is_file():
        return {}, [f"{where} is missing"]
    described, damage = read_object(file)
    faults = [f"systems/{text}" for text in damage]
    if not damage:
        faults = [f"{where}: {text}" for text in _faults(described, home.name, division, rules)]
    return described, faults


def _faults(described: dict[str, Any], submitter: str, division: str, rules: Rules) -> Iterator[str]:
    yield from (f"no {key}" for key in (*NEEDED, *MAY_BE_EMPTY) if key not in described)
    yield from (f"{key} is empty" for key in NEEDED if key in described and not described[key])
    if str(described.get("status", "")).lower() not in rules.data["statuses"]:
        yield f"status must be one of {', '.join(rules.data['statuses'])}"
    if system_type(described) is None:
        yield "system_type must be edge, datacenter or both"
    if described.get("submitter") != submitter or described.get("division") != division:
        yield "submitter and division are not those of the folders"


def system_type(described: dict[str, Any]) -> Kind | None:
    """``edge``, ``datacenter`` or ``both``; None for anything else."""
    return TYPES.get(str(described.get("system_type")))


def loadgen_versions(described: dict[str, Any]) -> set[str]:
    """The versions of LoadGen that the description names."""
    return set(re.findall(r"MLPerf LoadGen (\d[\w.]*)", str(described.get("other_software_stack"))))


def measurements(folder: Path, rules: Rules) -> Iterator[str]:
    """What is wrong with ``measurements.json``."""
    declared, damage = read_object(folder / "measurements.json")
    yield from damage
    if not damage:
        yield from (f"measurements.json: {key} is empty" for key in rules.data["measurements"] if not declared.get(key))


def mapping(home: Path) -> tuple[dict[str, str], list[str]]:
    """Which benchmarks the models of an open submission stand for, and what is wrong with the file that says so."""
    found, damage = read_object(home / "model_mapping.json")
    return {name: str(official) for name, official in found.items()}, damage
