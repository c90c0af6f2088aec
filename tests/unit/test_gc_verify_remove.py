"""Keeping the work collection in order: garbage, verification, removal."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.api import WorkspaceEntry
from axs_core.base.errors import NotFound, StoreError
from axs_core.store import lock_base


def family(toys: Toys) -> tuple[WorkspaceEntry, WorkspaceEntry, WorkspaceEntry]:
    """``thing``, which needs ``middle``, which needs ``base``; only ``thing`` is asked for."""
    toys.maker("base", "base")
    toys.maker("middle", "middle", needs={"b": "base"})
    toys.maker("toy", "thing", needs={"m": "middle"})
    space = toys.space()
    thing = space.byquery("thing")
    middle = space.byname(thing.record["needs"][0]["entry"])
    base = space.byname(middle.record["needs"][0]["entry"])
    return thing, middle, base


def left(toys: Toys) -> list[str]:
    return sorted(item.name for item in toys.work.iterdir() if not item.name.startswith("."))


# gc


def test_nothing_to_do(toys: Toys) -> None:
    assert toys.space().gc() == []
    everything = sorted(entry.name for entry in family(toys))
    assert toys.space().gc() == []
    assert left(toys) == everything


def test_needs_of_what_is_gone_go_one_after_the_other(toys: Toys) -> None:
    thing, middle, base = family(toys)
    space = toys.space()
    space.byname(thing.name).remove()
    assert space.gc() == [middle.name, base.name]
    assert left(toys) == []
    assert list(space.all_byquery("base")) == []


def test_what_was_asked_for_stays_with_its_needs(toys: Toys) -> None:
    thing, middle, base = family(toys)
    toys.space().byquery("middle")  # now a user has asked for it
    toys.space().byname(thing.name).remove()
    assert toys.space().gc() == []
    assert left(toys) == sorted([middle.name, base.name])


KILLED = """
import os, signal, sys
from pathlib import Path
from axs_core.store import Store
def decide():
    os.kill(os.getpid(), signal.SIGKILL)
folder = Path(sys.argv[1])
store = Store(folder.parent)
with store.held(sys.argv[2]):
    store.remove_unless(folder, decide)
