"""The index: what it notices by itself, what needs a reindex, and that it may be lost or damaged at any time."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.toy import Toys

from axs_core import Workspace
from axs_core.base.errors import EntryError, NotFound, StoreError
from axs_core.index import Index, reading, refreshing, satisfies
from axs_core.index import database as database_module
from axs_core.index import index as index_module
from axs_core.index import rows as rows_module
from axs_core.query import Condition, Query, parse


def names(space: Workspace, query: str) -> list[str]:
    return sorted(entry.name for entry in space.all_byquery(query))


def in_the_past(path: Path, seconds: int = 100) -> None:
    """Give a folder or file an old stamp, so that the index trusts it."""
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - seconds * 10**9))


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collects the names of the entries whose meta.yaml is read from now on."""
    from axs_core.collections import folders as collection

    seen: list[str] = []
    read = collection.read

    def spy(path: Path, own: bool = False) -> dict[str, Any]:
        seen.append(path.name)
        return read(path, own)

    monkeypatch.setattr(collection, "read", spy)
    return seen


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("qq,d.k=1", ["deep", "made"]),
        ("qq,d.k.", ["deep", "made", "text"]),
        ("qq,d.k!.", ["flat"]),
        ("qq,d.k!=1", ["flat", "text"]),
        ("qq,d.l.1>5", ["made"]),
        ("qq,d.k", []),
        ("qq,d.k+", ["deep", "made"]),
    ],
)
def test_members_of_dictionaries_are_found(toys: Toys, query: str, found: list[str]) -> None:
    toys.add("deep", {"tags": ["qq"], "attributes": {"one": 1, "d": {"k": "{{ one }}"}}})
    toys.add("text", {"tags": ["qq"], "attributes": {"d": {"k": "no number"}}})
    toys.add("flat", {"tags": ["qq"], "attributes": {"d": 1}})
    maker = {"provides": [["qq"]], "make": {"python": {"function": "make_it"}}, "entry_name": "made"}
    toys.add("maker", maker, "def make_it(): return {'d': {'k': 1, 'l': [5, 6]}}")
    toys.space().byquery("qq")
    assert [name.split("_")[0] for name in names(toys.space(), query)] == found


# what is noticed by itself


