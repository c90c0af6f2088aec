"""Values of many entries, quickly: what is stored first, then functions of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from axs_core.base.errors import AxsError, NotFound, UsageError
from axs_core.entry import Entry, entry_scope
from axs_core.entry.functions import call, functions_of, names_told
from axs_core.entry.templates import is_template

OWN = ("name", "path", "tags", "kind", "machine", "environment", "made", "recipe", "title")
"""What every entry has besides its stored values."""
_PLAIN = (int, float, bool)
"""Types of values that hold no template and name no file."""
DEEPEST = 20
"""So many functions may need each other; more is a circle."""


def own_value(entry: Entry, name: str) -> Any:
    """One of :data:`OWN`; None where the entry has no such thing."""
    if name in ("name", "path", "kind"):
        return str(getattr(entry, name))
    if name == "tags":
        return sorted(entry.tags)
    if name == "title":
        return entry.meta.get("title")
    return entry.produced.get("at" if name == "made" else name)


def declared(entry: Entry, name: str) -> Any:
    """What an entry, or the nearest of its parents, says under ``name`` of how it is compared; None where none does.

    What was made inherits no values, only functions; such declarations belong to the functions.
    """
    for relative in entry.lineage:
        value = relative.meta.get("attributes", {}).get(name)
        if value is not None:
            return value
    return None


@dataclass(frozen=True)
class _Function:
    run: Callable[..., Any]
    arguments: tuple[tuple[str, bool], ...]
    """Name of each, and whether it is required."""

    @staticmethod
    def of(function: Callable[..., Any]) -> _Function:
        parameters = inspect.signature(function).parameters.values()
        return _Function(function, tuple((each.name, each.default is each.empty) for each in parameters))


class Cells:
    """The values of one entry after the other. Without ``everything`` functions see stored values only, and no file of
    an entry is opened: that makes tables of thousands of entries cheap.
    """

    def __init__(self, everything: bool = False) -> None:
        self.everything = everything
        self._functions: dict[Any, dict[str, _Function]] = {}

    def of(self, entry: Entry) -> Row:
        """The values of an entry."""
        return Row(self, entry)

    def functions(self, entry: Entry) -> dict[str, _Function]:
        """Functions of an entry's code, by name; loaded once for all entries with the same parents."""
        produced = entry.kind == "produced"
        key = tuple(entry.meta.get("parents", ())) if produced else entry.path
        if key not in self._functions:
            functions = functions_of(entry) if names_told(entry) is None else {}  # a table asks nobody for trust
            self._functions[key] = {name: _Function.of(each) for name, each in functions.items()}
        return self._functions[key]


def member(value: Any, path: str) -> Any:
    """What is in ``value`` at ``path`` (``a.b``; empty: the value itself); None where there is nothing."""
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


class Row:
    """The values of one entry."""

    def __init__(self, cells: Cells, entry: Entry) -> None:
        self._cells, self.entry = cells, entry
        self.values: Mapping[str, Any] = entry.values

    @cached_property
    def _functions(self) -> dict[str, _Function]:
        return self._cells.functions(self.entry)

    def get(self, path: str) -> Any:
        """The value at ``path`` (``a.b`` is a member); None where there is none or where it is refused."""
        if type(self.values.get(path)) in _PLAIN:
            return self.values[path]
        name, _, members = path.partition(".")
        try:
            found = entry_scope(self.entry).get(name) if self._needs_scope(name) else self._stored(name, 0)
        except AxsError:
            return None
        return member(found, members)

    def knows(self, path: str) -> bool:
        """Is there a stored value or a function of that name?"""
        name = path.partition(".")[0]
        return name in OWN or name == "record" or name in self.values or name in self._functions

    def _needs_scope(self, name: str) -> bool:
        if name in self.values:
            return name in self.entry.paths or is_template(self.values[name])
        return self._cells.everything and name not in OWN

    def _stored(self, name: str, depth: int) -> Any:
        if name in self.values:
            return self.values[name]
        function = self._functions.get(name)
        if function is not None and depth < DEEPEST:
            return self._computed(function, depth)
        if name in OWN and (depth == 0 or name != "path"):
            return own_value(self.entry, name)
        raise NotFound(f"{self.entry.name} has no {name!r}")

    def _computed(self, function: _Function, depth: int) -> Any:
        given: dict[str, Any] = {}
        for argument, required in function.arguments:
            try:
                given[argument] = self._stored(argument, depth + 1)
            except NotFound:
                if required:
                    raise
        try:
            return function.run(**given)
        except AxsError:
            raise
        except Exception:
            return call(function.run, self._stored_only, (), given)  # says which function, and where

    def _stored_only(self, name: str) -> Any:
        return self._stored(name, DEEPEST)


class Held(Row):
    """A row that a value of an entry holds: its members, then what the entry itself has."""

    def __init__(self, own: Row, members: Mapping[str, Any]) -> None:
        super().__init__(own._cells, own.entry)
        self._own, self.values = own, members

    def get(self, path: str) -> Any:
        """A member by that name, or a member of one (``a.b``); else the entry's value."""
        if path in self.values:
            return self.values[path]
        name, _, below = path.partition(".")
        return member(self.values[name], below) if name in self.values else self._own.get(path)

    def knows(self, path: str) -> bool:
        """Is there such a member, or such a value of the entry?"""
        return path in self.values or path.partition(".")[0] in self.values or self._own.knows(path)


def rows_of(own: Row) -> Sequence[Row]:
    """The rows that an entry stands for in a table: itself, or those in the value that it names in ``table_rows``.

    Raises UsageError where that value is no list of mappings, NotTrusted where its code may not run.
    """
    name = declared(own.entry, "table_rows")
    if name is None:
        return (own,)
    found = own.get(name) if isinstance(name, str) else None
    if not isinstance(found, Sequence) or not all(isinstance(each, Mapping) for each in found):
        functions_of(own.entry)
        raise UsageError(
            f"{own.entry.name} has no rows: its value {name!r} is no list of mappings",
            hint=f"axs byname {own.entry.name} , get {name}",
        )
    return [Held(own, each) for each in found]
