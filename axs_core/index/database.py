"""The SQLite file behind the index: its place, its tables, and whether what lies there is one that axs made."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeVar

from axs_core.base.digest import of_value
from axs_core.base.errors import StoreError
from axs_core.base.paths import user_cache
from axs_core.base.settings import Settings
from axs_core.base.value import Value

T = TypeVar("T")

VERSION = 6
"""Version of the tables; a file of another version is made anew."""
OURS = 0x61787331
"""SQLite's ``application_id``: the file is an index that axs made, of whatever version."""
FILLED_KIB = 16_384
"""Page memory in KiB while a new index is filled: fewer pages are written twice."""
WAIT_SECONDS = 60.0
"""How long a writer waits for another one."""
TRIES = 5
"""So often something is tried again that somebody else's deleting and replacing the file may spoil."""

WRITTEN = "kind IN ('static', 'recipe')"
"""Entries that a person wrote; word for word as the partial index says it."""

UNSETTLED = "kind IN ('pending', 'error')"
"""Folders without ``meta.yaml``, and those whose ``meta.yaml`` cannot be read: word for word as the partial index says
it, else SQLite does not use that.
"""

TABLES = f"""
CREATE TABLE made_as (place TEXT NOT NULL);
CREATE TABLE collection (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, stamp INTEGER NOT NULL);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, name TEXT NOT NULL, path TEXT UNIQUE NOT NULL,
    mtime INTEGER, size INTEGER, kind TEXT NOT NULL, key TEXT, machine TEXT, made TEXT, is_collection INTEGER NOT NULL,
    title TEXT NOT NULL, meta TEXT, error TEXT, sum INTEGER NOT NULL);
CREATE INDEX entry_name ON entry (name);
CREATE INDEX entry_key ON entry (key) WHERE key IS NOT NULL;
CREATE INDEX entry_collection ON entry (collection, name);
CREATE INDEX entry_unsettled ON entry (collection) WHERE {UNSETTLED};
CREATE INDEX entry_by_hand ON entry (kind, name) WHERE {WRITTEN};
CREATE INDEX entry_written ON entry (collection) WHERE {WRITTEN};
CREATE TABLE content (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX entry_is_collection ON entry (collection) WHERE is_collection;
CREATE TABLE tag (tag TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (tag, entry)) WITHOUT ROWID;
CREATE TABLE attribute (
    key TEXT NOT NULL, value NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (key, value, entry)) WITHOUT ROWID;
CREATE TABLE provides (signature TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (signature, entry)) WITHOUT ROWID;
"""


def file_for(work_collection: Path, settings: Settings) -> Path:
    """The index of a work collection: in the user's cache folder (a shared network folder is no place for SQLite),
    one for each host, and where names of files are not UTF-8 for that encoding; ``$AXS_INDEX`` overrides.
    """
    if named := settings.index:
        return Path(os.path.realpath(named))
    encoding = sys.getfilesystemencoding()
    whose = [str(work_collection), os.uname().nodename, *([encoding] if encoding != "utf-8" else [])]
    return user_cache() / "index" / f"{of_value(whose)[:20]}.sqlite"


def place_of(file: Path) -> str | None:
    """Which file lies there now: another one after it was replaced. None where there is none."""
    try:
        return str(os.stat(file).st_ino)
    except OSError:
        return None


class Opened(Value):
    """What became of an attempt to open an index: its connection, or what is wrong with what lies there (None: there is
    nothing). ``ours`` says whether it may be deleted: axs made it, or it is empty.
    """

    database: sqlite3.Connection | None = None
    place: str | None = None
    fault: str | None = None
    ours: bool = True


def open_there(file: Path) -> Opened:
    """Open the index in that file, if axs made it in this very place.

    A file that was copied or moved there is not believed: side files of the one before it (SQLite's ``-wal``, ``-shm``)
    may lie beside it, and SQLite would mix the two. For the same reason the file must not be replaced while it is
    opened.
    """
    for _ in range(TRIES):
        before = place_of(file)
        if before is None:
            return Opened()
        if not file.is_file() and not file.is_dir():
            return Opened(None, before, "a device, a pipe or a socket", ours=False)
        opened = _opened(file, before)
        if place_of(file) == before:
            return opened
        if opened.database is not None:
            opened.database.close()
    return Opened()


