"""Where in a ``meta.yaml`` a template stands that fails: its file, line and key, for the message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axs_core.base.errors import AxsError, EntryError, NoSuchName
from axs_core.entry.load import META
from axs_core.entry.model import Entry
from axs_core.entry.scope import Scope
from axs_core.entry.templates import is_template

Key = tuple["str | int", ...]


def rendered_at(value: Any, scope: Scope, entry: Entry, *key: str | int) -> Any:
    """``value``, which the entry or a parent has at ``key``, with its templates rendered in ``scope``.

    Raises EntryError with file, line and key for a template that names nothing or fails.
    """
    try:
        return scope.render(value)
    except (NoSuchName, EntryError):
        for inner, text in _templates(value, key):
            try:
                scope.render(text)
            except (NoSuchName, EntryError) as error:
                raise placed(error, entry, *inner) from None
        raise


def placed(error: AxsError, entry: Entry, *key: str | int) -> AxsError:
    """The error of a template that the entry or a parent has at ``key``, as a mistake of that ``meta.yaml``; any other
    error as it is.
    """
    if not isinstance(error, (NoSuchName, EntryError)) or (isinstance(error, EntryError) and error.file):
        return error
    holder = next((each for each in entry.lineage if _has(each.meta, key)), None)
    if holder is None:
        return error
    file = holder.path / META
    mistake = EntryError(error.message, file=file, line=_line(file, key), key=".".join(map(str, key)), hint=error.hint)
    mistake.needed_by = error.needed_by
    return mistake


def _templates(value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _templates(item, (*key, name))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _templates(item, (*key, number))
    elif is_template(value):
        yield key, value


def _has(data: Any, key: Key) -> bool:
    for part in key:
        try:
            data = data[part]
        except (LookupError, TypeError):
            return False
    return True


def _line(file: Path, key: Key) -> int | None:
    from axs_core.entry.validate import line_of

    try:
        return line_of(file.read_text(encoding="utf-8"), key)
    except OSError:
        return None
