"""How results are shown: what they declare of it in an attribute ``report``, as they declare the columns of tables.

page      a query; its main file is the page's template, ``style`` and ``program`` name the files of its other parts
library   a query; its main file is the drawing library that is put into the page
pictures  {program: QUERY, python: QUERY}: a program whose main file draws a report's data, and its environment
values    what is shown of a result: a name, and the value of each (``twin.a``: of the twin)
files     the same, of values that functions read from an entry's files
shown     the words, figures, units and plots, for the page and the pictures; they alone know what it means
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from axs_core.base.errors import EntryError, UsageError
from axs_core.collections.examples import hint
from axs_core.compare.cells import declared
from axs_core.entry import Entry


@dataclass(frozen=True)
class Declaration:
    """What an entry declares; see above."""

    page: str
    library: str
    pictures: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(entry: Entry) -> Declaration | None:
        """What the entry or the nearest of its parents says; None where none does.

        Raises EntryError for what is no such declaration.
        """
        said = declared(entry, "report")
        if said is None:
            return None
        if not isinstance(said, Mapping):
            raise EntryError(f"{entry.name} declares its report as {said!r}, which is no mapping", key="report")
        for key in ("page", "library"):
            if not isinstance(said.get(key), str):
                raise EntryError(f"{entry.name} declares a report without its {key} (a query)", key=f"report.{key}")
        maps = {key: said.get(key, {}) for key in ("pictures", "values", "files", "shown")}
        for key, value in maps.items():
            if not isinstance(value, Mapping) or (key != "shown" and not _of_texts(value)):
                raise EntryError(f"{entry.name} declares a report whose {key} are no mapping", key=f"report.{key}")
        return Declaration(said["page"], said["library"], **maps)

    def drawing(self, key: str) -> str:
        """One of the queries that pictures need. Raises UsageError where the entries declare none."""
        if key not in self.pictures:
            raise UsageError("these entries declare no pictures", hint="leave out --png: the page can save its plots")
        return self.pictures[key]


def _of_texts(value: Mapping[str, Any]) -> bool:
    return all(isinstance(each, str) for each in value.values())


def declaration(entries: Sequence[Entry]) -> Declaration:
    """How the first of the entries that says so is to be shown. Raises UsageError where none does."""
    if not entries:
        raise UsageError("there is nothing to report: no entries", hint=hint("entries"))
    found = next(filter(None, map(Declaration.of, entries)), None)
    if found is None:
        raise UsageError(
            "there is nothing to report: none of these entries says how it is shown",
            hint=hint("report"),
        )
    return found
