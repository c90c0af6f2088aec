"""What gc removes when a user lets go what was asked for."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from support.toy import Toys

from axs_core.api import WorkspaceEntry
from axs_core.base.errors import UsageError
from axs_core.query import parse
from axs_core.upkeep.policy import Policy, read_age

DAY = 86400.0


def aged(entry: WorkspaceEntry, days: float) -> WorkspaceEntry:
    """As if it had been made and last asked for so many days ago."""
    file = entry.path / "meta.yaml"
    meta = yaml.safe_load(file.read_text())
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - days * DAY))
    meta["produced"]["at"] = at
    file.write_text(yaml.safe_dump(meta, sort_keys=False))
    used = entry.path / ".axs" / "used"
    if used.exists():
        os.utime(used, (time.time() - days * DAY,) * 2)
    return entry


def made(toys: Toys) -> dict[str, WorkspaceEntry]:
    """``old`` (40 days) with a need of its own, ``new``; ``other`` 40 days old of another kind."""
    toys.maker("base", "base", parameters={"n": {"default": 1, "type": "int"}})
    parameters = {"n": {"default": 1, "type": "int"}}
    toys.maker("toy", "thing", parameters=parameters, needs={"b": "base,n={{ n }}"})
    toys.maker("else", "other", needs={"b": "base,n=3"})
    space = toys.space()
    found = {"old": space.byquery("thing,n=1"), "new": space.byquery("thing,n=2"), "other": space.byquery("other")}
    needs = {f"{name} need": space.byname(entry.record["needs"][0]["entry"]) for name, entry in found.items()}
    for entry in (found["old"], found["other"], *needs.values()):
        aged(entry, 40)
    return {**found, **needs}


def gone(toys: Toys, there: dict[str, WorkspaceEntry], policy: Policy) -> set[str]:
    """What was removed; that ``dry_run`` says the same before, and removes nothing, is seen too."""
    names = {entry.name: label for label, entry in there.items()}
    said = toys.space().gc(policy, dry_run=True)
    assert all(entry.path.is_dir() for entry in there.values())
    removed = toys.space().gc(policy)
    assert sorted(said) == sorted(removed)
    assert {label for label, entry in there.items() if not entry.path.exists()} == {names[name] for name in removed}
    return {names[name] for name in removed}


def test_without_wishes_what_was_asked_for_stays(toys: Toys) -> None:
    assert gone(toys, made(toys), Policy()) == set()


def test_older_than(toys: Toys) -> None:
    """With what only that needed."""
    assert gone(toys, made(toys), Policy(older_than=30 * DAY)) == {"old", "old need", "other", "other need"}


def test_what_is_not_that_old_stays(toys: Toys) -> None:
    assert gone(toys, made(toys), Policy(older_than=50 * DAY)) == set()


def test_what_was_asked_for_since_stays(toys: Toys) -> None:
    there = made(toys)
    toys.space().work_collection().reindex()
    assert toys.space().byquery("thing,n=1").path == there["old"].path
    assert gone(toys, there, Policy(older_than=30 * DAY)) == {"other", "other need"}


def test_asking_is_noted_once_a_day(toys: Toys) -> None:
    entry = made(toys)["old"]
    used = entry.path / ".axs" / "used"
    assert not used.exists()
    for days, touched in ((0, True), (0.5, False), (2, True)):
        if used.exists():
            os.utime(used, (time.time() - days * DAY,) * 2)
        before = used.stat().st_mtime if used.exists() else 0.0
        toys.space().byquery("thing,n=1")
        assert (used.stat().st_mtime > before) is touched


def test_keep(toys: Toys) -> None:
    """It and what it needs."""
    policy = Policy(older_than=30 * DAY, keep=[parse("thing"), parse("nothing,x=1")])
    assert gone(toys, made(toys), policy) == {"other", "other need"}


def test_keep_something_that_only_was_needed(toys: Toys) -> None:
    policy = Policy(older_than=30 * DAY, keep=[parse("base,n=1")])
    assert gone(toys, made(toys), policy) == {"old", "other", "other need"}


def test_what_something_needs_stays_though_it_is_old(toys: Toys) -> None:
    there = made(toys)
    toys.space().byquery("base,n=2")  # asked for by itself too
    aged(there["new need"], 40)
    assert "new need" not in gone(toys, there, Policy(older_than=30 * DAY))


def copies(toys: Toys) -> dict[str, WorkspaceEntry]:
    """Three of one thing, the first 40 days old, the others 20 and 0; and one of another thing."""
    toys.maker("toy", "thing", parameters={"n": {"default": 1, "type": "int"}})
    found = {"first": aged(toys.space().byquery("thing"), 40)}
    toys.space().work_collection().reindex()
    found["second"] = aged(toys.space().byquery("thing", fresh="one"), 20)
    toys.space().work_collection().reindex()
    found["third"] = toys.space().byquery("thing", fresh="one")
    found["other"] = aged(toys.space().byquery("thing,n=2"), 90)
    toys.space().work_collection().reindex()
    return found


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(keep_last=1), {"first", "second"}),
        (Policy(keep_last=2), {"first"}),
        (Policy(keep_last=3), set()),
        (Policy(keep_last=1, older_than=30 * DAY), {"first"}),
        (Policy(older_than=30 * DAY), {"first", "other"}),
        (Policy(keep_last=1, keep=[parse("thing,n=1")]), set()),
    ],
)
def test_keep_last(toys: Toys, policy: Policy, expected: set[str]) -> None:
    assert gone(toys, copies(toys), policy) == expected
    assert toys.space().byquery("thing")["n"] == 1


@pytest.mark.parametrize("change", [{"name": "baseline"}, {"note": "before"}, {"tags": ["paper"]}])
def test_what_a_person_marked_stays(toys: Toys, change: dict[str, object]) -> None:
    there = made(toys)
    toys.space().work_collection().reindex()
    toys.space().byname(there["old"].name).edit(**change)
    assert gone(toys, there, Policy(older_than=30 * DAY)) == {"other", "other need"}


def test_collections_and_what_is_in_them_stay(toys: Toys, tmp_path: Path) -> None:
    there = made(toys)
    recipe = {"provides": [["collection", "collection_name."]], "attributes": {"entries_path": "entries"}}
    recipe |= {"parameters": {"collection_name": {"type": "str"}}, "make": {"python": {"function": "make_it"}}}
    toys.add("own", recipe, "def make_it(path):\n    (path / 'entries').mkdir()\n")
    collection = aged(toys.space().byquery("collection,collection_name=mine"), 40)
    toys.space().work_collection().reindex()
    toys.space().byquery("thing,n=1", into="mine")
    removed = toys.space().gc(Policy(older_than=30 * DAY))
    assert sorted(removed) == sorted([there["other"].name, there["other need"].name])
    assert collection.path.is_dir()


def test_ages() -> None:
    assert read_age("1d") == DAY
    for text in ("30", "d", "-1d", "1 d", "1y", "1m"):
        with pytest.raises(UsageError, match="is no age"):
            read_age(text)
