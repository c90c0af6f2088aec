"""The connection to an index: opened at first use and written to in transactions."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axs_core.index.database import connect, delete, disconnect, not_usable


class Connection:
    """A connection to the index in ``file``."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._database: sqlite3.Connection | None = None
        self._closing: weakref.finalize[..., Connection] | None = None

    @property
    def database(self) -> sqlite3.Connection:
        """SQLite's own connection; closed by itself when nobody holds this one any more."""
        if self._database is None:
            self._database = connect(self.file)
            self._closing = weakref.finalize(self, disconnect, self._database)
        return self._database

    def close(self) -> None:
        """Disconnect."""
        if self._closing is not None:
            self._closing()
        self._database = self._closing = None

    def renew(self) -> None:
        """Begin with an empty index."""
        self.close()
        delete(self.file)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, or the one that has begun already."""
        database = self.database
        if database.in_transaction:
            yield database
            return
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:  # SQLite itself gives up where the disk is full
                    database.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise not_usable(self.file, error) from None
