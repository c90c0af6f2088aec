"""Keeping the work collection in order: garbage, verification, removing everything that was made."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from axs_core.base.errors import NotFound, StoreError
from axs_core.entry import META, RECORD, Entry, Record
from axs_core.index import Index
from axs_core.making.session import Session
from axs_core.store import BUNDLING, INCOMING, PRIVATE, TIDYING, Busy, Store, in_use, lock_base
from axs_core.store.entry_files import asked_later, last_used
from axs_core.store.hosts.afresh import await_shown, is_listed, opens
from axs_core.upkeep.ownership import entries_folder, in_clone, is_collection, is_git, made_here, not_made

_SHOWN = 8
"""How many names a message lists."""


@dataclass(frozen=True)
class Wishes:
    """Names of entries that go though somebody asked for them, if nothing needs them, and of those that stay."""

    may_go: frozenset[str] = frozenset()
    stay: frozenset[str] = frozenset()


def collect_garbage(store: Store, index: Index, wishes: Wishes = Wishes()) -> list[str]:
    """Remove broken entries, and what was made only as a need of something that is gone. What was asked for directly
    stays (but see :class:`Wishes`), and so does what a process that is at work just now depends on, on whatever host.

    Returns the names of what was removed. What is being made is left alone.
    """
    with store.held(TIDYING, "collecting garbage", freeing=True):
        store.settle()
        store.forget_the_dead()
        _reclaim(store)
        index.refresh()
        broken = [folder for folder in _folders(store) if _is_broken(store, folder)]
        removed = [folder.name for folder in broken if _removed(store, index, folder, None)]
        wanted = _Wanted(wishes, time.time())
        return removed + list(_unneeded(store, index, wishes, lambda folder: _removed(store, index, folder, wanted)))


def garbage(store: Store, index: Index, wishes: Wishes = Wishes()) -> list[str]:
    """What :func:`collect_garbage` would remove; removes nothing."""
    index.refresh()
    broken = [folder.name for folder in _folders(store) if _is_broken(store, folder)]
    return broken + list(_unneeded(store, index, wishes, lambda folder: store.user(folder) is None))


def _is_broken(store: Store, folder: Path) -> bool:
    return made_here(folder) and not (folder / META).exists() and store.state(folder) == "broken"


def _reclaim(store: Store) -> None:
    """What was left of an archive or a bundle by a process that died over it."""
    for name in (INCOMING, BUNDLING):
        place = store.root / PRIVATE / name
        if store.state(place) == "broken":
            with store.held(name, "tidying up", freeing=True):
                shutil.rmtree(place, ignore_errors=True)


def _folders(store: Store) -> list[Path]:
    if not store.root.is_dir():
        return []
    return sorted(item for item in store.root.iterdir() if item.is_dir() and not item.name.startswith("."))


def _unneeded(store: Store, index: Index, wishes: Wishes, remove: Callable[[Path], bool]) -> Iterator[str]:
    """Remove what was made only as a need of something that is gone, or that was removed here before it; their names.
    ``remove`` says whether it did.

    Notes of who depends on what are there as long as this goes on (see :meth:`Store.working`), also when their process
    has ended since: what it made is not among the records that were read here.
    """
    made = [Path(row["path"]) for row in index.rows() if row["kind"] == "produced"]
    needs: dict[str, list[str]] = {}
    optional: set[str] = set()
    clear = True
    for folder in made:
        record = Record.read(folder)
        inside = folder.parent == store.root  # results in a collection stay, and keep what they need
        name = folder.name if inside else str(folder)
        clear = clear and not record.unread("needs")
        needs[name] = [sys.intern(need.entry) for need in record.needs]
        asked = record.directly or asked_later(folder)
        if inside and folder.name not in wishes.stay and (not asked or folder.name in wishes.may_go):
            optional.add(folder.name)

    if not clear:  # a newer axs says otherwise what it needs: that may be anything
        return iter(())

    def gone(name: str) -> bool:
        return _may_go(index, store.root / name) and remove(store.root / name)

    return _in_turn(needs, optional, gone)


def _in_turn(needs: dict[str, list[str]], optional: set[str], remove: Callable[[str], bool]) -> Iterator[str]:
    """Names of ``optional`` things that nothing needs; then those that only the former needed; and so on. What
    ``remove`` does not remove keeps what it needs.
    """
    users = Counter(name for each in needs.values() for name in set(each))
    waiting = sorted(name for name in optional if not users[name])
    while waiting:
        name = waiting.pop(0)
        if not remove(name):
            continue
        yield name
        for need in sorted(set(needs[name])):
            users[need] -= 1
            if not users[need] and need in optional:
                waiting.append(need)


@dataclass(frozen=True)
class _Wanted:
    """Why something stays after all: somebody has asked for it, or depends on it, since ``since``."""

    wishes: Wishes
    since: float

    def __call__(self, store: Store, folder: Path) -> str | None:
        if last_used(folder) >= self.since or (folder.name not in self.wishes.may_go and asked_later(folder)):
            return "somebody asked for it"
        return None if (user := store.user(folder, ended=True)) is None else str(user)


def _may_go(index: Index, folder: Path) -> bool:
    entry = index.at_path(folder)
    return entry is not None and not not_made(entry)


def remove(store: Store, index: Index, entry: Entry) -> None:
    """Remove an entry that axs made, in the work collection or in a collection inside of it; a collection goes with
    what axs made in it.

    Raises StoreError for what axs did not make, for a collection or a clone that holds what a person put there, and for
    what a process that is at work depends on; NotFound for what somebody else has removed.
    """
    if entry.kind != "produced" or not entry.path.is_relative_to(store.root) or in_clone(entry):
        raise _not_ours(entry)
    with store.held(lock_base(entry.path.name), "removing it", freeing=True):
        if not opens(entry.path / META):
            index.forget(entry.path)
            raise NotFound(f"{entry.name} was removed meanwhile")
        await_shown(entry.path / RECORD)  # it may have been made again on another host just now
        if not made_here(entry.path):
            raise _not_ours(entry)
        if left := not_made(entry):
            raise StoreError(
                f"{entry.name} holds what axs did not make: {_listed(left)}; it stays",
                hint=f"to delete it yourself: rm -r {entry.path}",
            )
        store.refuse_used(entry.path)
        if (reason := store.remove_unless(entry.path, lambda: _used(store, entry.path))) is not None:
            raise in_use(entry.path, reason)
    index.forget(entry.path)


def _not_ours(entry: Entry) -> StoreError:
    return StoreError(
        f"{entry.name} was not made by axs in the work collection; it stays",
        hint=f"to delete it yourself: rm -r {entry.path}",
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


Kept = Callable[[Store, Path], str | None]
"""Why something is not removed after all, as seen once it is absent for everybody; None where nothing is against it."""


def _used(store: Store, folder: Path) -> str | None:
    return None if (user := store.user(folder)) is None else str(user)


def _removed(store: Store, index: Index, folder: Path, kept: Kept | None) -> bool:
    """Remove a folder, if nobody works on it and nothing is against it; whether it was removed. None: a broken one,
    unless it was made meanwhile.
    """
    try:
        with store.held(lock_base(folder.name), "removing it", wait=False, freeing=True):
            if not folder.is_dir() or (kept is None and is_listed(folder / META)):
                return False
            if store.remove_unless(folder, lambda: kept and kept(store, folder)) is not None:
                return False
    except Busy:
        return False
    index.forget(folder)
    return True


def remove_all(session: Session) -> None:
    """Remove everything that axs made; say what stays because a person put it there.

    Raises StoreError, and removes nothing, while something is being made on whatever host.
    """
    store, index = session.store, session.index
    with store.held(TIDYING, "removing everything", freeing=True):
        store.settle()
        index.refresh()
        _refuse_while_at_work(store)
        kept = [why for folder in _folders(store) if (why := _remove_own(store, index, folder)) is not None]
    if kept:
        session.reporter.note(f"kept, not made by axs: {', '.join(kept)}")


def _refuse_while_at_work(store: Store) -> None:
    hint = "wait for it, or end that axs, and ask again"
    busy = [folder.name for folder in _folders(store) if store.state(folder) == "producing"]
    if busy:
        raise StoreError(f"being made just now: {', '.join(busy)}", hint=hint)
    if at_work := store.at_work():
        raise StoreError(f"in use just now: {at_work[0]}", hint=hint)


def _remove_own(store: Store, index: Index, folder: Path) -> str | None:
    """Remove what axs made in one folder; what stays of it, and why."""
    entry = index.at_path(folder) if made_here(folder) else None
    left = not_made(entry) if entry is not None else []
    if not made_here(folder):
        return folder.name
    if entry is not None and left:
        _remove_inside(store, index, entry)
        return f"{folder.name} (for {_listed(left)})"
    return None if _removed(store, index, folder, _used) else f"{folder.name} (in use)"


def _remove_inside(store: Store, index: Index, entry: Entry) -> None:
    """What axs made in a collection that stays."""
    if not is_collection(entry) or is_git(entry):
        return
    for folder in sorted(entries_folder(entry).iterdir()):
        inner = index.at_path(folder) if made_here(folder) else None
        if inner is not None and inner.kind == "produced" and not not_made(inner):
            _removed(store, index, folder, _used)
