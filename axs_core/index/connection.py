"""The connection to an index. It mends itself: an index is derived, so whatever is wrong with the file, it is made anew
from the folders.

The file is never changed under those who have it open. A new one is made beside it (under a lock, so that of several
processes that meet the same damage one makes it and the others take it) and put in its place whole; who still has the
old one open goes on with that, and notices when it brings itself up to date or writes the next time. What is written to
the old one meanwhile is not lost: it is derived from the folders, too, and their stamps tell what changed since.
"""

from __future__ import annotations

import sqlite3
import weakref
from _thread import get_ident  # threading itself is not needed by a hit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from axs_core.base.reporter import Reporter
from axs_core.index.database import (
    TRIES,
    Opened,
    create,
    delete,
    disconnect,
    finish,
    is_busy,
    is_full,
    not_usable,
    open_there,
    place_of,
    roll_back,
    transacted,
)

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]


class Connection:
    """An open index."""

    def __init__(self, database: sqlite3.Connection | None) -> None:
        self._database = database

    @property
    def database(self) -> sqlite3.Connection:
        """SQLite's own connection."""
        assert self._database is not None
        return self._database

    def run(self, operation: Operation[T]) -> T:
        """Do something with the database that reads, or that may be done twice."""
        return operation(self.database)

    def write(self, operation: Operation[T]) -> T:
        """Change the database, as a whole or not at all."""
        return self.run(lambda database: transacted(database, operation))

    def fetch(self, sql: str, arguments: tuple[Any, ...] = ()) -> list[Any]:
        """The rows that a statement finds."""
        return self.run(lambda database: database.execute(sql, arguments).fetchall())


class MendingConnection(Connection):
    """The index in ``file``, opened at first use and made anew by ``build`` where it is missing or damaged; in memory,
    with a warning, where no file can be written. ``build`` also brings one up to date that another process made.

    ``keep_foreign``: a file that is no index is left alone (the user named it, it may be a slip).
    """

    def __init__(
        self, file: Path, build: Callable[[Connection], None], reporter: Reporter, keep_foreign: bool = False
    ) -> None:
        super().__init__(None)
        self.file = file
        self.reporter = reporter
        self._build = build
        self._keep_foreign = keep_foreign
        self._place: str | None = None
        self._thread = 0
        self._closing: weakref.finalize[..., MendingConnection] | None = None

    @property
    def database(self) -> sqlite3.Connection:
        """SQLite's own connection; closed by itself when nobody holds this one any more."""
        if self._database is None:
            self._open()
        assert self._database is not None
        if self._thread != get_ident():  # others may only close it: transactions would mingle
            raise sqlite3.ProgrammingError("an index is used by the thread that opened it; open a workspace in each")
        return self._database

    def close(self) -> None:
        """Disconnect."""
        if self._closing is not None:
            self._closing()
        self._database = self._closing = self._place = None

    def run(self, operation: Operation[T]) -> T:
        """Do something with the database; where that is damaged, make it anew and do it then."""
        for _ in range(TRIES):
            try:
                return operation(self.database)
            except sqlite3.DatabaseError as error:
                fault = error
                self._mend(error)
        raise not_usable(self.file, fault)

    def write(self, operation: Operation[T]) -> T:
        """Change the database, as a whole or not at all."""
        self.follow()
        return super().write(operation)

    @contextmanager
    def around(self, before: Operation[T], after: Callable[[sqlite3.Connection, T], None]) -> Iterator[None]:
        """One transaction around what the caller does: ``before``, that, and ``after`` with what ``before`` said.

        Where the index turns out to be damaged only after the caller's work, it is made anew and ``after`` is left out.
        """
        self.follow()
        said = self.run(lambda database: _begun(database, before))
        try:
            yield
        except BaseException:
            roll_back(self.database)
            raise
        try:
            after(self.database, said)
            self.database.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            self._mend(error)

    def follow(self) -> None:
        """Let go of the file where another one lies in its place now, or none."""
        if self._place is not None and place_of(self.file) != self._place:
            self.close()
            self._open(again=True)

    def renew(self) -> None:
        """Make it anew whatever it holds."""
        self.close()
        there = open_there(self.file)
        disconnect(there.database)
        if self._keep_foreign and not there.ours:
            self._open()
        else:
            self._replace(always=True)

    # opening and mending

    def _open(self, again: bool = False) -> None:
        opened = open_there(self.file)
        if opened.database is not None:
            self._take(opened)
            if again:
                self._build(self)
        elif self._keep_foreign and not opened.ours:
            self._in_memory(f"{self.file} is no index of axs ({opened.fault}); it is left alone")
        else:
            self._note(opened.fault)
            self._replace(opened.place)

    def _take(self, opened: Opened) -> None:
        self._database, self._place, self._thread = opened.database, opened.place, get_ident()
        self._closing = weakref.finalize(self, disconnect, opened.database)

    def _mend(self, error: sqlite3.DatabaseError) -> None:
        """After an error: make it anew, or raise the error if that is no remedy."""
        if isinstance(error, (sqlite3.ProgrammingError, sqlite3.NotSupportedError)) or self._place is None:
            raise error
        if is_busy(error):
            raise not_usable(self.file, error) from None
        bad = self._place
        self.close()
        if is_full(error):
            self._in_memory(f"the index {self.file} cannot be written: {error}")
            return
        self._note(str(error))
        self._replace(bad)

    def _note(self, fault: str | None) -> None:
        if fault is not None:
            self.reporter.note(f"the index {self.file} {_said(fault)}; all entries are read again")

    def _replace(self, bad: str | None = None, always: bool = False) -> None:
        """Make it anew; or take the one that another process made meanwhile in the place of the ``bad`` one."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._lock():
                there = Opened() if always else open_there(self.file)
                if there.database is not None and there.place != bad:
                    self._take(there)
                else:
                    disconnect(there.database)
                    self._make()
                    return
        except (OSError, sqlite3.Error) as error:
            self._in_memory(f"the index {self.file} cannot be written: {getattr(error, 'strerror', None) or error}")
            return
        self._build(self)  # the other process may have made it for other collections

    def _make(self) -> None:
        fresh = self.file.with_name(f"{self.file.name}.new")
        for _ in range(TRIES):
            delete(fresh)
            database = create(fresh)
            try:
                if not self._keep_foreign:  # for the user only, with its side files: it repeats what recipes say
                    fresh.chmod(0o600)
                self._build(Connection(database))
                finish(database, fresh)
            finally:
                database.close()
            delete(self.file)
            fresh.replace(self.file)
            opened = open_there(self.file)
            if opened.database is not None:
                self._take(opened)
                return
        raise sqlite3.OperationalError(opened.fault or "it is deleted again and again")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        from filelock import FileLock, Timeout  # not needed by an ask that finds its index

        lock = FileLock(self.file.with_name(f"{self.file.name}.lock"), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            self.reporter.note("waiting for another process, which reads all entries into the index")
            lock.acquire(poll_interval=0.02)
        try:
            yield
        finally:
            lock.release()

    def _in_memory(self, reason: str) -> None:
        self.reporter.warn(f"{reason}; all entries are read for this time only (AXS_INDEX=FILE names another file)")
        self._take(Opened(create(":memory:")))
        self._build(self)


def _begun(database: sqlite3.Connection, operation: Operation[T]) -> T:
    database.execute("BEGIN IMMEDIATE")
    try:
        return operation(database)
    except BaseException:
        roll_back(database)
        raise


def _said(fault: str) -> str:
    return fault if fault.startswith(("has ", "was ")) else f"is damaged ({fault})"
