"""Real processes that ask all the time, while the index is damaged, deleted, replaced and made anew under them."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.index_damage import DAMAGES, damaged_pages
from support.toy import Toys

pytestmark = pytest.mark.process

PROCESSES = 8
ENTRIES = 40
PAUSE = 0.02

ASKING = """
    kept = Workspace()
    for turn in range({turns}):
        fresh = Workspace()
        for space in (kept, fresh):
            assert sorted(found["n"] for found in space.all_byquery("x")) == list(range({entries})), turn
            assert [found.name for found in space.all_byquery("x,n=7")] == ["entry7"], turn
            assert space.byname("entry9")["n"] == 9
            assert space.byquery("thing,n={number}")["n"] == {number}
            assert space.byquery(f"thing,n={{turn // 4 + 100}}")["n"] == turn // 4 + 100  # all ask for this one
            assert len([row for row in space.entries() if row.kind == "static"]) == {entries}
        fresh.session.index.close()
    print("done")
"""


def deleted(file: Path) -> None:
    file.unlink(missing_ok=True)


def deleted_with_its_folder(file: Path) -> None:
    shutil.rmtree(file.parent, ignore_errors=True)


def log_deleted(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink(missing_ok=True)


def old_copy(file: Path) -> None:
    copy = file.with_name("copy")
    shutil.copy(file, copy)
    copy.replace(file)


def noise_in_pages(file: Path) -> None:
    damaged_pages(file, random.Random(7))


SPOIL: list[Callable[[Path], None]] = [
    *DAMAGES, deleted, deleted_with_its_folder, log_deleted, old_copy, noise_in_pages
]  # fmt: skip


def ask(toys: Toys, turns: int) -> list[subprocess.Popen[str]]:
    return [toys.child(ASKING.format(turns=turns, entries=ENTRIES, number=number)) for number in range(PROCESSES)]


@pytest.fixture
def filled(toys: Toys) -> Toys:
    for number in range(ENTRIES):
        toys.add(f"entry{number}", f"tags: [x]\nattributes: {{n: {number}, text: {'y' * 900}}}\n")
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}})
    return toys


def survive(toys: Toys, turns: int, spoil: Callable[[Path, int], None]) -> int:
    """Spoil the index as long as the processes ask; how often that was done. Each of them must end well."""
    file = toys.space().session.index.file
    children = ask(toys, turns)
    times = 0
    while any(child.poll() is None for child in children):
        spoil(file, times)
        times += 1
        time.sleep(PAUSE)
    for child in children:
        out, err = child.communicate()
        assert (child.returncode, out) == (0, "done\n"), err
    made = sorted(found["n"] for found in toys.space().all_byquery("thing"))
    assert made == [*range(PROCESSES), *range(100, 100 + (turns + 3) // 4)]
    assert toys.made("toy") == len(made)  # each once
    return times


def damage(file: Path, number: int) -> None:
    try:
        SPOIL[number % len(SPOIL)](file)
    except (OSError, ValueError, subprocess.SubprocessError):
        pass  # there is none just now
    except Exception as error:  # SQLite: what is there is damaged already
        if not type(error).__module__.startswith("sqlite3"):
            raise


def test_asking_while_the_index_is_damaged(filled: Toys) -> None:
    assert survive(filled, 6, damage) > 10


def test_asking_while_the_index_is_made_anew(filled: Toys) -> None:
    assert survive(filled, 6, lambda file, number: filled.space().work_collection().reindex()) > 2


@pytest.mark.endurance
@pytest.mark.timeout(3600)
def test_asking_while_the_index_is_damaged_for_long(filled: Toys) -> None:
    times = survive(filled, 200, damage)
    print(f"{PROCESSES} processes, {2 * 200 * 6 * PROCESSES} asks, the index spoilt {times} times: every answer right")
