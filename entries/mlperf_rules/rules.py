"""The rules of a round, as data: ``ROUND.yaml``, which ``from_checker.py`` makes, and ``ROUND.text.yaml``."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from axs_core.sdk import NotFound

from .benchmark import Benchmark

NEWEST = "v6.1"
"""The round that a run is measured against where none is named."""
UNVERIFIED = "Result not verified by MLCommons Association."
"""What has to be said of a result that MLCommons has not reviewed, with the word "unverified" beside each score
(MLPerf_Results_Messaging_Guidelines.adoc in mlcommons/policies, c195f80f).
"""


@dataclass(frozen=True)
class Rules:
    """What a round asks for. ``data`` is what its files say; each of its ``benchmarks`` stands under the name of its
    folder, with ``official``, the checker's name, where that is another.
    """

    round: str
    data: dict[str, Any]

    def benchmark(self, name: str) -> dict[str, Any] | None:
        """What is asked of a benchmark, by the name of its folder or the checker's; None: not in the round."""
        known: dict[str, Any] = self.data["benchmarks"]
        return known.get(name) or next((item for item in known.values() if item.get("official") == name), None)

    def official_name(self, name: str) -> str:
        """The checker's name of a benchmark."""
        return str((self.benchmark(name) or {}).get("official", name))

    def asked(self, name: str) -> Benchmark | None:
        """:meth:`benchmark` as a typed value."""
        data = self.benchmark(name)
        return None if data is None else Benchmark(data["folder"], data.get("official", data["folder"]), data)

    def min_duration_ms(self, name: str) -> int:
        """How long a performance run of a benchmark must be set to last."""
        free = self.official_name(name) in self.data.get("no_min_duration", ())
        return 0 if free else int(self.data["min_duration_ms"])

    def score_field(self, name: str, scenario: str) -> str:
        """The key of LoadGen's detail log that is the score. Interactive is LoadGen's Server, and scored like it."""
        own = (self.benchmark(name) or {}).get("scores", {})
        logged = "Server" if scenario == "Interactive" else scenario
        return str(own.get(logged) or self.data["scores"][logged])

    def score_unit(self, name: str, scenario: str) -> str:
        """The unit of the score, as the checker lists it (``Samples/s``); Whisper's too is tokens, whatever it says."""
        if "tokens_per_second" in self.score_field(name, scenario):
            return "Tokens/s"
        return str((self.benchmark(name) or {}).get("units", {}).get(scenario) or self.data["units"][scenario])

    @property
    def deadline(self) -> datetime.date:
        """The last day of handing in."""
        found: datetime.date = self.data["deadline"]
        return found

    def is_open(self, today: datetime.date | None = None) -> bool:
        """May results still be handed in? ``today`` is the day of the clock if it is not said."""
        return (today or datetime.date.today()) <= self.deadline

    def state(self, today: datetime.date | None = None) -> str:
        """``open until 2026-07-31`` or ``closed on 2026-07-31``."""
        return f"{'open until' if self.is_open(today) else 'closed on'} {self.deadline}"


def rounds() -> list[str]:
    """The rounds whose rules are here."""
    return sorted(file.name.removesuffix(".text.yaml") for file in Path(__file__).parent.glob("*.text.yaml"))


@lru_cache
def rules_of(round: str) -> Rules:
    """The rules of ``round`` (v6.1), the same object each time: do not change it. Raises NotFound for others."""
    if round not in rounds():
        raise NotFound(f"there are no rules of round {round} here", hint=f"known: {', '.join(rounds())}")
    tables, text = (_read(f"{round}{suffix}") for suffix in (".yaml", ".text.yaml"))
    benchmarks = (_merged(name, facts, text["benchmarks"][name]) for name, facts in tables["benchmarks"].items())
    return Rules(round, {**tables, **text, "benchmarks": {each["folder"]: each for each in benchmarks}})


def _read(name: str) -> dict[str, Any]:
    import yaml

    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return content


def _merged(official: str, facts: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    """One benchmark from both files. ``accuracy`` and ``server_latency_ns`` are shorter ways to what most ask for: the
    first metric, its target without the noise of its last digits (75.69539999999999), and the bound of Server.
    """
    found = {"folder": official, **facts, **text}
    if found["folder"] != official:
        found["official"] = official
    first = Benchmark(found["folder"], official, found).metrics()[0]
    found["accuracy"] = {"pattern": f"^(?:{first.pattern})", "target": float(f"{first.target:.10g}")}
    if bound := facts.get("latency_ns", {}).get("Server"):
        found["server_latency_ns"] = bound
    return found
