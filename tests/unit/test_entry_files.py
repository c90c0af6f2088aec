"""The files that axs keeps in an entry's folder."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.toy import SOURCES

from axs_core.entry import Record
from axs_core.store import entry_files
from axs_core.store.entry_files import (
    asked_later,
    change_files,
    describe,
    kept_meta,
    last_used,
    note_asked,
    note_used,
    present_files,
    read_files,
    replace_meta,
    summary,
)

META = {"title": "Toy", "tags": ["toy"], "produced": {"at": "2026-11-29T12:00:00.000Z"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An entry with one file."""
    made = tmp_path / "toy"
    made.mkdir()
    (made / "out.txt").write_text("content")
    files = present_files(made)
    text = describe(made, META, {"asked": "as a need", "files": summary(files)}, files)
    assert not (made / "meta.yaml").exists()  # it finishes the entry, so it is for the caller to put it there
    (made / "meta.yaml").write_text(text)
    return made


def test_the_names_of_these_files_stand_once() -> None:
    """Elsewhere in the engine no text is one of them. (A log that is called so is in a bundler's own folder, too.)"""
    names = {value for name, value in vars(entry_files).items() if name.startswith("_") and isinstance(value, str)}
    names = {name for name in names if name.endswith(".json")}
    assert names == {"files.json", "meta.json", "making.json", "failed.json", "parameters.json"}
    wrong, own = [], SOURCES / "axs_core" / "store" / "entry_files.py"  # axs may be installed elsewhere
    for file in sorted((SOURCES / "axs_core").rglob("*.py")):
        if "entries" in file.relative_to(SOURCES / "axs_core").parts or file == own:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in names:
                wrong.append(f"{file.relative_to(SOURCES)}:{node.lineno}: {node.value}")
    assert wrong == []


def test_what_describes_an_entry_is_in_no_list(folder: Path) -> None:
    assert list(present_files(folder)) == ["out.txt"]
    assert read_files(folder) == present_files(folder)
    assert Record.read(folder).files_digest == summary(present_files(folder))["digest"]


def test_files_of_these_names_further_down_are_content(folder: Path) -> None:
    """A clone of a collection holds entries: after a pull their ``meta.yaml`` was listed no more."""
    (folder / "clone" / "inner").mkdir(parents=True)
    for name in ("meta.yaml", "record.json"):
        (folder / "clone" / "inner" / name).write_text("{}")
    assert list(present_files(folder)) == ["clone/inner/meta.yaml", "clone/inner/record.json", "out.txt"]


def test_the_copy_of_the_meta(folder: Path) -> None:
    assert kept_meta(folder) == META
    replace_meta(folder, {**META, "title": "Other"})
    assert kept_meta(folder) == {**META, "title": "Other"}
    whole = (folder / "meta.yaml").read_text()
    (folder / "meta.yaml").write_text(whole[:20])
    assert kept_meta(folder) == {**META, "title": "Other"}
    assert (folder / "meta.yaml").read_text() == whole
    (folder / "meta.yaml").write_text("title: edited\n")
    assert kept_meta(folder) is None


def test_other_files(folder: Path) -> None:
    (folder / "more.txt").write_text("more")
    change_files(folder, present_files(folder), pulled=[{"to": "b"}])
    record = Record.read(folder)
    assert read_files(folder) == present_files(folder)
    assert record.files_digest == summary(present_files(folder))["digest"]
    assert (record.data["files"]["count"], record.data["files"]["bytes"]) == (2, 11)
    assert record.pulled == [{"to": "b"}]
    assert record.data["asked"] == "as a need"


@pytest.mark.parametrize(("asked", "noted"), [("as a need", True), ("directly", False)])
def test_what_was_asked_for_directly_is_not_noted(folder: Path, asked: str, noted: bool) -> None:
    note_asked(folder, Record({"asked": asked}))
    assert asked_later(folder) is noted


def test_use_is_noted_once_a_day(folder: Path) -> None:
    assert last_used(folder) == 0.0
    note_used(folder)
    first = last_used(folder)
    note_used(folder)
    assert last_used(folder) == first > 0
