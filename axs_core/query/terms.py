"""A whole query: conditions that must all hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from axs_core.base.value import Value
from axs_core.query.condition import Condition
from axs_core.query.lexical import QuerySyntaxError
from axs_core.query.values import equal


class Query(Value):
    """What is asked for; :func:`axs_core.query.parse` makes one from text. Printed, it is in its canonical form.

    >>> query = Query((Condition("=", "opset", "11"), Condition("tag", "model"), Condition("-tag", "int8")))
    >>> str(query), sorted(query.tags), sorted(query.negative_tags)
    ('model,-int8,opset=11', ['model'], ['int8'])
    >>> str(query.without("opset").with_conditions(Condition("+", "quantized")))
    'model,-int8,quantized+'
    """

    conditions: tuple[Condition, ...]

    @property
    def tags(self) -> frozenset[str]:
        """The tags that are asked for."""
        return frozenset(condition.key for condition in self.conditions if condition.op == "tag")

    @property
    def negative_tags(self) -> frozenset[str]:
        """The tags that an answer must not have."""
        return frozenset(condition.key for condition in self.conditions if condition.op == "-tag")

    @property
    def named(self) -> tuple[Condition, ...]:
        """The conditions on named values, in the order written."""
        return tuple(condition for condition in self.conditions if not condition.is_tag())

    def keys(self) -> tuple[str, ...]:
        """The names it speaks of, each once, in the order written."""
        return tuple(dict.fromkeys(condition.key for condition in self.named))

    def get(self, key: str) -> tuple[Condition, ...]:
        """All conditions on the value named ``key``."""
        return tuple(condition for condition in self.named if condition.key == key)

    def canonical(self) -> Query:
        """The same query in its one order: tags, excluded tags, then by name, operator and value; nothing twice."""
        return Query(tuple(sorted(_unique(c.canonical() for c in self.conditions), key=_rank)))

    def with_conditions(self, *conditions: Condition) -> Query:
        """The query with more conditions; raises QuerySyntaxError where one contradicts another."""
        return Query(_unique([*self.conditions, *conditions])).checked()

    def without(self, *keys: str) -> Query:
        """The query without what it says on these names; tags stay."""
        return Query(tuple(c for c in self.conditions if c.is_tag() or c.key not in keys))

    def map_values(self, f: Callable[[Condition], Condition | None]) -> Query:
        """The query with ``f`` applied to each condition; where it returns None, the condition is left out."""
        return Query(_unique(mapped for mapped in map(f, self.conditions) if mapped is not None))

    def checked(self) -> Query:
        """The query itself; raises QuerySyntaxError if two of its conditions contradict each other."""
        check_contradictions(self.conditions)
        return self

    def __str__(self) -> str:
        return ",".join(str(condition) for condition in self.canonical().conditions)


def check_contradictions(
    conditions: Sequence[Condition], text: str | None = None, spans: Sequence[tuple[int, int]] = ()
) -> None:
    """Raise QuerySyntaxError if one name is given two values, or a tag is both asked for and excluded.

    ``spans`` say where in ``text`` each condition stands; without a text, the printed conditions are shown.
    """
    for (i, first), (j, second) in combinations(enumerate(conditions), 2):
        problem = _contradiction(first, second)
        if problem:
            if text is None:
                text, spans = _printed(conditions)
            raise QuerySyntaxError(problem, text, [spans[i], spans[j]], hint=f"keep one of {first} and {second}")


def _contradiction(first: Condition, second: Condition) -> str | None:
    if first.key != second.key or first.is_tag() is not second.is_tag():
        return None
    if first.is_tag():
        return None if first.op == second.op else f"the tag {first.key} is both asked for and excluded"
    # A default beside a value is no contradiction, and what templates will say is not known yet.
    comparable = first.sets() and second.sets() and (first.op == "?=") is (second.op == "?=")
    if not comparable or "{{" in f"{first.value}{second.value}":
        return None
    a, b = first.typed_value(), second.typed_value()
    return None if a == b or equal(a, b, quoted=True) else f"{first.key} is given two different values"


def _printed(conditions: Sequence[Condition]) -> tuple[str, list[tuple[int, int]]]:
    spans, position = [], 0
    printed = [str(condition) for condition in conditions]
    for piece in printed:
        spans.append((position, position + len(piece)))
        position += len(piece) + 1
    return ",".join(printed), spans


def _unique(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Each condition once; a value that was rendered need not be hashable, so the printed form is what counts."""
    unique: dict[tuple[str, str], Condition] = {}
    for condition in conditions:
        unique.setdefault((condition.op, str(condition)), condition)
    return tuple(unique.values())


def _rank(condition: Condition) -> tuple[int, str, str, str]:
    order = {"tag": 0, "-tag": 1}.get(condition.op, 2)
    return (order, condition.key, condition.op, str(condition))
