"""What an operation costs in a large work collection, in counts of work done: nothing here looks at a clock.

benchmarks/scale.py measures the same at 100,000 entries.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core import Workspace
from axs_core.api import WorkspaceEntry
from axs_core.base.digest import of_value
from axs_core.collections import folders as collection
from axs_core.store.entry_files import dump_yaml

pytestmark = pytest.mark.process

FEW, MANY = 50, 600


@pytest.fixture
def work_done(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts listings (of the collection with that name), ``meta.yaml`` looked at, and YAML files read."""
    counts: Counter[str] = Counter()

    def counted(name: str, what: str) -> None:
        original = getattr(collection, name)

        def count(path: Path | str, *options: Any, **more: Any) -> Any:
            counts[what.format(Path(path).name)] += 1
            return original(path, *options, **more)

        monkeypatch.setattr(collection, name, count)

    counted("listing", "{} listed")
    counted("state", "looked at")
    counted("read_meta", "yaml")
    return counts


@contextmanager
def sqlite_steps(space: Workspace) -> Iterator[Counter[str]]:
    """Counts the steps of SQLite's machine."""
    steps: Counter[str] = Counter()
    space.session.index.database.set_progress_handler(lambda: steps.update(["steps"]), 1)
    try:
        yield steps
    finally:
        space.session.index.database.set_progress_handler(None, 0)


def fill(toys: Toys, count: int) -> None:
    """``count`` finished entries, as a store writes them, and one that really was made."""
    toys.maker("run", "run", parameters={"size": {"type": "int"}})
    toys.space().byquery("run,size=0")
    more(toys, 1, count)


def write(work: Path, number: int) -> Path:
    meta = {
        "title": "Run",
        "tags": ["run"],
        "attributes": {"size": number, "score": number / 10, "kind": ["even", "odd"][number % 2]},
        "produced": {"recipe": "run", "by": ["python"], "key": of_value(number), "at": f"2026-11-21T10:00:{number:06}"},
    }
    folder = work / f"run_{of_value(number)[:10]}"
    (folder / ".axs").mkdir(parents=True)
    text = dump_yaml(meta)
    (folder / ".axs" / "meta.json").write_text(json.dumps({"of": of_value(text), "meta": meta}))
    (folder / "record.json").write_text(json.dumps({"asked": "directly"}))
    (folder / "meta.yaml").write_text(text)
    return folder


def more(toys: Toys, start: int, end: int) -> None:
    """Entries from ``start`` to before ``end``, and an index that has seen them at a time when nothing changes."""
    for number in range(start, end):
        write(toys.work, number)
    long_ago = 10**18 + end
    os.utime(toys.work, ns=(long_ago, long_ago))
    toys.space().session.index.close()


@pytest.fixture(params=[FEW, MANY])
def size(request: pytest.FixtureRequest, toys: Toys) -> int:
    fill(toys, request.param)
    return int(request.param)


def ask(toys: Toys, query: str) -> tuple[WorkspaceEntry, Counter[str]]:
    """A query as a new process asks it, and SQLite's steps for refreshing and looking up."""
    space = toys.space()
    space.session.index.close()
    with sqlite_steps(space) as steps:
        space.session.index.refresh()
        found = space.byquery(query)
    return found, steps


def test_a_hit_looks_at_what_answers_and_at_nothing_else(size: int, toys: Toys, work_done: Counter[str]) -> None:
    found, _ = ask(toys, "run,size=0")
    assert found.get("size") == 0
    # every entry written by hand (one) at each of two refreshes; the recipe, what it made, and the recipe again
    assert work_done["looked at"] == 5
    assert work_done["work listed"] == work_done["yaml"] == 0


def test_a_hit_costs_the_same_at_any_size(toys: Toys) -> None:
    fill(toys, FEW)
    _, few = ask(toys, "run,size=0")
    more(toys, FEW, MANY)
    _, many = ask(toys, "run,size=0")
    assert many == few


def test_adding_an_entry_lists_nothing(size: int, toys: Toys, work_done: Counter[str]) -> None:
    for number in (-1, -2):
        assert toys.space().byquery(f"run,size={number}").get("size") == number
    assert work_done["work listed"] == 0
    assert work_done["looked at"] < 30
    assert len(toys.space().all_byquery("run")) == size + 2


def test_adding_an_entry_costs_the_same_at_any_size(toys: Toys) -> None:
    fill(toys, FEW)
    _, few = ask(toys, "run,size=-1")
    more(toys, FEW, MANY)
    _, many = ask(toys, "run,size=-2")
    assert many.total() < 1.05 * few.total()  # a page more to split, here and there


def test_a_folder_from_elsewhere_is_noticed_right_after_one_of_our_own(toys: Toys) -> None:
    fill(toys, FEW)
    toys.space().byquery("run,size=-1")
    write(toys.work, MANY)
    assert [found.get("size") for found in toys.space().all_byquery(f"run,size={MANY}")] == [MANY]


def test_a_folder_from_elsewhere_is_noticed_while_one_of_our_own_is_made(toys: Toys) -> None:
    fill(toys, FEW)
    space = toys.space()
    with space.session.index.expecting(toys.work / "own"):
        write(toys.work, MANY)
        (toys.work / "own").mkdir()
    assert [found.get("size") for found in toys.space().all_byquery(f"run,size={MANY}")] == [MANY]


