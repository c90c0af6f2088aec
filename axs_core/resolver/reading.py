"""The values of one attempt to match: what is said, what the recipe fills in, typed and within bounds."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from axs_core.base.credentials import has_credentials, without_credentials
from axs_core.base.errors import AxsError, UsageError
from axs_core.entry import Alternative, Entry, Parameter, Scope, placed, rendered_at
from axs_core.query import Condition, Query
from axs_core.query.near import nearest
from axs_core.resolver.identity import LOCATED
from axs_core.resolver.world import World


class Reading:
    """One attempt to match, step by step; ``faults`` collects why it fails."""

    def __init__(self, world: World, recipe: Entry, alternative: Alternative, query: Query) -> None:
        self.world, self.recipe, self.alternative, self.query = world, recipe, alternative, query
        self.faults: list[str] = []
        self.error: AxsError | None = None
        self.unmet = 0
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.restrictions: list[Condition] = []


def set_values(reading: Reading) -> None:
    """Values that the query or the alternative sets."""
    parameters = reading.recipe.parameters
    required = {condition.key for condition in reading.alternative.required}
    for condition in reading.alternative.defaults:
        reading.values[condition.key] = condition
        reading.origins[condition.key] = "alternative"
    for condition in reading.query.named:
        name = condition.key
        if name in required or name not in parameters or not condition.sets():
            continue
        if condition.op == "?=" and reading.origins.get(name) == "alternative":
            continue
        reading.values[name] = condition
        reading.origins[name] = "query"


def fill(reading: Reading) -> None:
    """Type the values, fill in defaults; templates among them are rendered."""
    parameters = reading.recipe.parameters
    raw: dict[str, Any] = {name: parameter.default for name, parameter in parameters.items()}
    raw.update({name: condition.value for name, condition in reading.values.items()})
    stated = {c.key: c.typed_value() for c in reading.alternative.required}
    plain = {name: _typed_or_text(reading.values.get(name), parameters[name], value) for name, value in raw.items()}
    said = frozenset(name for name, origin in reading.origins.items() if origin == "query")
    scope = Scope(reading.recipe.name, visible(reading.recipe, stated, plain), literal=said)
    for name, parameter in parameters.items():
        if name in stated:
            continue
        try:
            reading.values[name] = _value(reading, scope, name, parameter)
        except AxsError as error:
            reading.error = reading.error or error
            reading.values[name] = None
        reading.origins.setdefault(name, "default")
    for name in stated:
        reading.values.pop(name, None)


def _typed_or_text(condition: Condition | None, parameter: Parameter, default: Any) -> Any:
    """What templates of other values see; a bad value is reported where it is used itself."""
    if condition is None:
        return default
    try:
        return condition.typed_value(parameter.type)
    except AxsError:
        return condition.value


def _value(reading: Reading, scope: Scope, name: str, parameter: Parameter) -> Any:
    condition = reading.values.get(name)
    if isinstance(condition, Condition):
        rendered = _rendered(reading, scope, condition)
        value = None if rendered is None else rendered.typed_value(parameter.type, parameter.unit)
    else:
        value = rendered_at(parameter.default, scope, reading.recipe, "parameters", name, "default")
        if value is not None and parameter.type:  # typed as one that is said: 1 and 1.0 are one identity
            value = Condition("=", name, value).typed_value(parameter.type)
    if value is None:
        if parameter.required:
            raise UsageError(
                f"{name} must be said",
                hint=f"add {name}=VALUE to the query" + (f": {parameter.help}" if parameter.help else ""),
            )
        return None
    _refuse_secret(name, value)
    _check_range(parameter, value)
    if parameter.type in LOCATED:
        return reading.world.absolute(str(value))
    return value


def _refuse_secret(name: str, value: Any) -> None:
    """A value is written down in records, and makes an identity: a password in an address would be, too."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and has_credentials(text):
            raise UsageError(
                f"{name} holds a password or a token, which would be written down: {without_credentials(text)}",
                hint="keep it in ~/.netrc, in git's credential helper, or in an address in AXS_MIRRORS",
            )


def _rendered(reading: Reading, scope: Scope, condition: Condition) -> Condition | None:
    """The recipe's own text may hold a template; what a query says is taken as it is: where a need asks, it was
    rendered before, and may hold anything.
    """
    if reading.origins.get(condition.key) != "alternative":
        return condition.rendered(lambda text: text)
    try:
        return condition.rendered(scope.render)
    except AxsError as error:
        number = reading.recipe.alternatives.index(reading.alternative)
        raise placed(error, reading.recipe, "provides", number) from None


def _check_range(parameter: Parameter, value: Any) -> None:
    """Choices and bounds of a declared parameter."""
    name = parameter.name
    if parameter.choices and value not in parameter.choices:
        choices = ", ".join(str(choice) for choice in parameter.choices)
        raise UsageError(f"{name} must be one of {choices}: {value!r}", hint=_meant_choice(parameter, str(value)))
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return
    bounds = (
        (parameter.minimum, operator.ge, "at least"),
        (parameter.exclusive_minimum, operator.gt, "more than"),
        (parameter.maximum, operator.le, "at most"),
    )
    for bound, holds, words in bounds:
        if bound is not None and not holds(value, bound):
            shown = f"{value:.15g}" if isinstance(value, float) else value  # 0, not 0.0
            raise UsageError(f"{name} must be {words} {bound:g}: {shown}", hint=parameter.help or None)


def _meant_choice(parameter: Parameter, value: str) -> str:
    """What to type instead of a value that is none of the choices."""
    meant = parameter.synonyms.get(value.casefold())
    near = [meant] if meant is not None else nearest(value, [str(choice) for choice in parameter.choices])
    if not near:
        return f"axs byquery ...,{parameter.name}={parameter.choices[0]}"
    return f"did you mean {parameter.name}={near[0]}?"


def visible(recipe: Entry, stated: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What templates of a recipe see: what the alternative states, the parameters' values, its attributes; a parameter
    without a value does not hide an attribute.
    """
    there = {name: value for name, value in values.items() if value is not None or name not in recipe.attributes}
    return {**recipe.attributes, **there, **stated}


def settled(stated: Mapping[str, Any], values: Mapping[str, Any]) -> frozenset[str]:
    """The names of what is visible whose values are known: no template in them is rendered any more."""
    return frozenset(stated) | {name for name, value in values.items() if value is not None}
