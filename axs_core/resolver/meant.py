"""Which name of a recipe was probably meant by one that it does not have: one that takes such a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axs_core.base.value import replace
from axs_core.entry import Entry, Parameter
from axs_core.query import Condition
from axs_core.query.condition import ORDER_OPS
from axs_core.query.near import nearest
from axs_core.query.units import measured, plain
from axs_core.query.values import NUMBER_TYPES, read_number, read_truth


def meant(condition: Condition, recipes: Iterable[Entry], n: int = 3) -> list[str]:
    """At most ``n`` names that look like that of the condition, of those that take a value like its own; empty where it
    is a name of one of the recipes, or a member of one (``d.k``).
    """
    known = {name: recipe for recipe in recipes for name in names_of(recipe)}
    if condition.key in known or condition.key.partition(".")[0] in known:
        return []
    return nearest(condition.key, [name for name, recipe in known.items() if _takes(recipe, name, condition)], n)


def renamed(condition: Condition, name: str, recipes: Iterable[Entry]) -> Condition:
    """The condition on ``name`` instead; a number with a unit becomes the number that this name counts in its own."""
    right = replace(condition, key=name)
    for recipe in recipes:
        parameter = recipe.parameters.get(name)
        if parameter is not None and parameter.type in NUMBER_TYPES:
            return replace(right, value=plain(condition.value, parameter.unit) or condition.value)
    return right


def names_of(recipe: Entry) -> set[str]:
    """The names that a query can use of a recipe."""
    named = {own.key for alternative in recipe.alternatives for own in alternative.query.named}
    return named.union(recipe.parameters, recipe.attributes, recipe.finds)


def _takes(recipe: Entry, name: str, condition: Condition) -> bool:
    parameter = recipe.parameters.get(name)
    kind = _kind_of(recipe.attributes.get(name)) if parameter is None else _kind_of_parameter(parameter)
    return kind is None or _fits(condition, kind)


def _kind_of_parameter(parameter: Parameter) -> str | None:
    return parameter.type or _kind_of(parameter.choices[0] if parameter.choices else parameter.default)


def _kind_of(value: Any) -> str | None:
    """The type of a value; None where any other might do as well: there is none, or a template makes it."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "float"
    if isinstance(value, (list, tuple)):
        return "list"
    return "str" if isinstance(value, str) and "{{" not in value and read_number(value) is None else None


def _fits(condition: Condition, kind: str) -> bool:
    """Can a value of this type be compared with, or be, that of the condition? A number is neither a truth value nor
    a path.
    """
    value = condition.value
    if condition.op in (".", "!."):
        return True
    if condition.op in ("+", "-"):
        return kind == "bool"
    if isinstance(value, tuple):
        return kind == "list"
    number = read_number(value) is not None
    if kind in NUMBER_TYPES:
        return number or measured(value) is not None
    if kind == "bool":
        return not number and read_truth(value) is not None
    if kind == "list":
        return condition.op in (":", "!:")
    return kind == "version" or not (number or condition.op in ORDER_OPS)
