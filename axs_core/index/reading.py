"""Asking the index: by name, by path, by identity, by a query; listings."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from axs_core.base.errors import AxsError, EntryError, NotFound
from axs_core.base.value import replace
from axs_core.collections.trust import Elsewhere
from axs_core.entry import Entry, linearise
from axs_core.entry.satisfying import satisfies
from axs_core.index.connection import Connection
from axs_core.index.database import UNSETTLED
from axs_core.index.details import candidates, signature
from axs_core.index.refreshing import Collections, id_of, inner_folder
from axs_core.index.rows import raised, select
from axs_core.query import Query

AT_ONCE = 5000
"""How many rows of a listing are read at a time."""
MANY_NAMES = 1000
"""How many names of made entries are looked through for one that was meant."""


class Lookups:
    """Entries of the collections in ``seen``, as the index at ``connection`` has them."""

    def __init__(self, connection: Connection, seen: Collections) -> None:
        self.connection = connection
        self.seen = seen
        self._entries: dict[str, Entry] = {}

    def by_name(self, name: str) -> Entry:
        """The entry of that name, in the first collection that has one. Raises NotFound with the nearest names,
        EntryError for a broken one.
        """
        return self._with_ancestors(self._by_name(name))

    def _by_name(self, name: str) -> Entry:
        """The entry alone, without its ancestors."""
        if name in self._entries:
            return self._entries[name]
        for row in self._in_order(self._select("name = ?", (_sayable(name),))):
            entry = self._bare(row)
            if entry is not None:
                self._entries[name] = entry
                return entry
        from axs_core.query.near import nearest

        near = nearest(name, self._similar_names(name))
        raise NotFound(
            f"there is no entry named {name!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "axs list shows all entries",
        )

    def _similar_names(self, name: str) -> list[str]:
        """Names that a misspelt one may have meant: those of hand-written entries, and of made ones that begin alike
        (there may be 100,000 of them). A folder without ``meta.yaml`` is none.
        """
        beginning = _sayable(name[: max(len(name) // 2, 3)])
        found = self.connection.fetch(
            "SELECT name, collection FROM entry WHERE kind IN ('static', 'recipe') UNION SELECT name, collection FROM "
            "(SELECT name, collection FROM entry WHERE name >= ? AND name < ? AND kind != 'pending' LIMIT ?)",
            (beginning, beginning + "\U0010ffff", MANY_NAMES),
        )
        return [similar for similar, identity in found if identity in self.seen.order]

    def at_path(self, path: Path | str) -> Entry | None:
        """The entry in that folder, if it is one."""
        rows = self._select("path = ?", (str(path),))
        return self._entry(rows[0]) if rows and rows[0][1] in self.seen.order else None

    def _select(self, condition: str, arguments: tuple[Any, ...]) -> list[Any]:
        return self.connection.run(lambda database: select(database, condition, arguments))

    def _each(self, condition: str, arguments: Iterable[Any] = (), order: str = "+name") -> Iterator[Entry]:
        """Entries one by one, in the collections' order: their data are read when it is their turn, so that 100,000 of
        them need no more memory than one. With ``+name`` SQLite sorts the few that it finds, instead of going through
        all in the order of an index.
        """
        names = self.connection.run(lambda database: self._names(database, condition, tuple(arguments), order))
        for identity in self.seen.in_order():
            for name in names.get(identity, ()):
                entry = self.at_path(f"{self.seen.paths[identity]}/{name}")
                if entry is not None:
                    yield entry

    def _names(
        self, database: sqlite3.Connection, condition: str, arguments: tuple[Any, ...], order: str
    ) -> dict[int, list[str]]:
        """The names of what fulfils a condition, by collection."""
        names: dict[int, list[str]] = {identity: [] for identity in self.seen.order}
        query = f"SELECT collection, name FROM entry WHERE {condition} ORDER BY {order}"
        for identity, name in database.execute(query, arguments):
            if identity in names:
                names[identity].append(name)
        return names

    def providers(self, tags: frozenset[str]) -> list[Entry]:
        """Recipes and entries that are their own answer, with an alternative of exactly these tags, in the
        collections' order; of a collection from elsewhere only what no other entry's name hides.
        """
        found = self._each("id IN (SELECT entry FROM provides WHERE signature = ?)", [signature(tags)])
        return [entry for entry in found if entry.origin is None or self._by_name(entry.name).path == entry.path]

    def by_key(self, key: str) -> list[Entry]:
        """What was made with this identity, the newest first."""
        rows = self._select("key = ? ORDER BY made DESC, id DESC", (key,))
        found = [entry for row in rows if row[1] in self.seen.order and (entry := self._entry(row)) is not None]
        return [entry for entry in found if entry.produced.get("key") == key]  # it may have been edited just now

    def find(self, query: Query) -> Iterator[Entry]:
        """Entries (not recipes) that satisfy every condition, in the collections' order, then as they were made."""
        for entry in self._each(*self._candidates(query), order="made, +name"):
            if entry.kind != "recipe" and satisfies(entry, query):  # a recipe may inherit how it is made
                yield entry

    def _candidates(self, query: Query) -> tuple[str, tuple[Any, ...]]:
        return self.connection.run(lambda database: candidates(database, query))

    def all_produced(self) -> Iterator[Entry]:
        """Everything that was made, in all collections."""
        return self._each("kind = 'produced'")

    def all_recipes(self) -> list[Entry]:
        """Everything that provides something."""
        return list(self._each("id IN (SELECT entry FROM provides)"))

    def origin_of(self, entry: Entry) -> Elsewhere | None:
        """Where a collection came from, or the one that an entry is in; None for the user's own."""
        places = [entry.path.parent]
        if "collection" in entry.tags:
            places.insert(0, inner_folder(entry.path, dict(entry.meta)))
        origins = {self.seen.paths[identity]: origin for identity, origin in self.seen.origins.items()}
        return next((origins[str(place)] for place in places if str(place) in origins), None)

    def collections(self) -> list[Path]:
        """The folders of all collections, in the order in which they are asked."""
        return [Path(self.seen.paths[identity]) for identity in self.seen.in_order()]

    def rows(self) -> Iterator[dict[str, Any]]:
        """All folders for a listing: name, kind, title, collection, path, error. Each is looked at: a result that
        somebody has damaged is shown so, though no ask looks at it before it is wanted.
        """
        for identity in self.seen.in_order():
            for name, kind, title, path, error, *_ in self._pages(identity):
                yield {
                    "name": name,
                    "kind": self._whole_kind(path) if kind == "static" else sys.intern(kind),
                    "title": sys.intern(title),  # thousands of runs of one program share it
                    "collection": self.seen.paths[identity],
                    "path": path,
                    "error": str(raised(error)) if error else None,
                }

    def _pages(self, identity: int) -> Iterator[Any]:
        """The rows of a collection in the order of their names, some at a time: rows may change meanwhile."""
        rest = "SELECT name, kind, title, path, error, mtime, size FROM entry WHERE collection = ? AND name > ?"
        root, last = Path(self.seen.paths[identity]), ""
        while rows := self.connection.fetch(f"{rest} ORDER BY name LIMIT ?", (identity, last, AT_ONCE)):
            before, last = last, rows[-1][0]
            if self.seen.look_at(root, identity, [(path, mtime, size) for *_, path, _, mtime, size in rows]):
                rows = self.connection.fetch(f"{rest} AND name <= ? ORDER BY name", (identity, before, last))
            yield from rows

    def _whole_kind(self, path: str) -> str:
        """The kind of a hand-written entry, with what it inherits."""
        try:
            entry = self.at_path(path)
        except AxsError:
            return "static"
        return entry.kind if entry is not None else "static"

    def errors(self) -> list[str]:
        """What is wrong with entries that cannot be read."""
        rows = self._select(f"{UNSETTLED} AND error IS NOT NULL", ())
        return [str(raised(row[8])) for row in rows if row[1] in self.seen.order]

    def damaged(self) -> list[str]:
        """What is wrong with entries in the work collection that cannot be read."""
        work = id_of(self.seen.work_collection)
        rows = self._select(f"{UNSETTLED} AND error IS NOT NULL AND collection = ?", (work,))
        return [str(raised(row[8])) for row in rows]

    def words(self) -> tuple[list[str], list[str]]:
        """All tags and all names of attributes that are known, for completion and 'did you mean'."""
        signatures = self._distinct("provides", "signature")
        tags = {tag for text in signatures for tag in text.split(",") if tag}
        return sorted(tags.union(self._distinct("tag", "tag"))), self._distinct("attribute", "key")

    def _distinct(self, table: str, column: str) -> list[str]:
        """The different values of a column, in order. From one to the next through the index: SQLite's own DISTINCT
        reads all rows.
        """
        found = self.connection.fetch(
            f"WITH RECURSIVE next(word) AS (SELECT min({column}) FROM {table} UNION ALL "
            f"SELECT (SELECT min({column}) FROM {table} WHERE {column} > word) FROM next WHERE word IS NOT NULL) "
            "SELECT word FROM next WHERE word IS NOT NULL"
        )
        return [word for (word,) in found]

    def _in_order(self, rows: Iterable[Any]) -> list[Any]:
        return sorted((row for row in rows if row[1] in self.seen.order), key=lambda row: self.seen.order[row[1]])

    def _entry(self, row: Any) -> Entry | None:
        """The entry of a row with its ancestors; None where there is none any more."""
        try:
            entry = self._bare(row)
        except EntryError:
            if row[6] == "produced":  # damaged since: there is none any more; `axs list` and `axs verify` say so
                return None
            raise
        return None if entry is None else self._with_ancestors(entry)

    def _with_ancestors(self, entry: Entry) -> Entry:
        if not entry.meta.get("parents"):
            return entry
        return replace(entry, ancestors=linearise(entry, self._by_name))

    def _bare(self, row: Any) -> Entry | None:
        """The entry of a row, read again if its ``meta.yaml`` was edited."""
        identity, path = row[1], Path(row[3])
        folder = self.seen.look(path)
        mtime = (
            folder.mtime_ns if row[4] is None and row[5] is not None else row[4]
        )  # racy: read again with each refresh
        if (folder.mtime_ns, folder.size) != (mtime, row[5]):
            row = self.connection.write(lambda database: self.seen.load(database, path, identity))
        if row[8]:
            raise raised(row[8])
        if row[7] is None:
            return None
        return Entry(
            row[2],
            path,
            json.loads(row[7]),
            collection=self.seen.paths[identity],
            position=self.seen.order[identity],
            origin=self.seen.origins.get(identity),
        )


def _sayable(name: str) -> str:
    """A name without the halves of characters that a command line has for bytes that are no UTF-8: no entry has any."""
    return name.encode("utf-8", "replace").decode()