"""


@pytest.mark.process
@pytest.mark.parametrize("then", ["gc", "ask"])
def test_killed_while_it_decides_whether_something_goes(toys: Toys, then: str) -> None:
    """The entry was complete; it is neither lost nor made again."""
    toys.maker("toy", "thing")
    thing = toys.space().byquery("thing")
    words = [sys.executable, "-c", KILLED, str(thing.path), lock_base(thing.name)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    assert list(toys.space().all_byquery("thing")) == []
    if then == "gc":
        assert toys.space().gc() == []
        assert [entry.name for entry in toys.space().all_byquery("thing")] == [thing.name]
    assert toys.space().byquery("thing").record == thing.record


def test_broken_ones_go_and_other_folders_stay(toys: Toys) -> None:
    toys.work.mkdir()
    toys.broken_folder("half_0123456789")
    toys.add("mine", {"tags": ["x"]}, folder=toys.work)
    (toys.work / "notes").mkdir()
    assert toys.space().gc() == ["half_0123456789"]
    assert left(toys) == ["mine", "notes"]


@pytest.mark.process
def test_what_is_being_made_is_left_alone(toys: Toys) -> None:
    toys.maker("base", "base")
    toys.maker("toy", "thing", "import sys\nprint('making', flush=True)\nsys.stdin.readline()", needs={"b": "base"})
    child = toys.child("space.byquery('thing')\n")
    assert child.stdout is not None
    assert child.stdout.readline() == "making\n"
    space = toys.space()
    assert space.gc() == []
    assert len(left(toys)) == 2
    _, err = child.communicate("\n")
    assert child.returncode == 0, err


# verify


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("nothing", None),
        ("new file", None),
        ("shorter", "out.txt: has 1 bytes, 2 were recorded"),
        ("other", "out.txt: has other content than was recorded"),
        ("gone", "out.txt: is missing"),
        ("folder", "out.txt: is missing"),
        ("no list", "its list of files is missing or damaged"),
    ],
)
def test_verify(toys: Toys, change: str, problem: str | None) -> None:
    toys.maker("toy", "thing")
    made = toys.space().byquery("thing")
    file = made.path / "out.txt"
    assert file.read_text() == "[]"
    if change == "new file":
        (made.path / "more.txt").touch()
    elif change == "shorter":
        file.write_text("[")
    elif change == "other":
        file.write_text("{}")
    elif change in ("gone", "folder"):
        file.unlink()
    elif change == "no list":
        (made.path / ".axs" / "files.json").unlink()
    if change == "folder":
        file.mkdir()
    separator = ": " if change == "no list" else "/"
    expected = [] if problem is None else [f"{made.name}{separator}{problem}"]
    assert toys.space().verify() == expected
    assert toys.space().verify(made.name) == expected


def test_verify_of_links(toys: Toys) -> None:
    toys.maker("toy", "thing", "(path / 'link').symlink_to('out.txt')")
    made = toys.space().byquery("thing")
    assert toys.space().verify() == []
    (made.path / "link").unlink()
    (made.path / "link").symlink_to("other")
    assert toys.space().verify() == [f"{made.name}/link: the link is missing or points elsewhere"]


def test_verify_of_what_a_person_wrote(toys: Toys) -> None:
    toys.add("given", {"tags": ["x"]})
    assert toys.space().verify("given") == []
    with pytest.raises(NotFound):
        toys.space().verify("gone")


# remove


def test_remove_and_ask_again(toys: Toys) -> None:
    toys.maker("toy", "thing")
    space = toys.space()
    made = space.byquery("thing")
    made.remove()
    assert not made.path.exists()
    with pytest.raises(NotFound):
        space.byname(made.name)
    assert space.byquery("thing").path == made.path
    assert toys.made("toy") == 2


def test_the_second_one_is_removed_under_the_lock_of_its_identity(toys: Toys) -> None:
    toys.maker("toy", "thing")
    first = toys.space().byquery("thing")
    second = toys.space().byquery("thing", fresh="one")
    toys.space().byname(second.name).remove()
    assert left(toys) == [first.name]
    assert sorted(lock.name for lock in (toys.work / ".axs" / "locks").iterdir()) == [f"{first.name}.lock"]
    assert toys.space().byquery("thing").name == first.name


def test_what_axs_did_not_make_stays(toys: Toys) -> None:
    given = toys.add("given", {"tags": ["x"]})
    mine = toys.add("mine", {"tags": ["x"]}, folder=toys.work)
    toys.maker("toy", "thing")
    made = toys.space().byquery("thing")
    shutil.copytree(made.path, toys.recipes / "elsewhere")
    for name, path in (("given", given), ("mine", mine), ("elsewhere", toys.recipes / "elsewhere")):
        with pytest.raises(StoreError) as caught:
            toys.space().byname(name).remove()
        assert str(caught.value) == f"{name} was not made by axs in the work collection; it stays"
        assert caught.value.hint == f"to delete it yourself: rm -r {path}"
        assert (path / "meta.yaml").exists()


def test_remove_everything_that_was_made(toys: Toys) -> None:
    family(toys)
    toys.broken_folder("half_0123456789")
    toys.add("mine", {"tags": ["x"]}, folder=toys.work)
    (toys.work / "notes").mkdir()
    space = toys.space()
    space.work_collection().remove()
    assert left(toys) == ["mine", "notes"]
    assert toys.reporter.notes == ["kept, not made by axs: mine, notes"]
    assert toys.space().byname("mine").tags == {"x"}
    toys.space().byquery("thing")


def test_remove_everything_of_nothing(toys: Toys) -> None:
    toys.space().work_collection().remove()
    assert toys.reporter.notes == []


@pytest.mark.process
def test_nothing_is_removed_while_something_is_made(toys: Toys) -> None:
    toys.maker("toy", "thing", "import sys\nprint(path.name, flush=True)\nsys.stdin.readline()")
    toys.maker("other", "other")
    other = toys.space().byquery("other")
    child = toys.child("space.byquery('thing')\n")
    assert child.stdout is not None
    making = child.stdout.readline().strip()
    with pytest.raises(StoreError) as caught:
        toys.space().work_collection().remove()
    assert str(caught.value) == f"being made just now: {making}"
    assert caught.value.hint == "wait for it, or end that axs, and ask again"
    assert other.path.is_dir()
    _, err = child.communicate("\n")
    assert child.returncode == 0, err
    toys.space().work_collection().remove()
    assert left(toys) == []


def test_files_that_cannot_be_deleted_leave_nothing_that_looks_finished(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.maker("toy", "thing")
    made = toys.space().byquery("thing")

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", refuse)
        with pytest.raises(StoreError) as caught:
            toys.space().byname(made.name).remove()
    assert str(caught.value) == f"the work collection {toys.work} cannot be written: Permission denied"
    space = toys.space()
    assert list(space.all_byquery("thing")) == []
    assert space.byquery("thing").path == made.path


@pytest.mark.process
def test_garbage_collection_forgets_who_died_when_all_was_done(toys: Toys) -> None:
    """Killed when the entry was in place already, a maker leaves its claim behind; nobody asks for that any more."""
    toys.maker("toy", "thing")
    maker = toys.child(
        """
        from axs_core.store.hosts.claims import Claim
        import os
        Claim.release = lambda claim: os._exit(9)
        space.byquery("thing")
        """
    )
    maker.communicate()
    claims = toys.work / ".axs" / "claims"
    assert [item.name for item in claims.iterdir()] == [toys.space().byquery("thing").name]
    (claims / "begun_0123456789").mkdir()
    assert toys.space().gc() == []
    assert list(claims.iterdir()) == []
    assert toys.made("toy") == 1
