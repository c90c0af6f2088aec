"""Audit: are an entry's figures the ones that its raw files give?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from axs_core.entry import Entry, Scope, entry_scope, read_record
from axs_core.entry.functions import functions_of
from axs_core.errors import AxsError, UsageError
from axs_core.reporter import Reporter
from axs_core.upkeep.verify import verify


@dataclass(frozen=True)
class Audited:
    """``agreeing`` are figures that were computed again and are the stored ones; ``problems`` are sentences."""

    agreeing: tuple[str, ...]
    problems: tuple[str, ...]


def audit(entry: Entry, reporter: Reporter) -> Audited:
    """Compute again what functions computed from the entry's files, and compare files and values with the record.

    Raises UsageError for what was not made by axs.
    """
    record = read_record(entry)
    if not record:
        raise UsageError(f"{entry.name} was not made by axs: there is no record to compare it with")
    problems = [*verify(entry, reporter), *_changed_values(entry, record)]
    agreeing = []
    names = [name for name in functions_of(entry) if name in entry.values and name not in record.get("found", {})]
    scope = _without(entry, names)
    for name in names:
        problem = _recomputed(entry, scope, name)
        if problem is None:
            agreeing.append(name)
        else:
            problems.append(problem)
    return Audited(tuple(agreeing), tuple(problems))


def _without(entry: Entry, names: list[str]) -> Scope:
    """The entry's values without these: asked for, they are computed."""
    whole = entry_scope(entry)
    kept = {name: value for name, value in whole.values.items() if name not in names}
    return Scope(entry.name, kept, {**whole.builtins, "parameters": kept}, entry=entry, literal=True)


def _recomputed(entry: Entry, scope: Scope, name: str) -> str | None:
    """What is wrong with one figure."""
    stored = entry.values[name]
    try:
        value = json.loads(json.dumps(scope.get(name), default=str))
    except AxsError as error:
        return f"{name}: stored is {_shown(stored)}, the files give none: {error.message}"
    return None if value == stored else f"{name}: stored is {_shown(stored)}, the files give {_shown(value)}"


def _changed_values(entry: Entry, record: dict[str, Any]) -> Iterator[str]:
    """What was found while making it and what was asked for are stored as recorded."""
    for name, value in record.get("found", {}).items():
        if value is not None and entry.values.get(name) != value:
            yield f"{name}: stored is {_shown(entry.values.get(name))}, the record has {_shown(value)}"
    for name, item in record.get("parameters", {}).items():
        if name in entry.values and entry.values[name] != item["value"]:
            yield f"{name}: stored is {_shown(entry.values[name])}, the record has {_shown(item['value'])}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else f"{text[:196]} ..."
