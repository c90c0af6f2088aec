"""The rules of a round, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any


NEWEST = "v6.1"


@dataclass(frozen=True)
class Rules:
    """What a round asks for; ``data`` is its part of ``rules.yaml``."""

    round: str
    data: dict[str, Any]

    def benchmark(self, name: str) -> dict[str, Any] | None:
        """What is asked of a benchmark, by MLPerf's name or the checker's; None for one that is not known here."""
        known: dict[str, Any] = self.data["benchmarks"]
        return known.get(name) or next((item for item in known.values() if item.get("official") == name), None)

    def state(self, today: date) -> str:
        """Whether it still takes submissions."""
        deadline: date = self.data["deadline"]
        return f"open until {deadline}" if today <= deadline else f"closed on {deadline}"

    def official_name(self, name: str) -> str:
        """The checker's name of a benchmark."""
        return str((self.benchmark(name) or {}).get("official", name))


def rules_of(round: str) -> Rules:
    """The rules of ``round`` (v6.1)."""
    import yaml

    file = Path(__file__).with_name("rules.yaml")
    return Rules(round, yaml.safe_load(file.read_text(encoding="utf-8"))[round])
