"""The index may be damaged, replaced or deleted at any time: each ask answers as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.index_damage import DAMAGES, damaged_pages, truncated
from support.rights import permissions_count
from support.toy import Toys

from axs_core import Workspace
from axs_core.api.vocabulary import vocabulary
from axs_core.index import connection as connection_module
from axs_core.index import database as database_module

pytestmark = pytest.mark.process

ENTRIES = 50
READ_AGAIN = "; all entries are read again"


@pytest.fixture
def filled(toys: Toys) -> Toys:
    """Entries of all kinds, and an index that has seen them."""
    for number in range(ENTRIES):
        toys.add(f"entry{number}", f"tags: [x]\nattributes: {{n: {number}, text: {'y' * 900}{number}}}\n")
    toys.add("bad", "tags: x\n")
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}})
    toys.space().byquery("thing,n=1")
    toys.space().byquery("thing,n=2")
    toys.space().session.index.close()
    return toys


def all_answers(space: Workspace) -> dict[str, Any]:
    """What a workspace answers to every kind of question."""
    return {
        "find": sorted(found.name for found in space.all_byquery("x")),
        "find one": [(found.name, found["text"]) for found in space.all_byquery("x,n=7")],
        "find above": sorted(found["n"] for found in space.all_byquery("thing,n>1")),
        "hit": space.byquery("thing,n=1").name,
        "name": space.byname("entry9")["n"],
        "list": sorted(space.entries(), key=repr),
        "words": vocabulary(space.session),
        "errors": space.session.index.errors(),
        "plan": str(space.plan("thing,n=2")),
        "explain": space.explain("thing,m=2"),
        "table": space.table("thing"),
    }


def notes(toys: Toys) -> list[str]:
    """What was said about the index."""
    return [text for text in toys.reporter.notes + toys.reporter.warnings if "index" in text or "all entries" in text]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_made_anew(filled: Toys, damage: Callable[[Path], None]) -> None:
    right = all_answers(filled.space())
    space = filled.space()
    space.session.index.close()
    damage(space.session.index.file)
    space = filled.space()
    assert all_answers(space) == right
    (said,) = notes(filled)
    assert said.startswith(f"the index {space.session.index.file} ")
    assert said.endswith(READ_AGAIN)
    space.session.index.close()
    assert all_answers(filled.space()) == right
    assert notes(filled) == []  # it is whole again


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_file_that_is_damaged_while_it_is_open(filled: Toys, damage: Callable[[Path], None]) -> None:
    right = all_answers(filled.space())
    for changed in (lambda: None, lambda: filled.space().byquery("thing,n=3"), lambda: filled.space().byquery("thing")):
        space = filled.space()
        changed()
        space.all_byquery("x")
        damage(space.session.index.file)
        assert all_answers(space)["find one"] == right["find one"]
        space.session.index.refresh()
        assert all_answers(space)["find"] == right["find"]
    assert sorted(found["n"] for found in filled.space().all_byquery("thing,n.")) == [1, 2, 3]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_file_that_is_damaged_while_something_is_made(filled: Toys, damage: Callable[[Path], None]) -> None:
    file = filled.space().session.index.file
    filled.maker(
        "breaker",
        "broken",
        f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        from support import index_damage
        index_damage.{damage.__name__}(__import__("pathlib").Path({str(file)!r}))
        """,
        needs={"first": "thing,n=5"},
    )
    filled.maker("top", "top", needs={"broken": "broken", "other": "thing,n=6"})
    made = filled.space().byquery("top")
    assert made.record["needs"][0]["need"] == "broken"
    assert filled.space().byquery("top").name == made.name
    assert [filled.made(name) for name in ("breaker", "top", "toy")] == [1, 1, 4]


def test_a_file_that_is_cut_off_at_any_length(filled: Toys) -> None:
    right = all_answers(filled.space())
    file = filled.space().session.index.file
    filled.space().session.index.close()
    for part in range(40):
        length = file.stat().st_size * part // 40 + part % 3
        truncated(file, length)
        assert all_answers(filled.space()) == right, length
        assert len(notes(filled)) == 1, length


def test_a_last_page_that_is_cut_off(filled: Toys) -> None:
    """SQLite reads what is missing of it as zeros: rows that were there are none."""
    right = all_answers(filled.space())
    file = filled.space().session.index.file
    filled.space().session.index.close()
    for missing in (1, 100, 1000, 2500, 3687, 4000, 4095):
        truncated(file, file.stat().st_size - missing)
        assert all_answers(filled.space()) == right, missing
        assert len(notes(filled)) == 1, missing


def test_pages_damaged_at_random(filled: Toys) -> None:
    survive(filled, range(30))


@pytest.mark.endurance
def test_pages_damaged_at_random_for_long(filled: Toys) -> None:
    survive(filled, range(30, 5000))


