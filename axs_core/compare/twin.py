"""Twins: the entry that tells of another one what that did not measure itself.

Entries declare in an attribute ``twin`` what they are paired with::

    twin:
      among: [QUERY, ...]       entries that may be one
      value: NAME               what they must have to be of use
      known: [NAME, ...]        values that must agree; one that is absent, null or "unknown" agrees with nothing
      marked: NAME              a mapping of values that may differ, which is told then
      prefer: [NAME, ...]       among several: the fewest that differ, then those that agree in these, the first the
                                most
      most: NAME                then the one with the largest value; then the newest
      unknown: TEXT             what is said where there is none
      ask: TEXT                 how to get one

An entry that has the value itself is its own twin. All of these may be functions of stored values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from axs_core.base.digest import canonical
from axs_core.base.errors import NotFound
from axs_core.compare.cells import Cells, Row, declared
from axs_core.entry import Entry
from axs_core.making.session import Session
from axs_core.query import Query, parse


@dataclass(frozen=True)
class Twin:
    """The twin of an entry; ``differs``: the twin's own values of what is marked, where they are not the entry's."""

    entry: Entry
    differs: Mapping[str, Any]

    def get(self, path: str, row: Row) -> Any:
        """A value of the twin, whose row that is; its name with what is different: ``NAME (batch 32, threads 2)``."""
        if path != "name" or not self.differs:
            return row.get(path)
        told = (f"{name} {'unknown' if value is None else value}" for name, value in self.differs.items())
        return f"{self.entry.name} ({', '.join(told)})"


@dataclass(frozen=True)
class Candidate:
    """An entry as far as a rule looks at it."""

    entry: Entry
    signature: str | None
    marked: Mapping[str, Any]
    preferred: tuple[Any, ...]
    size: float

    @staticmethod
    def of(row: Row, rule: Mapping[str, Any]) -> Candidate:
        """Look at an entry; its signature is what must agree, as one text, None where something of it is not known."""
        known = [row.get(name) for name in rule.get("known", ())]
        most = row.values.get(rule.get("most", ""))
        return Candidate(
            row.entry,
            None if any(value in (None, "unknown") for value in known) else repr(known),
            row.get(rule.get("marked", "")) or {},
            tuple(row.get(name) for name in rule.get("prefer", ())),
            most if isinstance(most, (int, float)) else 0,
        )

    def differing(self, other: Candidate) -> dict[str, Any]:
        """What is marked and not the same: the other's values."""
        return {name: value for name, value in other.marked.items() if value != self.marked.get(name)}

    def rank(self, other: Candidate) -> tuple[Any, ...]:
        """How well another one fits, to be compared."""
        preferred = (mine == its for mine, its in zip(self.preferred, other.preferred, strict=True))
        return (-len(self.differing(other)), *preferred, other.size, str(other.entry.produced.get("at", "")))


def twin_of(session: Session, entry: Entry) -> Entry | None:
    """The twin of ``entry`` (it may be the entry itself), None where that is not known. A note says in what it
    differs.
    """
    found = Twins(session.index.find).of(entry)
    if found is None:
        return None
    if found.differs:
        told = ", ".join(f"{name} {value}" for name, value in found.differs.items())
        session.reporter.note(f"{found.entry.name} was run with another {told}")
    return found.entry


class Twins:
    """Finds twins among what exists now; ``find`` gives the entries that satisfy a query."""

    def __init__(self, find: Callable[[Query], Iterable[Entry]]) -> None:
        self._find = find
        self._cells = Cells()
        self._groups: dict[str, dict[str, list[Candidate]]] = {}
        self._last: tuple[Any, dict[str, list[Candidate]]] = (None, {})

    def of(self, entry: Entry) -> Twin | None:
        """The twin of ``entry`` (it may be the entry itself); None where there is none, or nothing is declared."""
        rule = declared(entry, "twin")
        if not isinstance(rule, Mapping):
            return None
        row = self._cells.of(entry)
        if row.values.get(rule.get("value", "")) is not None:
            return Twin(entry, {})
        own = Candidate.of(row, rule)
        candidates = self._group(rule).get(own.signature, []) if own.signature is not None else []
        best = max(candidates, key=own.rank, default=None)
        return None if best is None else Twin(best.entry, own.differing(best))

    def _group(self, rule: Mapping[str, Any]) -> dict[str, list[Candidate]]:
        if self._last[0] is rule:  # nearly always: they come from the same parent
            return self._last[1]
        name = canonical(dict(rule))
        if name not in self._groups:
            entries = {other.path: other for text in rule["among"] for other in self._find(parse(text))}
            groups: dict[str, list[Candidate]] = {}
            self._groups[name] = groups
            for row in map(self._cells.of, entries.values()):
                found = Candidate.of(row, rule)
                if found.signature is not None and row.values.get(rule["value"]) is not None:
                    groups.setdefault(found.signature, []).append(found)
        self._last = (rule, self._groups[name])
        return self._groups[name]


def no_twin(entry: Entry) -> NotFound:
    """The error for an entry that has none, in the words that are declared for that."""
    said = declared(entry, "twin")
    rule = said if isinstance(said, Mapping) else {}
    return NotFound(f"{entry.name}: {rule.get('unknown', 'it is paired with no other entry')}", hint=rule.get("ask"))
