"""What a report shows, as plain data: a dictionary for each result, and each machine and set of packages once.

Which values those are, the entries declare: :mod:`axs_core.report.declaration`. A value that there is not, or that is
refused, is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from axs_core.base.digest import canonical
from axs_core.base.errors import AxsError
from axs_core.compare.cells import Cells, Row
from axs_core.compare.twin import Twins
from axs_core.entry import Entry, Record, entry_scope
from axs_core.report.declaration import Declaration

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


def collect(entries: Iterable[Entry], twins: Twins, told: Callable[[str], None]) -> dict[str, Any]:
    """``{runs, machines, packages}`` of the entries that declare how they are shown; others are left out, and
    ``told`` is called with a sentence that says so.
    """
    cells, runs, machines, packages, left_out = Cells(), [], Distinct(), Distinct(), []
    for entry in entries:
        said = Declaration.of(entry)
        if said is None:
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


def _values(own: Row, said: Declaration, twins: Twins, cells: Cells) -> dict[str, Any]:
    paths = said.values
    twin = twins.of(own.entry) if any(path.startswith(TWIN) for path in paths.values()) else None
    other = own if twin is None or twin.entry is own.entry else cells.of(twin.entry)
    found = {
        title: (twin.get(path[len(TWIN) :], other) if twin else None) if path.startswith(TWIN) else own.get(path)
        for title, path in paths.items()
    }
    return found | {title: _from_files(own.entry, name) for title, name in said.files.items()}


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
