"""Which recipe answers a query, which entry, and what has to be made first."""

from axs_core.resolver.match import LOCATED, Match, Mismatch, World, match
from axs_core.resolver.plan import Answer, Fresh, KnownLater, NeedValues, Step
from axs_core.resolver.resolve import Resolver
from axs_core.resolver.scopes import producers_of, recipe_scope

__all__ = [
    "LOCATED",
    "Answer",
    "Fresh",
    "KnownLater",
    "Match",
    "Mismatch",
    "NeedValues",
    "Resolver",
    "Step",
    "World",
    "match",
    "producers_of",
    "recipe_scope",
]
