"""Digests: the same content, the same digest; and what a listing sees."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axs_core.base import digest

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def tree(folder: Path) -> Path:
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "two.txt").write_text("22")
    (folder / "one.txt").write_text("1")
    (folder / "link").symlink_to("one.txt")
    return folder


@given(PLAIN)
def test_a_value_has_one_digest(value: object) -> None:
    assert digest.of_value(value) == digest.of_value(value)
    assert len(digest.of_value(value)) == 64


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_count(value: dict[str, int]) -> None:
    assert digest.of_value(value) == digest.of_value(dict(reversed(value.items())))


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (None, "null"), ([1, 2], [2, 1]), ({"a": 1}, {"a": "1"}), (True, 1), ("", None)]
)
def test_different_values_differ(one: object, other: object) -> None:
    assert digest.of_value(one) != digest.of_value(other)


def test_of_file_reads_all_of_it(tmp_path: Path) -> None:
    content = os.urandom(digest.CHUNK + 17)
    (tmp_path / "f").write_bytes(content)
    assert digest.of_file(tmp_path / "f") == hashlib.sha256(content).hexdigest()
    assert digest.of_file(tmp_path / "f", "md5") == hashlib.md5(content).hexdigest()


def test_of_tree_has_sizes_links_and_subfolders(tmp_path: Path) -> None:
    one = hashlib.sha256(b"1").hexdigest()
    two = hashlib.sha256(b"22").hexdigest()
    assert digest.of_tree(tree(tmp_path)) == {
        "b/two.txt": {"size": 2, "sha256": two},
        "link": {"link": "one.txt"},
        "one.txt": {"size": 1, "sha256": one},
    }


def test_walk_skips_names_on_every_level_and_does_not_follow_links(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "around").symlink_to(tmp_path)
    (tmp_path / "b" / "skipped").mkdir()
    (tmp_path / "b" / "skipped" / "f").touch()
    assert [name for name, _ in digest.walk(tmp_path, frozenset({"skipped"}))] == [
        "around",
        "link",
        "one.txt",
        "b/two.txt",
    ]


def test_walk_goes_into_folders_in_sorted_order(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").touch()
    assert [name for name, _ in digest.walk(tmp_path)] == ["a/f", "b/f", "c/f"]


def test_of_tree_leaves_out_what_is_neither_file_nor_link(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert digest.of_tree(tmp_path) == {}


def test_names_that_are_no_utf8_have_a_digest(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).write_text("x")
    assert len(digest.of_value(digest.of_tree(tmp_path))) == 64
    assert len(digest.of_listing(tmp_path)) == 64


@pytest.mark.parametrize("change", ["grow", "add", "rename", "touch"])
def test_of_listing_sees_every_change(tmp_path: Path, change: str) -> None:
    before = digest.of_listing(tree(tmp_path))
    assert digest.of_listing(tmp_path) == before
    file = tmp_path / "b" / "two.txt"
    if change == "grow":
        file.write_text("222")
    elif change == "add":
        (tmp_path / "b" / "new").touch()
    elif change == "rename":
        file.rename(tmp_path / "b" / "three.txt")
    else:
        os.utime(file, ns=(0, 1))
    assert digest.of_listing(tmp_path) != before


def test_of_listing_takes_a_link_to_nowhere_as_it_is(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "nowhere").symlink_to("does not exist")
    assert len(digest.of_listing(tmp_path)) == 64
