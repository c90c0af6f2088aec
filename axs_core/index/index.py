"""What exists, derived from the folders and refreshed by itself.

Noticed by itself: folders added to or deleted from a collection (its own time stamp), folders that were without
``meta.yaml`` and now have one, and an edit of a ``meta.yaml`` in every entry that an answer would use. Everything
else (an edit that would make an entry match what it did not match before) needs :meth:`Index.reindex`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axs_core import collection
from axs_core.collection import Folder
from axs_core.entry import Entry, linearise
from axs_core.errors import AxsError, EntryError, NotFound
from axs_core.index.database import connect, delete, file_for
from axs_core.query import Condition, Query
from axs_core.query.near import nearest

RACY_NS = 20_000_000
"""A folder changed less than this ago may change again within one tick of the file system's clock: its stamp is not
trusted.
"""

SAME_VALUE = "SELECT entry FROM attribute WHERE key = ? AND (text = ? OR number = ? OR text IN ('True', 'False'))"
"""Rows whose value may equal a condition's; true and false can be written in several ways, so they all stay in."""

COLUMNS = "id, collection, name, path, mtime, size, kind, meta, error"


def signature(tags: Iterable[str]) -> str:
    """A set of tags as one text, for an exact look-up."""
    return ",".join(sorted(tags))


