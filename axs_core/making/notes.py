"""What recipes say about a plan, beyond what would be reused or made."""

from __future__ import annotations

from typing import Any

from axs_core.base.errors import EntryError, NotTrusted
from axs_core.base.value import replace
from axs_core.entry import Need
from axs_core.entry.functions import call
from axs_core.resolver.match import Match
from axs_core.resolver.plan import NeedValues, Step
from axs_core.resolver.scopes import recipe_scope
from axs_core.resolver.world import World


def noted(step: Step, world: World) -> Step:
    """The same plan with the notes of its recipes: each calls its function ``plan_notes``, which gets ``parameters``,
    ``machine``, and ``needs`` as data (null, or a shorter list, where something is still to be made).
    """
    step = replace(step, needs=tuple((name, noted(inner, world)) for name, inner in step.needs))
    if step.action != "make" or step.match is None or step.match.recipe.plan_notes is None:
        return step
    try:
        return replace(step, notes=(*step.notes, *_ask(step.match, step.match.recipe.plan_notes, step, world)))
    except NotTrusted as later:
        return replace(step, notes=(*step.notes, str(later)))


def _ask(found: Match, name: str, step: Step, world: World) -> list[str]:
    needs = {need: _as_data(found.recipe.needs[need], value) for need, value in step.values.items()}
    scope = recipe_scope(found, {"needs": needs, "query": str(found.query), "machine": lambda: world.machine})
    function = scope.function(name)
    if function is None:
        file = found.recipe.path / "meta.yaml"
        raise EntryError(f"there is no function {name!r} in its code.py", file=file, key="plan_notes")
    return [str(line) for line in call(function, scope.get)]


def _as_data(need: Need, value: Any) -> Any:
    views = value if isinstance(value, list) else [value]
    there = [view.as_data() for view in views if isinstance(view, NeedValues)]
    return there if need.several and value is not None else next(iter(there), None)
