"""What a report shows, as plain data: a dictionary for each result, and each machine and set of packages once.

Entries declare in an attribute ``report`` how they are shown, as they declare the columns of tables:

    library   a query; its main file is the drawing library that is put into the page (plotly.js)
    pictures  {program: QUERY, python: QUERY}: a program whose main file draws a report's data, and its environment
    values    what the page shows of a result: names that it knows, and the value of each (``twin.a``: of the twin)
    files     the same, of values that functions read from an entry's files

A value that there is not, or that is refused, is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from axs_core.base.digest import canonical
from axs_core.base.errors import AxsError, UsageError
from axs_core.compare.cells import Cells, Row, declared
from axs_core.compare.twin import Twins
from axs_core.entry import Entry, Record, entry_scope

TWIN = "twin."
MACHINE = ("name", "cpu", "cores", "memory_bytes", "accelerators", "os", "kernel", "architecture")
"""What of a record's machine is shown."""


class Distinct:
    """Values that many results share, each kept once; a result has its place in the list."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, value: Any) -> int | None:
        """Where ``value`` is in :attr:`values`; None for an empty one."""
        if not value:
            return None
        place = self._places.setdefault(canonical(value), len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


def declaration(entries: Sequence[Entry]) -> Mapping[str, Any]:
    """How the first of the entries that says so is to be shown. Raises UsageError where none does."""
    if not entries:
        raise UsageError("there is nothing to report: no entries", hint="axs all_byquery loadgen_output lists some")
    for entry in entries:
        said = declared(entry, "report")
        if isinstance(said, Mapping):
            return said
    raise UsageError(
        "there is nothing to report: none of these entries says how it is shown",
        hint="axs all_byquery loadgen_output , report --output=report.html",
    )


def collect(entries: Iterable[Entry], twins: Twins, told: Callable[[str], None]) -> dict[str, Any]:
    """``{runs, machines, packages}`` of the entries that declare how they are shown; others are left out, and
    ``told`` is called with a sentence that says so.
    """
    cells, runs, machines, packages, left_out = Cells(), [], Distinct(), Distinct(), []
    for entry in entries:
        said = declared(entry, "report")
        if not isinstance(said, Mapping):
            left_out.append(entry.name)
            continue
        record = _record(entry)
        own = record.machine if entry.produced.get("machine") else None  # else it only took in what another made
        machine = {name: own.get(name) for name in MACHINE} if own else None
        run = {"name": entry.name, "made": entry.produced.get("at"), **_values(cells.of(entry), said, twins, cells)}
        run |= {"machine_place": machines.place(machine), "packages_place": packages.place(_packages(record))}
        runs.append(run)
    if left_out:
        told(f"{len(left_out)} entries are not in the report, as they do not say how they are shown: {left_out[0]} ...")
    return {"runs": runs, "machines": machines.values, "packages": packages.values}


def _values(own: Row, said: Mapping[str, Any], twins: Twins, cells: Cells) -> dict[str, Any]:
    paths: Mapping[str, str] = said.get("values", {})
    twin = twins.of(own.entry) if any(path.startswith(TWIN) for path in paths.values()) else None
    other = own if twin is None or twin.entry is own.entry else cells.of(twin.entry)
    found = {
        title: (twin.get(path[len(TWIN) :], other) if twin else None) if path.startswith(TWIN) else own.get(path)
        for title, path in paths.items()
    }
    return found | {title: _from_files(own.entry, name) for title, name in said.get("files", {}).items()}


def _from_files(entry: Entry, name: str) -> Any:
    try:
        return entry_scope(entry).get(name)
    except (AxsError, OSError):
        return None


def _record(entry: Entry) -> Record:
    try:
        return Record.read(entry.path)
    except (AxsError, OSError):
        return Record({})


def _packages(record: Record) -> list[str]:
    """All Python packages of all environments that a result was made with, sorted."""
    return sorted({each for listed in record.packages.values() for each in listed})
