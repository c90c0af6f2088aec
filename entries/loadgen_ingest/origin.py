"""Where a folder of logs comes from: what its place in a submission and the files around it say of the run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .mlperf_log import text_of
from .scores import SCENARIOS

# division/SUBMITTER/results/SYSTEM/BENCHMARK/SCENARIO; compliance runs had a tree of their own until v5.0.
TREES = ("results", "compliance")
PLACES = frozenset(name.lower() for name in (*SCENARIOS, "Interactive"))
# The keys of measurements.json that are about the model.
DECLARED = (
    *("input_data_types", "retraining", "starting_weights_filename"),
    *("weight_data_types", "weight_transformations"),
)
SETTING = re.compile(r"\s*([\w.*-]+)\.([\w*]+)\.(\w+)\s*=")


@dataclass(frozen=True)
class Origin:
    """``facts`` are what the place says (submitter, division, system, benchmark, scenario), as far as it says it;
    ``home`` is the submitter's folder, ``above`` are the folders from the logs' own up to the scenario's.
    """

    facts: dict[str, str]
    home: Path | None
    above: tuple[Path, ...]

    @property
    def system_name(self) -> str | None:
        """The machine that it was measured on, as its submitter calls it."""
        system = self.facts.get("system")
        if system is None or self.home is None:
            return None
        named = _json(self.home / "systems" / f"{system}.json").get("system_name")
        return named if isinstance(named, str) and named.strip() else system

    @property
    def model_name(self) -> str | None:
        """The benchmark, by its folder, else by the only one that user.conf sets something for."""
        if "benchmark" in self.facts:
            return self.facts["benchmark"]
        named = {found[1] for line in self._conf() if (found := SETTING.match(line))} - {"*"}
        return named.pop() if len(named) == 1 else None

    @property
    def declaration(self) -> dict[str, str] | None:
        """What is declared of the model."""
        said = next((found for folder in self.above if (found := _json(folder / "measurements.json"))), {})
        told = {name: str(said[name]) for name in DECLARED if isinstance(said.get(name), str)}
        return told or None

    def _conf(self) -> Iterator[str]:
        file = next((folder / "user.conf" for folder in self.above if (folder / "user.conf").is_file()), None)
        yield from text_of(file).splitlines() if file else ()


def origin_of(folder: Path) -> Origin:
    """What the place of ``folder`` says."""
    lineage = (folder, *folder.parents)
    for depth, place in enumerate(lineage[:5]):
        if place.name.lower() in PLACES and depth + 3 < len(lineage) and lineage[depth + 3].name in TREES:
            benchmark, system, tree = lineage[depth + 1 : depth + 4]
            home = tree.parent
            facts = {"submitter": home.name, "division": home.parent.name, "system": system.name}
            facts |= {"benchmark": benchmark.name, "scenario": place.name}
            return Origin({name: text for name, text in facts.items() if text}, home, lineage[: depth + 1])
    return Origin({}, None, (folder,))


def _json(file: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none."""
    try:
        content = json.loads(text_of(file))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
