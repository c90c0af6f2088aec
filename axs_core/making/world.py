"""The world as the resolver sees it: the index, this machine, and the user's files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axs_core.base import machine
from axs_core.base.digest import of_listing
from axs_core.base.errors import EntryError, NoSuchName, UsageError
from axs_core.base.paths import absolute
from axs_core.base.settings import Settings
from axs_core.entry import Entry, Record, entry_scope
from axs_core.entry.surroundings import Surroundings, surroundings
from axs_core.index import Index
from axs_core.plugins.producers import traits
from axs_core.query import Query


class WorkspaceWorld:
    """See :class:`axs_core.resolver.World`. ``settings`` are where this machine's name and the variables that
    recipes declare come from.
    """

    def __init__(self, index: Index, settings: Settings) -> None:
        self.index = index
        self.settings = settings
        self._faults: dict[str, str | None] = {}

    @property
    def machine(self) -> str:
        """This machine's name."""
        return machine.name(self.settings)

    def surroundings(self, recipe: Entry) -> Surroundings:
        """The environment variables that change what a recipe makes, as they are set here."""
        return surroundings(recipe.environment, self.settings.environ)

    def providers(self, tags: frozenset[str]) -> list[Entry]:
        """Recipes and static entries for exactly these tags."""
        return self.index.providers(tags)

    def by_key(self, key: str) -> list[Entry]:
        """Entries of that identity, the newest first."""
        return self.index.by_key(key)

    def find(self, query: Query) -> Iterator[Entry]:
        """Entries that satisfy every condition, one by one."""
        return self.index.find(query)

    def all_recipes(self) -> list[Entry]:
        """Everything that provides something."""
        return self.index.all_recipes()

    def errors(self) -> list[str]:
        """What is wrong with entries that cannot be read."""
        return self.index.errors()

    def words(self) -> tuple[list[str], list[str]]:
        """All known tags and names of attributes."""
        return self.index.words()

    def absolute(self, path: str) -> str:
        """As seen from the folder the user is in."""
        return str(absolute(path))

    def content(self, path: str, type: str) -> str:
        """Digest of a file's bytes, or of a folder's listing."""
        there, kind = Path(path), _kind_of(path)
        if kind != f"a {type}":
            told = f": it is {kind}" if kind else ""
            raise UsageError(f"there is no {type} {path}{told}", hint=None if kind else _beside(there))
        try:
            return self.index.digest_of(there) if type == "file" else of_listing(there)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None

    def parts(self, recipe: Entry, function: str, path: str) -> dict[str, str]:
        """Digests of the files that belong to ``path``, by path relative to its folder."""
        from axs_core.entry.functions import call, functions_of

        known = functions_of(recipe)
        if function not in known:
            raise EntryError(f"there is no function {function!r} in its code.py", file=recipe.path / "meta.yaml")
        relative: list[str] = call(known[function], _no_value, (path,))
        return {part: self.content(str(Path(path).parent / part), "file") for part in relative}

    def needed(self, entry: Entry) -> dict[str, set[str]]:
        """The names of the entries that it was made from, by need, as its record has them."""
        needed: dict[str, set[str]] = {}
        for met in Record.read(entry.path).needs:
            needed.setdefault(met.need, set()).add(met.entry)
        return needed

    def fault(self, entry: Entry) -> str | None:
        """Why a present entry does not work any more; asked once for each entry."""
        by = [name for name in entry.produced.get("by", ()) if traits(name).checked]
        if not by:
            return None
        if entry.name not in self._faults:
            from axs_core.producers import get as producer

            scope = entry_scope(entry)
            values = {name: scope.get(name) for name in scope.values}
            self._faults[entry.name] = next(
                (fault for name in by if (fault := producer(name).check(entry.path, values))), None
            )
        return self._faults[entry.name]


def _kind_of(path: str) -> str | None:
    """What lies there, whatever name is asked; None: nothing."""
    if os.path.isfile(path):  # noqa: PTH113
        return "a file"
    if os.path.isdir(path):  # noqa: PTH112
        return "a folder"
    if os.path.exists(path):  # noqa: PTH110
        return "something else"
    return "a link to nowhere" if os.path.lexists(path) else None


def _beside(path: Path) -> str | None:
    """What lies beside a path that is not there, if something has a similar name."""
    from axs_core.query.near import nearest

    try:
        near = nearest(path.name, [item.name for item in path.parent.iterdir()][:10_000])
    except (OSError, ValueError):
        return f"there is no folder {path.parent} either"
    return f"did you mean {path.parent / near[0]}?" if near else None


def _no_value(name: str) -> Any:
    raise NoSuchName(f"nothing but a path is known when files are named, no {name!r}", name=name)
