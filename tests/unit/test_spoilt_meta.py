"""A ``meta.yaml`` of a finished entry that was cut off or replaced: the entry is not lost, nor is a half of it
returned. (tests/faults/test_damage.py has what else may be damaged.)
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.api import WorkspaceEntry


@pytest.fixture
def made(toys: Toys) -> WorkspaceEntry:
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}}, attributes={"color": "red", "text": "ein Stück"})
    return toys.space().byquery("thing,n=1")


def ask(toys: Toys) -> tuple[str, object, object, list[str]]:
    answer = toys.space().byquery("thing,n=1")
    warnings = toys.reporter.warnings
    return answer.name, answer["n"], answer["color"], warnings


@pytest.mark.process
def test_cut_off_at_any_length(toys: Toys, made: WorkspaceEntry) -> None:
    file = made.path / "meta.yaml"
    whole = file.read_bytes()
    for length in [*range(0, len(whole), 7), len(whole) - 1]:
        for content in (whole[:length], whole[:length] + bytes(len(whole) - length)):
            if not _is_text(content):
                continue
            file.write_bytes(content)
            assert ask(toys) == (made.name, 1, "red", []), content
            assert file.read_bytes() == whole
            file.write_bytes(content)
            space = toys.space()
            space.work_collection().reindex()
            assert [found["n"] for found in space.all_byquery("thing,color=red")] == [1], content
    assert toys.made("toy") == 1


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_where_the_copy_is_spoilt_too_it_is_made_again(toys: Toys, made: WorkspaceEntry) -> None:
    file = made.path / "meta.yaml"
    whole = file.read_bytes()
    copy = made.path / ".axs" / "meta.json"
    for spoilt in (b"", b"{", json.dumps({"of": "x", "meta": {"tags": ["thing"]}}).encode()):
        copy.write_bytes(spoilt)
        file.write_bytes(whole[: len(whole) // 2])
        name, n, color, _ = ask(toys)
        assert (n, color) == (1, "red")
        assert name != made.name
    assert toys.made("toy") == 2


def replaced_by_noise(file: Path) -> None:
    file.write_bytes(b"\xff\x00\xfe" * 100)


def replaced_by_text(file: Path) -> None:
    file.write_text("tags: thing\n")


def replaced_by_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def replaced_by_a_link_to_nowhere(file: Path) -> None:
    file.unlink()
    file.symlink_to("/nowhere")


def deleted(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    ("spoil", "warning"),
    [
        (replaced_by_noise, "is not UTF-8 text (byte 0)"),
        (replaced_by_text, "tags: must be a list, not text ('thing')"),
        (replaced_by_a_folder, "cannot be read: Is a directory"),
        (replaced_by_a_link_to_nowhere, None),
        (deleted, None),
    ],
)  # fmt: skip
def test_replaced(toys: Toys, made: WorkspaceEntry, spoil: object, warning: str | None) -> None:
    """It is made again, and said why; not in place of a file that somebody may want to mend."""
    assert callable(spoil)
    spoil(made.path / "meta.yaml")
    name, n, color, warnings = ask(toys)
    assert (n, color, toys.made("toy")) == (1, "red", 2)
    assert [text.split("meta.yaml", 1)[1].lstrip(":1 ") for text in warnings] == (
        [] if warning is None else [f"{warning}; it is made again"]
    )
    assert ask(toys) == (name, 1, "red", [])
    assert toys.made("toy") == 2
