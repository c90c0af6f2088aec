"""Needs that are made: what the plan shows is carried out, what was known later only is planned by now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from axs_core.base.errors import NotFound
from axs_core.entry import Entry, Need
from axs_core.index import Index
from axs_core.making.permission import allow_use
from axs_core.query import Query
from axs_core.resolver import Answers, Match, NeedValues, Step
from axs_core.store import Store


@dataclass(frozen=True)
class Made(Answers[Entry]):
    """The needs of ``found``: ``planned`` are the steps of its plan, ``given`` the entries that meet a need whatever it
    asks for. ``make`` answers a query, by its step where there is one.
    """

    index: Index
    store: Store
    found: Match
    planned: Sequence[tuple[str, Step]]
    given: Mapping[str, Sequence[Entry]]
    make: Callable[[Query, Step | None], Entry]

    def one(self, need: Need, query: Query) -> Entry:
        """By the step that the plan has for it."""
        text = str(query)
        step = next((step for name, step in self.planned if name == need.name and step.text == text), None)
        return self.make(query, step)

    def every(self, need: Need, query: Query) -> Iterator[Entry]:
        """All that are there by now: more than were planned, if others before this one have made some."""
        return (entry for entry in self.index.find(query) if self.store.use(entry.path))

    def meets(self, need: Need) -> list[Entry]:
        """What somebody gave."""
        return [used(self.store, entry) for entry in self.given.get(need.name, ())]

    def view(self, need: Need, answer: Entry) -> NeedValues:
        """Raises NotTrusted where it came from elsewhere and may not be used."""
        allow_use(self.found, need, [answer])
        return NeedValues(need.name, answer)


def used(store: Store, entry: Entry) -> Entry:
    """An entry that is depended on from now on. Raises NotFound where it was removed in this very moment."""
    if not store.use(entry.path):
        raise NotFound(f"{entry.name} was removed meanwhile")
    return entry
