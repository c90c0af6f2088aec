"""Does an alternative of a recipe answer a query, and with which values? Rules in docs/query.md, 'Which recipe,
which entry'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axs_core.base.errors import AxsError, NoSuchName, NotTrusted, UsageError
from axs_core.base.value import Value, field, replace
from axs_core.entry import Alternative, Entry, Scope
from axs_core.entry.surroundings import Surroundings
from axs_core.query import Condition, Query
from axs_core.query.condition import ORDER_OPS
from axs_core.query.values import NUMBER_TYPES, value_at
from axs_core.resolver.identity import LOCATED, identity
from axs_core.resolver.reading import Reading, fill, set_values, settled, visible
from axs_core.resolver.world import World


class Match(Value):
    """A recipe's alternative that answers a query.

    ``values`` are all parameter values; ``origins`` say where each comes from (``query``, ``alternative``,
    ``default``). ``restrictions`` are conditions on what is known only once it is made. ``machine`` are conditions on
    where it was made. ``surroundings`` are the environment variables that change what it makes. ``parts`` are the files
    that belong to a parameter's file, relative to its folder. ``contents`` are the digests of the files and folders
    themselves, by parameter. ``key`` is the identity (64 hex digits).
    """

    query: Query
    recipe: Entry
    alternative: Alternative
    values: Mapping[str, Any]
    origins: Mapping[str, str]
    key: str
    restrictions: tuple[Condition, ...] = ()
    machine: tuple[Condition, ...] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)

    @property
    def anywhere(self) -> Query:
        """The query with its files and folders as they were understood, absolute: it means the same in any folder."""

        def understood(condition: Condition) -> Condition:
            name = condition.key
            path = self.values.get(name) if self.origins.get(name) == "query" else None
            if condition.is_tag() or path is None or self.recipe.parameters[name].type not in LOCATED:
                return condition
            return replace(condition, value=path, quoted=True).canonical() if condition.sets() else condition

        return self.query.map_values(understood)

    @property
    def stated(self) -> dict[str, Any]:
        """The ``key=value`` of the alternative, typed."""
        return {c.key: c.typed_value() for c in self.alternative.required}

    @property
    def how(self) -> dict[str, Any]:
        """Parameters said in the query that are no part of the identity; functions see them at ``get`` time."""
        return {
            name: value
            for name, value in self.values.items()
            if self.recipe.parameters[name].how and self.origins.get(name) == "query"
        }

    @property
    def said(self) -> frozenset[str]:
        """Names of parameters that the user or the alternative set."""
        return frozenset(name for name, origin in self.origins.items() if origin != "default")


class Mismatch(Value):
    """Why an alternative does not answer. ``distance`` orders near misses; ``error`` is there when only a value was
    bad.
    """

    recipe: Entry
    alternative: Alternative
    reason: str
    distance: int
    error: AxsError | None = None


def match(world: World, recipe: Entry, alternative: Alternative, query: Query) -> Match | Mismatch:
    """Match one alternative; the query's tags need not agree (the mismatch says so)."""
    reading = Reading(world, recipe, alternative, query.without("machine"))
    _tags(reading)
    _required(reading)
    set_values(reading)
    if not reading.error and not _lacking(reading):
        fill(reading)
        _names(reading)
        _restrictions_of_alternative(reading)
    if reading.faults or reading.error:
        reason = "; ".join(reading.faults) or str(reading.error)
        return Mismatch(recipe, alternative, reason, _distance(reading), reading.error if not reading.faults else None)
    around = world.surroundings(recipe)
    try:
        known = identity(world, recipe, alternative, reading.query, reading.values, around)
    except (UsageError, NotTrusted) as error:
        return Mismatch(recipe, alternative, str(error), 1, error)
    return Match(
        query,
        recipe,
        alternative,
        reading.values,
        reading.origins,
        known.key,
        tuple(reading.restrictions),
        query.get("machine"),
        around,
        known.parts,
        known.contents,
    )


def _distance(reading: Reading) -> int:
    """Tags weigh most, then what the alternative wants to be named: a recipe for just this with one wrong value is
    nearer than one for something else.
    """
    return 10 * len(reading.alternative.tags ^ reading.query.tags) + reading.unmet + len(reading.faults)


def _tags(reading: Reading) -> None:
    tags, wanted = reading.alternative.tags, reading.query.tags
    if missing := sorted(wanted - tags):
        reading.faults.append(f"it has no tag {', '.join(missing)}")
    if extra := sorted(tags - wanted):
        reading.faults.append(f"the query does not say the tag {', '.join(extra)}")
    if refused := sorted(tags & reading.query.negative_tags):
        reading.faults.append(f"the query refuses the tag {', '.join(refused)}")


