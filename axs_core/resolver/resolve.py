"""From a query to what answers it: pure, it speaks to the world through :class:`World` only."""

from __future__ import annotations

from typing import Any

from axs_core.base.errors import AxsError, EntryError, NotFound, NotTrusted, UsageError
from axs_core.base.value import replace
from axs_core.entry import Entry, Need, Scope, placed
from axs_core.index import holds_for
from axs_core.query import Condition, Query, parse
from axs_core.resolver.match import Match, Mismatch, World, match
from axs_core.resolver.plan import Answer, Fresh, KnownLater, Step, prospect
from axs_core.resolver.scopes import producers_of, recipe_scope

DEEPEST = 30
"""How many levels needs of needs may have; a recipe may need itself with another value, but not for ever."""
NEAR = 3
"""How many near misses an error shows."""


class Resolver:
    """Answers 'which recipe', 'which entry', 'what first' for queries."""

    def __init__(self, world: World) -> None:
        self.world = world

    def matches(self, query: Query) -> list[Match]:
        """The recipes that provide the query, in the order in which they are tried; empty if none does.

        Raises UsageError when only a value was bad, and for a tie that nothing decides.
        """
        found: list[Match] = []
        missed: list[Mismatch] = []
        for recipe in self.world.providers(query.tags):
            best: list[Match] = []
            for alternative in recipe.alternatives:
                if alternative.tags == query.tags:
                    outcome = match(self.world, recipe, alternative, query)
                    best.append(outcome) if isinstance(outcome, Match) else missed.append(outcome)
            if best:
                found.append(max(best, key=lambda item: item.alternative.specificity))
        found.sort(key=_rank)
        if not found:
            bad = [item for item in missed if item.error is not None]
            if bad and bad[0].error is not None:
                raise bad[0].error.needed_for(str(query))
        _refuse_tie(query, found)
        return found

    def present(self, found: Match) -> Entry | None:
        """The entry that answers already: of this identity, on this machine where that counts, meeting every
        condition; the newest.
        """
        entries = [
            entry
            for entry in self.world.by_key(found.key)
            if self._right_machine(found, entry)
            and all(holds_for(entry, condition) for condition in found.restrictions)
            and self._same_lists(found, entry)
        ]
        return next((entry for entry in entries if self.world.fault(entry) is None), None)

    def _same_lists(self, found: Match, entry: Entry) -> bool:
        """What was made from every entry of a kind (``all``) answers only while there are no others of that kind. A
        list that depends on other needs is not looked at.
        """
        for need in found.recipe.needs.values():
            if need.all:
                try:
                    queries = self.need_queries(found, need, recipe_scope(found)) or []
                except AxsError:
                    continue
                now = {item.name for query in queries for item in self.world.find(query)}
                if now != self.world.needed(entry).get(need.name, set()):
                    return False
        return True

    def _right_machine(self, found: Match, entry: Entry) -> bool:
        if found.machine:
            return all(holds_for(entry, condition) for condition in found.machine)
        if not entry.trusted:
            return False
        return not found.recipe.local or entry.produced.get("machine") == self.world.machine

    def answer(self, found: Match) -> Entry | None:
        """What answers without making anything: a static entry with the query's values, or a present one."""
        if found.recipe.kind == "static":
            bound = {**found.stated, **{k: v for k, v in found.values.items() if v is not None}}
            return replace(found.recipe, bound=bound)
        return self.present(found)

    def lookup(self, query: Query) -> Answer | None:
        """What answers the query without making anything; None where something would have to be made."""
        matches = self.matches(query)
        if not matches:
            return Answer(self.find(query))
        entry = self.answer(matches[0])
        return Answer(entry, matches[0]) if entry is not None else None

    def there(self, query: Query) -> Answer | None:
        """What answers the query of all that is there, whichever of its recipes made it; None where nothing does."""
        matches = self.matches(query)
        if not matches:
            return Answer(self.find(query))
        answers = (Answer(entry, found) for found in matches if (entry := self.answer(found)) is not None)
        return next(answers, None)

    def find(self, query: Query) -> Entry:
        """Where no recipe provides the query: the newest entry that satisfies it, of those that the user trusts if
        there are any. Raises NotFound with the near misses.
        """
        newest = max(self.world.find(query), key=_trusted_newest, default=None)
        if newest is None:
            raise self.nothing(query)
        return newest

    def nothing(self, query: Query) -> NotFound:
        """The error for a query that nothing provides: the nearest recipes and why each does not answer."""
        from axs_core.resolver.explain import near_misses, unreadable, word_hint

        lines = [f"nothing provides {query}"]
        lines += [f"    {item.recipe.name}: {item.reason}" for item in near_misses(self.world, query)[:NEAR]]
        lines += [f"    {error}" for error in unreadable(self.world)[:NEAR]]
        hint = word_hint(self.world, query) or f"axs explain '{query}' shows the near misses"
        return NotFound("\n".join(lines), hint=hint)

    # needs

    def need_queries(self, found: Match, need: Need, scope: Scope) -> list[Query] | None:
        """The queries of a need: one, or with ``each`` one for each item; None where ``when`` says that it is not
        needed.

        Raises KnownLater while a value is not known yet.
        """
        if need.when is not None and not scope.render(need.when):
            return None
        if need.each is None:
            return [self._need_query(found, need, scope)]
        items = scope.render(need.each)
        if not isinstance(items, list):
            raise EntryError(
                f"each must give a list, not {items!r}",
                file=found.recipe.path / "meta.yaml",
                key=f"needs.{need.name}.each",
            )
        scopes = [scope.within({"item": item}) for item in items]
        return [self._need_query(found, need, inner) for inner in scopes]

    def _need_query(self, found: Match, need: Need, scope: Scope) -> Query:
        try:
            query = parse(need.query).map_values(lambda condition: condition.rendered(scope.render))
        except KnownLater:
            raise
        except AxsError as error:
            mistake = placed(error, found.recipe, "needs", need.name)
            raise mistake.needed_for(f"the need {need.name!r} of {found.recipe.name}") from None
        said = query.keys()
        return query.with_conditions(*(c for c in forwarded(found, need) if c.key not in said))

    # planning

    def plan(self, query: Query, trail: tuple[tuple[str, str], ...] = (), fresh: Fresh = None) -> Step:
        """The tree of what would be done. Raises NotFound, EntryError (a circle of needs) and UsageError as making
        it would.
        """
        found = self.matches(query)
        if not found:
            other = self.find(query)
            return Step(str(query), "reuse", f"{other.name}: no recipe provides it, this entry satisfies it", other)
        first, others = found[0], tuple(found[1:])
        entry = self.answer(first)
        if entry is not None and (fresh is None or entry.kind == "static"):
            return _answered(query, entry, first)
        if first.machine:
            raise NotFound(
                f"nothing that answers {query} was made on such a machine", hint="axs all_byquery shows what there is"
            )
        self.refuse_circle(query, first, trail)
        needs = self._plan_needs(first, (*trail, (first.key, str(query))), "all" if fresh == "all" else None)
        why = _why(first, others, self.world) if entry is None else f"by {first.recipe.name}, made again"
        return Step(str(query), "make", why, None, first, needs, others, notes_of(first))

    def plan_needs(self, found: Match) -> tuple[tuple[str, Step], ...]:
        """The plans of what one recipe needs, by the names of the needs."""
        return self._plan_needs(found, ((found.key, str(found.query)),), None)

    def _plan_needs(
        self, found: Match, trail: tuple[tuple[str, str], ...], fresh: Fresh
    ) -> tuple[tuple[str, Step], ...]:
        steps: list[tuple[str, Step]] = []
        seen: dict[str, Any] = {}
        for need in found.recipe.needs.values():
            scope = recipe_scope(found, seen)
            try:
                queries = self.need_queries(found, need, scope)
                planned = self._plan_need(found, need, queries, trail, fresh)
            except (KnownLater, NotTrusted) as later:
                planned = [Step(need.query, "later", str(later))]
            steps += [(need.name, step) for step in planned]
            seen[need.name] = prospect(need, planned)
        return tuple(steps)

    def _plan_need(
        self,
        found: Match,
        need: Need,
        queries: list[Query] | None,
        trail: tuple[tuple[str, str], ...],
        fresh: Fresh,
    ) -> list[Step]:
        if queries is None:
            return []
        if need.all:
            return [Step(str(q), "reuse", e.name, e) for q in queries for e in self.world.find(q)]
        try:
            return [self.plan(query, trail, fresh) for query in queries]
        except AxsError as error:
            raise error.needed_for(str(found.query)) from None

    def refuse_circle(self, query: Query, found: Match, trail: tuple[tuple[str, str], ...]) -> None:
        """Raise EntryError when making this already waits for itself, or needs go on without end."""
        keys = [key for key, _ in trail]
        if len(keys) > DEEPEST:
            raise EntryError(
                f"needs of needs go on for more than {DEEPEST} levels",
                file=found.recipe.path / "meta.yaml",
                key="needs",
            )
        if found.key in keys:
            circle = [text for _, text in trail[keys.index(found.key) :]]
            lines = "\n".join(f"    {text}" for text in (*circle, str(query)))
            raise EntryError(
                f"these needs wait for each other:\n{lines}", file=found.recipe.path / "meta.yaml", key="needs"
            )


