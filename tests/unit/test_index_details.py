"""The index narrows a search down: it may leave too much over, never too little."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axs_core.entry import Entry
from axs_core.index import satisfies
from axs_core.index.database import TABLES
from axs_core.index.details import candidates, details, kept
from axs_core.query import parse

WORDS = ["1", "1.0", "01", "1.10", "1.9", "1e3", "1000", "-2", "0.5", "yes", "true", "TRUE", "on", "0", "no", "inf"]
TEXTS = st.one_of(st.sampled_from(WORDS), st.text(alphabet="ab1. é", min_size=1, max_size=8).map(str.strip))
VALUES: st.SearchStrategy[Any] = st.one_of(
    TEXTS, st.integers(-3, 1001), st.floats(allow_nan=True), st.booleans(), st.integers(), st.lists(TEXTS, max_size=2)
)
OPERATORS = st.sampled_from(["=", "==", "===", "<", "<=", ">", ">=", "!="])


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    """The index's tables, in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(TABLES)
    connection.execute(
        "INSERT INTO entry (id, collection, name, path, kind, is_collection, title, sum) "
        "VALUES (1, 1, 'it', '/it', 'produced', 0, '', 0)"
    )
    yield connection
    connection.close()


def left_over(database: sqlite3.Connection, entry: Entry, text: str) -> bool:
    for table, rows in details(entry).items():
        database.execute(f"DELETE FROM {table}")
        for row in rows:
            database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * (len(row) + 1))})", (*row, 1))
    sql, arguments = candidates(database, parse(text))
    return database.execute(f"SELECT 1 FROM entry WHERE {sql}", arguments).fetchone() is not None


def made(**attributes: Any) -> Entry:
    return Entry("it", Path("/it"), {"tags": ["run"], "attributes": attributes, "produced": {"key": "k"}})


@given(value=VALUES, operator=OPERATORS, wanted=TEXTS.filter(bool), quoted=st.booleans())
def test_what_satisfies_a_condition_is_left_over(
    database: sqlite3.Connection, value: Any, operator: str, wanted: str, quoted: bool
) -> None:
    entry = made(size=value)
    text = f'run,size{operator}"{wanted}"' if quoted else f"run,size{operator}{wanted}"
    if satisfies(entry, parse(text)):
        assert left_over(database, entry, text)


@given(value=VALUES, operator=OPERATORS, wanted=TEXTS.filter(bool), deep=st.booleans())
def test_a_member_that_satisfies_a_condition_is_left_over(
    database: sqlite3.Connection, value: Any, operator: str, wanted: str, deep: bool
) -> None:
    entry = made(size={"k": {"m": value}} if deep else [0, value])
    text = f'run,size.{"k.m" if deep else "1"}{operator}"{wanted}"'
    if satisfies(entry, parse(text)):
        assert left_over(database, entry, text)


@pytest.mark.parametrize(
    ("attributes", "query", "left"),
    [
        ({"size": 8}, "run,size=8", True),
        ({"size": 8}, "run,size=9", False),
        ({"size": 8}, "other,size=8", False),
        ({"size": 8}, "run,size>7.5", True),
        ({"size": 8}, "run,size>9", False),
        ({"size": 8}, "run,size<=7", False),
        ({"size": "a text"}, "run,size<7", True),
        ({"size": 8}, "run,size.", True),
        ({"size": 8}, "run,weight.", False),
        ({"size": None}, "run,size.", False),
        ({"on": True}, "run,on=yes", True),
        ({"on": True}, "run,on=no", False),
        ({}, "run,size!=8", True),
        ({}, "-run", True),
        ({"d": {"k": 1}}, "run,d.k=1", True),
        ({"d": {"k": 1}}, "run,d.k.", True),
        ({"d": {"k": 1}}, "run,d.k>7", True),  # the index does not look into it
        ({"d": [5]}, "run,d.0=5", True),
        ({"d": 1}, "run,d.k=1", False),
        ({"e": {"k": 1}}, "run,d.k=1", False),
        ({"e": {"k": 1}}, "run,d.k!=1", True),
        ({"d.k": 1}, "run,d.k=1", True),
    ],
)
def test_what_is_left_over(database: sqlite3.Connection, attributes: dict[str, Any], query: str, left: bool) -> None:
    assert left_over(database, made(**attributes), query) is left


@pytest.mark.parametrize(
    ("value", "as_kept"),
    [(8, 8.0), (True, "true"), ("8", "8"), (float("inf"), "inf"), ([1], ""), ({"a": 1}, ""), ("x" * 100, "x" * 64)],
)
def test_kept(value: Any, as_kept: Any) -> None:
    assert kept(value) == as_kept
    assert type(kept(value)) is type(as_kept)
