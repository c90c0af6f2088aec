"""What a search found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

from axs_core.api.entry import WorkspaceEntry
from axs_core.base.errors import NotFound
from axs_core.entry import Entry
from axs_core.query import Query

if TYPE_CHECKING:
    from axs_core.making.session import Session


class Found(Sequence[WorkspaceEntry]):
    """What a search found, in order. Each entry is read when it is asked for: 100,000 of them take little room."""

    def __init__(self, session: Session, query: Query, paths: list[str] | None = None) -> None:
        self.session, self._query, self._part = session, query, paths

    @cached_property
    def _paths(self) -> list[str]:
        return self._part if self._part is not None else [str(entry.path) for entry in self._once()]

    def _once(self) -> Iterator[Entry]:
        return self.session.index.find(self._query)

    @staticmethod
    def entries_of(items: Sequence[WorkspaceEntry]) -> Iterator[Entry]:
        """The entries of some items, for one pass; each is read once."""
        return items.entries() if isinstance(items, Found) else (item.entry for item in items)

    def entries(self) -> Iterator[Entry]:
        """The entries themselves, read once, for one pass over all of them."""
        return self._once() if self._part is None else (item.entry for item in self)

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, place: int) -> WorkspaceEntry: ...

    @overload
    def __getitem__(self, place: slice) -> Found: ...

    def __getitem__(self, place: int | slice) -> WorkspaceEntry | Found:
        if isinstance(place, slice):
            return Found(self.session, self._query, self._paths[place])
        entry = self.session.index.at_path(self._paths[place])
        if entry is None:
            raise NotFound(f"{self._paths[place]} was removed meanwhile")
        return WorkspaceEntry(self.session, entry)

    def __repr__(self) -> str:
        return f"<{len(self)} entries>"