def _required(reading: Reading) -> None:
    for own in reading.alternative.required:
        asked = reading.query.get(own.key)
        value = own.typed_value()
        if not asked:
            reading.unmet += 1
            reading.faults.append(f"the query does not say {own}")
        for condition in asked:
            if not condition.holds(value):
                reading.unmet += not _nearly(condition, own)
                reading.faults.append(f"{condition} does not hold: it has {own}")


def _nearly(condition: Condition, own: Condition) -> bool:
    """Is the value probably misspelt?"""
    from axs_core.query.near import nearest

    return condition.sets() and bool(nearest(str(condition.value), [str(own.value)]))


def _names(reading: Reading) -> None:
    """Every other name in the query: an attribute that holds, a parameter for whose value it holds, or something
    that is found while making.
    """
    recipe, required = reading.recipe, {c.key for c in reading.alternative.required}
    stated = {c.key: c.typed_value() for c in reading.alternative.required}
    literal = settled(stated, reading.values)
    scope = Scope(recipe.name, visible(recipe, stated, reading.values), literal=literal)
    for condition in reading.query.named:
        if condition.key in required:
            continue
        name = _owner(recipe, condition.key)
        if name in recipe.finds:
            reading.restrictions.append(_as_understood(reading, condition))
        elif name in recipe.parameters:
            if name != condition.key or not condition.sets():
                _restrict_parameter(reading, condition)
        elif name in recipe.attributes:
            _compare_attribute(reading, scope, condition, name)
        else:
            reading.faults.append(_unknown(recipe, condition))


def _owner(recipe: Entry, key: str) -> str:
    """The name that a condition is about: ``d`` where it says ``d.k`` and nothing is called so itself."""
    known = {*recipe.finds, *recipe.parameters, *recipe.attributes}
    first = key.partition(".")[0]
    return first if key not in known and first in known else key


def _compare_attribute(reading: Reading, scope: Scope, condition: Condition, name: str) -> None:
    """An attribute that depends on a need is compared once it is made."""
    try:
        value = value_at({name: scope.get(name)}, condition.key)
    except NoSuchName as error:
        if error.name not in reading.recipe.needs:
            raise
        reading.restrictions.append(condition)
        return
    if not condition.holds(value, value is not None):
        reading.faults.append(f"{condition} does not hold: {condition.key} is {value!r}")


def _as_understood(reading: Reading, condition: Condition) -> Condition:
    """A name that is both set and found (the folder in which to look, and in which it was found) is compared as the
    parameter understands it: a path absolute.
    """
    name = condition.key
    if not condition.sets() or name not in reading.recipe.parameters or reading.values.get(name) is None:
        return condition
    value = reading.values[name]
    return Condition("=", name, value, isinstance(value, str))


def _restrict_parameter(reading: Reading, condition: Condition) -> None:
    """An operator that sets nothing must hold for the value; where a need decides on it, it travels there and
    becomes part of the identity.
    """

    name = condition.key
    value, parameter = value_at(reading.values, name), reading.recipe.parameters.get(name)  # none for a member of one
    if condition.op in ORDER_OPS and parameter is not None and parameter.type in NUMBER_TYPES:
        try:
            condition.typed_value("float", parameter.unit)
        except UsageError as error:
            reading.error = reading.error or error
            return
    forwarded = any(name in need.forward for need in reading.recipe.needs.values())
    if value is None and forwarded:
        return
    if not condition.holds(value, value is not None, parameter.type if parameter else None):
        reading.faults.append(f"{condition} does not hold: {name} is {value!r}")


def _unknown(recipe: Entry, condition: Condition) -> str:
    from axs_core.resolver.meant import meant

    near = meant(condition, [recipe])
    told = f" (did you mean {' or '.join(near)}?)" if near else ""
    return f"it has no parameter or attribute {condition.key!r}{told}"


def _lacking(reading: Reading) -> bool:
    """Does the query leave out a name that the alternative wants said? Its templates count on that; they are not
    rendered then (a look-up that hits does without Jinja2).
    """
    unsaid = [own for own in reading.alternative.restrictions if reading.origins.get(own.key) != "query"]
    lacking = [own for own in unsaid if not own.holds(None, False)]
    reading.unmet += len(lacking)
    reading.faults += [f"it serves only queries with {own}" for own in lacking]
    return bool(lacking)


def _restrictions_of_alternative(reading: Reading) -> None:
    """Other operators of the alternative restrict what the query itself says."""
    for own in reading.alternative.restrictions:
        said = reading.origins.get(own.key) == "query"
        value = reading.values.get(own.key) if said else None
        if said and value is None and reading.error:  # what was said is no value of this name: the error tells it
            continue
        if not own.holds(value, value is not None):
            reading.unmet += 1
            reading.faults.append(f"it serves only queries with {own}")
