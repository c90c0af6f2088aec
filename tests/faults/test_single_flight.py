"""Sixteen real processes that ask for the same missing thing, or for things with needs in common."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest
from support.faults.world import Ended, World, ended
from support.http_server import Fault

pytestmark = pytest.mark.slow
MANY = 16


def ends(children: list[subprocess.Popen[str]]) -> list[Ended]:
    return [ended(child) for child in children]


def test_the_same_thing_is_made_once(world: World) -> None:
    runs = ends([world.start("byquery", "result,size=3", ",", "get", "total") for _ in range(MANY)])
    assert {(run.code, run.out) for run in runs} == {(0, "46")}
    assert sorted(world.server.paths()) == ["/data.tar.gz", "/words.txt"]
    assert (world.times("scores"), world.times("result3")) == (1, 1)
    assert sum("made result_" in run.err for run in runs) == 1
    assert world.axs("verify").code == 0


def test_different_things_with_common_needs(world: World) -> None:
    runs = ends([world.start("byquery", f"result,size={n}", ",", "get", "total") for n in range(MANY)])
    assert [(run.code, run.out) for run in runs] == [(0, str(43 + n)) for n in range(MANY)]
    assert sorted(world.server.paths()) == ["/data.tar.gz", "/words.txt"]
    assert world.times("scores") == 1
    assert [world.times(f"result{n}") for n in range(MANY)] == [1] * MANY


def test_different_things_are_made_side_by_side(world: World) -> None:
    """Each of two programs ends only when the other one runs, too."""
    runs = ends([world.start("byquery", f"meeting,n={n}", ",", "get", "n") for n in (0, 1)])
    assert [(run.code, run.out) for run in runs] == [(0, "0"), (0, "1")]


def waiting(world: World, many: int) -> list[subprocess.Popen[str]]:
    """So many that say that they wait for the maker of the words."""
    children = [world.start("byquery", "words", ",", "get", "size") for _ in range(many)]
    for child in children:
        assert child.stderr is not None
        line = child.stderr.readline()
        assert line.startswith("waiting for words_"), line
        assert "is making it since" in line
    return children


def maker(world: World, *faults: Fault) -> subprocess.Popen[str]:
    world.server.fail("/words.txt", *faults)
    child = world.start("byquery", "words", ",", "get", "size")
    deadline = time.monotonic() + 120
    while "/words.txt" not in world.server.paths():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return child


def test_a_killed_maker_hands_over_to_one(world: World) -> None:
    first = maker(world, Fault(pause=600))
    others = waiting(world, MANY - 1)
    first.send_signal(signal.SIGKILL)
    assert ended(first).code == -signal.SIGKILL
    runs = ends(others)
    assert {(run.code, run.out) for run in runs} == {(0, "220192")}
    assert sum("made words_" in run.err for run in runs) == 1
    assert world.server.paths() == ["/words.txt"] * 2


def test_a_failure_is_everybodys_at_once(world: World) -> None:
    """The maker is told 404 after some time; none of the others asks the server again."""
    first = maker(world, Fault(status=404, wait=True))
    others = waiting(world, MANY - 1)
    world.server.go.set()
    alone, runs = ended(first), ends(others)
    assert {run.code for run in [alone, *runs]} == {1}
    told = alone.err[alone.err.index("error: ") :].splitlines()
    assert told[0].startswith("error: words.txt could not be fetched from http://127.0.0.1:")
    for run in runs:
        lines = run.err.splitlines()
        assert lines[0] == told[0]
        assert lines[1].startswith(f"    (in process {first.pid} on ")
        assert lines[-1] == told[-1]
    assert world.server.paths() == ["/words.txt"]
    assert world.ask("words", "get", "size").out == "220192"
