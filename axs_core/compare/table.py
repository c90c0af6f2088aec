"""Tables of entries: one row an entry, one column a value.

Entries declare in an attribute ``table_columns`` which columns suit them: titles, and the value of each. ``a.b`` is the
member b of a value; ``twin.a`` the value of the entry's twin (see :mod:`axs_core.compare.twin`).
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from axs_core.compare.cells import OWN, Cells, Row, declared
from axs_core.compare.twin import Twins
from axs_core.entry import Entry
from axs_core.errors import UsageError
from axs_core.query.near import nearest

PLAIN = {"name": "name", "tags": "tags", "machine": "machine", "made": "made"}
"""Columns where the entries declare none."""
TWIN = "twin"


class Rows(Sequence[tuple[Any, ...]]):
    """Rows of plain values, packed: of 100,000 results they take a tenth of the room. Each is unpacked when it is
    looked at.
    """

    def __init__(self) -> None:
        self._rows: list[bytes | tuple[Any, ...]] = []

    def take(self, row: bytes | tuple[Any, ...]) -> None:
        """One more, as :func:`_packed` gives it."""
        self._rows.append(row)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> tuple[Any, ...]: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[Any, ...]]: ...

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [_unpacked(row) for row in self._rows[place]]
        return _unpacked(self._rows[place])


def _packed(row: tuple[Any, ...]) -> bytes | tuple[Any, ...]:
    try:
        return marshal.dumps(row)
    except ValueError:  # a function gave something that is no plain data
        return row


def _unpacked(row: bytes | tuple[Any, ...]) -> tuple[Any, ...]:
    return marshal.loads(row) if isinstance(row, bytes) else row


@dataclass(frozen=True)
class Tabulated:
    """``columns`` are titles; each row has a value for each, None where there is none."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def tabulate(entries: Iterable[Entry], twins: Twins, columns: Sequence[str] | None = None) -> Tabulated:
    """The table of ``entries``; ``columns`` are names of values (None: what the entries declare).

    Declared columns are filled from stored values alone; for ``columns`` that are asked for, functions may read the
    entry's files. Raises UsageError for a column that none of the entries knows.
    """
    cells = Cells(everything=bool(columns))
    asked = {name: name for name in columns or ()}
    titles: dict[str, None] = dict.fromkeys(asked)
    rows: list[tuple[Layout, bytes | tuple[Any, ...]]] = []
    unknown = {name: set[str]() for name in asked if not _of_twin(name)}
    layout = Layout.of(asked)
    for entry in entries:
        own = cells.of(entry)
        chosen = asked or _columns_of(entry)
        if chosen is not layout.columns:
            layout = Layout.of(chosen)
            titles.update(dict.fromkeys(chosen))
        rows.append((layout, _packed(_row(own, layout, twins, cells))))
        for name in [name for name in unknown if own.knows(name)]:
            del unknown[name]
        for known in unknown.values():
            known.update(own.values)
    if rows:
        _refuse(unknown, len(rows))
    return Tabulated(tuple(titles), _filled_up(rows, tuple(titles)))


def _filled_up(rows: list[tuple[Layout, bytes | tuple[Any, ...]]], titles: tuple[str, ...]) -> Rows:
    """The rows with a value for every title; those that have them all stay as they are."""
    filled = Rows()
    for layout, row in rows:
        if layout.titles != titles:
            had = dict(zip(layout.titles, _unpacked(row), strict=True))
            row = _packed(tuple(had.get(title) for title in titles))
        filled.take(row)
    return filled


@dataclass(frozen=True)
class Layout:
    """Columns, title to value, taken apart: those of the entry itself and those of its twin."""

    columns: Mapping[str, str]
    titles: tuple[str, ...]
    plain: tuple[tuple[str, str], ...]
    paired: tuple[tuple[str, str], ...]

    @staticmethod
    def of(columns: Mapping[str, str]) -> Layout:
        """Take columns apart."""
        plain = tuple((title, path) for title, path in columns.items() if not _of_twin(path))
        prefix = f"{TWIN}."
        paired = tuple((title, path.removeprefix(prefix)) for title, path in columns.items() if _of_twin(path))
        return Layout(columns, tuple(columns), plain, paired)


def _columns_of(entry: Entry) -> Mapping[str, str]:
    said = declared(entry, "table_columns")
    return said if isinstance(said, Mapping) else PLAIN


def _row(own: Row, layout: Layout, twins: Twins, cells: Cells) -> tuple[Any, ...]:
    row = {title: own.get(path) for title, path in layout.plain}
    if layout.paired:
        twin = twins.of(own.entry)
        other = own if twin is own.entry else cells.of(twin) if twin is not None else None
        row.update({title: _paired(own, other, path) for title, path in layout.paired})
    return tuple(row[title] for title in layout.titles)


def _of_twin(path: str) -> bool:
    return path.startswith(f"{TWIN}.")


def _paired(own: Row, twin: Row | None, path: str) -> Any:
    """A value of the twin; where there is none, in place of its name what the entry says then."""
    if twin is not None:
        return twin.get(path)
    said = declared(own.entry, TWIN)
    return said.get("unknown") if path == "name" and isinstance(said, Mapping) else None


def _refuse(unknown: Mapping[str, set[str]], count: int) -> None:
    for column, known in unknown.items():
        near = nearest(column.partition(".")[0], known.union(OWN))
        raise UsageError(
            f"{f'none of the {count} entries has' if count > 1 else 'the entry does not have'} a value {column!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "axs byname NAME , show lists what an entry has",
        )
