"""Looking up a name: stored values with their templates rendered, then functions, then built-in names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from axs_core.base.errors import AxsError, EntryError, NoSuchName, NotFound
from axs_core.entry.model import Entry
from axs_core.entry.record import record_in
from axs_core.entry.templates import is_template, render


class Scope:
    """The names that templates and functions see.

    ``values`` may hold templates, but for those whose names are ``literal`` (True: all): what was computed, or comes
    from a user or a program, is taken as it is. ``builtins`` are tried last;
    ``entry`` gives the functions.
    """

    def __init__(
        self,
        what: str,
        values: Mapping[str, Any],
        builtins: Mapping[str, Any] | None = None,
        entry: Entry | None = None,
        literal: bool | frozenset[str] = False,
    ) -> None:
        self.what = what
        self.values = values
        self.builtins = builtins or {}
        self.entry = entry
        self.literal = literal
        self._trail: list[str] = []
        self._known: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        """The value of ``name``; raises NoSuchName with the nearest names, EntryError for names that need each
        other.
        """
        if name in self._known:
            return self._known[name]
        if name in self._trail:
            circle = " -> ".join((*self._trail[self._trail.index(name) :], name))
            raise EntryError(f"{self.what}: these values need each other: {circle}")
        self._trail.append(name)
        try:
            self._known[name] = value = self._find(name)
            return value
        finally:
            self._trail.pop()

    def render(self, value: Any) -> Any:
        """``value`` with its templates rendered in this scope."""
        return render(value, self.get)

    def has(self, name: str) -> bool:
        """Is there a stored value of that name?"""
        return self.values.get(name) is not None

    def is_literal(self, name: str) -> bool:
        """Is the value of that name taken as it is?"""
        return name in self.literal if isinstance(self.literal, frozenset) else self.literal

    def within(self, values: Mapping[str, Any]) -> Scope:
        """The same scope with further values, which are taken as they are; they hide others of their names."""
        names = frozenset(self.values) if self.literal is True else self.literal or frozenset()
        return Scope(self.what, {**self.values, **values}, self.builtins, self.entry, names | frozenset(values))

    def _find(self, name: str) -> Any:
        if name in self.values:
            value = self.values[name]
            if self.is_literal(name) or not _holds_template(value):
                return value
            try:
                return self.render(value)
            except AxsError as error:
                raise error.needed_for(f"{self.what}: {name}") from None
        function = self.function(name)
        if function is not None:
            from axs_core.entry.functions import call

            return call(function, self.get)
        if name in self.builtins:
            value = self.builtins[name]
            return value() if callable(value) else value
        raise self._missing(name)

    def function(self, name: str) -> Callable[..., Any] | None:
        """The function of that name in the entry's code, if any (this loads the code)."""
        if self.entry is None or name.startswith("_"):
            return None
        if not any((relative.path / "code.py").is_file() for relative in self.entry.lineage):
            return None
        from axs_core.entry.functions import functions_of, names_told

        told = names_told(self.entry)
        if told is not None and name not in told:
            return None  # nobody need be asked for what it cannot have
        return functions_of(self.entry).get(name)

    def _missing(self, name: str) -> NoSuchName:
        from axs_core.query.near import nearest

        known = [key for key in (*self.values, *self.builtins) if not key.startswith("_")]
        near = nearest(name, known)
        hint = (
            f"did you mean {' or '.join(near)}?" if near else f"it has: {', '.join(sorted(known))}" if known else None
        )
        return NoSuchName(f"{self.what} has no {name!r}", name=name, hint=hint)


def _holds_template(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_template, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_template, value))
    return is_template(value)


def file_path(entry: Entry, values: Mapping[str, Any]) -> Path | None:
    """The main file of an entry (its value ``file``), absolute; None where it has none."""
    file = values.get("file")
    return entry.path / str(file) if file else None


def entry_scope(
    entry: Entry, overrides: Mapping[str, Any] | None = None, extra: Mapping[str, Any] | None = None
) -> Scope:
    """The names that an entry answers to. ``overrides`` win over what is stored; ``extra`` adds built-in names.

    What was made has plain values: a line of a log with braces in it is no template.
    """
    values = {**entry.values, **(overrides or {})}
    for name in entry.paths:
        value = values.get(name)
        if isinstance(value, str) and not is_template(value) and value:
            values[name] = str(entry.path / value)
    literal = entry.kind == "produced" or frozenset({*entry.bound, *(overrides or {})})
    scope = Scope(entry.name, values, entry=entry, literal=literal)

    def main_file() -> str | None:
        found = file_path(entry, {"file": scope.get("file")}) if "file" in values else None
        return str(found) if found else None

    scope.builtins = {
        "path": entry.path,
        "name": entry.name,
        "file_path": main_file,
        "tags": sorted(entry.tags),
        "machine": entry.produced.get("machine"),
        "environment": entry.produced.get("environment"),
        "parameters": values,
        "record": lambda: record_in(entry.path),
        **(extra or {}),
    }
    return scope


def path_in(entry: Entry, relative: str | None = None) -> Path:
    """The entry's main file where there is one, else its folder; with ``relative``, that file in the folder. Raises
    NotFound if it is not there.
    """
    main = None if relative is not None else entry_scope(entry).get("file_path")
    path = Path(main) if main else entry.path / (relative or "")
    if not os.path.exists(path):  # noqa: PTH110 - a name that is too long is no file either
        raise NotFound(f"{entry.name} has no file {path}")
    return path
