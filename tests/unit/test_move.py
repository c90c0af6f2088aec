"""The work collection moves: everything answers afterwards, and whatever happens one of the two places is complete."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base.errors import AxsError, StoreError, UsageError
from axs_core.upkeep import move as moving

PLACES = (Path("/dev/shm"), Path("/var/tmp"))
"""Quick tests work in memory, the others on a disk."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system."""
    others = [place for place in PLACES if os.access(place, os.W_OK) and place.stat().st_dev != tmp_path.stat().st_dev]
    if not others:
        pytest.skip("there is no other file system to write to")
    folder = Path(tempfile.mkdtemp(dir=others[0]))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["same", "other"])
def to(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where to: on the same file system, on another one."""
    if request.param == "same":
        return tmp_path / "new" / "place"
    folder: Path = request.getfixturevalue("elsewhere")
    return folder / "place"


@pytest.fixture
def made(toys: Toys) -> Toys:
    """Entries with a need, a link, a program, an empty folder; one that a person wrote; a broken one."""
    body = """
        (path / "link").symlink_to("out.txt")
        (path / "tool").write_text("#!/bin/sh")
        (path / "tool").chmod(0o755)
        (path / "empty").mkdir()
    """
    toys.maker("base", "base", body)
    toys.maker("toy", "thing", needs={"b": "base"})
    toys.space().byquery("thing")
    toys.add("mine", {"tags": ["x"]}, folder=toys.work)
    (toys.work / "linked").symlink_to("mine")
    toys.broken_folder("half_0123456789")
    return toys


def answers(toys: Toys, place: Path) -> None:
    """Everything is in ``place`` as it was, and nothing is made again."""
    toys.work = place
    space = toys.space()
    before = (toys.made("toy"), toys.made("base"))
    thing = space.byquery("thing")
    assert thing.path.parent == place
    base = space.byquery("base")
    assert (base.path / "link").readlink() == Path("out.txt")
    assert os.access(base.path / "tool", os.X_OK)
    assert (base.path / "empty").is_dir()
    assert space.byname("mine").tags == {"x"}
    assert (place / "linked").readlink() == Path("mine")
    assert space.verify() == []
    assert (toys.made("toy"), toys.made("base")) == before
    assert {row.state for row in space.entries() if row.name.startswith("half")} <= {"broken"}


def test_moved(made: Toys, to: Path) -> None:
    to.parent.mkdir(exist_ok=True)
    old, space = made.work, made.space()
    times = {item.name: item.stat().st_mtime_ns for item in old.iterdir() if item.name != ".axs"}
    assert space.work_collection().move(to) == to
    assert space.byquery("thing").path.parent == to  # the workspace itself goes on in the new place
    assert not os.path.lexists(old)
    assert {name: (to / name).stat().st_mtime_ns for name in times} == times
    assert [item.name for item in to.parent.iterdir()] == ["place"]
    answers(made, to)
    made.space().gc()
    assert made.space().byquery("thing", fresh="one").path.parent == to  # and more can be made


def test_into_an_empty_folder(made: Toys, to: Path) -> None:
    to.mkdir(parents=True)
    made.space().work_collection().move(to)
    answers(made, to)


def test_moved_by_hand(made: Toys, to: Path) -> None:
    to.parent.mkdir(exist_ok=True)
    shutil.move(made.work, to)
    answers(made, to)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("work", "one is the other, or inside of it"),
        ("work/inside", "one is the other, or inside of it"),
        (".", "one is the other, or inside of it"),
        ("recipes", "is there already"),
        ("a file", "is there already"),
        ("gone/place", "there is no folder"),
    ],
)
def test_places_that_will_not_do(made: Toys, tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(UsageError, match=message):
        made.space().work_collection().move(tmp_path / place)
    answers(made, made.work)


def test_a_link_in_its_place(made: Toys, tmp_path: Path) -> None:
    real = made.work.rename(tmp_path / "real")
    made.work.symlink_to(real)
    with pytest.raises(UsageError, match="is a link to") as refused:
        made.space().work_collection().move(tmp_path / "new")
    assert refused.value.hint is not None
    assert f"axs --work-collection={real} work_collection , move --to={tmp_path / 'new'}" in refused.value.hint


def test_of_nothing(toys: Toys, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no work collection"):
        toys.space().work_collection().move(tmp_path / "new")


@pytest.mark.process
def test_refused_while_something_is_made(made: Toys, tmp_path: Path) -> None:
    made.maker("slow", "slow", "import sys\nprint('making', flush=True)\nsys.stdin.readline()")
    child = made.child("print(space.byquery('slow').path.name)")
    assert child.stdout is not None
    assert child.stdout.readline() == "making\n"
    with pytest.raises(StoreError, match=r"in use just now: .*process"):
        made.space().work_collection().move(tmp_path / "new")
    out, err = child.communicate("\n")
    assert child.returncode == 0, err
    assert (made.work / out.strip() / "out.txt").is_file()
    answers(made, made.work)
    made.space().work_collection().move(tmp_path / "new")
    answers(made, tmp_path / "new")


@pytest.mark.process
def test_nothing_is_made_while_it_moves(made: Toys, elsewhere: Path) -> None:
    """Who asks for what is there is answered; who would make something is told, and what came of it is whole."""
    code = f"""
        import sys
        from axs_core.upkeep import move
        copy = move._copy_times
        def halted(*args):
            print("copied", flush=True)
            sys.stdin.readline()
            return copy(*args)
        move._copy_times = halted
        space.work_collection().move({str(elsewhere / "new")!r})
    """
    child = made.child(code)
    assert child.stdout is not None
    assert child.stdout.readline() == "copied\n"
    made.space().byquery("thing")
    for use in (lambda space: space.byquery("thing", fresh="one"), lambda space: space.gc()):
        with pytest.raises(StoreError, match=rf"is away: .*moving it to {elsewhere / 'new'}"):
            use(made.space())
    _, err = child.communicate("\n")
    assert child.returncode == 0, err
    answers(made, elsewhere / "new")


STAGES = {
    "after the first file": ("_copy", 1),
    "after some files": ("_copy", 5),
    "before it is read again": ("sync_tree", 0),
    "while it is read again": ("_digest", 2),
    "before it has its name": ("_copy_times", 0),
    "when it has its name": ("_leave", 0),
    "before the old one goes": ("rmtree of the old", 0),
    "in the midst of that": ("rmtree of the old", 1),
}


@pytest.mark.process
@pytest.mark.parametrize("stage", STAGES)
def test_killed(made: Toys, elsewhere: Path, stage: str) -> None:
    """The process is killed at that point; one of the two is complete, and moving it once more comes to its end."""
    function, count = STAGES[stage]
    new = elsewhere / "new"
    code = f"""
        import os, shutil, signal
        from pathlib import Path
        from axs_core.upkeep import move
        calls = 0
        def killing(name, count, owner=move, when=lambda *args: True):
            real = getattr(owner, name)
            def wrapped(*args, **kwargs):
                global calls
                if when(*args):
                    if calls == count:
                        os.kill(os.getpid(), signal.SIGKILL)
                    calls += 1
                return real(*args, **kwargs)
            setattr(owner, name, wrapped)
        if {function!r}.startswith("rmtree"):
            if {count}:
                killing("rmdir", 1, os, lambda path, **kw: True)
            else:
                killing("rmtree", 0, shutil, lambda path, **kw: str(path).endswith(".moved") and Path(path).exists())
        else:
            killing({function!r}, {count})
        space.work_collection().move({str(new)!r})
    """
    old = made.work
    child = made.child(code)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    complete = [place for place in (old, new) if place.is_dir()]
    assert complete
    for place in complete:
        answers(made, place)
    if complete == [new]:  # the same once more removes the rest of the old place
        made.work = old
        made.space().work_collection().move(new)
        assert not old.with_name(f".{old.name}.moved").exists()
    again = elsewhere / "again"
    made.work = complete[0]
    made.space().byquery("thing", fresh="one")
    made.space().work_collection().move(again)
    answers(made, again)
    left = {item.name for item in elsewhere.iterdir()} - {"new", "again"}
    assert left <= {".new.moving"}


def test_a_copy_that_is_not_what_was_read(made: Toys, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_digest", lambda path, bar: "0" * 64)
    with pytest.raises(StoreError, match="is not what was copied from"):
        made.space().work_collection().move(elsewhere / "new")
    assert list(elsewhere.iterdir()) == []
    answers(made, made.work)


def test_a_full_disk(made: Toys, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
        with pytest.raises(StoreError, match="has 0 bytes free"):
            made.space().work_collection().move(elsewhere / "new")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(moving, "_copy", full)
    with pytest.raises(AxsError, match=r"the disk is full: .*; nothing was moved"):
        made.space().work_collection().move(elsewhere / "new")
    assert list(elsewhere.iterdir()) == []
    answers(made, made.work)


def test_what_is_no_file(made: Toys, elsewhere: Path) -> None:
    os.mkfifo(made.work / "mine" / "pipe")
    with pytest.raises(StoreError, match="pipe is no file, and cannot be copied"):
        made.space().work_collection().move(elsewhere / "new")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.venv
@pytest.mark.parametrize("way", ["move", "mv"])
def test_programs_of_environments_work_in_the_new_place(toys: Toys, tmp_path: Path, way: str) -> None:
    toys.add("env", {"provides": [["env"]], "make": {"python_env": {"requirements": [], "isolated": True}}})
    toys.settings["AXS_INSTALLER"] = "pip"
    made = toys.space().byquery("env")
    new = tmp_path / "new place"
    if way == "move":
        toys.space().work_collection().move(new)
        assert toys.reporter.notes == [f"paths put right in {made.name}"]
    else:
        shutil.move(toys.work, new)
    toys.work = new
    space = toys.space()
    there = space.byquery("env").path
    assert there == new / made.name
    if way == "mv":
        assert space.work_collection().repair() == [made.name]
    assert space.work_collection().repair() == []
    assert space.verify() == []
    for program in ("pip", "python"):
        done = subprocess.run(
            [there / "venv" / "bin" / program, "--version"], capture_output=True, text=True, check=True
        )
        assert done.stdout
    assert _activated(there / "venv") == str(there / "venv")
    assert toys.space().byquery("env").path == there


def _activated(environment: Path) -> str:
    """What a shell knows as its environment."""
    script = '. "$0/bin/activate" && printf %s "$VIRTUAL_ENV"'
    return subprocess.run(["sh", "-c", script, str(environment)], capture_output=True, text=True, check=True).stdout


@pytest.mark.venv
@pytest.mark.parametrize("old", ["work", "work with blanks"])
@pytest.mark.parametrize("new", ["elsewhere", "else where", "it's here"])
def test_activation_of_every_python(toys: Toys, tmp_path: Path, old: str, new: str) -> None:
    """Pythons that are newer than the one at hand write the place as a word of its own, quoted if need be."""
    toys.add("env", {"provides": [["env"]], "make": {"python_env": {"requirements": [], "isolated": True}}})
    toys.settings["AXS_INSTALLER"] = "uv" if shutil.which("uv") else "pip"
    toys.work = tmp_path / old
    made = toys.space().byquery("env").path
    script = made / "venv" / "bin" / "activate"
    place = shlex.quote(str(made / "venv"))
    script.write_text(
        f'if [ "$OSTYPE" = "cygwin" ]; then\n    export VIRTUAL_ENV=$(cygpath {place})\nelse\n'
        f"    export VIRTUAL_ENV={place}\nfi\n"
    )
    assert _activated(made / "venv") == str(made / "venv")
    toys.space().work_collection().move(tmp_path / new)
    toys.work = tmp_path / new
    there = toys.space().byquery("env").path
    assert _activated(there / "venv") == str(there / "venv")
    assert str(tmp_path / old) not in (there / "venv" / "bin" / "activate").read_text()