def test_each_entry_is_read_once(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        in_the_past(toys.add(name, {"tags": ["x"]}) / "meta.yaml")
    assert names(toys.space(), "x") == ["a", "b", "c"]
    seen = reads(monkeypatch)
    assert names(toys.space(), "x") == ["a", "b", "c"]
    assert seen == []


def test_added_and_deleted_folders(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_past(toys.add("a", {"tags": ["x"]}) / "meta.yaml")
    assert names(toys.space(), "x") == ["a"]
    in_the_past(toys.recipes)
    toys.space().session.index.refresh()
    seen = reads(monkeypatch)
    in_the_past(toys.add("b", {"tags": ["x"]}) / "meta.yaml")
    assert names(toys.space(), "x") == ["a", "b"]
    assert seen == ["b"]
    shutil.rmtree(toys.recipes / "a")
    assert names(toys.space(), "x") == ["b"]
    assert seen == ["b"]


def test_a_folder_that_gets_its_meta_later(toys: Toys) -> None:
    (toys.recipes / "late").mkdir()
    in_the_past(toys.recipes)
    assert names(toys.space(), "x") == []
    before = toys.recipes.stat().st_mtime_ns
    (toys.recipes / "late" / "meta.yaml").write_text("tags: [x]\n")
    assert toys.recipes.stat().st_mtime_ns == before
    assert names(toys.space(), "x") == ["late"]


def test_an_edit_of_what_would_answer(toys: Toys) -> None:
    toys.add("a", {"tags": ["x"], "attributes": {"n": 1}})
    assert names(toys.space(), "x,n=1") == ["a"]
    toys.add("a", {"tags": ["x"], "attributes": {"n": 22}})
    assert names(toys.space(), "x,n=1") == []
    assert names(toys.space(), "x,n=22") == ["a"]
    toys.add("a", {"tags": ["yy"]})
    assert names(toys.space(), "x") == []
    assert toys.space().byname("a").tags == {"yy"}


def test_an_edit_that_makes_it_match_is_noticed(toys: Toys) -> None:
    toys.add("a", {"tags": ["x"]})
    assert names(toys.space(), "x") == ["a"]
    toys.add("a", {"tags": ["yy"]})
    assert names(toys.space(), "yy") == ["a"]


def test_where_many_are_written_by_hand_such_an_edit_needs_a_reindex(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "BY_HAND", 1)
    toys.add("other", {"tags": ["x"]})
    toys.add("a", {"tags": ["x"]})
    assert names(toys.space(), "x") == ["a", "other"]
    toys.add("a", {"tags": ["yy"]})
    space = toys.space()
    assert names(space, "yy") == []
    space.work_collection().reindex()
    assert names(space, "yy") == ["a"]


def test_a_broken_meta_that_is_mended(toys: Toys) -> None:
    path = toys.add("a", "tags: x\n")
    with pytest.raises(EntryError) as caught:
        toys.space().byname("a")
    assert str(caught.value) == f"{path / 'meta.yaml'}:1: tags: must be a list, not text ('x')"
    assert toys.space().session.index.errors() == [str(caught.value)]
    (row,) = toys.space().entries()
    assert (row.name, row.state, row.title) == ("a", "unreadable", str(caught.value))
    (path / "meta.yaml").write_text("tags: [x]\n# mended\n")
    assert names(toys.space(), "x") == ["a"]


def test_one_broken_meta_does_not_disturb_the_others(toys: Toys) -> None:
    toys.add("bad", "provides: [[x\n")
    toys.maker("good", "x")
    assert toys.space().byquery("x").entry.produced["recipe"] == "good"


def test_a_query_that_only_a_broken_entry_could_answer_names_it(toys: Toys) -> None:
    path = toys.add("bad", "provides: [[x]]\nattributs: {a: 1}\n")
    with pytest.raises(NotFound) as caught:
        toys.space().byquery("x")
    assert str(caught.value) == (
        f"nothing provides x\n    cannot be read: {path / 'meta.yaml'}:2: attributs: is not a key that is known here"
    )


def test_a_deleted_meta(toys: Toys) -> None:
    path = toys.add("a", {"tags": ["x"]})
    assert names(toys.space(), "x") == ["a"]
    (path / "meta.yaml").unlink()
    assert names(toys.space(), "x") == []
    with pytest.raises(NotFound):
        toys.space().byname("a")


def test_a_young_stamp_is_not_trusted(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two changes within one tick of the file system's clock have the same stamp."""
    monkeypatch.setattr(rows_module, "RACY_NS", 60 * 10**9)
    toys.add("a", {"tags": ["x"]})
    now = toys.recipes.stat().st_mtime_ns
    assert names(toys.space(), "x") == ["a"]
    toys.add("b", {"tags": ["x"]})
    os.utime(toys.recipes, ns=(now, now))
    assert names(toys.space(), "x") == ["a", "b"]


def test_made_entries_edited_by_hand(toys: Toys) -> None:
    toys.maker("toy", "thing", attributes={"a": 1})
    made = toys.space().byquery("thing")
    text = (made.path / "meta.yaml").read_text()
    (made.path / "meta.yaml").write_text(text.replace("a: 1", "a: edited"))
    assert toys.space().byquery("thing")["a"] == "edited"
    space = toys.space()
    space.work_collection().reindex()  # the copy that axs keeps is not taken for the edited file
    assert space.byquery("thing")["a"] == "edited"


def test_a_copy_of_meta_that_came_from_elsewhere_is_not_believed(toys: Toys) -> None:
    toys.maker("toy", "thing", attributes={"a": 1})
    made = toys.space().byquery("thing")
    shutil.copytree(made.path, toys.recipes / "copied")
    kept = toys.recipes / "copied" / ".axs" / "meta.json"
    kept.write_text(kept.read_text().replace('"a": 1', '"a": 2'))
    assert toys.space().byname("copied")["a"] == 1


# the file


def test_it_may_be_deleted(toys: Toys) -> None:
    toys.add("a", {"tags": ["x"]})
    space = toys.space()
    assert names(space, "x") == ["a"]
    space.session.index.close()
    space.session.index.file.unlink()
    assert names(toys.space(), "x") == ["a"]


def test_it_may_be_deleted_while_in_use(toys: Toys) -> None:
    toys.add("a", {"tags": ["x"]})
    space = toys.space()
    assert names(space, "x") == ["a"]
    space.session.index.file.unlink()
    assert names(space, "x") == ["a"]
    toys.add("b", {"tags": ["x"]})
    space.session.index.refresh()
    assert names(space, "x") == ["a", "b"]


def text_instead(file: Path) -> None:
    file.write_text("this is no database")


def empty(file: Path) -> None:
    file.write_bytes(b"")


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def scrambled(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    file.write_bytes(bytes(content))


def other_version(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("DROP TABLE provides")
        database.execute("PRAGMA user_version = 99")
    database.close()


def other_tables(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE entry (something TEXT)")
        database.execute("CREATE VIEW attribute AS SELECT * FROM entry")
    database.close()


@pytest.mark.parametrize("damage", [text_instead, empty, cut_off, scrambled, other_version, other_tables])
def test_it_is_made_anew_when_it_is_damaged_or_foreign(toys: Toys, damage: Callable[[Path], None]) -> None:
    for number in range(50):
        toys.add(f"entry{number}", {"tags": ["x"], "attributes": {"n": number, "text": "y" * 500}})
    space = toys.space()
    space.session.index.refresh()
    space.session.index.close()
    damage(space.session.index.file)
    assert len(names(toys.space(), "x")) == 50
    assert names(toys.space(), "x,n=7") == ["entry7"]
    assert toys.space().byname("entry7")["n"] == 7


def test_it_is_kept_in_memory_where_nothing_can_be_written(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    toys.add("a", {"tags": ["x"]})
    for place in ("/proc/nowhere/index.sqlite", "/dev/null/index.sqlite", str(toys.recipes)):
        monkeypatch.setenv("AXS_INDEX", place)
        assert names(toys.space(), "x") == ["a"]


def test_its_place_is_the_cache_folder(toys: Toys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AXS_INDEX", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    space = toys.space()
    assert space.session.index.file.parent == tmp_path / "cache" / "axs" / "index"
    other = Index([], tmp_path / "another work collection")
    assert other.file.parent == space.session.index.file.parent
    assert other.file != space.session.index.file


def test_another_thread_may_only_close_it(toys: Toys) -> None:
    space, said = toys.space(), []

    def use() -> None:
        try:
            space.session.index.database.execute("SELECT 1")
        except sqlite3.ProgrammingError as error:
            said.append(str(error))
        space.session.index.close()

    assert space.session.index.database is not None
    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert said == ["an index is used by the thread that opened it; open a workspace in each"]


def test_a_lock_that_is_never_given_back(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "WAIT_SECONDS", 0.05)
    space = toys.space()
    file = space.session.index.file
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        toys.add("a", {"tags": ["x"]})
        with pytest.raises(StoreError) as caught:
            names(toys.space(), "x")
    finally:
        blocker.close()
    assert str(caught.value) == f"the index {file} is in use by another process for more than 0.05 s"
    assert caught.value.hint == "end that process, or name another file: AXS_INDEX=FILE axs ..."


def test_a_listing_looks_at_results_too(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ask looks at a result before it is wanted; who lists them wants to see what is there."""
    monkeypatch.setattr(reading, "AT_ONCE", 2)
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}})
    made = [toys.space().byquery(f"thing,n={n}") for n in range(5)]
    (made[0].path / "meta.yaml").write_text("tags: [")
    edited = made[1].path / "meta.yaml"
    edited.write_text(f"title: another\n{edited.read_text()}".replace("title: toy\n", ""))
    (made[2].path / "meta.yaml").unlink()
    rows = {row.name: (row.state, row.title) for row in toys.space().entries()}
    assert rows[made[0].name][0] == "unreadable"
    assert rows[made[1].name] == ("present", "another")
    assert rows[made[2].name][0] == "broken"
    assert {rows[each.name] for each in made[3:]} == {("present", "toy")}


# collections


def test_the_first_collection_wins_where_two_have_the_same_name(toys: Toys, tmp_path: Path) -> None:
    toys.add("a", {"tags": ["x"], "attributes": {"from": "first"}})
    toys.add("a", {"tags": ["x"], "attributes": {"from": "second"}}, folder=tmp_path / "second")
    both = toys.space(AXS_COLLECTIONS=f"{toys.recipes}{os.pathsep}{tmp_path / 'second'}")
    assert both.byname("a")["from"] == "first"
    assert [entry["from"] for entry in both.all_byquery("x")] == ["first", "second"]
    turned = toys.space(AXS_COLLECTIONS=f"{tmp_path / 'second'}{os.pathsep}{toys.recipes}")
    assert turned.byname("a")["from"] == "second"
    assert [entry["from"] for entry in turned.all_byquery("x")] == ["second", "first"]
    assert names(toys.space(), "x") == ["a"]  # a collection that is not named any more is not seen


def test_a_hand_written_entry_in_the_work_collection(toys: Toys) -> None:
    toys.add("mine", {"tags": ["x"]}, folder=toys.work)
    assert names(toys.space(), "x") == ["mine"]


@pytest.mark.parametrize("inside", ["", "entries"])
def test_a_collection_in_the_work_collection(toys: Toys, inside: str) -> None:
    nested = toys.add(
        "repo", {"tags": ["collection"], "attributes": {"entries_path": inside} if inside else {}}, folder=toys.work
    )
    toys.add("inner", {"tags": ["x"]}, folder=nested / inside)
    assert names(toys.space(), "x") == ["inner"]
    toys.add("later", {"tags": ["x"]}, folder=nested / inside)
    assert names(toys.space(), "x") == ["inner", "later"]
    shutil.rmtree(nested)
    assert names(toys.space(), "x") == []


def test_a_collection_that_contains_itself(toys: Toys) -> None:
    toys.add("loop", {"tags": ["collection"], "attributes": {"entries_path": ".."}}, folder=toys.work)
    toys.add("a", {"tags": ["x"]}, folder=toys.work)
    assert names(toys.space(), "x") == ["a"]


def test_odd_things_in_a_collection(toys: Toys, tmp_path: Path) -> None:
    toys.add("a", {"tags": ["x"]})
    toys.add(".hidden", {"tags": ["x"]})
    toys.add("_private", {"tags": ["x"]})
    toys.add("linked", {"tags": ["x"]}, folder=tmp_path / "elsewhere")
    (toys.recipes / "link").symlink_to(tmp_path / "elsewhere" / "linked")
    (toys.recipes / "nowhere").symlink_to(tmp_path / "gone")
    (toys.recipes / "file").write_text("not a folder")
    toys.add(os.fsdecode(b"\xff"), {"tags": ["x"]})
    (toys.recipes / "empty").mkdir()
    assert names(toys.space(), "x") == ["a", "link"]


def test_a_collection_that_is_a_file_or_not_there(toys: Toys, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    toys.add("a", {"tags": ["x"]})
    for odd in (tmp_path / "file", tmp_path / "gone"):
        space = toys.space(AXS_COLLECTIONS=f"{odd}{os.pathsep}{toys.recipes}")
        assert names(space, "x") == ["a"]
        assert toys.reporter.warnings == [f"the collection {odd} (AXS_COLLECTIONS) is not a folder"]


def test_a_name_that_is_not_there(toys: Toys) -> None:
    toys.add("dataset", {})
    with pytest.raises(NotFound) as caught:
        toys.space().byname("datast")
    assert (str(caught.value), caught.value.hint) == ("there is no entry named 'datast'", "did you mean dataset?")
    with pytest.raises(NotFound) as caught:
        toys.space().byname("zzz")
    assert caught.value.hint == "axs list shows all entries"


def test_no_name_is_proposed_that_no_entry_has(toys: Toys, tmp_path: Path) -> None:
    """A folder without meta.yaml is no entry, nor is what lies in a collection that is not asked any more."""
    toys.add("other", {})
    (toys.recipes / "datasets").mkdir()
    toys.broken_folder("dataset_1")
    toys.add("dataset", {}, folder=tmp_path / "more")
    both = toys.space(AXS_COLLECTIONS=f"{toys.recipes}{os.pathsep}{tmp_path / 'more'}")
    assert both.byname("dataset").name == "dataset"
    with pytest.raises(NotFound) as caught:
        both.byname("dataset_2")
    assert caught.value.hint == "did you mean dataset?"
    with pytest.raises(NotFound) as caught:
        toys.space().byname("dataset_2")
    assert caught.value.hint == "axs list shows all entries"


def test_values_that_sqlite_cannot_hold(toys: Toys) -> None:
    toys.add("a", {"tags": ["x"], "produced": {"key": "k"}, "attributes": {"big": 10**30, "inf": float("inf")}})
    assert names(toys.space(), f"x,big={10**30}") == ["a"]


def test_what_a_listing_shows(toys: Toys) -> None:
    toys.add("given", {"title": "Given", "tags": ["x"]})
    toys.maker("toy", "thing", title="Toy")
    toys.broken_folder("half_0123456789")
    made = toys.space().byquery("thing")
    rows = {row.name: (row.kind, row.state, row.title, row.collection) for row in toys.space().entries()}
    assert rows == {
        "given": ("static", "present", "Given", str(toys.recipes)),
        "toy": ("recipe", "present", "Toy", str(toys.recipes)),
        "half_0123456789": ("produced", "broken", "", str(toys.work)),
        made.name: ("produced", "present", "Toy", str(toys.work)),
    }


# searching: the index leaves out nothing that satisfies a query

STORED: list[Any] = [0, 1, -1, 1.0, 0.5, True, False, 1000, 10**20, float("inf"), None, [1, "x"], ["x"], {"x": 1}]
STORED += ["1", "1.0", "01", "1.10", "1e3", "1000", "true", "yes", "no", "x", "X", "", "a b", "x" * 100, "inf", "nan"]
VALUES = st.one_of(
    st.sampled_from(STORED),
    st.integers(-5, 5),
    st.floats(allow_nan=False, width=16),
    st.text(st.sampled_from("01.ex-"), max_size=4),
)
TYPED = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "1.0",
        "0.5",
        "true",
        "yes",
        "no",
        "false",
        "x",
        "X",
        "1.10",
        "1e3",
        "1000",
        "inf",
        "nan",
        "x" * 100,
    ]
)
CONDITIONS = st.one_of(
    st.builds(Condition, st.sampled_from(["=", "==", "===", "!=", "<", ">", "<=", ">=", ":", "!:", "?="]),
              st.sampled_from("ab"), TYPED, st.booleans()),
    st.builds(Condition, st.sampled_from([".", "!.", "+", "-"]), st.sampled_from("ab")),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.dictionaries(st.sampled_from("ab"), VALUES), min_size=1, max_size=12),
    queries=st.lists(st.lists(CONDITIONS, min_size=1, max_size=2), min_size=1, max_size=12),
)
def test_a_search_finds_what_satisfies_the_query(
    rows: list[dict[str, Any]], queries: list[list[Condition]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    toys = Toys(tmp_path_factory.mktemp("toys"))
    for number, attributes in enumerate(rows):
        toys.add(f"entry{number}", {"tags": ["x"], "attributes": attributes, "produced": {"key": str(number)}})
    index = Index([toys.recipes], toys.work)
    index.open()
    entries = list(index.find(parse("x")))
    assert len(entries) == len(rows)
    for conditions in queries:
        query = Query((Condition("tag", "x"), *conditions))
        found = [entry.name for entry in index.find(query)]
        assert sorted(found) == sorted(entry.name for entry in entries if satisfies(entry, query))
    index.close()


# digests of users' files


def test_a_file_is_read_again_only_when_it_changed(toys: Toys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    of_file = index_module.of_file
    monkeypatch.setattr(index_module, "of_file", lambda path: (read.append(path), of_file(path))[1])
    model = tmp_path / "model.onnx"
    model.write_bytes(b"one")
    in_the_past(model)
    first = toys.space().session.index.digest_of(model)
    assert toys.space().session.index.digest_of(model) == first
    model.write_bytes(b"two")
    assert toys.space().session.index.digest_of(model) != first
    assert len(read) == 2