def survive(toys: Toys, seeds: range) -> None:
    right = all_answers(toys.space())
    toys.space().session.index.close()
    noticed = 0
    for seed in seeds:
        damaged_pages(toys.space().session.index.file, random.Random(seed))
        assert all_answers(toys.space()) == right, f"seed {seed}"
        noticed += len(notes(toys))
    print(f"{len(seeds)} indexes with damaged pages: every answer right, {noticed} made anew")
    assert noticed > len(seeds) // 2


def test_a_value_that_was_changed_in_the_file(filled: Toys) -> None:
    """SQLite does not look into its values; a wrong figure must not come out of it."""
    file = filled.space().session.index.file
    with sqlite3.connect(file) as database:
        database.execute("UPDATE entry SET meta = replace(meta, '\"n\": 7', '\"n\": 8') WHERE name = 'entry7'")
    database.close()
    assert filled.space().byname("entry7")["n"] == 7
    assert notes(filled) == [
        f"the index {file} is damaged (the row of {filled.recipes / 'entry7'} is not what was written){READ_AGAIN}"
    ]


def test_side_files_of_another_index_are_not_believed(filled: Toys, tmp_path: Path) -> None:
    """A process that was killed leaves SQLite's -wal; it is nothing to do with a file that was put there since."""
    right = all_answers(filled.space())
    file = filled.space().session.index.file
    shutil.copy(file, tmp_path / "copy")
    child = filled.child("space.byquery('thing,n=9'); print('made', flush=True); sys.stdin.readline()")
    assert child.stdout is not None
    child.stdout.readline()
    child.kill()
    child.wait()
    assert file.with_name(f"{file.name}-wal").stat().st_size > 0
    for item in filled.work.glob("toy_*"):
        if "n: 9" in (item / "meta.yaml").read_text():
            shutil.rmtree(item)
    (tmp_path / "copy").replace(file)
    assert all_answers(filled.space()) == right
    assert notes(filled) == [f"the index {file} was not made in this place{READ_AGAIN}"]


# where it lies


