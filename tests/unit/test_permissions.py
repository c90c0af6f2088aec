"""Folders and files that may not be read: another user's, in a work collection that several share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.rights import like_a_user
from support.toy import Toys


@pytest.fixture(scope="module")
def within() -> list[str]:
    """What to begin a command with so that permissions count for it."""
    return like_a_user()


@pytest.fixture
def made(toys: Toys, tmp_path: Path) -> Iterator[Toys]:
    toys.add("note", {"tags": ["note"], "attributes": {"n": 5}})
    toys.add("other", {"tags": ["other"]})
    toys.maker("toy", "thing")
    toys.space().byquery("thing")
    yield toys
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755)


def axs(toys: Toys, within: list[str], *words: str) -> tuple[int, str, str]:
    """Exit code, answer and talk of a command line in a process of its own."""
    child = toys.child(
        f"""
        from axs_core.__main__ import main
        sys.exit(main({list(words)!r}))
        """,
        within,
    )
    out, err = child.communicate()
    assert "internal error" not in err
    return child.returncode, out.rstrip("\n"), err.rstrip("\n")


@pytest.mark.process
def test_one_entry_does_not_stop_the_others(made: Toys, within: list[str]) -> None:
    folder = made.recipes / "other"
    folder.chmod(0)
    assert axs(made, within, "byname", "note", ",", "get", "n") == (0, "5", "")
    code, out, _ = axs(made, within, "list")
    assert code == 0
    assert next(line.split() for line in out.splitlines() if line.startswith("other"))[1] == "unreadable"
    code, _, err = axs(made, within, "byname", "other")
    assert (code, err) == (2, f"error: {folder}/meta.yaml: cannot be read: Permission denied")
    folder.chmod(0o755)
    assert axs(made, within, "byname", "other") == (0, "other", "")


@pytest.mark.process
def test_what_another_user_made(made: Toys, within: list[str]) -> None:
    """It is made again beside it; garbage collection and sizes go on."""
    folder = next(made.work.glob("toy_*"))
    folder.chmod(0)
    code, out, err = axs(made, within, "byquery", "thing")
    assert (code, out) == (0, f"{folder.name}_2")
    assert f"warning: {folder}/meta.yaml: cannot be read: Permission denied; it is made again" in err
    assert axs(made, within, "byquery", "thing")[:2] == (0, f"{folder.name}_2")
    assert made.made("toy") == 2
    assert axs(made, within, "gc") == (0, "", "")
    code, out, _ = axs(made, within, "du", "--format=csv")
    assert code == 0
    assert [line.split(",")[2] for line in out.splitlines() if line.endswith(f",{folder.name}")] == ["unreadable"]
    code, _, err = axs(made, within, "verify")
    assert (code, f"{folder}/meta.yaml: cannot be read" in err) == (1, True)
    folder.chmod(0o755)
    assert (folder / "out.txt").exists()


def test_a_whole_collection(made: Toys, within: list[str]) -> None:
    (made.recipes / "fresh").mkdir()  # it has to be listed again
    made.recipes.chmod(0)
    code, _, err = axs(made, within, "byname", "note")
    assert code == 1
    assert err.startswith(f"error: the collection {made.recipes} cannot be read: Permission denied\n\nhint: ")


def test_the_work_collection(made: Toys, within: list[str]) -> None:
    made.work.chmod(0)
    code, _, err = axs(made, within, "byname", "note")
    assert (code, err) == (1, f"error: {made.work}/.axs/layout cannot be read: Permission denied")
