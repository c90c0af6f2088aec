"""Near misses: which recipes and entries come close to a query, and the condition on which each fails."""

from __future__ import annotations

from typing import Protocol

from axs_core.base.errors import AxsError
from axs_core.base.value import replace
from axs_core.entry import Entry
from axs_core.entry.satisfying import holds_for
from axs_core.query import Condition, Query
from axs_core.query.near import nearest
from axs_core.resolver.match import Match, Mismatch, match
from axs_core.resolver.meant import meant, renamed
from axs_core.resolver.world import World


class Wide(World, Protocol):
    """A world that can also be gone through as a whole; only explanations do that."""

    def all_recipes(self) -> list[Entry]:
        """Everything that provides something."""
        ...

    def errors(self) -> list[str]:
        """What is wrong with entries that cannot be read."""
        ...

    def words(self) -> tuple[list[str], list[str]]:
        """All known tags and names of attributes."""
        ...


def near_misses(world: World, query: Query) -> list[Mismatch]:
    """Alternatives that do not answer the query, the nearest first; each recipe once, and only where a tag agrees
    or nearly does.
    """
    if not hasattr(world, "all_recipes"):
        return []
    best: dict[str, Mismatch] = {}
    for recipe in world.all_recipes():
        for alternative in recipe.alternatives:
            if not _related(alternative.tags, query.tags):
                continue
            try:
                outcome = match(world, recipe, alternative, query)
            except AxsError as error:
                outcome = Mismatch(recipe, alternative, str(error), 5)
            if isinstance(outcome, Mismatch) and (
                recipe.name not in best or outcome.distance < best[recipe.name].distance
            ):
                best[recipe.name] = outcome
    return sorted(best.values(), key=lambda item: (item.distance, item.recipe.name))


def unreadable(world: World) -> list[str]:
    """What is wrong with entries that cannot be read: one of them may be what was meant."""
    return [f"cannot be read: {error}" for error in world.errors()] if hasattr(world, "errors") else []


def _related(tags: frozenset[str], asked: frozenset[str]) -> bool:
    return bool(tags & asked) or any(nearest(tag, tags) for tag in asked)


def word_hint(world: World, query: Query) -> str | None:
    """A corrected query where a tag, a key or a value is misspelt."""
    if not hasattr(world, "words"):
        return None
    tags, _ = world.words()
    for tag in sorted(query.tags - set(tags)):
        near = nearest(tag, tags, 1)
        if near:
            return _did_you_mean(query, Condition("tag", tag), Condition("tag", near[0]))
        which = "recipe or entry that can be read" if unreadable(world) else "recipe or entry"
        return f"no {which} has the tag {tag!r}"
    recipes = [
        recipe for recipe in world.providers(query.tags) if any(a.tags == query.tags for a in recipe.alternatives)
    ]
    said = [condition for condition in query.named if condition.key != "machine"]
    return next((hint for condition in said if (hint := _corrected(query, condition, recipes))), None)


def _corrected(query: Query, condition: Condition, recipes: list[Entry]) -> str | None:
    """The query with the key or the value that its recipes have instead of one that none of them has."""
    for name in meant(condition, recipes, 1):
        return _did_you_mean(query, condition, renamed(condition, name, recipes))
    wanted = {own.value for r in recipes for a in r.alternatives for own in a.required if own.key == condition.key}
    if condition.sets() and isinstance(condition.value, str) and condition.value not in map(str, wanted):
        for value in nearest(condition.value, map(str, wanted), 1):
            return _did_you_mean(query, condition, replace(condition, value=value))
    return None


def _did_you_mean(query: Query, wrong: Condition, right: Condition) -> str:
    corrected = Query(tuple(right if each == wrong else each for each in query.conditions))
    return f"did you mean {str(corrected)!r}?"


def explain(world: World, query: Query, limit: int = 10) -> list[str]:
    """Lines that say what answers the query, or for each near miss why it does not."""
    lines: list[str] = []
    for recipe in world.providers(query.tags):
        for alternative in recipe.alternatives:
            outcome = match(world, recipe, alternative, query) if alternative.tags == query.tags else None
            if isinstance(outcome, Match):
                around = f", with {outcome.surroundings} of the environment" if outcome.surroundings.identity else ""
                lines.append(f"{recipe.name}: answers ({alternative.query}){around}")
    misses = near_misses(world, query)[:limit]
    lines += [f"{item.recipe.name}: {item.reason} ({item.alternative.query})" for item in misses]
    lines += _near_entries(world, query, limit)
    hint = word_hint(world, query)
    return lines + ([hint] if hint else []) or [f"nothing comes near {query}"]


def _near_entries(world: World, query: Query, limit: int) -> list[str]:
    """Made entries with the same tags that fail on one or more conditions."""
    if not query.tags:
        return []
    bare = Query(tuple(Condition("tag", tag) for tag in sorted(query.tags)))
    lines = []
    for entry in world.find(bare):
        failing = [str(condition) for condition in query.named if not holds_for(entry, condition)]
        if failing and entry.kind == "produced":
            lines.append((len(failing), f"{entry.name}: fails on {', '.join(failing)}"))
    return [text for _, text in sorted(lines)[:limit]]
