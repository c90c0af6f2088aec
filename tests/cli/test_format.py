"""What results look like on standard output."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any

import pytest
from support.fake_axs import FakeCollection, FakeEntry

from axs_core.cli.format import as_text, print_result
from axs_core.cli.model import Document, Each, Table, target_of


class _Array:
    """Stands for numpy's arrays and numbers."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def tolist(self) -> Any:
        return self.data


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (None, ""),
        ("", "\n"),
        ("text", "text\n"),
        ("two\nlines\n", "two\nlines\n"),
        (True, "true\n"),
        (3, "3\n"),
        (98.6, "98.6\n"),
        (98.60000000000001, "98.6\n"),
        (0.1 + 0.2, "0.3\n"),
        (98.0, "98.0\n"),
        (1234567890123.5, "1234567890123.5\n"),
        (1e300, "1e+300\n"),
        (float("inf"), "inf\n"),
        ([], "[]\n"),
        ([1, "a", None, False, 0.1 + 0.2, Path("/x")], '[1, "a", null, false, 0.3, "/x"]\n'),
        ({"a": {"b": (1, 2)}, 3: "é"}, '{"a": {"b": [1, 2]}, "3": "é"}\n'),
        ({"b", "a"}, '["a", "b"]\n'),
        (Path("/x/y"), "/x/y\n"),
        (datetime.date(2026, 11, 1), "2026-11-01\n"),
        (_Array(0.5), "0.5\n"),
        (_Array([1, 2]), "[1, 2]\n"),
        (FakeEntry("small", {}), "small\n"),
        ([FakeEntry("small", {})], '["small"]\n'),
        (FakeCollection(), "/store\n"),
        (Each(()), ""),
        (Each((1, [2, 3], "x")), "1\n[2, 3]\nx\n"),
        (Document({"b": [1], "a": {"path": Path("/x")}}), "b:\n- 1\na:\n  path: /x\n"),
        (Table(("name", "kind"), (("a", "recipe"), ("longer", ""))), "name    kind\na       recipe\nlonger\n"),
    ],
)
def test_printed(value: Any, printed: str) -> None:
    stream = io.StringIO()
    print_result(value, stream)
    assert stream.getvalue() == printed


class _Alike:
    """Has what entries and collections have, and is neither."""

    name, path, get_path, call, remove = "x", "/x", None, None, None

    def __str__(self) -> str:
        return "a value of its own"


def test_what_only_looks_like_an_entry_is_a_value() -> None:
    assert target_of(_Alike()) == "value"
    assert as_text(_Alike()) == "a value of its own"
