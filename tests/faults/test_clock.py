"""A clock that jumps: everything that is there was made in what is the future now, or far in the past.

A jump back is what it leaves behind: entries whose times, in ``meta.yaml`` and on the disk, are still to come. They are
given such times here; the clock itself is not touched.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.making import maker as making
from axs_core.making import recording as record

pytestmark = pytest.mark.process

DAY = 86400


def shift(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """What axs takes for the time of making is that much off."""

    def now() -> str:
        time = datetime.now(timezone.utc) + timedelta(days=days)
        return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    monkeypatch.setattr(record, "now", now)
    monkeypatch.setattr(making, "now", now)


def age(folder: Path, days: float) -> None:
    """All files and folders, the collection itself too, get times that much off."""
    for place in [*folder.rglob("*"), folder]:
        stat = place.lstat()
        time = stat.st_mtime_ns + int(days * DAY * 1e9)
        os.utime(place, ns=(time, time), follow_symlinks=False)


@pytest.fixture
def maker(toys: Toys) -> Toys:
    toys.maker("base", "base")
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}}, needs={"base": "base"})
    return toys


@pytest.mark.parametrize("days", [1, 400, -1, -20_000, 0.00001])
def test_what_was_made_before_a_jump(maker: Toys, monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    with monkeypatch.context() as before:
        shift(before, days)
        maker.space().byquery("thing,n=1")
        maker.add("static", {"tags": ["stone"], "attributes": {"weight": 1}})
    age(maker.work, days)
    age(maker.recipes, days)
    space = maker.space()
    assert space.byquery("thing,n=1")["n"] == 1
    assert maker.made("toy") == 1
    assert space.byquery("thing,n=2")["n"] == 2
    assert (maker.made("toy"), maker.made("base")) == (2, 1)
    assert len(maker.space().all_byquery("thing")) == 2
    assert maker.space().verify() == []
    # An edit, an entry that is added, and one that is taken away are noticed as ever.
    maker.add("static", {"tags": ["stone"], "attributes": {"weight": 2}})
    maker.add("other", {"tags": ["stone"], "attributes": {"weight": 3}})
    assert [entry["weight"] for entry in maker.space().all_byquery("stone")] == [3, 2]
    for entry in maker.space().all_byquery("thing,n=1"):
        entry.remove()
    assert len(maker.space().all_byquery("thing")) == 1
    assert maker.space().gc() == []


@pytest.mark.parametrize("days", [1, 400])
def test_the_newest_answers(maker: Toys, monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Made again after the clock was put back, a thing is still the one that answers from then on."""
    with monkeypatch.context() as before:
        shift(before, days)
        first = maker.space().byquery("thing,n=1")
    second = maker.space().byquery("thing,n=1", fresh="one")
    assert maker.space().byquery("thing,n=1").name == second.name != first.name
    third = maker.space().byquery("thing,n=1", fresh="one")
    assert maker.space().byquery("thing,n=1").name == third.name


def test_a_log_of_an_attempt_from_the_future(maker: Toys, tmp_path: Path) -> None:
    """Time-outs and pauses do not look at that clock: what a dead process left there is used again as ever."""
    broken = maker.broken_folder(maker.space().byquery("thing,n=5").name + "_2")
    age(broken, 400)
    fresh = maker.space().byquery("thing,n=5", fresh="one")
    assert fresh.path == broken
    assert sorted(item.name for item in broken.iterdir()) == [".axs", "meta.yaml", "out.txt", "record.json"]
