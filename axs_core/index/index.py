"""What exists, derived from the folders and refreshed by itself.

Noticed by itself: folders added to or deleted from a collection (its own time stamp), folders that were without
``meta.yaml`` and now have one, an edit of a ``meta.yaml`` that a person wrote (in collections of up to ``BY_HAND`` of
those), and of a produced one in every entry that an answer would use. Everything else (an edit that would make one of
100,000 results match what it did not match before) needs :meth:`Index.reindex`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from axs_core.base.digest import of_file
from axs_core.base.reporter import Reporter
from axs_core.base.settings import Settings
from axs_core.collections import folders as collection
from axs_core.collections.trust import Trust
from axs_core.index.connection import MendingConnection
from axs_core.index.database import file_for
from axs_core.index.reading import Lookups
from axs_core.index.refreshing import Collections, id_of
from axs_core.index.rows import drop, is_racy


class Index(Lookups):
    """The entries of all collections. ``roots`` are the collections' folders in the order in which they are asked;
    ``settings`` may say where the file lies (``AXS_INDEX``; default: those of this process); ``trust`` knows which of
    those from elsewhere may run code.
    """

    def __init__(
        self,
        roots: list[Path],
        work_collection: Path,
        settings: Settings | None = None,
        reporter: Reporter | None = None,
        trust: Trust | None = None,
    ) -> None:
        self.roots = roots
        self.work_collection = work_collection
        settings = settings or Settings(os.environ)
        self.file = file_for(work_collection, settings)
        reporter = reporter or Reporter()
        trust = self.trust = trust or Trust(Settings({}), reporter)
        self._mending = MendingConnection(
            self.file,
            lambda fresh: Collections(fresh, roots, work_collection, trust).refresh(),
            reporter,
            keep_foreign=settings.index is not None,
        )
        super().__init__(self._mending, Collections(self._mending, roots, work_collection, trust))

    def open(self) -> None:
        """Connect, and bring it up to date."""
        self.refresh()

    def close(self) -> None:
        """Disconnect."""
        self._mending.close()

    @property
    def database(self) -> sqlite3.Connection:
        """SQLite's connection; opened at first use."""
        return self.connection.database

    def reindex(self) -> None:
        """Forget everything and read all collections again."""
        self._mending.renew()
        self.refresh()

    def refresh(self) -> None:
        """Notice folders that were added, deleted or completed since."""
        self._mending.follow()
        self._entries.clear()
        self.seen.refresh()

    def add(self, path: Path) -> None:
        """Take in (again) the folder at ``path``, which this process has just made, completed or begun."""
        self.connection.write(lambda database: self._load(database, path))
        self._entries.clear()
        if self._is_collection(path):
            self.refresh()

    def _load(self, database: sqlite3.Connection, path: Path) -> None:
        if _stamp(database, path.parent) is not None:
            self.seen.load(database, path, id_of(path.parent))

    @contextmanager
    def expecting(self, path: Path) -> Iterator[None]:
        """The caller makes the folder at ``path``, and does nothing else meanwhile.

        The folder is noted, so that it is looked at whatever happens to this process, and the collection's new stamp is
        known to mean it, so that nobody has to list the collection for it. A process that dies in between has noted
        nothing: the stamp tells that there is something new.
        """
        root = path.parent

        def before(database: sqlite3.Connection) -> os.stat_result | None:
            there = None if path.exists() else collection.status(root)
            return there if there is not None and _stamp(database, root) == there.st_mtime_ns else None

        def after(database: sqlite3.Connection, there: os.stat_result | None) -> None:
            self._load(database, path)
            if there is not None:
                now = collection.stamp_anew(root, there)
                database.execute("UPDATE collection SET stamp = ? WHERE id = ?", (now, id_of(root)))

        with self._mending.around(before, after):
            yield

    def notice(self, folders: Iterable[Path]) -> None:
        """Take in those folders of the work collection that are not known yet, or not known to be finished: on a
        network folder another host's work may show in its own place before it shows in the collection's stamp.
        """
        for folder in folders:
            known = self.connection.fetch("SELECT mtime FROM entry WHERE path = ?", (str(folder),))
            if not known or known[0][0] is None:
                self.add(folder)

    def forget(self, path: Path) -> None:
        """The folder at ``path`` was removed."""
        nested = self._is_collection(path)
        self.connection.write(lambda database: drop(database, path))
        self._entries.clear()
        if nested:
            self.refresh()

    def reread(self, root: Path) -> None:
        """Read all entries of one collection again: its files were changed from outside (a pull)."""

        def operation(database: sqlite3.Connection) -> None:
            for name in sorted(self.seen.listing(root)):
                self._load(database, root / name)

        self.connection.write(operation)
        self.refresh()

    def _is_collection(self, path: Path) -> bool:
        rows = self.connection.fetch("SELECT is_collection FROM entry WHERE path = ?", (str(path),))
        return bool(rows and rows[0][0])

    def digest_of(self, path: Path) -> str:
        """SHA-256 of a file's bytes; read again only where its size or time is another one since. Raises OSError."""
        stat = path.stat()
        state = (str(path), stat.st_size, stat.st_mtime_ns)
        known = self.connection.fetch("SELECT digest FROM content WHERE path = ? AND size = ? AND mtime = ?", state)
        if known:
            return str(known[0][0])
        digest = of_file(path)
        if not is_racy(stat.st_mtime_ns):
            sql = "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?)"
            self.connection.write(lambda database: database.execute(sql, (*state, digest)))
        return digest


def _stamp(database: sqlite3.Connection, root: Path) -> int | None:
    """The stamp of a collection when it was listed last; None for a folder that is none."""
    row = database.execute("SELECT stamp FROM collection WHERE id = ?", (id_of(root),)).fetchone()
    return None if row is None else int(row[0])
