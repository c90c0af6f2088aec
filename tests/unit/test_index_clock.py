"""A clock that is put back: edits, additions and what is newest are known all the same."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core import Workspace
from axs_core.collections import folders as collection
from axs_core.index import rows as rows_module
from axs_core.making import maker as making

YEAR = 365 * 24 * 3600 * 10**9


class Clock:
    """The clock of this process; the files get its time where a test gives them one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0
        real = time.time_ns
        for module in (rows_module, collection):
            monkeypatch.setattr(module.time, "time_ns", lambda: real() + self.ahead)
        monkeypatch.setattr(making, "now", self.now)

    def now(self) -> str:
        there = datetime.now(timezone.utc) + timedelta(microseconds=self.ahead / 1000)
        return there.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def stamp(self, *paths: Path) -> None:
        """What was changed just now, as the system would stamp it."""
        for path in paths:
            os.utime(path, ns=(time.time_ns(), time.time_ns()))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def names(space: Workspace, query: str = "x") -> list[str]:
    return sorted(found.name for found in space.all_byquery(query))


@pytest.mark.parametrize("jump", [-YEAR, -3600 * 10**9, -(10**9), -1, 3600 * 10**9], ids=str)
def test_additions_edits_and_deletions_after_the_clock_was_put_back(toys: Toys, clock: Clock, jump: int) -> None:
    """Or forward: at each step the folders and files carry the time that the clock shows."""
    clock.ahead = YEAR
    for name in ("a", "b", "c"):
        clock.stamp(toys.add(name, {"tags": ["x"], "attributes": {"n": 1}}) / "meta.yaml")
    clock.stamp(toys.recipes)
    assert names(toys.space()) == ["a", "b", "c"]
    clock.ahead += 10 * 10**9
    assert names(toys.space()) == ["a", "b", "c"]  # its stamp is trusted now
    clock.ahead += jump
    clock.stamp(toys.add("d", {"tags": ["x"]}) / "meta.yaml", toys.recipes)
    assert names(toys.space()) == ["a", "b", "c", "d"]
    clock.stamp(toys.add("a", {"tags": ["x"], "attributes": {"n": 2}}) / "meta.yaml")  # as long as before
    assert names(toys.space(), "x,n=2") == ["a"]
    (toys.recipes / "b" / "meta.yaml").unlink()
    (toys.recipes / "b").rmdir()
    clock.stamp(toys.recipes)
    assert names(toys.space()) == ["a", "c", "d"]


def test_a_stamp_from_the_distant_future_is_trusted(toys: Toys, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was set before the clock was put back: the collection is not listed again and again for a year."""
    clock.ahead = YEAR
    clock.stamp(toys.add("a", {"tags": ["x"]}) / "meta.yaml", toys.recipes)
    clock.ahead = 0
    assert names(toys.space()) == ["a"]
    listed: list[Path] = []
    listing = collection.listing
    monkeypatch.setattr(collection, "listing", lambda path, **more: (listed.append(path), listing(path, **more))[1])
    assert names(toys.space()) == ["a"]
    assert toys.recipes not in listed


def test_a_stamp_from_the_near_future_is_not_trusted(toys: Toys, clock: Clock) -> None:
    """A file server's clock may be some seconds ahead, and two changes within one tick of it look alike."""
    toys.add("a", {"tags": ["x"]})
    clock.ahead = 2 * 10**9
    soon = time.time_ns()
    clock.ahead = 0
    os.utime(toys.recipes, ns=(soon, soon))
    assert names(toys.space()) == ["a"]
    toys.add("b", {"tags": ["x"]})
    os.utime(toys.recipes, ns=(soon, soon))
    assert names(toys.space()) == ["a", "b"]


def test_two_edits_within_one_tick(toys: Toys, clock: Clock) -> None:
    """Of the same length, with an ask in between."""
    file = toys.add("a", {"tags": ["x"], "attributes": {"n": 1}}) / "meta.yaml"
    tick = time.time_ns() + 10**9
    os.utime(file, ns=(tick, tick))
    assert names(toys.space(), "x,n=1") == ["a"]
    toys.add("a", {"tags": ["x"], "attributes": {"n": 2}})
    os.utime(file, ns=(tick, tick))
    assert names(toys.space(), "x,n=2") == ["a"]


def test_the_newest_is_what_was_made_last(toys: Toys, clock: Clock) -> None:
    toys.maker("toy", "thing")
    clock.ahead = YEAR
    made = [toys.space().byquery("thing").name]
    for jump in (-YEAR, -YEAR, 3 * YEAR, -2 * YEAR, -(10**9)):
        clock.ahead += jump
        made.append(toys.space().byquery("thing", fresh="one").name)
        assert toys.space().byquery("thing").name == made[-1], clock.ahead
    assert len(set(made)) == 6
    assert [found.name for found in toys.space().all_byquery("thing")] == made
    space = toys.space()
    space.work_collection().reindex()
    assert space.byquery("thing").name == made[-1]
    assert [found.name for found in space.all_byquery("thing")] == made


def test_entries_from_the_future(toys: Toys, clock: Clock) -> None:
    """Made on a machine whose clock is ahead: they answer, and what is made again here is newer."""
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}})
    clock.ahead = 100 * YEAR
    first = toys.space().byquery("thing,n=1")
    clock.stamp(first.path / "meta.yaml", toys.work)
    clock.ahead = 0
    assert toys.space().byquery("thing,n=1").name == first.name
    second = toys.space().byquery("thing,n=2")
    assert toys.space().byquery("thing,n=2").name == second.name
    assert toys.made("toy") == 2
    assert toys.space().byquery("thing,n=1", fresh="one").name == toys.space().byquery("thing,n=1").name != first.name
