"""Keeping the work collection in order: garbage, verification, removing everything that was made."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from axs_core.digest import of_file
from axs_core.entry import META, Entry, read_record
from axs_core.errors import StoreError
from axs_core.index import Index
from axs_core.ownership import entries_folder, is_collection, made_here, not_made
from axs_core.record import asked_later
from axs_core.reporter import Reporter
from axs_core.store import BUNDLING, INCOMING, PRIVATE, Store, lock_base

_SHOWN = 8
"""How many names a message lists."""


def collect_garbage(store: Store, index: Index) -> list[str]:
    """Remove broken entries, and what was made only as a need of something that is gone. What was asked for directly
    stays.

    Returns the names of what was removed. What is being made is left alone.
    """
    index.refresh()
    _reclaim(store)
    unfinished = [folder for folder in _folders(store) if not (folder / META).exists()]
    broken = [folder for folder in unfinished if made_here(folder) and store.state(folder) == "broken"]
    removed = [_remove(store, index, folder) for folder in broken]
    if any(store.state(folder) == "producing" for folder in unfinished):
        return removed  # what is being made has no record yet that says what it needs
    return removed + [_remove(store, index, folder) for folder in _unneeded(store, index)]


def _reclaim(store: Store) -> None:
    """What was left of an archive or a bundle by a process that died over it."""
    for name in (INCOMING, BUNDLING):
        place = store.root / PRIVATE / name
        if store.state(place) == "broken":
            with store.held(name):
                shutil.rmtree(place, ignore_errors=True)


def _folders(store: Store) -> list[Path]:
    if not store.root.is_dir():
        return []
    return sorted(item for item in store.root.iterdir() if item.is_dir() and not item.name.startswith("."))


def _unneeded(store: Store, index: Index) -> list[Path]:
    """What was made only as a need of something that is gone, or that is listed here before it."""
    made = [Path(row["path"]) for row in index.rows() if row["kind"] == "produced"]
    needs: dict[str, list[str]] = {}
    optional: set[str] = set()
    for folder in made:
        record = read_record(Entry(folder.name, folder, {}))
        inside = folder.parent == store.root  # results in a collection stay, and keep what they need
        name = folder.name if inside else str(folder)
        needs[name] = [sys.intern(str(need["entry"])) for need in record.get("needs", ())]
        if inside and record.get("asked") != "directly" and not asked_later(folder):
            optional.add(folder.name)
    return [store.root / name for name in _in_turn(needs, optional, lambda name: _may_go(index, store.root / name))]


def _in_turn(needs: dict[str, list[str]], optional: set[str], may_go: Callable[[str], bool]) -> Iterator[str]:
    """Names of ``optional`` things that nothing needs; then those that only the former needed; and so on. What may not
    go keeps what it needs.
    """
    users = Counter(name for each in needs.values() for name in set(each))
    waiting = sorted(name for name in optional if not users[name])
    while waiting:
        name = waiting.pop(0)
        if not may_go(name):
            continue
        yield name
        for need in sorted(set(needs[name])):
            users[need] -= 1
            if not users[need] and need in optional:
                waiting.append(need)


def _may_go(index: Index, folder: Path) -> bool:
    entry = index.at_path(folder)
    return entry is not None and not not_made(entry)


def remove(store: Store, index: Index, entry: Entry) -> None:
    """Remove an entry that axs made, in the work collection or in a collection inside of it; a collection goes with
    what axs made in it.

    Raises StoreError for what axs did not make, and for a collection or a clone that holds what a person put there.
    """
    if entry.kind != "produced" or not entry.path.is_relative_to(store.root) or not made_here(entry.path):
        raise StoreError(
            f"{entry.name} was not made by axs in the work collection; it stays",
            hint=f"to delete it yourself: rm -r {entry.path}",
        )
    if left := not_made(entry):
        raise StoreError(
            f"{entry.name} holds what axs did not make: {_listed(left)}; it stays",
            hint=f"to delete it yourself: rm -r {entry.path}",
        )
    _remove(store, index, entry.path)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _remove(store: Store, index: Index, folder: Path) -> str:
    with store.held(lock_base(folder.name)):
        store.remove(folder)
    index.forget(folder)
    return folder.name


def remove_all(store: Store, index: Index, reporter: Reporter) -> None:
    """Remove everything that axs made; say what stays because a person put it there, and what is being made just
    now.
    """
    index.refresh()
    busy = [folder.name for folder in _folders(store) if store.state(folder) == "producing"]
    if busy:
        raise StoreError(f"being made just now: {', '.join(busy)}", hint="wait for it, or end that axs, and ask again")
    kept = []
    for folder in _folders(store):
        entry = index.at_path(folder) if made_here(folder) else None
        left = not_made(entry) if entry is not None else []
        if not made_here(folder):
            kept.append(folder.name)
        elif entry is not None and left:
            _remove_inside(store, index, entry)
            kept.append(f"{folder.name} (for {_listed(left)})")
        else:
            _remove(store, index, folder)
    if kept:
        reporter.note(f"kept, not made by axs: {', '.join(kept)}")


def _remove_inside(store: Store, index: Index, entry: Entry) -> None:
    """What axs made in a collection that stays."""
    if not is_collection(entry):
        return
    for folder in sorted(entries_folder(entry).iterdir()):
        inner = index.at_path(folder) if made_here(folder) else None
        if inner is not None and inner.kind == "produced" and not not_made(inner):
            _remove(store, index, folder)


def verify(entry: Entry, reporter: Reporter) -> list[str]:
    """Names of files that are missing or have other bytes than when the entry was made, each with what is wrong."""
    if entry.kind != "produced":
        return []
    try:
        files = json.loads((entry.path / PRIVATE / "files.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [f"{entry.name}: its list of files is missing"]
    problems = []
    with reporter.progress(f"verifying {entry.name}", sum(item.get("size", 0) for item in files.values())) as bar:
        for name, item in files.items():
            if problem := _problem(entry.path / name, item):
                problems.append(f"{entry.name}/{name}: {problem}")
            bar.advance(item.get("size", 0))
    return problems


def _problem(path: Path, item: dict[str, object]) -> str | None:
    if "link" in item:
        return (
            None
            if path.is_symlink() and str(path.readlink()) == item["link"]
            else "the link is missing or points elsewhere"
        )
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != item["size"]:
        return f"has {path.stat().st_size} bytes, {item['size']} were recorded"
    return None if of_file(path) == item["sha256"] else "has other content than was recorded"