def test_its_place_is_that_of_the_workspace(toys: Toys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXS_INDEX", str(tmp_path / "of the process"))
    toys.settings["AXS_INDEX"] = str(tmp_path / "of the workspace")
    toys.add("a", {"tags": ["x"]})
    assert toys.space().byname("a").name == "a"
    assert (tmp_path / "of the workspace").is_file()
    assert not (tmp_path / "of the process").exists()


def foreign_database(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE precious (photo BLOB)")
    database.close()


def foreign_text(file: Path) -> None:
    file.write_text("a letter to a friend\n" * 1000)


@pytest.mark.parametrize("write", [foreign_database, foreign_text], ids=["database", "text"])
def test_a_file_of_somebody_else_that_is_named_by_mistake(
    toys: Toys, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    toys.add("a", {"tags": ["x"]})
    toys.maker("toy", "thing")
    write(tmp_path / "precious")
    before = (tmp_path / "precious").read_bytes()
    toys.settings["AXS_INDEX"] = str(tmp_path / "precious")
    assert toys.space().byname("a").name == "a"
    (said,) = toys.reporter.warnings
    assert said.startswith(f"{tmp_path / 'precious'} is no index of axs (")
    assert said.endswith("; all entries are read for this time only (AXS_INDEX=FILE names another file)")
    toys.space().work_collection().reindex()
    assert toys.space().byquery("thing").name == toys.space().byquery("thing").name
    assert (tmp_path / "precious").read_bytes() == before
    assert sorted(item.name for item in tmp_path.glob("precious*")) == ["precious"]


def null_device(file: Path) -> None:
    try:
        os.mknod(file, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


@pytest.mark.parametrize("make", [os.mkfifo, null_device])
def test_a_device_or_a_pipe_that_is_named_stays(toys: Toys, tmp_path: Path, make: Callable[[Path], None]) -> None:
    """``AXS_INDEX=/dev/null``, as root: no index for this time, and the device is still one."""
    toys.maker("toy", "thing")
    file = tmp_path / "special"
    make(file)
    before = file.stat()
    toys.settings["AXS_INDEX"] = str(file)
    made = toys.space().byquery("thing")
    assert toys.reporter.warnings == [
        f"{file} is no index of axs (a device, a pipe or a socket); it is left alone; all entries are read for this "
        "time only (AXS_INDEX=FILE names another file)"
    ]
    toys.space().work_collection().reindex()
    assert toys.space().byquery("thing").name == made.name
    assert (file.stat().st_ino, file.stat().st_mode) == (before.st_ino, before.st_mode)
    assert [item.name for item in tmp_path.glob("special*")] == ["special"]


def test_an_own_file_that_was_named_is_made_anew(toys: Toys, tmp_path: Path) -> None:
    toys.settings["AXS_INDEX"] = str(tmp_path / "index")
    for number in range(50):
        toys.add(f"entry{number}", {"tags": ["x"], "attributes": {"text": "y" * 500}})
    toys.space().session.index.close()
    truncated(tmp_path / "index", 9000)
    assert len(toys.space().all_byquery("x")) == 50
    assert len(notes(toys)) == 1
    assert len(toys.space().all_byquery("x")) == 50
    assert notes(toys) == []


def test_a_folder_in_its_place(filled: Toys) -> None:
    right = all_answers(filled.space())
    file = filled.space().session.index.file
    filled.space().session.index.close()
    file.unlink()
    (file / "inside").mkdir(parents=True)
    assert all_answers(filled.space()) == right
    assert [said.endswith("(AXS_INDEX=FILE names another file)") for said in filled.reporter.warnings] == [True]
    assert (file / "inside").is_dir()


def test_a_disk_that_is_full(filled: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the index's disk: what is asked for is made, in memory it is noted."""
    space = filled.space()
    space.session.index.database.execute("PRAGMA max_page_count = 1")  # as SQLite itself says: no more pages
    for number in range(30, 60):
        filled.add(f"later{number}", {"tags": ["x"], "attributes": {"text": "z" * 3000}})
    space.session.index.refresh()
    assert len(space.all_byquery("x")) == ENTRIES + 30
    assert filled.reporter.warnings == [
        f"the index {space.session.index.file} cannot be written: database or disk is full; all entries are read for "
        "this time only (AXS_INDEX=FILE names another file)"
    ]


# without the right to write


def test_it_is_for_the_user_only(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the folder allows; not where the user named the file, who may mean to share it."""
    monkeypatch.delenv("AXS_INDEX", raising=False)
    toys.add("a", {"tags": ["x"]})
    space = toys.space()
    file = space.session.index.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o755)
    space.byname("a")
    assert {item.stat().st_mode & 0o077 for item in file.parent.glob(f"{file.name}*") if item.suffix != ".lock"} == {0}


@pytest.fixture
def user(toys: Toys, tmp_path: Path) -> Iterator[Toys]:
    """Toys of a user for whom permissions count."""
    toys.settings["AXS_INDEX"] = str(tmp_path / "cache" / "index")
    toys.add("a", {"tags": ["x"]})
    toys.maker("toy", "thing")
    with permissions_count():
        yield toys


def test_a_file_that_may_not_be_written_is_replaced(user: Toys) -> None:
    file = user.space().session.index.file
    user.space().session.index.close()
    file.chmod(0o444)
    user.add("b", {"tags": ["x"]})
    assert len(user.space().all_byquery("x")) == 2
    assert notes(user) == [f"the index {file} is damaged (attempt to write a readonly database){READ_AGAIN}"]
    made = user.space().byquery("thing")
    assert user.space().byquery("thing").name == made.name
    assert notes(user) == []


def test_a_folder_that_may_not_be_written(user: Toys) -> None:
    file = user.space().session.index.file
    user.space().session.index.close()
    file.chmod(0o444)
    file.parent.chmod(0o555)
    try:
        user.add("b", {"tags": ["x"]})
        assert len(user.space().all_byquery("x")) == 2
        assert len(user.reporter.warnings) == 1
        made = user.space().byquery("thing")
        assert user.space().byquery("thing").name == made.name
        assert user.made("toy") == 1
    finally:
        file.parent.chmod(0o755)


def test_no_index_at_all_and_no_right_to_make_one(user: Toys) -> None:
    (user.recipes.parent / "cache").mkdir(mode=0o555)
    assert len(user.space().all_byquery("x")) == 1
    (said,) = user.reporter.warnings
    assert "cannot be written: Permission denied; all entries are read for this time only" in said


# several at once


def test_a_lock_is_waited_for_and_who_made_it_is_believed(filled: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several that meet the same damage, one makes it anew."""
    made: list[Path] = []
    create = connection_module.create
    monkeypatch.setattr(connection_module, "create", lambda name: (made.append(name), create(name))[1])
    spaces = [filled.space() for _ in range(4)]
    for space in spaces:
        assert len(space.all_byquery("x")) == ENTRIES
    content = bytearray(spaces[0].session.index.file.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    spaces[0].session.index.file.write_bytes(bytes(content))
    for space in spaces:
        space.session.index.database.execute("PRAGMA shrink_memory")  # it has read all of it
        assert len(space.all_byquery("x")) == ENTRIES
    assert len(made) == 1


def test_what_is_wrong_with_axs_itself_is_no_damage(toys: Toys) -> None:
    space = toys.space()
    with pytest.raises(sqlite3.ProgrammingError):
        space.session.index.connection.fetch("SELECT ?", (1, 2))
    assert notes(toys) == []
    assert database_module.place_of(space.session.index.file) is not None
