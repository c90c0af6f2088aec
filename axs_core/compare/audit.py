"""Audit: are an entry's figures the ones that its raw files give?

Entries declare in an attribute ``older_readings`` which figures an earlier version of their code read otherwise: the
name of a figure, and of the function that reads it as it was read then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from axs_core.base.errors import AxsError, UsageError
from axs_core.base.reporter import Reporter
from axs_core.compare.cells import declared
from axs_core.entry import Entry, Record, Scope, entry_scope
from axs_core.entry.functions import functions_of
from axs_core.upkeep.verify import verify


@dataclass(frozen=True)
class Audited:
    """``agreeing`` are figures that were computed again and are the stored ones; ``problems`` are sentences, and so are
    ``notes`` on figures that an earlier version read otherwise from the same files.
    """

    agreeing: tuple[str, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def audit(entry: Entry, reporter: Reporter) -> Audited:
    """Compute again what functions computed from the entry's files, and compare files and values with the record.

    Raises UsageError for what was not made by axs.
    """
    record = Record.read(entry.path)
    if not record:
        raise UsageError(f"{entry.name} was not made by axs: there is no record to compare it with")
    problems = [*verify(entry, reporter), *_changed_values(entry, record)]
    agreeing, notes = [], []
    older = declared(entry, "older_readings") or {}
    names = [name for name in functions_of(entry) if name in entry.values and name not in record.found]
    scope = _without(entry, names)
    for name in names:
        stored, value = entry.values[name], _computed(scope, name)
        told = f"{name}: stored is {_shown(stored)}, the files give "
        if isinstance(value, AxsError):
            problems.append(f"{told}none: {value.message}")
        elif value == stored:
            agreeing.append(name)
        elif name in older and _computed(scope, older[name]) == stored:
            notes.append(f"{told}{_shown(value)}; an earlier version of axs read it so")
        else:
            problems.append(f"{told}{_shown(value)}")
    return Audited(tuple(agreeing), tuple(problems), tuple(notes))


def _without(entry: Entry, names: list[str]) -> Scope:
    """The entry's values without these: asked for, they are computed."""
    whole = entry_scope(entry)
    kept = {name: value for name, value in whole.values.items() if name not in names}
    return Scope(entry.name, kept, {**whole.builtins, "parameters": kept}, entry=entry, literal=True)


def _computed(scope: Scope, name: str) -> Any:
    """What a function gives, as it would be stored; the error where it refuses."""
    try:
        return json.loads(json.dumps(scope.get(name), default=str))
    except AxsError as error:
        return error


def _changed_values(entry: Entry, record: Record) -> Iterator[str]:
    """What was found while making it and what was asked for are stored as recorded."""
    for name, value in record.found.items():
        if value is not None and entry.values.get(name) != value:
            yield f"{name}: stored is {_shown(entry.values.get(name))}, the record has {_shown(value)}"
    for name, value in record.values.items():
        if name in entry.values and entry.values[name] != value:
            yield f"{name}: stored is {_shown(entry.values[name])}, the record has {_shown(value)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else f"{text[:196]} ..."
