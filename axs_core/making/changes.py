"""Whether the recipes that something was made by have changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from axs_core.base.errors import AxsError
from axs_core.base.value import Value
from axs_core.entry import Entry
from axs_core.entry.record import Making, Record, RecordedNeed
from axs_core.store.content import digest_of, stamp_of


class Changed(Value):
    """Names of recipes whose files are not those that something was made with: ``own`` ones (with what it used of
    hand-written needs), and those of made ``needs`` and needs of needs.
    """

    own: tuple[str, ...]
    needs: tuple[str, ...]

    def __str__(self) -> str:
        """What to tell, and what to type; empty where nothing changed."""
        how = "--fresh=all makes it and its needs again" if self.needs else "--fresh makes it again"
        names = ", ".join((*self.own, *self.needs))
        return f"{names} changed since; {how}" if names else ""


def changed_since(record: Record, locate: Callable[[str], Entry]) -> Changed:
    """Which recipes behind a record have changed; ``locate(name)`` gives an entry or raises AxsError."""
    now_there = _Recipes(locate)
    own = {name for name, then in record.recipes.items() if now_there.differs(name, then)}
    behind = {name for name, then in _recipes_of_needs(record, locate) if now_there.differs(name, then)}
    return Changed(tuple(sorted(own)), tuple(sorted(behind - own)))


def _recipes_of_needs(made: Making, locate: Callable[[str], Entry]) -> Iterator[tuple[str, dict[str, str]]]:
    """The recipes of made needs, of their needs and so on: name, digest, and stamp where that is known."""
    for need in made.needs:
        stamps = need.stamps or _stamps_of(need, locate)
        for name, digest in need.recipes.items():
            yield name, {"digest": digest, "stamp": stamps.get(name, "")}
        yield from _recipes_of_needs(need, locate)


def _stamps_of(need: RecordedNeed, locate: Callable[[str], Entry]) -> dict[str, str]:
    """The stamps that its own record has, where it is there still: older records of what needed it have none."""
    if not need.recipes:
        return {}
    try:
        kept = Record.read(locate(need.entry).path).recipes
    except AxsError:
        return {}
    return {name: then["stamp"] for name, then in kept.items() if then["digest"] == need.recipes.get(name)}


class _Recipes:
    """Recipes as they are now; each folder is looked at once."""

    def __init__(self, locate: Callable[[str], Entry]) -> None:
        self._locate = locate
        self._folders: dict[str, Path | None] = {}
        self._stamps: dict[str, str] = {}
        self._digests: dict[str, str] = {}

    def differs(self, name: str, then: Mapping[str, str]) -> bool:
        """Has it other files than then? Not where it is not here."""
        folder = self._folder(name)
        if folder is None:
            return False
        if name not in self._stamps:
            self._stamps[name] = stamp_of(folder)
        if self._stamps[name] == then["stamp"]:
            return False
        if name not in self._digests:
            self._digests[name] = digest_of(folder)
        return self._digests[name] != then["digest"]

    def _folder(self, name: str) -> Path | None:
        if name not in self._folders:
            try:
                self._folders[name] = self._locate(name).path
            except AxsError:
                self._folders[name] = None
        return self._folders[name]
