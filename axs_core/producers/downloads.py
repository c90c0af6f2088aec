"""What a query would need from the network, read from its plan: for who brings it by other means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from axs_core.base.errors import AxsError, EntryError
from axs_core.entry import placed
from axs_core.plugins import producers as registry
from axs_core.producers import get as producer
from axs_core.producers.base import Download
from axs_core.resolver.match import Match
from axs_core.resolver.needs import Needs
from axs_core.resolver.plan import KnownLater, Step
from axs_core.resolver.resolve import Resolver
from axs_core.resolver.scopes import producers_of, recipe_scope


@dataclass(frozen=True)
class Downloads:
    """``known`` in the order in which they would be needed; ``later`` says what cannot be known yet, and why."""

    known: tuple[Download, ...]
    later: tuple[str, ...]


def downloads(resolver: Resolver, step: Step) -> Downloads:
    """All that would be fetched to make what ``step`` plans, nothing of what is there already. Where a recipe may find
    that it does not apply here, what the next one needs is listed too.
    """
    walk = _Walk(resolver)
    walk.visit(step)
    return Downloads(tuple(walk.known), tuple(dict.fromkeys(walk.later)))


@dataclass
class _Walk:
    resolver: Resolver
    known: dict[Download, None] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)

    def visit(self, step: Step) -> None:
        if step.action == "later":
            self.later.append(f"{step.text}: {step.reason}")
        if step.action != "make" or step.match is None:
            return
        self._recipe(step.match, Needs(step.needs, step.values))
        last = step.match
        for other in step.otherwise:
            if not registry.may_not_apply(last.recipe.make):
                break
            try:
                self._recipe(other, self.resolver.plan_needs(other))
            except AxsError as error:
                self.later.append(f"{other.recipe.name}: {error}")
            last = other

    def _recipe(self, found: Match, needs: Needs[Step]) -> None:
        for _, step in needs.answers:
            self.visit(step)
        scope = recipe_scope(found, needs.values)
        try:
            for name, spec in producers_of(found, scope).items():
                if registry.traits(name).fetches:
                    self._read(found, name, scope.render(spec))
        except KnownLater as later:
            self.later.append(f"{found.recipe.name}: {later}")

    def _read(self, found: Match, name: str, spec: Mapping[str, Any]) -> None:
        try:
            listed = [replace(each, needed_by=found.recipe.name) for each in producer(name).downloads(spec)]
        except EntryError as error:
            raise placed(error, found.recipe, *str(error.key).split(".")) from None
        self.known.update(dict.fromkeys(listed))
