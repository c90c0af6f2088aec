"""Garbage is collected, and things are removed, while others ask, make and use: real processes, over and over."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base.errors import EntryError, StoreError
from axs_core.store import Store
from axs_core.upkeep import garbage as housekeeping

pytestmark = pytest.mark.process

TURNS = 12

MAKE = """
import time
from pathlib import Path

def make_it(path, parameters, needs):
    \"\"\"Reads its need now and again, as a program does that runs for a while.\"\"\"
    for _ in range(5):
        text = Path(needs["middle"]["file_path"]).read_text()
        time.sleep(0.01)
    (path / "out.txt").write_text(text)
"""
ASK = """
    import random
    random.seed({seed})
    for turn in range({turns}):
        space = Workspace()
        entry = space.byquery(f"thing,n={{random.randrange(3)}},s={seed}")
        need = Path(entry["file_path"]).read_text()
        assert need == "[('s', {seed})]", need
        if random.random() < 0.7:
            entry.remove()
"""
COLLECT = """
    import time
    print("ready", flush=True)
    removed = 0
    while not Path({stop!r}).exists():
        removed += len(Workspace().gc())
    print(removed)
"""


@pytest.fixture
def stop(tmp_path: Path) -> Path:
    return tmp_path / "stop"


def chain(toys: Toys) -> None:
    """``thing`` needs ``middle``, one for each ``s``, which needs ``base``."""
    toys.maker("base", "base")
    toys.maker("middle", "middle", parameters={"s": {"type": "int"}}, needs={"base": "base"})
    toys.add(
        "toy",
        {
            "provides": [["thing"]],
            "parameters": {"n": {"type": "int"}, "s": {"type": "int"}},
            "needs": {"middle": "middle,s={{ s }}"},
            "make": {"python": {"function": "make_it", "file": "out.txt"}},
        },
        MAKE,
    )


def collector(toys: Toys, stop: Path) -> subprocess.Popen[str]:
    child = toys.child(COLLECT.format(stop=str(stop)))
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def done(*children: subprocess.Popen[str]) -> list[str]:
    found = []
    for child in children:
        out, err = child.communicate(timeout=300)
        assert child.returncode == 0, err
        found.append(out.strip())
    return found


def test_nobody_loses_what_it_needs_to_a_collection_of_garbage(toys: Toys, stop: Path) -> None:
    chain(toys)
    collecting = [collector(toys, stop) for _ in range(2)]
    try:
        done(*(toys.child(ASK.format(seed=seed, turns=TURNS)) for seed in range(3)))
    finally:
        stop.touch()
    assert sum(int(removed) for removed in done(*collecting)) > 0
    everything_has_its_needs(toys)


def everything_has_its_needs(toys: Toys) -> None:
    space = toys.space()
    for entry in space.all_byquery("thing"):
        (need,) = entry.record["needs"]
        assert space.byname(need["entry"]).path.is_dir()
    for entry in space.all_byquery("thing"):
        entry.remove()
    toys.space().gc()
    assert [item.name for item in toys.work.iterdir()] == [".axs"]
    for folder in ("claims", "using", "trash"):
        assert list((toys.work / ".axs" / folder).iterdir()) == []


def test_what_was_there_before_is_used_and_stays(toys: Toys) -> None:
    """A need that nothing needs any more answers again, just when garbage is collected."""
    chain(toys)
    space = toys.space()
    first = space.byquery("thing,n=1,s=1")
    middle = space.byname(first.record["needs"][0]["entry"])
    first.remove()
    pause = toys.recipes / "toy" / "code.py"
    pause.write_text(
        pause.read_text()
        .replace("import time", "import sys, time")
        .replace("    for _", "    print('making', flush=True)\n    sys.stdin.readline()\n    for _")
    )
    child = toys.child("print(space.byquery('thing,n=2,s=1').name)")
    assert child.stdout is not None
    assert child.stdout.readline() == "making\n"
    assert toys.space().gc() == []
    with pytest.raises(StoreError) as caught:
        toys.space().byname(middle.name).remove()
    assert str(caught.value).startswith(f"{middle.name} is in use: process {child.pid} on ")
    assert caught.value.hint == "wait for that process, or end it, and ask again"
    out, err = child.communicate("\n")
    assert child.returncode == 0, err
    assert toys.space().byname(out.strip()).record["needs"][0]["entry"] == middle.name
    assert toys.space().gc() == []


def test_what_is_asked_for_just_now_is_no_garbage(toys: Toys, stop: Path) -> None:
    """An answer that was only a need, whose user is gone, is one's own from the moment that it is given."""
    chain(toys)
    ask = """
        for turn in range({turns}):
            s = {seed} + turn
            Workspace().byquery(f"thing,n=1,s={{s}}").remove()
            middle = Workspace().byquery(f"middle,s={{s}}")
            assert (middle.path / "meta.yaml").is_file(), turn
            Workspace().gc()
            assert (middle.path / "out.txt").read_text() == f"[('s', {{s}})]"
    """
    collecting = [collector(toys, stop) for _ in range(2)]
    try:
        done(*(toys.child(ask.format(seed=100 * seed, turns=TURNS)) for seed in range(2)))
    finally:
        stop.touch()
    done(*collecting)


