"""The needs of one recipe, whatever is done for them: their order, their queries, and what templates see of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from axs_core.base.errors import AxsError, EntryError, NotTrusted
from axs_core.base.value import Value
from axs_core.entry import Need, Scope, placed
from axs_core.query import Condition, Query, parse
from axs_core.resolver.match import Match
from axs_core.resolver.plan import KnownLater
from axs_core.resolver.scopes import recipe_scope

T = TypeVar("T")


class Answers(ABC, Generic[T]):
    """What is done for needs: they are planned, made, or looked into. ``T`` is what answers a query then."""

    @abstractmethod
    def one(self, need: Need, query: Query) -> T:
        """What answers ``query``."""

    @abstractmethod
    def every(self, need: Need, query: Query) -> Iterable[T]:
        """All that is there and satisfies ``query``, of a need with ``all``."""

    @abstractmethod
    def view(self, need: Need, answer: T) -> Any:
        """The answer as templates see it."""

    def meets(self, need: Need) -> Sequence[T]:
        """What meets the need whatever its queries are; empty: what answers them."""
        return ()

    def later(self, need: Need, why: KnownLater | NotTrusted) -> T:
        """What stands for a need whose queries cannot be told yet. Raises ``why`` where that is an error."""
        raise why


class Needs(Generic[T], Value):
    """What met the needs of a recipe: ``answers`` with the need's name, in order; ``values`` as templates see them, by
    name: a list for ``all`` and ``each``, None for what ``when`` leaves out.
    """

    answers: tuple[tuple[str, T], ...]
    values: Mapping[str, Any]


def meet(found: Match, answers: Answers[T]) -> Needs[T]:
    """Have every need of a recipe met, one after the other; the query of each sees those before it.

    Raises what ``answers`` raises, with the recipe's query in front of the chain of what needed it.
    """
    met: list[tuple[str, T]] = []
    values: dict[str, Any] = {}
    for need in found.recipe.needs.values():
        several = need.several
        try:
            queries = need_queries(found, need, recipe_scope(found, values))
            answered = [] if queries is None else _answered(found, need, queries, answers)
        except (KnownLater, NotTrusted) as why:
            answered, queries, several = [answers.later(need, why)], [], False
        met += [(need.name, answer) for answer in answered]
        views = [answers.view(need, answer) for answer in answered]
        values[need.name] = views if several and queries is not None else next(iter(views), None)
    return Needs(tuple(met), values)


def _answered(found: Match, need: Need, queries: Sequence[Query], answers: Answers[T]) -> list[T]:
    try:
        if given := answers.meets(need):
            return list(given)
        if need.all:
            return [answer for query in queries for answer in answers.every(need, query)]
        return [answers.one(need, query) for query in queries]
    except AxsError as error:
        raise error.needed_for(str(found.query)) from None


def need_queries(found: Match, need: Need, scope: Scope) -> list[Query] | None:
    """The queries of a need: one, or with ``each`` one for each item; None where ``when`` says that it is not needed.

    Raises KnownLater while a value is not known yet.
    """
    if need.when is not None and not scope.render(need.when):
        return None
    if need.each is None:
        return [_need_query(found, need, scope)]
    items = scope.render(need.each)
    if not isinstance(items, list):
        raise EntryError(
            f"each must give a list, not {items!r}",
            file=found.recipe.path / "meta.yaml",
            key=f"needs.{need.name}.each",
        )
    return [_need_query(found, need, scope.within({"item": item})) for item in items]


def _need_query(found: Match, need: Need, scope: Scope) -> Query:
    try:
        query = parse(need.query).map_values(lambda condition: condition.rendered(scope.render))
    except KnownLater:
        raise
    except AxsError as error:
        mistake = placed(error, found.recipe, "needs", need.name)
        raise mistake.needed_for(f"the need {need.name!r} of {found.recipe.name}") from None
    said = query.keys()
    return query.with_conditions(*(c for c in _forwarded(found, need) if c.key not in said))


def _forwarded(found: Match, need: Need) -> list[Condition]:
    """What a need's query is given of the recipe's own: the values that were said, and the restrictions on values
    that were not.
    """
    conditions: list[Condition] = []
    for name in need.forward:
        value = found.values.get(name)
        if name in found.said and value is not None:
            conditions.append(
                Condition(":=", name, tuple(value), True)
                if isinstance(value, list)
                else Condition("=", name, value, isinstance(value, str))
            )
        elif value is None:
            conditions += [condition for condition in found.query.get(name) if not condition.sets()]
    return conditions
