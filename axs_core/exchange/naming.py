"""What a word may stand for: an entry by its names, a collection, or what satisfies a query."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from axs_core.base.errors import NotFound
from axs_core.entry import Entry
from axs_core.index import Index
from axs_core.query import parse


def by_name(index: Index, name: str) -> Entry:
    """The entry of this name: that of its folder, one that a person gave it, or of a clone that of its repository.

    Raises NotFound with the nearest names, UsageError where several clones are called so.
    """
    try:
        return index.by_name(name)
    except NotFound:
        from axs_core.exchange.collections import called, clone_called  # a name that is a folder's does without

        found = next(iter(called(index, name)), None) or clone_called(index, name)
        if found is None:
            raise
        return found


def by_words(index: Index, words: Sequence[str]) -> list[Entry]:
    """Made entries by name; any other word is a query. Raises NotFound for what is neither."""
    found: dict[Path, Entry] = {}
    for word in words:
        try:
            named = [by_name(index, word)]
        except NotFound:
            named = []
        if not named or named[0].kind != "produced":  # a recipe may be called like the tag of what it makes
            named = list(index.find(parse(word))) or named
        if not named:
            message = f"there is no entry named {word!r}, nor one that satisfies it as a query"
            raise NotFound(message, hint="axs list shows all entries")
        found.update((entry.path, entry) for entry in named)
    return list(found.values())


def for_archive(index: Index, what: str | Sequence[str] | None) -> list[Entry]:
    """What is in a collection, what satisfies a query, or (None) all that was made in the work collection."""
    from axs_core.exchange.collections import entries_in, find_collection

    if what is None:
        made, root = index.all_produced(), index.work_collection
        return [entry for entry in made if entry.path.is_relative_to(root) and entry.origin is None]
    named = find_collection(index, what) if isinstance(what, str) else None
    return entries_in(index, named) if named is not None else list(index.find(parse(what)))
