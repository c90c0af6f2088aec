"""Many inputs for one target: made by hypothesis from their structure, or by atheris from what it covers."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.guard import Fault
from fuzz.target import Room, Target, outcome
from fuzz.targets import load
from hypothesis import HealthCheck, Phase, given, seed, settings

BATCH = 2000
"""So many inputs hypothesis makes at a time: it remembers them all."""


@dataclass
class Campaign:
    """What came of the inputs so far: how often each outcome, and the first input for each fault."""

    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: dict[str, bytes] = field(default_factory=dict)

    def add(self, room: Room, data: bytes) -> None:
        """Try one input."""
        self.inputs += 1
        try:
            self.outcomes[outcome(room, data)] += 1
        except Fault as fault:
            self.faults.setdefault(str(fault)[:200], data)

    def as_json(self) -> str:
        """For another process."""
        faults = {told: data.decode("latin-1") for told, data in self.faults.items()}
        return json.dumps({"inputs": self.inputs, "outcomes": len(self.outcomes), "faults": faults})


@contextmanager
def opened(target: Target) -> Iterator[Room]:
    """A room in memory where there is such a place; nothing is synced to a disk meanwhile."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder, _unsynced():
        root = Path(os.path.realpath(folder))
        room = target.open(root)
        try:
            yield room
        finally:
            room.close()


@contextmanager
def _unsynced() -> Iterator[None]:
    kept = os.fsync, os.sync, sys.dont_write_bytecode
    os.fsync, os.sync, sys.dont_write_bytecode = lambda handle: None, lambda: None, True  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of zipfile, which is made to write what it should not
            yield
    finally:
        os.fsync, os.sync, sys.dont_write_bytecode = kept


def by_structure(name: str, count: int, start: int = 0) -> Campaign:
    """``count`` inputs by hypothesis; ``start`` decides which: the same ones each time."""
    target, campaign = load(name), Campaign()
    with opened(target) as room:
        while campaign.inputs < count:
            number = start + campaign.inputs
            _batch(target, room, campaign, min(BATCH, count - campaign.inputs), number)
    return campaign


def _batch(target: Target, room: Room, campaign: Campaign, count: int, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def tried(data: bytes) -> None:
        campaign.add(room, data)

    tried()
