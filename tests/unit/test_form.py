"""The form of records and lists of files, and what a damaged one leads to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core.base.errors import EntryError
from axs_core.entry.form import mismatch
from axs_core.entry.record import fault, record_in
from axs_core.store.entry_files import read_files


@pytest.mark.parametrize(
    ("value", "form", "problem"),
    [
        ("a", str, None),
        (5, str, "must be text, not a number (5)"),
        (True, int, "must be a whole number, not true or false"),
        (None, (str, type(None)), None),
        ([1], dict, "must be a mapping, not a list"),
        ({"a": [{"b": "c"}, {}]}, {"a": [{"b!": str}]}, "a.1: must have b"),
        ({"x": {"y": 1}}, {...: {...: str}}, "x.y: must be text, not a number (1)"),
        ({"more": 1}, {"a": str}, None),
        ({}, {"a!": object}, "must have a"),
        ({"a": None}, {"a!": object}, None),
    ],
)
def test_mismatch(value: Any, form: Any, problem: str | None) -> None:
    assert mismatch(value, form) == problem


def test_a_long_value_is_cut() -> None:
    assert len(str(mismatch({"a" * 10_000: "b" * 10_000}, {...: int}))) < 300


@pytest.fixture
def made(toys: Toys) -> Toys:
    toys.maker("leaf", "leaf", parameters={"n": {"type": "int", "default": 1}})
    toys.maker("user", "user", needs={"leaf": "leaf,n=2"}, parameters={"n": {"type": "int", "default": 1}})
    toys.space().byquery("user")
    return toys


def test_what_axs_writes_is_of_the_form(made: Toys) -> None:
    for name in ("user", "leaf"):
        entry = made.space().all_byquery(name)[0].entry
        assert fault(record_in(entry.path)) is None
        assert set(read_files(entry.path) or ()) == {"out.txt"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("null", "is no record: must be a mapping, not nothing"),
        ('{"needs": [{"need": "x"}]}', "is no record: needs.0: must have entry"),
        ("[" * 100_000, "is not valid JSON: "),
        ('{"query": ', "is not valid JSON: "),
    ],
)
def test_a_damaged_record_is_told_with_a_way_out(made: Toys, text: str, told: str) -> None:
    run = made.space().all_byquery("user")[0]
    (run.path / "record.json").write_text(text, encoding="utf-8")
    assert made.space().byquery("user").name == run.name  # its figures are whole
    for ask in (lambda: made.space().gc(), lambda: run.describe()):
        with pytest.raises(EntryError) as caught:
            ask()
        assert str(caught.value).startswith(f"{run.path}/record.json: {told}")
        assert caught.value.hint == f"axs byname {run.name} , remove; then ask for it again"
    made.space().byname(run.name).remove()
    assert made.space().byquery("user").name == run.name
    assert made.made("leaf") == 1  # its need was not taken for garbage


@pytest.mark.parametrize("text", ["null", "[1]", '{"out.txt": {"size": "x"}}', "{" * 5000, '{"a": 1}'])
def test_a_damaged_list_of_files(made: Toys, text: str) -> None:
    run = made.space().all_byquery("user")[0]
    (run.path / ".axs" / "files.json").write_text(text, encoding="utf-8")
    assert read_files(run.path) is None
    assert made.space().verify(run.name) == [f"{run.name}: its list of files is missing or damaged"]
    assert made.space().byquery("user").name == run.name


def test_a_number_without_end_does_not_stop_everything(made: Toys, tmp_path: Path) -> None:
    """It was stored once, and from then on every command failed."""
    run = made.space().all_byquery("user")[0]
    text = (run.path / "meta.yaml").read_text(encoding="utf-8").replace("n: 1", f"n: 1{'0' * 400}")
    (run.path / "meta.yaml").write_text(text, encoding="utf-8")
    space = made.space()
    space.work_collection().reindex()
    assert [entry.name for entry in space.all_byquery("user,n>5")] == [run.name]
    assert json.loads(json.dumps(space.all_byquery("user")[0]["n"])) == 10**400
    space.byname(run.name).remove()
