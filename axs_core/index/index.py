"""What exists, derived from the folders and refreshed by itself.

Noticed by itself: folders added to or deleted from a collection (its own time stamp), folders that were without
``meta.yaml`` and now have one, an edit of a ``meta.yaml`` that a person wrote (in collections of up to ``BY_HAND`` of
those), and of a produced one in every entry that an answer would use. Everything else (an edit that would make one of
100,000 results match what it did not match before) needs :meth:`Index.reindex`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from axs_core import collection
from axs_core.collection import Folder
from axs_core.digest import of_file
from axs_core.entry import Entry, Scope, linearise
from axs_core.errors import AxsError, EntryError, NotFound
from axs_core.index.database import UNSETTLED, WRITTEN, bulk, connect, delete, disconnect, file_for, not_usable
from axs_core.index.details import candidates, details, signature
from axs_core.query import Condition, Query
from axs_core.query.near import nearest

RACY_NS = 20_000_000
"""A folder changed less than this ago may change again within one tick of the file system's clock: its stamp is not
trusted.
"""

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

BY_HAND = 1000
"""Up to so many entries of one collection that were written by hand are looked at with every ask (a stat each)."""
AT_ONCE = 5000
"""How many folders are read in one transaction, and rows for a listing at a time."""
MANY_NAMES = 1000
"""How many names of made entries are looked through for one that was meant."""
COLUMNS = "id, collection, name, path, mtime, size, kind, meta, error"


class Index:
    """The entries of all collections. ``roots`` are the collections' folders in the order in which they are asked."""

    def __init__(self, roots: list[Path], work_collection: Path) -> None:
        self.roots = roots
        self.work_collection = work_collection
        self.file = file_for(work_collection)
        self._database: sqlite3.Connection | None = None
        self._closing: weakref.finalize[..., Index] | None = None
        self._order: dict[int, int] = {}
        self._paths: dict[int, str] = {}
        self._imported: set[int] = set()
        self._own = {work_collection}
        self._entries: dict[str, Entry] = {}

    # opening and refreshing

    def open(self) -> None:
        """Connect and bring up to date."""
        self._connect()
        try:
            self.refresh()
        except sqlite3.DatabaseError:
            self.reindex()

    def close(self) -> None:
        """Disconnect."""
        if self._closing is not None:
            self._closing()
        self._database = self._closing = None

    def _connect(self) -> None:
        """Connect; an index that nobody holds any more disconnects by itself."""
        self._database = connect(self.file)
        self._closing = weakref.finalize(self, disconnect, self._database)

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
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Notice folders that were added, deleted or completed since."""
        self._entries.clear()
        self._order, self._paths, self._imported = {}, {}, set()
        imported: list[tuple[Path, bool]] = []
        for root in self.roots:
            self._take(root, imported)
        for folder, trusted in imported:
            identity = self._take(folder)
            if not trusted:
                self._imported.add(identity)

    def _take(self, root: Path, imported: list[tuple[Path, bool]] | None = None) -> int:
        """Refresh one collection, then those that lie in it, those of higher priority first.

        Collections that came in archives go to ``imported``, with whether they are trusted: they come last, so that no
        name in them hides a name from elsewhere. Collections inside of them are not looked at (None).
        """
        row = self.database.execute("SELECT id, stamp FROM collection WHERE path = ?", (str(root),)).fetchone()
        now = collection.stamp(root)
        if row is None or row[1] != now or now == 0:
            identity = self._scan(root, now)
        else:
            identity = row[0]
            self._look_again(identity)
        if identity in self._order:
            return identity
        self._order[identity] = len(self._order)
        self._paths[identity] = str(root)
        nested = (
            "SELECT path, meta FROM entry INDEXED BY entry_is_collection "
            "WHERE collection = ? AND is_collection ORDER BY +name"
        )
        rows = self.database.execute(nested, (identity,)).fetchall() if imported is not None else []
        inside = [(Path(path), json.loads(meta)) for path, meta in rows]
        for path, meta in sorted(inside, key=lambda item: -priority(item[1])):
            inner, by = inner_folder(path, meta), meta.get("produced", {}).get("by") or ()
            if root == self.work_collection and by and "git" not in by:
                self._own.add(inner)  # made by axs, or brought in by it: nobody else's files are there
            if collection.IMPORTED_BY in by and imported is not None:
                imported.append((inner, bool(meta.get("attributes", {}).get("trusted"))))
            else:
                self._take(inner, imported)
        return identity

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
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

    def _scan(self, root: Path, now: int) -> int:
        with self._writing() as database:
            database.execute("INSERT OR IGNORE INTO collection (path, stamp) VALUES (?, 0)", (str(root),))
            identity = int(database.execute("SELECT id FROM collection WHERE path = ?", (str(root),)).fetchone()[0])
            here = set(collection.listing(root))
            known = {name for (name,) in database.execute("SELECT name FROM entry WHERE collection = ?", (identity,))}
            for name in known - here:
                self._delete(root / name)
        self._read(root, sorted(here - known), identity)
        trusted = now if time.time_ns() - now > RACY_NS else 0
        with self._writing() as database:
            database.execute("UPDATE collection SET stamp = ? WHERE id = ?", (trusted, identity))
        self._look_again(identity)
        return identity

    def _read(self, root: Path, names: Sequence[str], identity: int) -> None:
        """Take in many folders, some at a time: no other writer has to wait for all of them. Should this process die,
        the stamp is not there yet, and the rest is read next time.
        """
        with bulk(self.database, len(names)):
            for start in range(0, len(names), AT_ONCE):
                with self._writing():
                    for name in names[start : start + AT_ONCE]:
                        self._load(collection.look(root / name), identity)

    def _look_again(self, identity: int) -> None:
        """Folders without ``meta.yaml`` (being made, or broken) are few; each is looked at every time, and so are the
        entries that people write and edit, unless they are many.
        """
        unsettled = self.database.execute(
            f"SELECT path, mtime, size FROM entry INDEXED BY entry_unsettled WHERE collection = ? AND {UNSETTLED}",
            (identity,),
        ).fetchall()
        by_hand = self.database.execute(
            f"SELECT path, mtime, size FROM entry INDEXED BY entry_written WHERE collection = ? AND {WRITTEN} LIMIT ?",
            (identity, BY_HAND + 1),
        ).fetchall()
        for path, mtime, size in unsettled + (by_hand if len(by_hand) <= BY_HAND else []):
            folder = collection.look(Path(path))
            if (folder.mtime_ns, folder.size) != (mtime, size):
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

    @contextmanager
    def expecting(self, path: Path) -> Iterator[None]:
        """The caller makes the folder at ``path``, and does nothing else meanwhile.

        The folder is noted, so that it is looked at whatever happens to this process, and the collection's new stamp is
        known to mean it, so that nobody has to list the collection for it. A process that dies in between has noted
        nothing: the stamp tells that there is something new.
        """
        root = path.parent
        with self._writing() as database:
            row = database.execute("SELECT id, stamp FROM collection WHERE path = ?", (str(root),)).fetchone()
            before = None if path.exists() else collection.status(root)
            yield
            if row is None:
                return
            self._load(collection.look(path), row[0])
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
        with self._writing():
            self._delete(path)
        self._entries.clear()
        if nested:
            self.refresh()

    def reread(self, root: Path) -> None:
        """Read all entries of one collection again: its files were changed from outside (a pull)."""
        with self._writing() as database:
            row = database.execute("SELECT id FROM collection WHERE path = ?", (str(root),)).fetchone()
            for name in sorted(collection.listing(root)) if row else ():
                self._load(collection.look(root / name), row[0])
        self.refresh()

    def _is_collection(self, path: Path) -> bool:
        row = self.database.execute("SELECT is_collection FROM entry WHERE path = ?", (str(path),)).fetchone()
        return bool(row and row[0])

    def _delete(self, path: Path) -> None:
        row = self.database.execute("SELECT id, meta FROM entry WHERE path = ?", (str(path),)).fetchone()
        if row is None:
            return
        identity, meta = row
        if meta is not None:
            for table, rows in details(Entry(path.name, path, json.loads(meta))).items():
                self.database.executemany(DELETE_DETAIL[table], [(*row, identity) for row in rows])
        self.database.execute("DELETE FROM entry WHERE id = ?", (identity,))

    def _load(self, folder: Folder, identity: int) -> None:
        self._delete(folder.path)
        meta: dict[str, Any] = {}
        entry: Entry | None = None
        error: str | None = None
        kind = "pending"
        if folder.mtime_ns is not None:
            try:
                meta = collection.read(folder.path, own=folder.path.parent in self._own)
                entry = Entry(folder.name, folder.path, meta)
                found = details(entry)
                kind = entry.kind
            except AxsError as problem:
                meta, entry, error, kind = {}, None, _keep(problem), "error"
        produced = meta.get("produced", {})
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
            "is_collection": int("collection" in meta.get("tags", ()) and kind != "recipe"),
            "title": meta.get("title", ""),
            "meta": json.dumps(meta) if entry is not None else None,
            "error": error,
        }
        places = ", ".join(f":{column}" for column in row)
        cursor = self.database.execute(f"INSERT INTO entry ({', '.join(row)}) VALUES ({places})", row)
        if entry is not None and cursor.lastrowid is not None:
            for table, rows in found.items():
                self.database.executemany(INSERT_DETAIL[table], [(*row, cursor.lastrowid) for row in rows])

    # digests of users' files, which may be large

    def digest_of(self, path: Path) -> str:
        """SHA-256 of a file's bytes; read again only where its size or time is another one since. Raises OSError."""
        stat = path.stat()
        sql = "SELECT digest FROM content WHERE path = ? AND size = ? AND mtime = ?"
        row = self.database.execute(sql, (str(path), stat.st_size, stat.st_mtime_ns)).fetchone()
        if row is not None:
            return str(row[0])
        digest = of_file(path)
        if time.time_ns() - stat.st_mtime_ns > RACY_NS:
            with self._writing() as database:
                values = (str(path), stat.st_size, stat.st_mtime_ns, digest)
                database.execute("INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?)", values)
        return digest

    # reading

    def by_name(self, name: str) -> Entry:
        """The entry of that name, in the first collection that has one. Raises NotFound with the nearest names,
        EntryError for a broken one.
        """
        return self._with_ancestors(self._by_name(name))

    def _by_name(self, name: str) -> Entry:
        """The entry alone, without its ancestors."""
        if name in self._entries:
            return self._entries[name]
        rows = self.database.execute(f"SELECT {COLUMNS} FROM entry WHERE name = ?", (name,)).fetchall()
        for row in self._in_order(rows):
            entry = self._bare(row)
            if entry is not None:
                self._entries[name] = entry
                return entry
        near = nearest(name, self._similar_names(name))
        raise NotFound(
            f"there is no entry named {name!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "axs list shows all entries",
        )

    def _similar_names(self, name: str) -> list[str]:
        """Names that a misspelt one may have meant: those of hand-written entries, and of made ones that begin alike
        (there may be 100,000 of them).
        """
        beginning = name[: max(len(name) // 2, 3)]
        found = self.database.execute(
            "SELECT name FROM entry WHERE kind IN ('static', 'recipe') UNION "
            "SELECT name FROM (SELECT name FROM entry WHERE name >= ? AND name < ? LIMIT ?)",
            (beginning, beginning + "\U0010ffff", MANY_NAMES),
        )
        return [similar for (similar,) in found]

    def at_path(self, path: Path | str) -> Entry | None:
        """The entry in that folder, if it is one."""
        row = self.database.execute(f"SELECT {COLUMNS} FROM entry WHERE path = ?", (str(path),)).fetchone()
        return self._entry(row) if row and row[1] in self._order else None

    def _each(self, condition: str, arguments: Iterable[Any] = (), order: str = "+name") -> Iterator[Entry]:
        """Entries one by one, in the collections' order: their data are read when it is their turn, so that 100,000 of
        them need no more memory than one. With ``+name`` SQLite sorts the few that it finds, instead of going through
        all in the order of an index.
        """
        rows = self.database.execute(
            f"SELECT id, collection, path FROM entry WHERE {condition} ORDER BY {order}", tuple(arguments)
        ).fetchall()
        for _, _, path in self._in_order(rows):
            entry = self.at_path(path)
            if entry is not None:
                yield entry

    def providers(self, tags: frozenset[str]) -> list[Entry]:
        """Recipes and entries that are their own answer, with an alternative of exactly these tags, in the
        collections' order.
        """
        return list(self._each("id IN (SELECT entry FROM provides WHERE signature = ?)", [signature(tags)]))

    def by_key(self, key: str) -> list[Entry]:
        """What was made with this identity, the newest first."""
        rows = self.database.execute(
            f"SELECT {COLUMNS} FROM entry WHERE key = ? ORDER BY made DESC, id DESC", (key,)
        ).fetchall()
        return [entry for row in rows if row[1] in self._order and (entry := self._entry(row)) is not None]

    def find(self, query: Query) -> Iterator[Entry]:
        """Entries (not recipes) that satisfy every condition, in the collections' order, then as they were made."""
        for entry in self._each(*candidates(self.database, query), order="made, +name"):
            if entry.kind != "recipe" and satisfies(entry, query):  # a recipe may inherit how it is made
                yield entry

    def all_produced(self) -> Iterator[Entry]:
        """Everything that was made, in all collections."""
        return self._each("kind = 'produced'")

    def all_recipes(self) -> list[Entry]:
        """Everything that provides something."""
        return list(self._each("id IN (SELECT entry FROM provides)"))

    def collections(self) -> list[Path]:
        """The folders of all collections, in the order in which they are asked."""
        return [Path(self._paths[identity]) for identity in sorted(self._order, key=self._order.__getitem__)]

    def rows(self) -> Iterator[dict[str, Any]]:
        """All folders for a listing: name, kind, title, collection, path, error."""
        for identity in sorted(self._order, key=self._order.__getitem__):
            for name, kind, title, path, error in self._pages(identity):
                yield {
                    "name": name,
                    "kind": self._whole_kind(path) if kind == "static" else sys.intern(kind),
                    "title": sys.intern(title),  # thousands of runs of one program share it
                    "collection": self._paths[identity],
                    "path": path,
                    "error": str(_raised(error)) if error else None,
                }

    def _pages(self, identity: int) -> Iterator[Any]:
        """The rows of a collection in the order of their names, some at a time: rows may change meanwhile."""
        page = (
            "SELECT name, kind, title, path, error FROM entry WHERE collection = ? AND name > ? ORDER BY name LIMIT ?"
        )
        last = ""
        while rows := self.database.execute(page, (identity, last, AT_ONCE)).fetchall():
            yield from rows
            last = rows[-1][0]

    def _whole_kind(self, path: str) -> str:
        """The kind of a hand-written entry, with what it inherits."""
        try:
            entry = self.at_path(path)
        except AxsError:
            return "static"
        return entry.kind if entry is not None else "static"

    def errors(self) -> list[str]:
        """What is wrong with entries that cannot be read."""
        rows = self.database.execute(
            f"SELECT collection, error FROM entry WHERE {UNSETTLED} AND error IS NOT NULL"
        ).fetchall()
        return [str(_raised(error)) for identity, error in rows if identity in self._order]

    def words(self) -> tuple[list[str], list[str]]:
        """All tags and all names of attributes that are known, for completion and 'did you mean'."""
        signatures = self._distinct("provides", "signature")
        tags = {tag for text in signatures for tag in text.split(",") if tag}
        return sorted(tags.union(self._distinct("tag", "tag"))), self._distinct("attribute", "key")

    def _distinct(self, table: str, column: str) -> list[str]:
        """The different values of a column, in order. From one to the next through the index: SQLite's own DISTINCT
        reads all rows.
        """
        found = self.database.execute(
            f"WITH RECURSIVE next(word) AS (SELECT min({column}) FROM {table} UNION ALL "
            f"SELECT (SELECT min({column}) FROM {table} WHERE {column} > word) FROM next WHERE word IS NOT NULL) "
            "SELECT word FROM next WHERE word IS NOT NULL"
        )
        return [word for (word,) in found]

    def _in_order(self, rows: Iterable[Any]) -> list[Any]:
        return sorted((row for row in rows if row[1] in self._order), key=lambda row: self._order[row[1]])

    def _entry(self, row: Any) -> Entry | None:
        """The entry of a row with its ancestors; None where there is none any more."""
        entry = self._bare(row)
        return None if entry is None else self._with_ancestors(entry)

    def _with_ancestors(self, entry: Entry) -> Entry:
        if not entry.meta.get("parents"):
            return entry
        return replace(entry, ancestors=linearise(entry, self._by_name))

    def _bare(self, row: Any) -> Entry | None:
        """The entry of a row, read again if its ``meta.yaml`` was edited."""
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
        return Entry(
            row[2],
            path,
            json.loads(row[7]),
            collection=self._paths[identity],
            position=self._order[identity],
            imported=identity in self._imported,
        )


def inner_folder(path: Path, meta: dict[str, Any]) -> Path:
    """Where the entries of a collection lie: its attribute ``entries_path`` inside it (or absolute), else the
    folder itself.
    """
    return Path(os.path.normpath(path / str(meta.get("attributes", {}).get("entries_path", "") or "")))


def priority(meta: dict[str, Any]) -> float:
    """A collection's place among those in the work collection: its attribute ``priority``, the higher first."""
    value = meta.get("attributes", {}).get("priority", 0)
    return float(value) if isinstance(value, (int, float)) else 0.0


def satisfies(entry: Entry, query: Query) -> bool:
    """Does an entry have the query's tags and meet its other conditions? Its stored values count; no code is run."""
    if not query.tags <= entry.tags or query.negative_tags & entry.tags:
        return False
    return all(holds_for(entry, condition) for condition in query.named)


def holds_for(entry: Entry, condition: Condition) -> bool:
    """Does an entry's stored value meet one condition? ``machine`` is the machine on which it was made."""
    values = entry.values
    if entry.kind != "produced":  # what a person wrote may hold templates; its functions are not asked
        values = _rendered(entry, condition.key)
    if condition.key == "machine" and "machine" not in values:
        return condition.holds(entry.produced.get("machine"), entry.produced.get("machine") is not None)
    return condition.holds(values.get(condition.key), values.get(condition.key) is not None)


def _rendered(entry: Entry, name: str) -> dict[str, Any]:
    try:
        return {name: Scope(entry.name, entry.values).get(name)}
    except AxsError:
        return {}


def _keep(error: AxsError) -> str:
    file, line, key = (getattr(error, name, None) for name in ("file", "line", "key"))
    return json.dumps(
        {"message": error.message, "hint": error.hint, "file": str(file) if file else None, "line": line, "key": key}
    )


def _raised(kept: str) -> EntryError:
    data = json.loads(kept)
    file = Path(data["file"]) if data["file"] else None
    return EntryError(data["message"], file=file, line=data["line"], key=data["key"], hint=data["hint"])
