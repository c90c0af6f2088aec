"""Tables of entries: one row an entry, one column a value.

Entries declare in an attribute ``table_columns`` which columns suit them: titles, and the value of each. ``a.b`` is the
member b of a value; ``twin.a`` the value of the entry's twin (see :mod:`axs_core.compare.twin`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axs_core.compare.cells import OWN, Cells, Row, declared
from axs_core.compare.twin import Twins
from axs_core.entry import Entry
from axs_core.errors import UsageError
from axs_core.query.near import nearest

PLAIN = {"name": "name", "tags": "tags", "machine": "machine", "made": "made"}
"""Columns where the entries declare none."""
TWIN = "twin"


@dataclass(frozen=True)
class Tabulated:
    """``columns`` are titles; each row has a value for each, None where there is none."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def default_columns(entries: Sequence[Entry]) -> dict[str, str]:
    """What the entries declare, in the order in which they come; title to value."""
    columns: dict[str, str] = {}
    seen: set[int] = set()
    for entry in entries:
        said = declared(entry, "table_columns")
        if isinstance(said, Mapping) and id(said) not in seen:
            seen.add(id(said))
            for title, name in said.items():
                columns.setdefault(str(title), str(name))
    return columns or dict(PLAIN)


def tabulate(entries: Sequence[Entry], twins: Twins, columns: Sequence[str] | None = None) -> Tabulated:
    """The table of ``entries``; ``columns`` are names of values (None: what the entries declare).

    Declared columns are filled from stored values alone; for ``columns`` that are asked for, functions may read the
    entry's files. Raises UsageError for a column that none of the entries knows.
    """
    chosen = {name: name for name in columns} if columns else default_columns(entries)
    cells = Cells(everything=bool(columns))
    if columns:
        _refuse_unknown(cells, entries, columns)
    plain = [None if _of_twin(path) else path for path in chosen.values()]
    paired = [path.removeprefix(f"{TWIN}.") if _of_twin(path) else None for path in chosen.values()]
    rows = []
    for entry in entries:
        own = cells.of(entry)
        row = [own.get(path) if path is not None else None for path in plain]
        if any(paired):
            twin = twins.of(entry)
            other = own if twin is entry else cells.of(twin) if twin is not None else None
            row = [_paired(own, other, path) if path else cell for path, cell in zip(paired, row, strict=True)]
        rows.append(tuple(row))
    return Tabulated(tuple(chosen), tuple(rows))


def _of_twin(path: str) -> bool:
    return path.startswith(f"{TWIN}.")


def _paired(own: Row, twin: Row | None, path: str) -> Any:
    """A value of the twin; where there is none, in place of its name what the entry says then."""
    if twin is not None:
        return twin.get(path)
    said = declared(own.entry, TWIN)
    return said.get("unknown") if path == "name" and isinstance(said, Mapping) else None


def _refuse_unknown(cells: Cells, entries: Sequence[Entry], columns: Sequence[str]) -> None:
    for column in columns:
        if _of_twin(column) or not entries or any(cells.of(entry).knows(column) for entry in entries):
            continue
        known = {*OWN, *(name for entry in entries[:100] for name in entry.values)}
        near = nearest(column.partition(".")[0], known)
        raise UsageError(
            f"none of the {len(entries)} entries has a value {column!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "axs byname NAME , show lists what an entry has",
        )
