"""Records of older versions are read, and those of a newer one are never called broken.

``older_records/NAME`` holds what axs made once: ``first`` (21 November 2026), ``archives`` (with the query as typed,
the archives of packages, and needs of needs), ``stamps`` (of what made needs were made by), ``environment`` (variables
that the recipe declares, and more about the machine). Only what says where they were made was replaced in them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core.api.entry import WorkspaceEntry
from axs_core.base.errors import EntryError, UsageError
from axs_core.base.reporter import Reporter
from axs_core.compare.audit import audit
from axs_core.compare.diff import compare
from axs_core.entry import Record
from axs_core.entry.record import FORMAT

OLDER = Path(__file__).parent / "older_records"
SHAPES = ("first", "archives", "stamps", "environment")


@pytest.fixture
def toys(toys: Toys) -> Toys:
    """The recipes that made them."""
    toys.add(
        "packages",
        {"tags": ["packages"], "attributes": {"frozen": ["numpy==2.2.6"], "python_version": "3.12.3"}},
    )
    toys.maker("base", "base", parameters={"size": {"type": "int", "default": 3}})
    toys.maker("middle", "middle", needs={"base": "base,size=4"})
    toys.maker(
        "toy",
        "thing",
        'return {"rate": 50.0 * parameters["factor"]}',
        parameters={"factor": {"type": "int", "default": 1}},
        needs={"middle": "middle", "env": "packages"},
        environment={"threads": ["TOY_THREADS"]},
    )
    return toys


def put(toys: Toys, shape: str) -> Path:
    """Have it in the work collection; its folder there."""
    shutil.copytree(OLDER / shape, toys.work, dirs_exist_ok=True)
    return next(toys.work.glob("toy_*"))


def change(folder: Path, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Write another record; what it says then."""
    record: dict[str, Any] = json.loads((folder / "record.json").read_text())
    change(record)
    (folder / "record.json").write_text(json.dumps(record))
    return record


def made_by_a_newer_one(record: dict[str, Any]) -> None:
    """More on every level, and things that are known said otherwise."""
    record.update(format=FORMAT + 1, weather={"sunny": True}, python=[["env", "numpy"]], asked={"by": "you"})
    record["needs"] = {"middle": {"entry": "middle_2cea87ba3c"}}
    record["machine"]["colour"] = "green"
    record["files"]["algorithm"] = "sha256"


def with_more(record: dict[str, Any]) -> None:
    """Of this format; keys that nobody knows here, on every level."""
    record["weather"] = {"sunny": True}
    for inner in (record["needs"][0], record["parameters"]["factor"], record["machine"], record["files"]):
        inner["weather"] = ["sunny"]


def answers_to_everything(toys: Toys, folder: Path) -> WorkspaceEntry:
    """Whatever reads records works, and takes nothing for damaged."""
    space = toys.space()
    record = json.loads((folder / "record.json").read_text())
    old = space.byname(folder.name)
    assert [(row.name, row.state) for row in space.entries() if row.kind == "produced"] == [(folder.name, "present")]
    assert space.verify() == []
    assert audit(old.entry, Reporter()).problems == ()
    assert old.describe()["record"] == old["record"] == record
    assert space.table("thing", ["name", "rate", "record.query"])[0]["rate"] == 100.0
    assert [size.kind for size in space.work_collection().sizes(folder.name).entries] == ["toy"]
    assert space.gc() == []
    assert toys.reporter.warnings == []
    return old


@pytest.mark.parametrize("shape", SHAPES)
def test_an_older_record_is_read(toys: Toys, shape: str) -> None:
    folder = put(toys, shape)
    old = answers_to_everything(toys, folder)
    record = Record.read(folder)
    assert (record.query, record.recipe, record.tags, record.values) == (
        "thing,factor=2",
        "toy",
        ["thing"],
        {"factor": 2},
    )
    assert (record.directly, record.newer, record.python, record.found) == (True, False, "3.11.7", {"rate": 100.0})
    assert record.packages == {"env": ["numpy==2.2.6"]}
    assert [(need.need, need.entry, need.recipe, need.made) for need in record.needs] == [
        ("middle", "middle_2cea87ba3c", "middle", True),
        ("env", "packages", None, False),
    ]
    middle = record.needs[0]
    assert bool(record.archives) == (shape != "first")
    assert [need.entry for need in middle.needs] == ([] if shape == "first" else ["base_3e18a7b449"])
    assert set(middle.stamps) == (set() if shape in ("first", "archives") else {"middle"})
    assert record.environment == ({"TOY_THREADS": "2"} if shape == "environment" else None)

    new = toys.space(TOY_THREADS="2").byquery("thing,factor=2", fresh="one")
    compared = compare(old.entry, new.entry)
    assert "query" in compared.same and "figures" in compared.same
    assert ("environment" in compared.same) == (shape == "environment")