def test_a_killed_process_keeps_nothing_from_being_removed(toys: Toys) -> None:
    chain(toys)
    toys.maker("toy", "thing", "import os\nos.kill(os.getpid(), 9)", needs={"middle": "middle,s=1"})
    toys.child("space.byquery('thing')").communicate()
    removed = toys.space().gc()
    assert sorted(name.partition("_")[0] for name in removed) == ["base", "middle", "toy"]
    everything_has_its_needs(toys)


def test_needs_are_removed_while_others_make_what_needs_them(toys: Toys, stop: Path) -> None:
    """Removing is refused, or comes between: then it is made again. Nobody who asks fails."""
    chain(toys)
    remove = """
        from axs_core.base.errors import AxsError
        while not Path({stop!r}).exists():
            space = Workspace()
            for query in ("middle", "base"):
                try:
                    for entry in space.all_byquery(query):
                        entry.remove()
                except AxsError as error:
                    assert " is in use: process " in str(error) or " was removed " in str(error), error
    """
    removing = [toys.child(remove.format(stop=str(stop))) for _ in range(2)]
    try:
        done(*(toys.child(ASK.format(seed=seed, turns=TURNS)) for seed in range(2)))
    finally:
        stop.touch()
    done(*removing)


def test_everything_is_removed_while_others_make(toys: Toys, stop: Path) -> None:
    """It is refused while something is made, or comes between: who asks gets an answer."""
    chain(toys)
    remove = """
        from axs_core.base.errors import StoreError
        while not Path({stop!r}).exists():
            try:
                Workspace().work_collection().remove()
            except StoreError as error:
                assert str(error).startswith(("being made just now: ", "in use just now: process ")), error
    """
    ask = """
        for turn in range({turns}):
            assert Workspace().byquery(f"thing,n={{turn % 3}},s={seed}").name.startswith("toy_")
    """
    removing = toys.child(remove.format(stop=str(stop)))
    try:
        done(*(toys.child(ask.format(seed=seed, turns=TURNS)) for seed in range(2)))
    finally:
        stop.touch()
    done(removing)
    toys.space().work_collection().remove()
    assert [item.name for item in toys.work.iterdir()] == [".axs"]


def test_what_was_broken_and_is_made_just_now_stays(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look of who collects garbage and his removal somebody asks again, and it is made in that folder."""
    toys.maker("toy", "thing", "if (path.parents[1] / 'fail').exists(): raise RuntimeError")
    (toys.work.parent / "fail").touch()
    with pytest.raises(EntryError):
        toys.space().byquery("thing")
    (toys.work.parent / "fail").unlink()
    is_broken, made = housekeeping._is_broken, []

    def looking(store: Store, folder: Path) -> bool:
        found = is_broken(store, folder)
        made.append(toys.space().byquery("thing").name)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(housekeeping, "_is_broken", looking)
        assert toys.space().gc() == []
    assert toys.space().byquery("thing").name == made[0]
    assert toys.made("toy") == 2
