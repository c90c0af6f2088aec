"""What the index keeps of an entry beside its row, and how a query's conditions are looked up in it.

A value is kept as SQLite orders it: numbers before all texts, so that ``value >= 90`` leaves out smaller numbers only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from axs_core.base.value import Value
from axs_core.entry import Entry
from axs_core.query import Condition, Query
from axs_core.query.values import read_number, read_truth, text_of

LONGEST = 64
"""Characters of a text that are kept for a search."""
Row = tuple[Any, ...]


def signature(tags: Iterable[str]) -> str:
    """A set of tags as one text, for an exact look-up."""
    return ",".join(sorted(tags))


def details(entry: Entry) -> dict[str, list[Row]]:
    """What the tables ``tag``, ``provides`` and ``attribute`` hold of an entry, without the id of its row."""
    attributes = entry.attributes.items() if entry.kind == "produced" else ()
    return {
        "tag": [(tag,) for tag in entry.tags],
        "provides": [(each,) for each in {signature(item.tags) for item in entry.alternatives}],
        "attribute": [(key, kept(value)) for key, value in attributes if value is not None],
    }


def kept(value: Any) -> float | str:
    """A value as the index keeps it: a number, or the beginning of a text; lists and mappings as an empty text."""
    if isinstance(value, (dict, list, tuple)):
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and (number := as_float(value)) is not None:
        return number
    return text_of(value)[:LONGEST]


def as_float(value: Any) -> float | None:
    """A value as a number, where it is or spells out one that is not too large for that."""
    number = read_number(value)
    try:
        return None if number is None else float(number)
    except OverflowError:
        return None


class Term(Value):
    """A condition as SQL. ``ids`` selects the ids of all entries that may meet it; ``test``, where there is one, says
    it of one row of ``entry`` at the cost of a look-up.
    """

    ids: str
    arguments: tuple[Any, ...]
    test: str | None


BY_HAND = "SELECT id FROM entry WHERE kind = 'static' AND kind IN ('static', 'recipe')"
"""Entries that a person wrote: their values may hold templates, they stay in whatever is asked."""


def _tag(tag: str) -> Term:
    ids = "SELECT entry FROM tag WHERE tag = ?"
    return Term(ids, (tag,), f"EXISTS ({ids} AND entry = entry.id)")


def _named(condition: Condition) -> Term | None:
    """The term of a condition on a value; None for one that the index cannot narrow down."""
    ids = "SELECT entry FROM attribute WHERE key = ?"
    if condition.key == "machine":
        return None
    if "." in condition.key:
        return _member(condition)
    if condition.op == ".":
        return _or_by_hand(ids, (condition.key,), probe=False)
    number = as_float(condition.value)
    if condition.op in (">", ">=", "<", "<=") and number is not None:
        bound = "value >= ?" if condition.op in (">", ">=") else "(value <= ? OR value >= '')"
        return _or_by_hand(f"{ids} AND {bound}", (condition.key, number), probe=False)
    if condition.op in ("=", "==", "===") and isinstance(condition.value, str):
        values = _spellings(condition.value, number)
        places = ", ".join("?" * len(values))
        return _or_by_hand(f"{ids} AND value IN ({places})", (condition.key, *values), probe=True)
    return None


def _member(condition: Condition) -> Term | None:
    """Of what a list or mapping holds the index knows nothing: whoever has one of that name stays in."""
    if condition.holds(None, present=False):
        return None
    ids = "SELECT entry FROM attribute WHERE (key = ? OR key = ? AND value = '')"
    return _or_by_hand(ids, (condition.key, condition.key.partition(".")[0]), probe=False)


def _or_by_hand(ids: str, arguments: tuple[Any, ...], probe: bool) -> Term:
    test = f"(kind = 'static' OR EXISTS ({ids} AND entry = entry.id))" if probe else None
    return Term(f"{ids} UNION ALL {BY_HAND}", arguments, test)


def _spellings(text: str, number: float | None) -> list[Any]:
    """All that :func:`kept` may have made of a value that equals ``text`` (and of some more)."""
    found: list[Any] = [text[:LONGEST]]
    if number is not None:
        found += [number, str(number)]
        found += [str(int(number))[:LONGEST]] if number == int(number) else []
    if (truth := read_truth(text)) is not None:
        found.append(text_of(truth))
    return list(dict.fromkeys(found))


def candidates(database: sqlite3.Connection, query: Query) -> tuple[str, tuple[Any, ...]]:
    """A condition on ``entry`` that leaves few rows over, with its arguments; whether they really satisfy the query is
    for the caller to see. The cost follows the condition that the fewest entries meet.
    """
    terms = [_tag(tag) for tag in sorted(query.tags)]
    terms += [term for condition in query.named if (term := _named(condition)) is not None]
    if not terms:
        return "kind IN ('produced', 'static')", ()
    rarest = _rarest(database, terms)
    tests = [term for term in terms if term is not rarest and term.test is not None]
    sql = " AND ".join(["kind IN ('produced', 'static')", f"id IN ({rarest.ids})", *(str(term.test) for term in tests)])
    return sql, rarest.arguments + tuple(argument for term in tests for argument in term.arguments)


def _rarest(database: sqlite3.Connection, terms: list[Term]) -> Term:
    """The term that the fewest entries meet. Counting goes on only while all have more."""
    limit = 100
    while len(terms) > 1:
        counts = [
            database.execute(f"SELECT count(*) FROM (SELECT 1 FROM ({term.ids}) LIMIT {limit})", term.arguments)
            for term in terms
        ]
        numbers = [int(count.fetchone()[0]) for count in counts]
        if min(numbers) < limit:
            return terms[numbers.index(min(numbers))]
        limit *= 10
    return terms[0]
