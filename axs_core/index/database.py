"""The SQLite file behind the index: its place, its tables, and what happens when it is damaged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from axs_core.digest import of_value
from axs_core.errors import AxsError, StoreError

VERSION = 5
"""Version of the tables; a file of another version is made anew."""
MANY = 1000
BULK_KIB = 16_384
"""Page memory in KiB while :data:`MANY` rows or more are written."""
WAIT_SECONDS = 60.0
"""How long a writer waits for another one."""

WRITTEN = "kind IN ('static', 'recipe')"
"""Entries that a person wrote; word for word as the partial index says it."""

UNSETTLED = "kind IN ('pending', 'error')"
"""Folders without ``meta.yaml``, and those whose ``meta.yaml`` cannot be read: word for word as the partial index says
it, else SQLite does not use that.
"""

TABLES = f"""
CREATE TABLE collection (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, stamp INTEGER NOT NULL);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, name TEXT NOT NULL, path TEXT UNIQUE NOT NULL,
    mtime INTEGER, size INTEGER, kind TEXT NOT NULL, key TEXT, machine TEXT, made TEXT, is_collection INTEGER NOT NULL,
    title TEXT NOT NULL, meta TEXT, error TEXT);
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


def file_for(work_collection: Path) -> Path:
    """The index of a work collection: in the user's cache folder (a shared network folder is no place for SQLite),
    one for each host; ``$AXS_INDEX`` overrides.
    """
    if named := os.environ.get("AXS_INDEX"):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("axs") / "index" / f"{of_value([str(work_collection), os.uname().nodename])[:20]}.sqlite"


def connect(file: Path) -> sqlite3.Connection:
    """An open index with the right tables; a damaged or foreign file is replaced; in memory where nothing can be
    written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return _open(str(file))
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise not_usable(file, error) from None
        return _open(":memory:")
    except sqlite3.DatabaseError:
        delete(file)
        return _open(str(file))
    except OSError:
        return _open(":memory:")


@contextmanager
def bulk(database: sqlite3.Connection, rows: int) -> Iterator[None]:
    """Many rows are about to be written: with more memory for pages, fewer of them are written twice."""
    if rows < MANY:
        yield
        return
    (before,) = database.execute("PRAGMA cache_size").fetchone()
    database.execute(f"PRAGMA cache_size = -{BULK_KIB}")
    try:
        yield
    finally:
        database.execute(f"PRAGMA cache_size = {before}")


def disconnect(database: sqlite3.Connection) -> None:
    """Close it, if this is the thread that opened it; SQLite lets no other."""
    with suppress(sqlite3.ProgrammingError):
        database.close()


def delete(file: Path) -> None:
    """Remove an index with its side files; nothing is lost, it is derived."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            file.with_name(file.name + suffix).unlink()


def not_usable(file: Path, error: sqlite3.OperationalError) -> AxsError:
    """The error for an index that cannot be written now; any other error is given back as it is."""
    hint = "name another file: AXS_INDEX=FILE axs ..."
    if "locked" in str(error):
        message = f"the index {file} is in use by another process for more than {WAIT_SECONDS:g} s"
        return StoreError(message, hint=f"end that process, or {hint}")
    if "full" in str(error) or "readonly" in str(error):
        return StoreError(f"the index {file} cannot be written: {error}", hint=hint)
    raise error


def _open(name: str) -> sqlite3.Connection:
    database = sqlite3.connect(name, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        _prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection) -> None:
    """Make the tables where they are missing; of several that open a new index at once one makes them."""
    if _version(database) == VERSION:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        if _version(database) != VERSION:
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall():
                database.execute(f'DROP TABLE "{name}"')
            for statement in TABLES.split(";"):
                if statement.strip():
                    database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])
