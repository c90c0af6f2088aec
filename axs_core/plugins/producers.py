"""The registry of producers: the shipped ones, and those that installed packages bring (``axs.producers``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axs_core.base.errors import AxsError, EntryError
from axs_core.plugins import installed
from axs_core.plugins.shipped import PLACES, TRAITS
from axs_core.plugins.traits import Traits

GROUP = "axs.producers"
UNKNOWN = Traits(brings="files")
"""Of one that is not installed here (any more): whose files it brought cannot be told, so they count as somebody's."""


def names() -> tuple[str, ...]:
    """All producers, the shipped ones first."""
    return (*PLACES, *sorted(set(installed.names(GROUP)) - set(PLACES)))


def traits(name: str) -> Traits:
    """What is known of the producer ``name``; :data:`UNKNOWN` where it is not here, or cannot be loaded."""
    if name in TRAITS:
        return TRAITS[name]
    try:
        return declared(name)
    except AxsError:
        return UNKNOWN


def declared(name: str) -> Traits:
    """The same; raises EntryError where there is no such producer, or where a package's cannot be loaded."""
    if name in PLACES:
        return TRAITS[name]
    found = getattr(code(name), "traits", None)
    if not isinstance(found, Traits):
        raise EntryError(f"the producer {name!r} declares no traits", key=f"make.{name}", hint="see docs/extending.md")
    return found


def code(name: str) -> Any:
    """The class (or whatever else makes one when called) of the producer ``name``. Raises EntryError with the nearest
    names for an unknown one.
    """
    if name in PLACES:
        return installed.load(PLACES[name])
    if name not in installed.names(GROUP):
        from axs_core.query.near import nearest

        known = names()
        near = nearest(name, known)
        hint = f"did you mean {' or '.join(near)}?" if near else None
        raise EntryError(f"there is no producer {name!r}; there are: {', '.join(known)}", key=f"make.{name}", hint=hint)
    try:
        return installed.loaded(GROUP, name)
    except AxsError as error:
        raise EntryError(error.message, key=f"make.{name}", hint=error.hint) from error


def bound(by: Iterable[Any]) -> list[str]:
    """Those of the producers ``by`` whose work is worth nothing elsewhere: an environment's paths, a tool of this
    machine, a bundle. Their versions stand in the records of what used them.
    """
    return sorted(name for name in set(map(str, by)) if traits(name).bound)


def may_not_apply(by: Iterable[str]) -> bool:
    """May one of these find that it does not serve here, so that another recipe is tried?"""
    return any(traits(name).may_not_apply for name in by)


def is_clone(by: Iterable[Any]) -> bool:
    """Did one of these make a clone of a git repository?"""
    return any(traits(str(name)).brings == "git" for name in by)
