"""Bringing the index up to date: which collections there are, in which order, and what changed in them."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from axs_core.base.digest import of_value
from axs_core.collections import folders as collection
from axs_core.collections.folders import Folder
from axs_core.collections.trust import Elsewhere, Trust, origin_of
from axs_core.index.connection import Connection
from axs_core.index.database import UNSETTLED, WRITTEN
from axs_core.index.details import as_float
from axs_core.index.rows import drop, is_racy, load, select
from axs_core.plugins import installed
from axs_core.plugins.producers import GROUP as PRODUCERS
from axs_core.plugins.shipped import IMPORTED_BY

BY_HAND = 1000
"""Up to so many entries of one collection that were written by hand are looked at with every ask (a stat each)."""
AT_ONCE = 500
"""How many folders are read in one transaction: others wait for it."""

_OF_PRODUCERS = 0
"""Where the mark of the packages' producers is kept, among the stamps; no collection has this id."""


class Collections:
    """The collections that are asked: ``roots``, and those that lie in them.

    ``order`` holds the place of each by its id, ``paths`` its folder, ``origins`` where those came from that are not
    the user's own.
    """

    def __init__(self, connection: Connection, roots: list[Path], work_collection: Path, trust: Trust) -> None:
        self.connection = connection
        self.roots = roots
        self.work_collection = work_collection
        self.trust = trust
        self.order: dict[int, int] = {}
        self.paths: dict[int, str] = {}
        self.origins: dict[int, Elsewhere] = {}
        self._foreign: set[Path] = set()
        self._own = {work_collection}

    def in_order(self) -> list[int]:
        """The ids of all collections, in the order in which they are asked."""
        return sorted(self.order, key=self.order.__getitem__)

    def load(self, database: sqlite3.Connection, path: Path, identity: int) -> Any:
        """Read a folder of the collection with this id (again); returns its row."""
        return load(database, self.look(path), identity, own=path.parent in self._own)

    def listing(self, root: Path) -> Iterator[str]:
        """The folders of a collection; links in one from elsewhere are no entries: they may lead anywhere."""
        return collection.listing(root, follow=root not in self._foreign)

    def look(self, path: Path) -> Folder:
        """The state of a folder of a collection."""
        return collection.look(path, follow=path.parent not in self._foreign)

    def refresh(self) -> None:
        """Notice folders that were added, deleted or completed since."""
        self.order, self.paths, self.origins = {}, {}, {}
        self._notice_producers()
        elsewhere: list[tuple[Path, Elsewhere]] = []
        for root in self.roots:
            self._take(root, elsewhere)
        for folder, origin in sorted(elsewhere, key=lambda item: item[1].kind == "archive"):
            self._take(folder, elsewhere, origin)

    def _notice_producers(self) -> None:
        """What could not be read may be good since a package was installed that brings its producer: such folders are
        looked at again.
        """
        now = installed.mark(PRODUCERS)
        row = self.connection.fetch("SELECT stamp FROM collection WHERE id = ?", (_OF_PRODUCERS,))
        if now == (row[0][0] if row else 0):
            return

        def operation(database: sqlite3.Connection) -> None:
            database.execute("INSERT OR REPLACE INTO collection VALUES (?, ?, ?)", (_OF_PRODUCERS, PRODUCERS, now))
            database.execute(f"UPDATE entry SET mtime = NULL WHERE {UNSETTLED} AND error IS NOT NULL")

        self.connection.write(operation)

    def _take(self, root: Path, elsewhere: list[tuple[Path, Elsewhere]], origin: Elsewhere | None = None) -> None:
        """Refresh one collection, then those that lie in it, those of higher priority first.

        Those from elsewhere go to ``elsewhere``, with where from: they come last, archives after clones, so that no
        name in them hides one of the user's own or a shipped one. ``origin`` is that of this collection.
        """
        if origin is not None and root in self.roots:
            return  # the user named it in AXS_COLLECTIONS: it counts as the user's own
        if origin is not None:
            self._foreign.add(root)
        identity = self._up_to_date(root)
        if identity in self.order:
            return
        self.order[identity] = len(self.order)
        self.paths[identity] = str(root)
        if origin is not None:
            self.origins[identity] = origin
        for inner, came in self._inside(root, identity, origin):
            if came is None or origin is not None:
                self._take(inner, elsewhere, came)
            else:
                elsewhere.append((inner, came))

    def _up_to_date(self, root: Path) -> int:
        """Look at a collection's folder and take in what changed; returns its id."""
        identity = id_of(root)
        row = self.connection.fetch("SELECT stamp FROM collection WHERE id = ?", (identity,))
        now = collection.stamp(root)
        if not row or row[0][0] != now or now == 0:
            self._scan(root, identity, now)
        self._look_again(root, identity)
        return identity

    def _inside(self, root: Path, identity: int, origin: Elsewhere | None) -> Iterator[tuple[Path, Elsewhere | None]]:
        """The collections in a collection: where their entries lie, and where they came from. What lies in one from
        elsewhere came from there too, and has to lie inside of it; in an archive there is none.
        """
        nested = "collection = ? AND is_collection ORDER BY +name"
        rows = self.connection.run(lambda database: select(database, nested, (identity,)))
        for path, meta in sorted(((Path(row[3]), json.loads(row[7])) for row in rows), key=_falling_priority):
            inner = inner_folder(path, meta)
            if origin is not None:
                if origin.kind == "git" and inner.resolve().is_relative_to(root.resolve()):
                    yield inner, origin
                continue
            came, by = origin_of(path, meta, self.trust), meta.get("produced", {}).get("by") or ()
            if root == self.work_collection and by and (came is None or IMPORTED_BY in by):
                self._own.add(inner)  # made by axs, or checked when it came: nobody else's ``.axs`` is there
            yield inner, came

    def _scan(self, root: Path, identity: int, now: int) -> None:
        new = self.connection.write(lambda database: self._listed(database, root, identity))
        self._read(root, new, identity)
        trusted = 0 if is_racy(now) else now
        self.connection.write(
            lambda database: database.execute("UPDATE collection SET stamp = ? WHERE id = ?", (trusted, identity))
        )

    def _listed(self, database: sqlite3.Connection, root: Path, identity: int) -> list[str]:
        """Forget what is not there any more; the names of what is new."""
        database.execute("INSERT OR IGNORE INTO collection VALUES (?, ?, 0)", (identity, str(root)))
        here = set(self.listing(root))
        known = {name for (name,) in database.execute("SELECT name FROM entry WHERE collection = ?", (identity,))}
        for name in known - here:
            drop(database, root / name)
        return sorted(here - known)

    def _read(self, root: Path, names: Sequence[str], identity: int) -> None:
        """Take in many folders, some at a time: no other writer has to wait for all of them. Should this process die,
        the stamp is not there yet, and the rest is read next time.
        """
        for start in range(0, len(names), AT_ONCE):
            self._load_all(identity, [root / name for name in names[start : start + AT_ONCE]])

    def _load_all(self, identity: int, paths: Sequence[Path]) -> None:
        def operation(database: sqlite3.Connection) -> None:
            for path in paths:
                self.load(database, path, identity)

        self.connection.write(operation)

    def _look_again(self, root: Path, identity: int) -> None:
        """Folders without ``meta.yaml`` (being made, or broken) are few; each is looked at every time, and so are the
        entries that people write and edit, unless they are many.
        """
        columns = "SELECT path, mtime, size FROM entry INDEXED BY"
        rows = self.connection.fetch(f"{columns} entry_unsettled WHERE collection = ? AND {UNSETTLED}", (identity,))
        by_hand = self.connection.fetch(
            f"{columns} entry_written WHERE collection = ? AND {WRITTEN} LIMIT ?", (identity, BY_HAND + 1)
        )
        self.look_at(root, identity, rows + (by_hand if len(by_hand) <= BY_HAND else []))

    def look_at(self, root: Path, identity: int, rows: Sequence[tuple[str, Any, Any]]) -> bool:
        """Read those folders again that are not as the index knows them (path, time and size of ``meta.yaml``); says
        whether there were some.
        """
        follow = root not in self._foreign
        changed = [Path(path) for path, mtime, size in rows if collection.state(path, follow) != (mtime, size)]
        if changed:
            self._load_all(identity, changed)
        return bool(changed)


def id_of(root: Path) -> int:
    """The id of a collection: the same in each index that is made, so that one goes on with it after a new one was."""
    return int(of_value(str(root))[:15], 16)


def inner_folder(path: Path, meta: dict[str, Any]) -> Path:
    """Where the entries of a collection lie: its attribute ``entries_path`` inside it (or absolute), else the
    folder itself.
    """
    return Path(os.path.normpath(path / str(meta.get("attributes", {}).get("entries_path", "") or "")))


def priority(meta: dict[str, Any]) -> float:
    """A collection's place among those in the work collection: its attribute ``priority``, the higher first."""
    return as_float(meta.get("attributes", {}).get("priority", 0)) or 0.0


def _falling_priority(item: tuple[Path, dict[str, Any]]) -> float:
    return -priority(item[1])
