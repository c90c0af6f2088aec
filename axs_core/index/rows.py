"""The rows of an entry: written from its folder, deleted, and what is kept of an error."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axs_core import collection
from axs_core.collection import Folder
from axs_core.entry import Entry
from axs_core.errors import AxsError, EntryError
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


@dataclass(frozen=True)
class _Read:
    """What was found in a folder."""

    kind: str
    meta: dict[str, Any] | None = None
    found: dict[str, list[Row]] | None = None
    error: str | None = None


def load(database: sqlite3.Connection, folder: Folder, identity: int, own: bool) -> None:
    """Write the rows of a folder in the collection with this id; ``own``: axs made what is there."""
    drop(database, folder.path)
    read = _read(folder, own)
    row = _row(folder, identity, read)
    places = ", ".join(f":{column}" for column in row)
    cursor = database.execute(f"INSERT INTO entry ({', '.join(row)}) VALUES ({places})", row)
    for table, rows in (read.found or {}).items():
        database.executemany(INSERT_DETAIL[table], [(*row, cursor.lastrowid) for row in rows])


def drop(database: sqlite3.Connection, path: Path) -> None:
    """Delete the rows of the folder at ``path``."""
    row = database.execute("SELECT id, meta FROM entry WHERE path = ?", (str(path),)).fetchone()
    if row is None:
        return
    identity, meta = row
    if meta is not None:
        for table, rows in details(Entry(path.name, path, json.loads(meta))).items():
            database.executemany(DELETE_DETAIL[table], [(*row, identity) for row in rows])
    database.execute("DELETE FROM entry WHERE id = ?", (identity,))


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
    return {
        "collection": identity,
        "name": folder.name,
        "path": str(folder.path),
        "mtime": folder.mtime_ns,
        "size": folder.size,
        "kind": read.kind,
        "key": produced.get("key"),
        "machine": produced.get("machine"),
        "made": produced.get("at"),
        "is_collection": int("collection" in meta.get("tags", ()) and read.kind != "recipe"),
        "title": meta.get("title", ""),
        "meta": None if read.meta is None else json.dumps(meta),
        "error": read.error,
    }


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