@pytest.mark.parametrize("shape", SHAPES)
def test_an_older_record_is_replayed(toys: Toys, shape: str) -> None:
    folder = put(toys, shape)
    space = toys.space(TOY_THREADS="3")
    outcome = space.byname(folder.name).replay()
    assert outcome.new.values["rate"] == 100.0
    assert outcome.figures[0].change == "same"
    told = "environment variables are not in the record; set here: TOY_THREADS"
    assert (told in outcome.remarks) == (shape != "environment")
    variables = Record.read(outcome.new.path).environment
    assert variables == {"TOY_THREADS": "2" if shape == "environment" else "3"}


def test_an_older_record_answers_and_travels(toys: Toys, tmp_path: Path) -> None:
    """The identity is what it was as long as the recipe declares no variables."""
    folder = put(toys, "first")
    toys.maker(
        "toy",
        "thing",
        parameters={"factor": {"type": "int", "default": 1}},
        needs={"middle": "middle", "env": "packages"},
    )
    space = toys.space()
    assert space.byquery("thing,factor=2").name == folder.name
    assert toys.made("toy") == 0
    assert toys.reporter.notes[-1].startswith("packages, toy changed since")
    archive = space.zip("thing", tmp_path / "things.zip")
    toys.work = tmp_path / "elsewhere"
    opened = toys.space()
    opened.unzip(archive)
    assert opened.verify() == []
    assert [each["rate"] for each in opened.all_byquery("thing")] == [100.0]


def test_keys_that_nobody_knows_change_nothing(toys: Toys) -> None:
    folder = put(toys, "environment")
    change(folder, with_more)
    answers_to_everything(toys, folder)
    space = toys.space()
    assert space.byname(folder.name).replay().figures[0].change == "same"


def test_a_record_of_a_newer_axs_is_not_broken(toys: Toys) -> None:
    folder = put(toys, "environment")
    change(folder, made_by_a_newer_one)
    old = answers_to_everything(toys, folder)
    record = Record.read(folder)
    assert (record.newer, record.format, record.query) == (True, FORMAT + 1, "thing,factor=2")
    assert (record.packages, record.needs) == ({}, [])  # said in a way that is not known here
    toys.space().zip("thing", toys.work.parent / "things.zip", with_needs=True)
    assert toys.reporter.warnings == ["not there any more, or changed since: packages, toy"]
    new = toys.space(TOY_THREADS="2").byquery("thing,factor=2", fresh="one")
    assert "parameters" in compare(old.entry, new.entry).same
    with pytest.raises(UsageError) as caught:
        toys.space().byname(folder.name).replay()
    assert caught.value.message == f"the record of {folder.name} has no needs, so it cannot be made again"
    assert caught.value.hint == f"a newer axs wrote it: format {FORMAT + 1}; this one reads format {FORMAT}"


def test_what_a_newer_axs_made_and_may_need_is_no_garbage(toys: Toys) -> None:
    folder = put(toys, "environment")
    space = toys.space()
    user = space.byquery("middle")
    base = space.all_byquery("base")[0]
    change(folder, made_by_a_newer_one)  # it says neither who asked for it nor what it needs in words that are known
    user.remove()
    assert toys.space().gc() == []
    change(folder, lambda record: record.update(needs=[]))
    assert toys.space().gc() == [base.name]
    change(folder, lambda record: record.update(asked="as a need"))
    assert toys.space().gc() == [folder.name]


def test_a_record_of_a_newer_axs_that_is_enough_is_replayed(toys: Toys) -> None:
    folder = put(toys, "environment")
    change(folder, lambda record: record.update(format=FORMAT + 1, weather="sunny"))
    space = toys.space()
    assert space.byname(folder.name).replay().figures[0].change == "same"


@pytest.mark.parametrize("format", ["1.5", None, {"major": 2}])
def test_a_format_that_is_no_number_is_a_newer_one(toys: Toys, format: object) -> None:
    folder = put(toys, "environment")
    change(folder, lambda record: record.update(format=format, needs=3))
    answers_to_everything(toys, folder)


def test_a_record_of_this_format_can_be_damaged(toys: Toys) -> None:
    folder = put(toys, "environment")
    change(folder, lambda record: record.update(needs=3))
    with pytest.raises(EntryError, match="is no record: needs: must be a list, not a number \\(3\\)"):
        Record.read(folder)
    assert len(toys.space().verify()) == 1


def test_a_change_of_files_leaves_what_a_newer_axs_wrote(toys: Toys) -> None:
    from axs_core.store.entry_files import change_files, read_files

    folder = put(toys, "environment")
    before = change(folder, made_by_a_newer_one)
    change_files(folder, {}, pulled=[{"from": "a", "to": "b", "at": "now"}])
    after = json.loads((folder / "record.json").read_text())
    assert read_files(folder) == {}
    assert after["pulled"] == [{"from": "a", "to": "b", "at": "now"}]
    assert (after["files"]["count"], after["files"]["bytes"]) == (0, 0)
    assert {**after, "files": None} == {**before, "pulled": after["pulled"], "files": None}