class Index:
    """The entries of all collections. ``roots`` are the collections' folders in the order in which they are asked."""

    def __init__(self, roots: list[Path], work_collection: Path) -> None:
        self.roots = roots
        self.work_collection = work_collection
        self.file = file_for(work_collection)
        self._database: sqlite3.Connection | None = None
        self._order: dict[int, int] = {}
        self._paths: dict[int, str] = {}
        self._entries: dict[str, Entry] = {}

    # opening and refreshing

    def open(self) -> None:
        """Connect and bring up to date."""
        self._database = connect(self.file)
        try:
            self.refresh()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "lock" in str(error):
                raise
            self.reindex()

    def close(self) -> None:
        """Disconnect."""
        if self._database is not None:
            self._database.close()
            self._database = None

    @property
    def database(self) -> sqlite3.Connection:
        """The connection; opened at first use."""
        if self._database is None:
            self.open()
        assert self._database is not None
        return self._database

    def reindex(self) -> None:
        """Forget everything and read all collections again."""
        self.close()
        delete(self.file)
        self._database = connect(self.file)
        self.refresh()

    def refresh(self) -> None:
        """Notice folders that were added, deleted or completed since."""
        self._entries.clear()
        self._order, self._paths = {}, {}
        for root in self.roots:
            self._take(root)

    def _take(self, root: Path) -> None:
        """Refresh one collection, then those that lie in it."""
        row = self.database.execute("SELECT id, stamp FROM collection WHERE path = ?", (str(root),)).fetchone()
        now = collection.stamp(root)
        if row is None or row[1] != now or now == 0:
            identity = self._scan(root, now)
        else:
            identity = row[0]
            self._look_again(identity)
        if identity in self._order:
            return
        self._order[identity] = len(self._order)
        self._paths[identity] = str(root)
        nested = "SELECT path, meta FROM entry WHERE collection = ? AND is_collection ORDER BY name"
        for path, meta in self.database.execute(nested, (identity,)).fetchall():
            self._take(inner_folder(Path(path), json.loads(meta)))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        database = self.database
        if database.in_transaction:
            yield database
            return
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise

    def _scan(self, root: Path, now: int) -> int:
        with self._writing() as database:
            database.execute("INSERT OR IGNORE INTO collection (path, stamp) VALUES (?, 0)", (str(root),))
            identity = int(database.execute("SELECT id FROM collection WHERE path = ?", (str(root),)).fetchone()[0])
            here = set(collection.listing(root))
            known = {name for (name,) in database.execute("SELECT name FROM entry WHERE collection = ?", (identity,))}
            for name in known - here:
                self._delete(root / name)
            for name in sorted(here - known):
                self._load(collection.look(root / name), identity)
            trusted = now if time.time_ns() - now > RACY_NS else 0
            database.execute("UPDATE collection SET stamp = ? WHERE id = ?", (trusted, identity))
        self._look_again(identity)
        return identity

    def _look_again(self, identity: int) -> None:
        """Folders without ``meta.yaml`` (being made, or broken) are few; each is looked at every time."""
        rows = self.database.execute(
            "SELECT path, mtime FROM entry WHERE kind IN ('pending', 'error') AND collection = ?", (identity,)
        ).fetchall()
        for path, mtime in rows:
            folder = collection.look(Path(path))
            if folder.mtime_ns != mtime:
                with self._writing():
                    self._load(folder, identity)

    # writing rows

    def add(self, path: Path) -> None:
        """Take in (again) the folder at ``path``, which this process has just made, completed or begun."""
        root = path.parent
        with self._writing() as database:
            row = database.execute("SELECT id FROM collection WHERE path = ?", (str(root),)).fetchone()
            if row is None:
                return
            self._load(collection.look(path), row[0])
        self._entries.clear()
        if self._is_collection(path):
            self.refresh()

    def expect(self, path: Path) -> None:
        """A folder is about to be made at ``path``: note it, so that it is looked at whatever happens to this
        process.
        """
        with self._writing() as database:
            row = database.execute("SELECT id FROM collection WHERE path = ?", (str(path.parent),)).fetchone()
            if row is not None:
                self._load(Folder(path.name, path, None, None), row[0])

    def adopt_stamp(self, before: int) -> None:
        """This process has added a folder to the work collection, whose stamp was ``before``: the new stamp is
        known to mean that.
        """
        root = str(self.work_collection)
        with self._writing() as database:
            row = database.execute("SELECT stamp FROM collection WHERE path = ?", (root,)).fetchone()
            if row is not None and row[0] == before:
                database.execute(
                    "UPDATE collection SET stamp = ? WHERE path = ?", (collection.stamp(self.work_collection), root)
                )

    def forget(self, path: Path) -> None:
        """The folder at ``path`` was removed."""
        nested = self._is_collection(path)
        with self._writing():
            self._delete(path)
        self._entries.clear()
        if nested:
            self.refresh()

    def _is_collection(self, path: Path) -> bool:
        row = self.database.execute("SELECT is_collection FROM entry WHERE path = ?", (str(path),)).fetchone()
        return bool(row and row[0])

    def _delete(self, path: Path) -> None:
        row = self.database.execute("SELECT id FROM entry WHERE path = ?", (str(path),)).fetchone()
        if row is not None:
            for table in ("tag", "attribute", "provides"):
                self.database.execute(f"DELETE FROM {table} WHERE entry = ?", row)
            self.database.execute("DELETE FROM entry WHERE id = ?", row)

    def _load(self, folder: Folder, identity: int) -> None:
        self._delete(folder.path)
        meta: dict[str, Any] | None = None
        error: str | None = None
        kind = "pending"
        if folder.mtime_ns is not None:
            try:
                meta = collection.read(folder.path, own=folder.path.parent == self.work_collection)
                entry = Entry(folder.name, folder.path, meta)
                alternatives = entry.alternatives
                kind = entry.kind
            except AxsError as problem:
                meta, error, kind = None, _keep(problem), "error"
        produced = (meta or {}).get("produced", {})
        row = {
            "collection": identity,
            "name": folder.name,
            "path": str(folder.path),
            "mtime": folder.mtime_ns,
            "size": folder.size,
            "kind": kind,
            "key": produced.get("key"),
            "machine": produced.get("machine"),
            "made": produced.get("at"),
            "is_collection": int("collection" in (meta or {}).get("tags", ()) and kind != "recipe"),
            "meta": json.dumps(meta) if meta is not None else None,
            "error": error,
        }
        places = ", ".join(f":{column}" for column in row)
        cursor = self.database.execute(f"INSERT INTO entry ({', '.join(row)}) VALUES ({places})", row)
        if meta is not None and cursor.lastrowid is not None:
            self._load_details(cursor.lastrowid, entry, alternatives)

    def _load_details(self, row: int, entry: Entry, alternatives: tuple[Any, ...]) -> None:
        execute = self.database.executemany
        execute("INSERT OR IGNORE INTO tag VALUES (?, ?)", [(tag, row) for tag in entry.tags])
        execute("INSERT OR IGNORE INTO provides VALUES (?, ?)", [(signature(item.tags), row) for item in alternatives])
        if entry.kind == "produced":
            execute(
                "INSERT INTO attribute VALUES (?, ?, ?, ?)",
                [
                    (key, str(value), _number(value), row)
                    for key, value in entry.attributes.items()
                    if isinstance(value, (str, int, float))
                ],
            )

    # reading

    def by_name(self, name: str) -> Entry:
        """The entry of that name, in the first collection that has one. Raises NotFound with the nearest names,
        EntryError for a broken one.
        """
        if name in self._entries:
            return self._entries[name]
        rows = self.database.execute(f"SELECT {COLUMNS} FROM entry WHERE name = ?", (name,)).fetchall()
        for row in self._in_order(rows):
            entry = self._entry(row)
            if entry is not None:
                self._entries[name] = entry
                return entry
        known = [name for (name,) in self.database.execute("SELECT DISTINCT name FROM entry WHERE kind <> 'pending'")]
        near = nearest(name, known)
        raise NotFound(
            f"there is no entry named {name!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "axs list shows all entries",
        )

    def at_path(self, path: Path) -> Entry | None:
        """The entry in that folder, if it is one."""
        row = self.database.execute(f"SELECT {COLUMNS} FROM entry WHERE path = ?", (str(path),)).fetchone()
        return self._entry(row) if row else None

    def providers(self, tags: frozenset[str]) -> list[Entry]:
        """Recipes and entries that are their own answer, with an alternative of exactly these tags, in the
        collections' order.
        """
        rows = self.database.execute(
            f"SELECT {COLUMNS} FROM entry WHERE id IN (SELECT entry FROM provides WHERE signature = ?)",
            (signature(tags),),
        ).fetchall()
        return [entry for row in self._in_order(rows) if (entry := self._entry(row)) is not None]

    def by_key(self, key: str) -> list[Entry]:
        """What was made with this identity, the newest first."""
        rows = self.database.execute(
            f"SELECT {COLUMNS} FROM entry WHERE key = ? ORDER BY made DESC, id DESC", (key,)
        ).fetchall()
        return [entry for row in rows if row[1] in self._order and (entry := self._entry(row)) is not None]

    def find(self, query: Query) -> list[Entry]:
        """Entries (not recipes) that satisfy every condition, in the collections' order, then as they were made."""
        sql, arguments = _filter(query)
        rows = self.database.execute(
            f"SELECT {COLUMNS} FROM entry WHERE {sql} ORDER BY made, name", arguments
        ).fetchall()
        return [
            entry for row in self._in_order(rows) if (entry := self._entry(row)) is not None and satisfies(entry, query)
        ]

    def all_produced(self) -> list[Entry]:
        """Everything that was made, in all collections."""
        rows = self.database.execute(f"SELECT {COLUMNS} FROM entry WHERE kind = 'produced' ORDER BY name").fetchall()
        return [entry for row in self._in_order(rows) if (entry := self._entry(row)) is not None]

    def all_recipes(self) -> list[Entry]:
        """Everything that provides something."""
        rows = self.database.execute(f"SELECT {COLUMNS} FROM entry WHERE id IN (SELECT entry FROM provides)").fetchall()
        return [entry for row in self._in_order(rows) if (entry := self._entry(row)) is not None]

    def rows(self) -> list[dict[str, Any]]:
        """All folders for a listing: name, kind, title, tags, made, collection, path, error."""
        found = []
        rows = self.database.execute(f"SELECT {COLUMNS}, made FROM entry ORDER BY name").fetchall()
        for row in self._in_order(rows):
            meta = json.loads(row[7]) if row[7] else {}
            found.append(
                {
                    "name": row[2],
                    "kind": row[6],
                    "title": meta.get("title", ""),
                    "tags": meta.get("tags", []),
                    "made": row[9],
                    "collection": self._paths[row[1]],
                    "path": row[3],
                    "error": str(_raised(row[8])) if row[8] else None,
                }
            )
        return found

    def errors(self) -> list[str]:
        """What is wrong with entries that cannot be read."""
        rows = self.database.execute("SELECT collection, error FROM entry WHERE kind = 'error'").fetchall()
        return [str(_raised(error)) for identity, error in rows if identity in self._order]

    def words(self) -> tuple[list[str], list[str]]:
        """All tags and all names of attributes that are known, for completion and 'did you mean'."""
        tags = {
            tag
            for (text,) in self.database.execute("SELECT DISTINCT signature FROM provides")
            for tag in text.split(",")
            if tag
        }
        tags |= {tag for (tag,) in self.database.execute("SELECT DISTINCT tag FROM tag")}
        keys = {key for (key,) in self.database.execute("SELECT DISTINCT key FROM attribute")}
        return sorted(tags), sorted(keys)

    def _in_order(self, rows: Iterable[Any]) -> list[Any]:
        return sorted((row for row in rows if row[1] in self._order), key=lambda row: self._order[row[1]])

    def _entry(self, row: Any) -> Entry | None:
        """The entry of a row, read again if its ``meta.yaml`` was edited; None where there is none any more."""
        identity, path = row[1], Path(row[3])
        folder = collection.look(path)
        if (folder.mtime_ns, folder.size) != (row[4], row[5]):
            with self._writing():
                self._load(folder, identity)
            row = self.database.execute(f"SELECT {COLUMNS} FROM entry WHERE path = ?", (row[3],)).fetchone()
        if row[8]:
            raise _raised(row[8])
        if row[7] is None:
            return None
        meta = json.loads(row[7])
        entry = Entry(row[2], path, meta, self._paths[identity], self._order[identity])
        if not meta.get("parents"):
            return entry
        bare = {entry.name: entry}
        ancestors = linearise(entry.name, lambda name: bare.get(name) or self._parent(name, entry))
        return Entry(row[2], path, meta, self._paths[identity], self._order[identity], ancestors)

    def _parent(self, name: str, child: Entry) -> Entry:
        try:
            return self.by_name(name)
        except NotFound as error:
            raise EntryError(
                f"its parent {name!r} does not exist", file=child.path / "meta.yaml", key="parents", hint=error.hint
            ) from None


