"""The rows of an entry: written from its folder, deleted, and what is kept of an error."""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axs_core.base.errors import AxsError, EntryError
from axs_core.base.value import Value
from axs_core.collections import folders as collection
from axs_core.collections.folders import Folder
from axs_core.entry import Entry
from axs_core.index.details import Row, details

INSERT_DETAIL = {
    "tag": "INSERT INTO tag VALUES (?, ?)",
    "provides": "INSERT INTO provides VALUES (?, ?)",
    "attribute": "INSERT INTO attribute VALUES (?, ?, ?)",
}
DELETE_DETAIL = {
    "tag": "DELETE FROM tag WHERE tag = ? AND entry = ?",
    "provides": "DELETE FROM provides WHERE signature = ? AND entry = ?",
    "attribute": "DELETE FROM attribute WHERE key = ? AND value = ? AND entry = ?",
}
COLUMNS = "id, collection, name, path, mtime, size, kind, meta, error, sum"
RACY_NS = 20_000_000
"""What changed less than this ago may change again within one tick of the file system's clock: its time is not trusted.
"""
AHEAD_NS = 60_000_000_000
"""Nor is a time up to so far in the future: a file server's clock may be ahead. What is from a more distant future was
there before the clock was put back; a change makes its time another one.
"""


class _Read(Value):
    """What was found in a folder."""

    kind: str
    meta: dict[str, Any] | None = None
    found: dict[str, list[Row]] | None = None
    error: str | None = None


def load(database: sqlite3.Connection, folder: Folder, identity: int, own: bool) -> Any:
    """Write the rows of a folder in the collection with this id; ``own``: axs made what is there. Returns the row, as
    :func:`select` does.
    """
    drop(database, folder.path)
    read = _read(folder, own)
    row = _row(folder, identity, read)
    places = ", ".join(f":{column}" for column in row)
    cursor = database.execute(f"INSERT INTO entry ({', '.join(row)}) VALUES ({places})", row)
    for table, found in (read.found or {}).items():
        database.executemany(INSERT_DETAIL[table], [(*each, cursor.lastrowid) for each in found])
    return tuple(row.get(column) for column in COLUMNS.split(", "))


def drop(database: sqlite3.Connection, path: Path) -> None:
    """Delete the rows of the folder at ``path``."""
    for identity, *_, meta, _, _ in select(database, "path = ?", (str(path),)):
        if meta is not None:
            for table, rows in details(Entry(path.name, path, json.loads(meta))).items():
                database.executemany(DELETE_DETAIL[table], [(*row, identity) for row in rows])
        database.execute("DELETE FROM entry WHERE id = ?", (identity,))


def select(database: sqlite3.Connection, condition: str, arguments: tuple[Any, ...]) -> list[Any]:
    """Rows of entries: :data:`COLUMNS`. Raises DatabaseError for one that is not as it was written."""
    rows = database.execute(f"SELECT {COLUMNS} FROM entry WHERE {condition}", arguments).fetchall()
    for _, _, name, path, _, _, kind, meta, error, kept in rows:
        if _sum(name, path, kind, meta, error) != kept:
            raise sqlite3.DatabaseError(f"the row of {path} is not what was written")
    return rows


def _sum(*texts: str | None) -> int:
    """Tells whether a row is as it was written; SQLite itself does not look into its values."""
    return zlib.crc32("\0".join(map(str, texts)).encode(errors="surrogateescape"))


def is_racy(time_ns: int | None) -> bool:
    """May what had this time of change change again without getting another one?"""
    return time_ns is not None and -AHEAD_NS < time.time_ns() - time_ns < RACY_NS


def _read(folder: Folder, own: bool) -> _Read:
    if folder.mtime_ns is None:
        return _Read("pending")
    try:
        meta = collection.read(folder.path, own=own)
        entry = Entry(folder.name, folder.path, meta)
        return _Read(entry.kind, meta, details(entry))
    except AxsError as problem:
        return _Read("error", error=keep(problem))


def _row(folder: Folder, identity: int, read: _Read) -> dict[str, Any]:
    meta = read.meta or {}
    produced = meta.get("produced", {})
    path, text = str(folder.path), None if read.meta is None else json.dumps(meta)
    return {
        "collection": identity,
        "name": folder.name,
        "path": path,
        "mtime": None if read.kind != "produced" and is_racy(folder.mtime_ns) else folder.mtime_ns,
        "size": folder.size,
        "kind": read.kind,
        "key": produced.get("key"),
        "machine": produced.get("machine"),
        "made": made_order(produced),
        "is_collection": int("collection" in meta.get("tags", ()) and read.kind != "recipe"),
        "title": meta.get("title", ""),
        "meta": text,
        "error": read.error,
        "sum": _sum(folder.name, path, read.kind, text, read.error),
    }


def made_order(produced: Mapping[str, Any]) -> str:
    """Text that sorts as things were made: by time, and after what was there already when the clock was put back."""
    return "+".join(produced[name] for name in ("after", "at") if name in produced)


def keep(error: AxsError) -> str:
    """An error as the index keeps it."""
    file, line, key = (getattr(error, name, None) for name in ("file", "line", "key"))
    return json.dumps(
        {"message": error.message, "hint": error.hint, "file": str(file) if file else None, "line": line, "key": key}
    )


def raised(kept: str) -> EntryError:
    """The error again."""
    data = json.loads(kept)
    file = Path(data["file"]) if data["file"] else None
    return EntryError(data["message"], file=file, line=data["line"], key=data["key"], hint=data["hint"])
