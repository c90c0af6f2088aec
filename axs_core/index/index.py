"""What exists, derived from the folders and refreshed by itself.

Noticed by itself: folders added to or deleted from a collection (its own time stamp), folders that were without
``meta.yaml`` and now have one, an edit of a ``meta.yaml`` that a person wrote (in collections of up to ``BY_HAND`` of
those), and of a produced one in every entry that an answer would use. Everything else (an edit that would make one of
100,000 results match what it did not match before) needs :meth:`Index.reindex`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from axs_core import collection
from axs_core.digest import of_file
from axs_core.index.connection import Connection
from axs_core.index.database import file_for
from axs_core.index.reading import Lookups
from axs_core.index.refreshing import RACY_NS, Collections
from axs_core.index.rows import drop
from axs_core.reporter import Reporter
from axs_core.trust import Trust


class Index(Lookups):
    """The entries of all collections. ``roots`` are the collections' folders in the order in which they are asked;
    ``trust`` knows which of those from elsewhere may run code.
    """

    def __init__(self, roots: list[Path], work_collection: Path, trust: Trust | None = None) -> None:
        self.roots = roots
        self.trust = trust or Trust({}, Reporter())
        self.work_collection = work_collection
        self.file = file_for(work_collection)
        connection = Connection(self.file)
        super().__init__(connection, Collections(connection, roots, work_collection, self.trust))

    def open(self) -> None:
        """Connect, and bring it up to date."""
        try:
            self.refresh()
        except sqlite3.DatabaseError:
            self.reindex()

    def close(self) -> None:
        """Disconnect."""
        self.connection.close()

    @property
    def database(self) -> sqlite3.Connection:
        """SQLite's connection; opened at first use."""
        return self.connection.database

    def reindex(self) -> None:
        """Forget everything and read all collections again."""
        self.connection.renew()
        self.refresh()

    def refresh(self) -> None:
        """Notice folders that were added, deleted or completed since."""
        self._entries.clear()
        self.seen.refresh()

    def add(self, path: Path) -> None:
        """Take in (again) the folder at ``path``, which this process has just made, completed or begun."""
        root = path.parent
        with self.connection.writing() as database:
            row = database.execute("SELECT id FROM collection WHERE path = ?", (str(root),)).fetchone()
            if row is None:
                return
            self.seen.load(collection.look(path), row[0])
        self._entries.clear()
        if self._is_collection(path):
            self.refresh()

    @contextmanager
    def expecting(self, path: Path) -> Iterator[None]:
        """The caller makes the folder at ``path``, and does nothing else meanwhile.

        The folder is noted, so that it is looked at whatever happens to this process, and the collection's new stamp is
        known to mean it, so that nobody has to list the collection for it. A process that dies in between has noted
        nothing: the stamp tells that there is something new.
        """
        root = path.parent
        with self.connection.writing() as database:
            row = database.execute("SELECT id, stamp FROM collection WHERE path = ?", (str(root),)).fetchone()
            before = None if path.exists() else collection.status(root)
            yield
            if row is None:
                return
            self.seen.load(collection.look(path), row[0])
            if before is not None and row[1] == before.st_mtime_ns:
                now = collection.stamp_anew(root, before)
                database.execute("UPDATE collection SET stamp = ? WHERE id = ?", (now, row[0]))

    def notice(self, folders: Iterable[Path]) -> None:
        """Take in those folders of the work collection that are not known yet: on a network folder another host's work
        may show in its own place before it shows in the collection's stamp.
        """
        for folder in folders:
            if self.database.execute("SELECT 1 FROM entry WHERE path = ?", (str(folder),)).fetchone() is None:
                self.add(folder)

    def forget(self, path: Path) -> None:
        """The folder at ``path`` was removed."""
        nested = self._is_collection(path)
        with self.connection.writing() as database:
            drop(database, path)
        self._entries.clear()
        if nested:
            self.refresh()

    def reread(self, root: Path) -> None:
        """Read all entries of one collection again: its files were changed from outside (a pull)."""
        with self.connection.writing() as database:
            row = database.execute("SELECT id FROM collection WHERE path = ?", (str(root),)).fetchone()
            for name in sorted(self.seen.listing(root)) if row else ():
                self.seen.load(self.seen.look(root / name), row[0])
        self.refresh()

    def _is_collection(self, path: Path) -> bool:
        row = self.database.execute("SELECT is_collection FROM entry WHERE path = ?", (str(path),)).fetchone()
        return bool(row and row[0])

    def digest_of(self, path: Path) -> str:
        """SHA-256 of a file's bytes; read again only where its size or time is another one since. Raises OSError."""
        stat = path.stat()
        sql = "SELECT digest FROM content WHERE path = ? AND size = ? AND mtime = ?"
        row = self.database.execute(sql, (str(path), stat.st_size, stat.st_mtime_ns)).fetchone()
        if row is not None:
            return str(row[0])
        digest = of_file(path)
        if time.time_ns() - stat.st_mtime_ns > RACY_NS:
            with self.connection.writing() as database:
                values = (str(path), stat.st_size, stat.st_mtime_ns, digest)
                database.execute("INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?)", values)
        return digest
