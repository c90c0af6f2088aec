"""The query language: what a query says, how it is written, and what satisfies it.

    >>> query = parse("fruit, colour=red, weight>=8")
    >>> sorted(query.tags), query.keys()
    (['fruit'], ('colour', 'weight'))
    >>> str(query)
    'fruit,colour=red,weight>=8'
    >>> [condition.holds(11) for condition in query.get("weight")]
    [True]

The grammar stands in :mod:`axs_core.query.parser`.
"""

from __future__ import annotations

from axs_core.query.condition import Condition
from axs_core.query.lexical import QuerySyntaxError
from axs_core.query.parser import parse
from axs_core.query.terms import Query

__all__ = ["Condition", "Query", "QuerySyntaxError", "parse"]
