"""A real ``axs`` is killed at points over the whole life of a query, and asked again; see :mod:`support.faults`.

``python benchmarks/kills.py`` makes all kills and prints how many hit which phase.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.faults.campaign import FULL, fates, hunt, world_at
from support.faults.kills import Kill, choose
from support.faults.world import ASKED, World

pytestmark = pytest.mark.process

PHASES = {"download", "extraction", "clone", "detection", "environment", "program", "record", "index", "start and plan"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with world_at(tmp_path / "world") as made:
        yield made


@pytest.mark.slow
def test_a_sample_of_kills(world: World) -> None:
    found = list(fates(world, "a query", 12))
    assert [(str(fate.kill), *fate.faults) for fate in found if fate.faults] == []
    assert {fate.phase for fate in found} == PHASES


@pytest.mark.slow
def test_a_sample_of_kills_of_what_removes(world: World) -> None:
    found = [fate for what in ("garbage collection", "removal of all") for fate in fates(world, what, 3)]
    assert [(str(fate.kill), *fate.faults) for fate in found if fate.faults] == []


@pytest.mark.endurance
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("what", FULL)
def test_all_kills(world: World, what: str) -> None:
    found = list(fates(world, what, FULL[what]))
    assert [(str(fate.kill), *fate.faults) for fate in found if fate.faults] == []
    assert sum(fate.hit is not None for fate in found) > len(found) * 0.9


@pytest.mark.slow
def test_the_harness_kills_where_it_says(world: World) -> None:
    """Just after the worker was started and before anybody was told of it: the folder is there, nothing answers."""
    one = hunt(world, "a query")
    world.reset()
    kill = Kill(("program", "fork_exec", "after"), 2)
    run = world.killable(*one.killed, **kill.settings())
    assert (run.code, run.point) == (-signal.SIGKILL, kill.point)
    assert world.left_running() == []
    (folder,) = [item.parents[1] for item in world.work.glob("*/.axs/making.json")]
    assert json.loads((folder / ".axs" / "making.json").read_text())["query"] == "scores"
    assert world.axs("all_byquery", "scores").out == ""
    assert f"{folder.name}" in world.axs("list").out
    assert world.ask(ASKED).out == "46"


def test_kills_are_spread() -> None:
    points = [("a", "write", "before")] * 500 + [("b", "mkdir", "after")] * 3 + [("c", "rename", "before")] * 50
    chosen = choose(points, 30)
    assert len(set(chosen)) == len(chosen) == 30
    counts = Counter(kill.point[0] for kill in chosen)
    assert counts["b"] == 3
    assert abs(counts["a"] - counts["c"]) <= 1
    assert max(kill.number for kill in chosen) > 400
