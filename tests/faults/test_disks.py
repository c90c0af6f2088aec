"""A disk that is full, a work collection that must not be written, one that is taken away while it is used."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.faults.disks import CannotMount, FullDisk, read_only, small_disk
from support.faults.world import ASKED, World, ended
from support.http_server import Fault, Server

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path, http_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, http_server, large=60_000)
    made.build()
    yield made
    made.end_all()


def fill(world: World, disk: Path, many: int) -> list[str]:
    """Ask with so many different sizes of room; the faults. The steps at which it got stuck are several."""
    try:
        with small_disk(disk):
            full = FullDisk(world, disk)
            needed = full.room_needed()
            tries = [full.ask_with(round(needed * 1.03 * (place + 0.5) / many)) for place in range(many)]
    except CannotMount as why:
        pytest.skip(f"no file system can be mounted here: {why}")
    assert len({one.step for one in tries}) >= min(many, 5)
    return [f"{one.kb} KiB: {one.step}: {fault}" for one in tries for fault in one.faults]


def test_a_full_disk(world: World) -> None:
    assert fill(world, world.work, 5) == []


@pytest.mark.endurance
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("disk", ["work collection", "everything"])
def test_a_full_disk_at_many_sizes(world: World, disk: str) -> None:
    assert fill(world, world.work if disk == "work collection" else world.live, 40) == []


def test_a_work_collection_that_must_not_be_written(world: World) -> None:
    """What is there answers, also where nothing at all can be written; what is not there is refused, and says why."""
    assert world.ask().out == "46"
    for folder in (world.work, world.live):
        try:
            with read_only(folder):
                for words in (("get", "total"), ("get_path",)):
                    run = world.axs("byquery", ASKED, ",", *words)
                    assert (run.code, "46" in run.out or "sum.txt" in run.out) == (0, True), run.err
                for words in (("list",), ("verify",), ("all_byquery", "scores"), ("plan", "result,size=4")):
                    run = world.axs(*words)
                    assert (run.code, "Traceback" in run.err) == (0, False), run.err
                asked = world.axs("byquery", "result,size=4")
                assert asked.code == 1
                assert (
                    f"error: the work collection {world.work} cannot be written: Read-only file system\n" in asked.err
                )
                assert "\nhint: name another folder: AXS_WORK_COLLECTION=FOLDER axs ...\n" in asked.err
                for words in (("gc",), ("byquery", ASKED, ",", "remove"), ("work_collection", ",", "remove")):
                    run = world.axs(*words)
                    assert (run.code, "Read-only file system" in run.err) == (1, True), (words, run.err)
        except CannotMount as why:
            pytest.skip(f"no file system can be mounted here: {why}")
    assert world.axs("verify").code == 0
    assert world.axs("byquery", "result,size=4", ",", "get", "total").out == "47"


@pytest.mark.parametrize("gone", [".axs", "."])
def test_taken_away_while_it_is_used(world: World, gone: str) -> None:
    """Somebody deletes the locks, or all of it, under a process that makes something: it fails and says so, or its
    answer is whole. The next ask is answered.
    """
    world.server.fail("/words.txt", Fault(wait=True))
    maker = world.start("byquery", "words", ",", "get", "size")
    deadline = time.monotonic() + 120
    while "/words.txt" not in world.server.paths():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    shutil.rmtree(world.work / gone, ignore_errors=True)
    world.server.go.set()
    run = ended(maker)
    assert "internal error" not in run.err
    assert (run.code, run.out, "error: " in run.err) in [(0, "4200", False), (1, "", True)], run.err
    again = world.axs("byquery", "words", ",", "get", "size")
    assert (again.code, again.out) == (0, "4200")
    assert world.axs("verify").code == 0
