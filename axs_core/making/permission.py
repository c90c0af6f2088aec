"""May it run here? What comes from elsewhere is asked about before it makes anything, or is used for it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from axs_core.base.errors import NotFound
from axs_core.entry import Entry, Need
from axs_core.index import Index
from axs_core.resolver import Match, Step


def allow_plan(index: Index, step: Step) -> None:
    """Have the user asked about all that a plan shows, before the first of it is made. Raises NotTrusted."""
    if step.action == "make" and step.match is not None:
        allow_recipe(index, step.match)
        for need in step.match.recipe.needs.values():
            entries = (inner.entry for name, inner in step.needs if name == need.name)
            allow_use(step.match, need, [entry for entry in entries if entry is not None])
    for _, inner in step.needs:
        allow_plan(index, inner)


def allow_recipe(index: Index, found: Match) -> None:
    """May this recipe make something? Its parents give it what it does, its result_parents compute the results."""
    recipe, use = found.recipe, f"make {found.query}"
    for relative in recipe.lineage:
        relative.allow(f"{use} with its recipe {relative.name}")
    for name in recipe.result_parents:
        with suppress(NotFound):
            for relative in index.by_name(name).lineage:
                relative.allow(f"{use} with functions of {relative.name}")


def allow_use(found: Match, need: Need, entries: Iterable[Entry]) -> None:
    """May these entries be what a recipe works with? Files from elsewhere are as good as code: a model, a module of a
    backend. What a recipe gathers (``all``: results for a report) is data.
    """
    for entry in entries:
        if need.all and entry.kind == "produced":
            continue
        for relative in (entry,) if entry.kind == "produced" else entry.lineage:
            relative.allow(f"use {relative.name} to make {found.query}")