def inner_folder(path: Path, meta: dict[str, Any]) -> Path:
    """Where the entries of a collection lie: its attribute ``entries_path`` inside it (or absolute), else the
    folder itself.
    """
    return path / str(meta.get("attributes", {}).get("entries_path", "") or "")


def satisfies(entry: Entry, query: Query) -> bool:
    """Does an entry have the query's tags and meet its other conditions? Its stored values count; no code is run."""
    if not query.tags <= entry.tags or query.negative_tags & entry.tags:
        return False
    return all(holds_for(entry, condition) for condition in query.named)


def holds_for(entry: Entry, condition: Condition) -> bool:
    """Does an entry's stored value meet one condition? ``machine`` is the machine on which it was made."""
    values = entry.values
    if condition.key == "machine" and "machine" not in values:
        return condition.holds(entry.produced.get("machine"), entry.produced.get("machine") is not None)
    return condition.holds(values.get(condition.key), values.get(condition.key) is not None)


def _filter(query: Query) -> tuple[str, list[Any]]:
    """SQL that leaves few rows over; :func:`satisfies` has the last word. Values of hand-written entries may hold
    templates: they all stay in.
    """
    clauses: list[str] = ["kind IN ('produced', 'static')"]
    arguments: list[Any] = []
    for tag in sorted(query.tags):
        clauses.append("id IN (SELECT entry FROM tag WHERE tag = ?)")
        arguments.append(tag)
    for condition in query.named:
        if condition.op not in ("=", "==", "===") or condition.key == "machine":
            continue
        number = _number(condition.value)
        clauses.append(f"(kind = 'static' OR id IN ({SAME_VALUE}))")
        arguments += [condition.key, str(condition.value), number]
    return " AND ".join(clauses), arguments


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _keep(error: AxsError) -> str:
    file, line, key = (getattr(error, name, None) for name in ("file", "line", "key"))
    return json.dumps(
        {"message": error.message, "hint": error.hint, "file": str(file) if file else None, "line": line, "key": key}
    )


def _raised(kept: str) -> EntryError:
    data = json.loads(kept)
    file = Path(data["file"]) if data["file"] else None
    return EntryError(data["message"], file=file, line=data["line"], key=data["key"], hint=data["hint"])
