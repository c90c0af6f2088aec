"""The names that a recipe's templates see for one match, and the producers that it chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axs_core.entry import Scope, rendered_at
from axs_core.resolver.match import Match
from axs_core.resolver.reading import settled, visible


def recipe_scope(found: Match, extra: Mapping[str, Any] | None = None) -> Scope:
    """The names that a recipe's templates and functions see for one match; ``extra`` adds needs and paths."""
    values = visible(found.recipe, found.stated, found.values)
    builtins = {
        "parameters": dict(found.values),
        "tags": sorted(found.alternative.tags),
        "recipe_path": str(found.recipe.path),
    }
    literal = settled(found.stated, found.values)
    return Scope(found.recipe.name, values, {**builtins, **(extra or {})}, entry=found.recipe, literal=literal)


def producers_of(found: Match, scope: Scope) -> dict[str, Any]:
    """The producers that make it, in order, each with what it needs: those whose ``when`` holds, or that have none."""
    chosen = {}
    for name, spec in found.recipe.make.items():
        if rendered_at(spec.get("when", True), scope, found.recipe, "make", name, "when"):
            chosen[name] = {key: value for key, value in spec.items() if key != "when"}
    return chosen
