"""The world as the resolver asks it: what exists, this machine, the user's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from axs_core.entry import Entry
from axs_core.entry.surroundings import Surroundings
from axs_core.query import Query


class World(Protocol):
    """What the resolver asks of the world. It never touches disk or process itself."""

    @property
    def machine(self) -> str:
        """This machine's name."""
        ...

    def surroundings(self, recipe: Entry) -> Surroundings:
        """The environment variables that change what a recipe makes, as they are set here."""
        ...

    def providers(self, tags: frozenset[str]) -> list[Entry]:
        """Recipes and static entries with an alternative of exactly these tags, in the collections' order."""
        ...

    def by_key(self, key: str) -> list[Entry]:
        """Entries of that identity, the newest first."""
        ...

    def find(self, query: Query) -> Iterable[Entry]:
        """Entries that satisfy every condition, one by one: there may be many."""
        ...

    def absolute(self, path: str) -> str:
        """``path`` as seen from where the user is."""
        ...

    def content(self, path: str, type: str) -> str:
        """Digest of a file's bytes or of a folder's listing; raises UsageError when there is none."""
        ...

    def parts(self, recipe: Entry, function: str, path: str) -> Mapping[str, str]:
        """Digests of the files beside ``path`` that belong to it, by relative path, as the recipe's function tells."""
        ...

    def needed(self, entry: Entry) -> Mapping[str, set[str]]:
        """The names of the entries that it was made from, by need."""
        ...

    def fault(self, entry: Entry) -> str | None:
        """Why a present entry does not work any more, or None."""
        ...
