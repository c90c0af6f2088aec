"""Does an entry meet a query's conditions? Its stored values count; no code is run."""

from __future__ import annotations

from typing import Any

from axs_core.base.errors import AxsError
from axs_core.entry import Entry, Scope
from axs_core.query import Condition, Query
from axs_core.query.values import value_at


def satisfies(entry: Entry, query: Query) -> bool:
    """Does an entry have the query's tags and meet its other conditions?"""
    if not query.tags <= entry.tags or query.negative_tags & entry.tags:
        return False
    return all(holds_for(entry, condition) for condition in query.named)


def holds_for(entry: Entry, condition: Condition) -> bool:
    """Does an entry's stored value meet one condition? ``machine`` is the machine on which it was made."""
    values = entry.values
    if entry.kind != "produced":  # what a person wrote may hold templates; its functions are not asked
        values = _rendered(entry, condition.key)
    if condition.key == "machine" and "machine" not in values:
        return condition.holds(entry.produced.get("machine"), entry.produced.get("machine") is not None)
    value = value_at(values, condition.key)
    return condition.holds(value, value is not None)


def _rendered(entry: Entry, key: str) -> dict[str, Any]:
    name = key if key in entry.values else key.partition(".")[0]
    try:
        return {name: Scope(entry.name, entry.values).get(name)}
    except AxsError:
        return {}
