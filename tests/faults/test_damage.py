"""Files that axs keeps about an entry are cut off, emptied or replaced: what is whole answers, what is not is made
again or named, and nobody else suffers.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.api import WorkspaceEntry

pytestmark = pytest.mark.process


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def without_its_last_line(file: Path) -> None:
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))


def as_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


WAYS: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "half": half,
    "without its last line": without_its_last_line,
    "binary": lambda file: file.write_bytes(os.urandom(500)),
    "no YAML": lambda file: file.write_text("what: [is this\n"),
    "a list": lambda file: file.write_text("[1, 2]\n"),
    "a mapping of nothing": lambda file: file.write_text("{}\n"),
    "of other types": lambda file: file.write_text('{"tags": 3, "files": [], "produced": 7}\n'),
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "as a folder": as_a_folder,
    "gone": Path.unlink,
}


CUT_OFF = ("empty", "half", "without its last line", "zeros")
"""Here the copy that axs keeps shows what was lost."""


@pytest.fixture
def made(toys: Toys) -> WorkspaceEntry:
    """Three things, of which the first one is going to suffer; all are known to the index."""
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}})
    things = [toys.space().byquery(f"thing,n={n}") for n in (1, 2, 3)]
    assert len(toys.space().all_byquery("thing")) == 3
    return things[0]


def ask(toys: Toys) -> tuple[WorkspaceEntry, str]:
    """What answers, and all that was said."""
    answer = toys.space().byquery("thing,n=1")
    assert (answer["n"], answer.get_path().read_text()) == (1, "[('n', 1)]")
    return answer, "\n".join(toys.reporter.warnings)


def the_others_are_well(toys: Toys) -> None:
    before = toys.made("toy")
    assert [toys.space().byquery(f"thing,n={n}")["n"] for n in (2, 3)] == [2, 3]
    assert sorted(entry["n"] for entry in toys.space().all_byquery("thing,n>1,n<4")) == [2, 3]
    assert toys.made("toy") == before


@pytest.mark.parametrize("way", [way for way in WAYS if way not in CUT_OFF])
@pytest.mark.parametrize("index", ["known", "made anew"])
def test_meta_yaml(toys: Toys, made: WorkspaceEntry, way: str, index: str) -> None:
    """It is not found any more by any query; asked for, it is made again beside the damaged one, which is named."""
    WAYS[way](made.path / "meta.yaml")
    if index == "made anew":
        toys.space().work_collection().reindex()
    assert [entry["n"] for entry in toys.space().all_byquery("thing")] == [2, 3]
    answer, said = ask(toys)
    assert toys.made("toy") == 4
    assert [entry.path for entry in toys.space().all_byquery("thing,n=1")] == [answer.path]
    if way in ("gone", "as a folder"):  # as after a crash: it is broken, and its folder is used again
        assert answer.path == made.path
    else:
        assert (made.path / "out.txt").exists()
        assert f"{made.path / 'meta.yaml'}" in said
        assert "it is made again" in said
        (problem,) = toys.space().verify()
        assert str(made.path / "meta.yaml") in problem
        assert (made.name, "unreadable") in [(row.name, row.state) for row in toys.space().entries()]
        shutil.rmtree(made.path)
    assert toys.space().verify() == []
    assert ask(toys)[0].path == answer.path
    the_others_are_well(toys)


@pytest.mark.parametrize("way", WAYS)
def test_record_json(toys: Toys, made: WorkspaceEntry, way: str) -> None:
    """What the entry holds is there, so it answers; how it came about is lost, which is said."""
    WAYS[way](made.path / "record.json")
    answer, said = ask(toys)
    assert (answer.path, toys.made("toy")) == (made.path, 3)
    if way not in ("gone", "a mapping of nothing"):
        assert str(made.path / "record.json") in said
    (problem,) = toys.space().verify()
    assert problem.startswith(f"{made.name}: ")
    the_others_are_well(toys)
    fresh = toys.space().byquery("thing,n=1", fresh="one")
    assert toys.space().byquery("thing,n=1").path == fresh.path


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["files.json", "meta.json"])
def test_what_axs_keeps_for_itself(toys: Toys, made: WorkspaceEntry, way: str, name: str) -> None:
    WAYS[way](made.path / ".axs" / name)
    toys.space().work_collection().reindex()
    assert (ask(toys)[0].path, toys.made("toy")) == (made.path, 3)
    assert len(toys.space().verify()) == (1 if name == "files.json" else 0)
    the_others_are_well(toys)


def test_the_engines_folder_is_gone(toys: Toys, made: WorkspaceEntry) -> None:
    shutil.rmtree(made.path / ".axs")
    toys.space().work_collection().reindex()
    assert (ask(toys)[0].path, toys.made("toy")) == (made.path, 3)
    assert toys.space().verify() == [f"{made.name}: its list of files is missing or damaged"]


@pytest.mark.parametrize("gone", ["locks", "layout", "."])
def test_the_collections_own_folder_is_gone(toys: Toys, made: WorkspaceEntry, gone: str) -> None:
    there = toys.work / ".axs" / gone
    shutil.rmtree(there) if there.is_dir() else there.unlink()
    assert (ask(toys)[0].path, toys.made("toy")) == (made.path, 3)
    assert toys.space().byquery("thing,n=4")["n"] == 4
    the_others_are_well(toys)