def forwarded(found: Match, need: Need) -> list[Condition]:
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


def _rank(found: Match) -> tuple[float, ...]:
    """What the user does not trust comes after all else, and its own word for how much it is to be preferred counts
    among what came from elsewhere only.
    """
    recipe = found.recipe
    foreign = recipe.origin is not None
    return (not recipe.trusted, -found.alternative.specificity, foreign, -recipe.preference, recipe.position)


def _trusted_newest(entry: Entry) -> tuple[bool, str]:
    return entry.trusted, str(entry.produced.get("at", ""))


def _refuse_tie(query: Query, found: list[Match]) -> None:
    if len(found) < 2 or _rank(found[0]) != _rank(found[1]):
        return
    first, second = found[0], found[1]
    here, there = ({**item.recipe.attributes, **item.stated} for item in (first, second))
    differing = [
        key for key in here if key in there and here[key] != there[key] and isinstance(here[key], (str, int, float))
    ]
    hint = (
        f"add {differing[0]}={here[differing[0]]} or {differing[0]}={there[differing[0]]}"
        if differing
        else "give one of them a higher preference"
    )
    raise UsageError(f"{query} is provided by {first.recipe.name} and by {second.recipe.name} alike", hint=hint)


def _answered(query: Query, entry: Entry, found: Match) -> Step:
    if entry.kind == "static":
        return Step(str(query), "static", f"{entry.name}, its own answer", entry, found)
    return Step(str(query), "reuse", f"{entry.name}, made {entry.made_at}", entry, found, notes=notes_of(found))


def notes_of(found: Match) -> tuple[str, ...]:
    """What of the environment is part of what it makes."""
    return (f"with {found.surroundings} of the environment",) if found.surroundings.identity else ()


def _from(recipe: Entry) -> str:
    """Where a recipe came from that is not the user's own, and whether it may run."""
    if recipe.origin is None:
        return ""
    return f" of {recipe.origin}{'' if recipe.trusted else ', not trusted yet'}"


def _why(first: Match, others: tuple[Match, ...], world: World) -> str:
    try:
        kind = "+".join(producers_of(first, recipe_scope(first)))
    except AxsError:  # it depends on what a need turns out to be
        kind = "+".join(first.recipe.make)
    broken = [fault for entry in world.by_key(first.key) if (fault := world.fault(entry))]
    reason = f"by {first.recipe.name}{_from(first.recipe)}, {kind}: " + (
        f"what is there does not work: {broken[0]}" if broken else "not there yet"
    )
    if others and "detect" in first.recipe.make:
        reason += "; else " + ", else ".join(item.recipe.name for item in others)
    return reason