def _opened(file: Path, place: str) -> Opened:
    database: sqlite3.Connection | None = None
    try:
        database = _connect(f"{file.as_uri()}?mode=rw")
        fault = _fault(database, file, place)
    except FileNotFoundError:  # deleted just now
        fault = "is gone"
    except sqlite3.DatabaseError as error:
        fault = str(error)
        if is_busy(error):
            disconnect(database)
            raise not_usable(file, error) from None
    except BaseException:
        disconnect(database)
        raise
    if fault is None:
        return Opened(database, place)
    disconnect(database)
    return Opened(None, place, fault, _is_ours(file))


def _fault(database: sqlite3.Connection, file: Path, place: str) -> str | None:
    if (version := _pragma(database, "user_version")) != VERSION:
        return f"has version {version}, this axs reads version {VERSION}"
    if file.stat().st_size % _pragma(database, "page_size"):  # SQLite would read the rest of the last page as zeros
        return "its last page is cut off"
    row = database.execute("SELECT place FROM made_as").fetchone()
    return None if row and row[0] == place else "was not made in this place"


def _is_ours(file: Path) -> bool:
    """Is it empty, or does it say at its beginning that axs made it? SQLite does not tell of a file that is cut off."""
    try:
        with file.open("rb") as stream:
            head = stream.read(72)
    except OSError:
        return False
    return not head or (head.startswith(b"SQLite format 3\0") and head[68:] == OURS.to_bytes(4, "big"))


def create(name: Path | Literal[":memory:"]) -> sqlite3.Connection:
    """A new, empty index. Until :func:`finish` it survives no failure: it is quickest to fill so."""
    database = _connect(str(name))
    try:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(f"PRAGMA cache_size = -{FILLED_KIB}")
        for statement in TABLES.split(";"):
            if statement.strip():
                database.execute(statement)
        database.execute(f"PRAGMA application_id = {OURS}")
        database.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        database.close()
        raise
    return database


def finish(database: sqlite3.Connection, file: Path) -> None:
    """Close a new index in ``file`` (its place stays the same when it is renamed); from now on it can be shared."""
    database.execute("INSERT INTO made_as VALUES (?)", (place_of(file),))
    database.execute("PRAGMA journal_mode = WAL")
    database.close()


def transacted(database: sqlite3.Connection, operation: Callable[[sqlite3.Connection], T]) -> T:
    """Do it as a whole or not at all."""
    database.execute("BEGIN IMMEDIATE")
    try:
        result = operation(database)
        database.execute("COMMIT")
        return result
    except BaseException:
        roll_back(database)
        raise


def roll_back(database: sqlite3.Connection) -> None:
    """Undo what was begun, where there still is something: SQLite itself gives up where the disk is full."""
    with suppress(sqlite3.Error):
        if database.in_transaction:
            database.execute("ROLLBACK")


def disconnect(database: sqlite3.Connection | None) -> None:
    """Close it; Python may find in any thread that nobody holds it any more."""
    with suppress(sqlite3.Error):
        if database is not None:
            database.close()


def delete(file: Path) -> None:
    """Remove an index with its side files; nothing is lost, it is derived. The file goes first: while it is not there,
    nobody opens it.
    """
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            file.with_name(file.name + suffix).unlink()


def is_busy(error: sqlite3.Error) -> bool:
    """Another process holds it for too long."""
    return "locked" in str(error)


def is_full(error: sqlite3.Error) -> bool:
    """There is no room for it."""
    return "full" in str(error)


def not_usable(file: Path, error: sqlite3.Error) -> StoreError:
    """The error for an index that another process holds for too long, or that cannot be made."""
    hint = "name another file: AXS_INDEX=FILE axs ..."
    if is_busy(error):
        message = f"the index {file} is in use by another process for more than {WAIT_SECONDS:g} s"
        return StoreError(message, hint=f"end that process, or {hint}")
    return StoreError(f"the index {file} cannot be used: {error}", hint=hint)


def _connect(name: str) -> sqlite3.Connection:
    database = sqlite3.connect(name, timeout=WAIT_SECONDS, isolation_level=None, uri=True, check_same_thread=False)
    try:
        database.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        database.close()
        raise
    return database


def _pragma(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])
