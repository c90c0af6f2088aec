"""Twins: the accuracy run that belongs to a performance run.

Entries declare in an attribute ``twin`` what they are paired with::

    twin:
      among: [QUERY, ...]       entries that may be one
      value: NAME               what they must have to be of use
      same: [NAME, ...]         values that must agree (absent on both sides agrees)
      known: [NAME, ...]        values that must agree, and neither be absent nor "unknown"
      prefer: [NAME, ...]       among several, those that agree in these too, the first the most
      most: NAME                then the one with the largest value; then the newest

An entry that has the value itself is its own twin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from axs_core.compare.cells import OWN, declared, own_value
from axs_core.digest import canonical
from axs_core.entry import Entry
from axs_core.query import Query, parse


class Twins:
    """Finds twins among what exists now; ``find`` gives the entries that satisfy a query."""

    def __init__(self, find: Callable[[Query], Iterable[Entry]]) -> None:
        self._find = find
        self._groups: dict[str, dict[str, list[Entry]]] = {}
        self._last: tuple[Any, dict[str, list[Entry]]] = (None, {})

    def of(self, entry: Entry) -> Entry | None:
        """The twin of ``entry`` (it may be the entry itself); None where there is none, or nothing is declared."""
        values = entry.values
        rule = declared(entry, "twin")
        if not isinstance(rule, Mapping):
            return None
        if values.get(rule.get("value", "")) is not None:
            return entry
        signature = _signature(entry, values, rule)
        if signature is None:
            return None
        candidates = self._group(rule).get(signature, [])
        if len(candidates) == 1:
            return candidates[0]
        return max(candidates, key=lambda other: _rank(entry, other, rule), default=None)

    def _group(self, rule: Mapping[str, Any]) -> dict[str, list[Entry]]:
        if self._last[0] is rule:  # nearly always: they come from the same parent
            return self._last[1]
        name = canonical(dict(rule))
        if name not in self._groups:
            candidates = {other.path: other for text in rule["among"] for other in self._find(parse(text))}
            groups: dict[str, list[Entry]] = {}
            self._groups[name] = groups
            for other in candidates.values():
                values = other.values
                signature = _signature(other, values, rule)
                if signature is not None and values.get(rule["value"]) is not None:
                    groups.setdefault(signature, []).append(other)
        self._last = (rule, self._groups[name])
        return self._groups[name]


def _value(entry: Entry, values: Mapping[str, Any], name: str) -> Any:
    """A value; an empty list or mapping says as much as none."""
    found = own_value(entry, name) if name in OWN else values.get(name)
    return None if found in ([], {}) else found


def _signature(entry: Entry, values: Mapping[str, Any], rule: Mapping[str, Any]) -> str | None:
    """What must agree, as one text; None where something that must be known is not."""
    known = [_value(entry, values, name) for name in rule.get("known", ())]
    if any(value in (None, "unknown") for value in known):
        return None
    return repr((known, [_value(entry, values, name) for name in rule.get("same", ())]))


def _rank(entry: Entry, other: Entry, rule: Mapping[str, Any]) -> tuple[Any, ...]:
    own, its = entry.values, other.values
    preferred = (_value(entry, own, name) == _value(other, its, name) for name in rule.get("prefer", ()))
    most = its.get(rule.get("most", ""))
    return (*preferred, most if isinstance(most, (int, float)) else 0, str(other.produced.get("at", "")))
