"""Columns: every table is aligned by the same function."""

from __future__ import annotations

import re

import pytest
from support.toy import SOURCES

from axs_core.base.columns import aligned, width
from axs_core.cli.format import as_text
from axs_core.cli.model import Table


@pytest.mark.parametrize(
    ("text", "places"),
    [("", 0), ("abc", 3), ("日本", 4), ("\uff41\uff42", 4), ("e\u0301", 1), ("é", 1), ("a\u200db", 2), ("Ω", 1)],
)
def test_places_of_a_terminal(text: str, places: int) -> None:
    assert width(text) == places


def test_wide_characters_keep_columns_aligned() -> None:
    rows = [("日本", "1", ""), ("e\u0301", "22", "x"), ("abcd", "3", "y")]
    lines = list(aligned(rows, ("name", "n", "")))
    assert lines == ["name  n", "日本  1", "e\u0301     22  x", "abcd  3   y"]
    assert as_text(Table(("name", "n", ""), tuple(rows))) == "\n".join(lines)


def test_no_rows() -> None:
    assert list(aligned([])) == []
    assert list(aligned([], ("a", "b"))) == ["a  b"]
    assert list(aligned([], first=4)) == []


def test_a_long_first_cell_has_the_others_below() -> None:
    lines = list(aligned([("a", "one"), ("abcdef", "two")], indent="  ", first=4))
    assert lines == ["  a     one", "  abcdef", "        two"]


def test_a_row_of_another_length_is_a_fault() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(aligned([("a", "b"), ("a",)]))


def test_nothing_else_aligns() -> None:
    fills = re.compile(r"\.[lr]?just\(|\.center\(|:[<>^]\d|:[<>^]\{|east_asian_width")
    found = [
        file.relative_to(SOURCES).as_posix()
        for file in (SOURCES / "axs_core").rglob("*.py")
        if "entries" not in file.parts and fills.search(file.read_text(encoding="utf-8"))
    ]
    assert found == ["axs_core/base/columns.py"]
