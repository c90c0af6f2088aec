"""Tables of entries: one row an entry, one column a value.

Entries declare in an attribute ``table_columns`` which columns suit them: titles, and the value of each. ``a.b`` is the
member b of a value; ``twin.a`` the value of the entry's twin (see :mod:`axs_core.compare.twin`). An entry that names a
value in ``table_rows`` stands for the rows in it: a list of mappings, whose members are what columns show first.
"""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, overload

from axs_core.base.errors import UsageError
from axs_core.compare.cells import OWN, Cells, Held, Row, declared, rows_of
from axs_core.compare.twin import Twin, Twins
from axs_core.entry import Entry
from axs_core.making.session import Session
from axs_core.query.near import nearest

PLAIN = {"name": "name", "tags": "tags", "machine": "machine", "made": "made"}
"""Columns where the entries declare none."""
TWIN = "twin"
AT_ONCE = 200
"""How many rows are packed together."""


class Rows(Sequence[tuple[Any, ...]]):
    """Rows of plain values, packed by the hundred: 100,000 results take a few megabytes. Those that are looked at one
    after the other are unpacked together.
    """

    def __init__(self, rows: Iterable[tuple[Any, ...]] = ()) -> None:
        self._blocks: list[bytes | list[tuple[Any, ...]]] = []
        self._last: list[tuple[Any, ...]] = []
        self._open: tuple[int, list[tuple[Any, ...]]] = (-1, [])
        for row in rows:
            self.take(row)

    def take(self, row: tuple[Any, ...]) -> None:
        """One more."""
        self._last.append(row)
        if len(self._last) == AT_ONCE:
            self._blocks.append(_packed(self._last))
            self._last = []

    def __len__(self) -> int:
        return AT_ONCE * len(self._blocks) + len(self._last)

    @overload
    def __getitem__(self, place: int) -> tuple[Any, ...]: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[Any, ...]]: ...

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        number, inside = divmod(range(len(self))[place], AT_ONCE)
        return self._block(number)[inside]

    def _block(self, number: int) -> list[tuple[Any, ...]]:
        if number == len(self._blocks):
            return self._last
        if self._open[0] != number:
            self._open = (number, _unpacked(self._blocks[number]))
        return self._open[1]


def _packed(rows: list[tuple[Any, ...]]) -> bytes | list[tuple[Any, ...]]:
    try:
        return zlib.compress(marshal.dumps(rows), 1)
    except ValueError:  # a function gave something that is no plain data
        return rows


def _unpacked(block: bytes | list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return marshal.loads(zlib.decompress(block)) if isinstance(block, bytes) else block


@dataclass(frozen=True)
class Tabulated:
    """``columns`` are titles; each row has a value for each, None where there is none."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def table_of(session: Session, entries: Iterable[Entry], columns: Sequence[str] | None = None) -> Tabulated:
    """:func:`tabulate` with the twins among what a session sees."""
    return tabulate(entries, Twins(session.index.find), columns)


def tabulate(entries: Iterable[Entry], twins: Twins, columns: Sequence[str] | None = None) -> Tabulated:
    """The table of ``entries``; ``columns`` are names of values (None: what the entries declare).

    Declared columns are filled from stored values alone; for ``columns`` that are asked for, functions may read the
    entry's files. Raises UsageError for a column that none of the entries knows.
    """
    cells = Cells(everything=bool(columns))
    asked = {name: name for name in columns or ()}
    titles: dict[str, None] = dict.fromkeys(asked)
    rows = Rows()
    unknown = {name: set[str]() for name in asked if not _of_twin(name)}
    layout = Layout.of(asked)
    layouts = [(0, layout)] if asked else []
    what = "entries"
    for own in (row for entry in entries for row in rows_of(cells.of(entry))):
        if isinstance(own, Held):
            what = "rows"
        chosen = asked or _columns_of(own.entry)
        if chosen is not layout.columns:
            layout = Layout.of(chosen)
            layouts.append((len(rows), layout))
            titles.update(dict.fromkeys(chosen))
        rows.take(_row(own, layout, twins, cells))
        for name in [name for name in unknown if own.knows(name)]:
            del unknown[name]
        for known in unknown.values():
            known.update(own.values)
    if rows:
        _refuse(unknown, len(rows), what)
    return Tabulated(tuple(titles), _filled_up(rows, layouts, tuple(titles)))


def _filled_up(rows: Rows, layouts: Sequence[tuple[int, Layout]], titles: tuple[str, ...]) -> Rows:
    """The rows with a value for every title; ``layouts`` are those they have, each from a row on."""
    if all(layout.titles == titles for _, layout in layouts):
        return rows
    ends = [*(start for start, _ in layouts[1:]), len(rows)]
    each = (
        dict(zip(layout.titles, rows[number], strict=True))
        for (start, layout), end in zip(layouts, ends, strict=True)
        for number in range(start, end)
    )
    return Rows(tuple(row.get(title) for title in titles) for row in each)


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
        row.update({title: _paired(own, twin, path, cells) for title, path in layout.paired})
    return tuple(row[title] for title in layout.titles)


def _of_twin(path: str) -> bool:
    return path.startswith(f"{TWIN}.")


def _paired(own: Row, twin: Twin | None, path: str, cells: Cells) -> Any:
    """A value of the twin; where there is none, in place of its name what the entry says then."""
    if twin is not None:
        return twin.get(path, own if twin.entry is own.entry else cells.of(twin.entry))
    said = declared(own.entry, TWIN)
    return said.get("unknown") if path == "name" and isinstance(said, Mapping) else None


def _refuse(unknown: Mapping[str, set[str]], count: int, what: str) -> None:
    for column, known in unknown.items():
        near = nearest(column.partition(".")[0], known.union(OWN))
        shown = "axs byname NAME , show lists what an entry has"
        listed = shown if what == "entries" else f"known: {', '.join(sorted(known))}"
        raise UsageError(
            f"{f'none of the {count} {what} has' if count > 1 else 'the entry does not have'} a value {column!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else listed,
        )


def dataframe(made: Tabulated) -> Any:
    """The table as a ``pandas.DataFrame``. Raises UsageError where pandas is not installed."""
    try:
        pandas: Any = import_module("pandas")
    except ImportError:
        raise UsageError("pandas is not installed", hint="pip install 'axs[pandas]'") from None
    return pandas.DataFrame(list(made.rows), columns=list(made.columns))
