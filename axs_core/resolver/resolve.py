"""From a query to what answers it: pure, it speaks to the world through :class:`World` only."""

from __future__ import annotations

from collections.abc import Iterator

from axs_core.base.errors import AxsError, EntryError, NotFound, NotTrusted, UsageError
from axs_core.base.value import replace
from axs_core.entry import Entry, Need
from axs_core.entry.satisfying import holds_for
from axs_core.plugins.producers import may_not_apply
from axs_core.query import Query
from axs_core.resolver.match import Match, Mismatch, match
from axs_core.resolver.needs import Answers, Needs, meet, need_queries
from axs_core.resolver.plan import Answer, Fresh, KnownLater, NeedValues, Prospect, Step
from axs_core.resolver.scopes import producers_of, recipe_scope
from axs_core.resolver.world import World

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
                    queries = need_queries(found, need, recipe_scope(found)) or []
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

    def lookup(self, query: Query, matches: list[Match]) -> Answer | None:
        """What answers the query, which ``matches`` provide, without making anything; None where something would have
        to be made.
        """
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

    # planning

    def plan(
        self,
        query: Query,
        trail: tuple[tuple[str, str], ...] = (),
        fresh: Fresh = None,
        matches: list[Match] | None = None,
    ) -> Step:
        """The tree of what would be done; ``matches`` are those of the query where it was matched already. Raises
        NotFound, EntryError (a circle of needs) and UsageError as making it would.
        """
        found = self.matches(query) if matches is None else matches
        if not found:
            other = self.find(query)
            return Step(str(query), "reuse", f"{other.name}: no recipe provides it, this entry satisfies it", other)
        first, others = found[0], tuple(found[1:])
        entry = self.answer(first)
        if entry is not None and (fresh is None or entry.kind == "static"):
            return _answered(query, entry, first, others)
        self.refuse_elsewhere(first)
        self.refuse_circle(first, trail)
        needs = self.plan_needs(first, trail, fresh)
        why = _why(first, others, self.world) if entry is None else f"by {first.recipe.name}, made again"
        return Step(str(query), "make", why, None, first, needs.answers, others, notes_of(first), needs.values)

    def plan_needs(self, found: Match, trail: tuple[tuple[str, str], ...] = (), fresh: Fresh = None) -> Needs[Step]:
        """The plans of what one recipe needs."""
        below = (*trail, (found.key, str(found.query)))
        return meet(found, _Planned(self, below, "all" if fresh == "all" else None))

    def refuse_elsewhere(self, found: Match) -> None:
        """Raise NotFound where the query asks for another machine's: nothing can be made there."""
        if found.machine:
            raise NotFound(
                f"nothing that answers {found.query} was made on such a machine",
                hint="axs all_byquery shows what there is",
            )

    def refuse_changed(self, found: Match) -> None:
        """Match once more, to be said when what was matched a while ago is begun. Raises UsageError where a file that
        it names has other content by now. A folder's listing may change: what is made may lie in it.
        """
        now = match(self.world, found.recipe, found.alternative, found.query)
        if isinstance(now, Mismatch):
            raise now.error or UsageError(now.reason)
        if now.key == found.key:
            return
        changed = [name for name, digest in found.contents.items() if now.contents.get(name) != digest]
        files = [name for name in changed if found.recipe.parameters[name].type == "file"]
        if files or not changed:
            which = ", ".join(str(found.values[name]) for name in files or {**found.parts, **now.parts})
            raise UsageError(f"{which} has changed since {found.query} was asked for", hint="ask again")

    def refuse_circle(self, found: Match, trail: tuple[tuple[str, str], ...]) -> None:
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
            lines = "\n".join(f"    {text}" for text in (*circle, str(found.query)))
            raise EntryError(
                f"these needs wait for each other:\n{lines}", file=found.recipe.path / "meta.yaml", key="needs"
            )


class _Planned(Answers[Step]):
    """Needs are planned; what is known later only stands in the plan as such."""

    def __init__(self, resolver: Resolver, trail: tuple[tuple[str, str], ...], fresh: Fresh) -> None:
        self.resolver, self.trail, self.fresh = resolver, trail, fresh

    def one(self, need: Need, query: Query) -> Step:
        return self.resolver.plan(query, self.trail, self.fresh)

    def every(self, need: Need, query: Query) -> Iterator[Step]:
        return (Step(str(query), "reuse", entry.name, entry) for entry in self.resolver.world.find(query))

    def view(self, need: Need, answer: Step) -> NeedValues | Prospect:
        return Prospect(need.name, answer) if answer.entry is None else NeedValues(need.name, answer.entry)

    def later(self, need: Need, why: KnownLater | NotTrusted) -> Step:
        return Step(need.query, "later", str(why))


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


def _answered(query: Query, entry: Entry, found: Match, others: tuple[Match, ...]) -> Step:
    if entry.kind == "static":
        return Step(str(query), "static", f"{entry.name}, its own answer", entry, found)
    why = f"{entry.name}, made {entry.made_at}"
    return Step(str(query), "reuse", why, entry, found, otherwise=others, notes=notes_of(found))


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
    if others and may_not_apply(first.recipe.make):
        reason += "; else " + ", else ".join(item.recipe.name for item in others)
    return reason