def test_what_another_host_made_is_seen_in_its_place_before_the_stamp_tells(toys: Toys) -> None:
    fill(toys, FEW)
    space = toys.space()
    made = toys.space().byquery("run,size=-1")
    space.session.index.forget(made.path)  # this process has not heard of it
    assert space.byquery("run,size=-1").path == made.path
    assert toys.made("run") == 2


@pytest.mark.parametrize(
    ("query", "sizes"),
    [
        ("run,size=7", [7]),
        ("run,kind=odd,size=7", [7]),
        ("run,kind=even,size=7", []),
        ("run,score<0.25", [1, 2]),
        ("run,kind=even,score>=59.75", [598]),
        ("run,size=7,score>0.1", [7]),
    ],
)
def test_a_selective_search_reads_few_entries(
    toys: Toys, work_done: Counter[str], query: str, sizes: list[int]
) -> None:
    fill(toys, MANY)
    work_done.clear()
    assert sorted(found.get("size") for found in toys.space().all_byquery(query)) == sizes
    assert work_done["looked at"] <= 2 * max(2 * len(sizes), 1)


def test_what_a_search_found_is_read_one_by_one(toys: Toys, work_done: Counter[str]) -> None:
    fill(toys, MANY)
    found = toys.space().all_byquery("run")
    assert len(found) == MANY
    work_done.clear()
    assert [found[0].get("size"), found[-1].get("size")] == [1, 0]  # as they were made; the real one is the newest
    assert work_done["looked at"] == 2
    assert [each.get("size") for each in found[1:3]] == [2, 3]


def test_reindexing_reads_no_yaml_of_what_axs_made(size: int, toys: Toys, work_done: Counter[str]) -> None:
    space = toys.space()
    work_done.clear()
    space.work_collection().reindex()
    assert len(space.all_byquery("run")) == size
    assert work_done["yaml"] == 1  # the recipe
    assert work_done["work listed"] == 1


def test_a_listing_has_every_entry_once(toys: Toys) -> None:
    fill(toys, FEW)
    (toys.recipes / "run" / "meta.yaml").touch()  # edited while the listing is read
    rows = toys.space().entries()
    assert len(rows) == len({row.name for row in rows}) == FEW + 1


def test_words_are_those_that_exist(toys: Toys) -> None:
    fill(toys, FEW)
    tags, keys = toys.space().session.index.words()
    assert tags == ["run"]
    assert {"kind", "score", "size"} <= set(keys)


def test_garbage_goes_with_what_only_it_needed(toys: Toys) -> None:
    toys.maker("base", "base")
    toys.maker("top", "top", needs={"base": "base"})
    fill(toys, FEW)
    space = toys.space()
    top = space.byquery("top")
    base = next(iter(space.all_byquery("base")))
    assert space.gc() == []
    record = json.loads((top.path / "record.json").read_text())
    (top.path / "record.json").write_text(json.dumps({**record, "asked": "as a need"}))
    assert space.gc() == [top.name, base.name]
    assert len(toys.space().all_byquery("run")) == FEW


# memory, of real processes (benchmarks/scale.py has the figures at 100,000)

MEASURED = """
    import re
    answer = ({what})()
    print(answer, re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
ROOM = 8000
"""Kilobytes (a part of them SQLite's pages) that :data:`MANY_MORE` entries may take more than :data:`FEW`, at most."""
MANY_MORE = 2000


@pytest.fixture(scope="module")
def two_sizes(tmp_path_factory: pytest.TempPathFactory) -> list[Toys]:
    """The same at two sizes."""
    sizes = []
    for count in (FEW, MANY_MORE):
        toys = Toys(tmp_path_factory.mktemp(f"size{count}"))
        toys.settings["AXS_INDEX"] = str(toys.recipes.parent / "index")
        toys.maker("run", "run", parameters={"size": {"type": "int"}})
        for number in range(count):
            write(toys.work, number)
        answer, _ = measured(toys, "lambda: len(list(space.all_byquery('run')))")
        assert answer == count
        sizes.append(toys)
    return sizes


def measured(toys: Toys, what: str) -> tuple[Any, int]:
    """What a function answers in a process of its own, and the kilobytes which that took at most. (The system's other
    count begins with what the process that started it had.)
    """
    child = toys.child(MEASURED.format(what=what))
    out, err = child.communicate()
    assert child.returncode == 0, err
    answer, peak = out.rsplit(" ", 1)
    return json.loads(answer), int(peak)


@pytest.mark.parametrize(
    ("what", "per_entry"),
    [
        ("lambda: len(list(space.all_byquery('run,size>=0')))", 1),
        ("lambda: sum(found['size'] == found['score'] * 10 for found in space.all_byquery('run'))", 1),
        ("lambda: len([row for row in space.entries() if row.kind == 'produced'])", 1),
        ("lambda: len(space.explain('run,siz=1')) * 0", 0),
        ("lambda: len(space.gc())", 0),
        ("lambda: len(space.all_byquery('run,size=7'))", 0),
        ("lambda: (space.work_collection().reindex(), len(space.all_byquery('run')))[1]", 1),
    ],
)
def test_memory_does_not_follow_the_number_of_entries(two_sizes: list[Toys], what: str, per_entry: int) -> None:
    (few, small), (many, large) = (measured(toys, what) for toys in two_sizes)
    assert (many - few) == per_entry * (MANY_MORE - FEW)
    assert large - small < ROOM
