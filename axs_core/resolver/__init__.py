"""Which recipe answers a query, which entry, and what has to be made first."""

from axs_core.resolver.identity import LOCATED
from axs_core.resolver.match import Match, Mismatch, match
from axs_core.resolver.needs import Answers, Needs, meet
from axs_core.resolver.plan import Answer, Fresh, KnownLater, NeedValues, Step
from axs_core.resolver.resolve import Resolver
from axs_core.resolver.scopes import producers_of, recipe_scope
from axs_core.resolver.world import World

__all__ = [
    "LOCATED",
    "Answer",
    "Answers",
    "Fresh",
    "KnownLater",
    "Match",
    "Mismatch",
    "NeedValues",
    "Needs",
    "Resolver",
    "Step",
    "World",
    "match",
    "meet",
    "producers_of",
    "recipe_scope",
]
