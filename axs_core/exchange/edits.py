"""``edit``: what a person says of an entry after it was made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypedDict

from axs_core.base.errors import NotFound, UsageError
from axs_core.entry import META, Entry, Record
from axs_core.exchange.collections import GIVEN, called, change_meta
from axs_core.index import Index
from axs_core.making.session import Session
from axs_core.upkeep.ownership import is_collection, made_here

if TYPE_CHECKING:
    from typing_extensions import Unpack

_TAG = re.compile(r"\w(?:[\w./@+-]*\w)?(?:\+\+)?")


class Changes(TypedDict, total=False):
    """What can be changed; what is None stays. An empty ``name`` or ``note`` takes it away; ``tags`` stand beside those
    of the recipe, in the place of others that a person gave; of collections that with the higher ``priority`` is asked
    first.
    """

    name: str | None
    note: str | None
    tags: Sequence[str] | None
    priority: float | None


def edit(session: Session, entry: Entry, **changes: Unpack[Changes]) -> None:
    """Give an entry a name, a note, tags of one's own (those of its recipe stay), or a collection its priority.

    Raises UsageError for a name or tag that cannot be used, or that something else has, and for what was not made here.
    """
    for key in changes.keys() - Changes.__annotations__.keys():
        raise TypeError(f"edit() got an unexpected keyword argument {key!r}")
    store, index = session.store, session.index
    if entry.origin is not None:
        raise UsageError(f"{entry.name} came from elsewhere, and stays as it came")
    if entry.kind != "produced" or not made_here(entry.path) or not entry.path.is_relative_to(store.root):
        raise UsageError(f"{entry.name} was not made by axs in the work collection", hint=f"edit {entry.path / META}")
    said: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
    if "name" in said:
        said["name"] = _free_name(index, entry, said["name"])
    if "priority" in said and not is_collection(entry):
        raise UsageError(f"{entry.name} is no collection; only collections have a priority")
    tags = said.pop("tags", None)
    change_meta(store, index, entry, said, None if tags is None else _tags(entry, tags))


def _free_name(index: Index, entry: Entry, name: str) -> str:
    """A name that nothing else goes by; empty text takes the name away."""
    if name == "":
        return name
    if not GIVEN.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a name", hint="letters, digits and _ . + -")
    others = [other.name for other in called(index, name) if other.path != entry.path]
    with suppress(NotFound):
        others.append(index.by_name(name).name)
    if others:
        raise UsageError(f"{others[0]} goes by the name {name!r} already")
    return name


def _tags(entry: Entry, tags: Sequence[str]) -> list[str]:
    """The recipe's tags and a person's own, sorted."""
    given = list(Record.read(entry.path).tags or sorted(entry.tags))
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise UsageError(f"{tag!r} cannot be a tag", hint="letters and digits; _ . / @ + - inside")
        if tag == "collection" and tag not in given:
            raise UsageError("the tag 'collection' makes a collection of an entry", hint="byquery collection,...")
    return sorted({*given, *tags})
