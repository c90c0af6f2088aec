"""Does an alternative of a recipe answer a query, and with which values? Rules in docs/query.md, 'Which recipe,
which entry'.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from axs_core.base.credentials import has_credentials, without_credentials
from axs_core.base.digest import of_value
from axs_core.base.errors import AxsError, NoSuchName, NotTrusted, UsageError
from axs_core.base.value import Value, field, replace
from axs_core.entry import Alternative, Entry, Parameter, Scope, placed, rendered_at
from axs_core.entry.surroundings import Surroundings
from axs_core.query import Condition, Query
from axs_core.query.values import value_at

LOCATED = frozenset({"file", "folder"})
"""Types of parameters that name what lies on a disk: made absolute, and part of the identity by content."""


class World(Protocol):
    """What the resolver asks of the world. It never touches disk or process itself."""

    @property
    def machine(self) -> str:
        """This machine's name."""
        ...

    def surroundings(self, recipe: Entry) -> Surroundings:
        """The environment variables that change what a recipe makes, as they are set here."""
        ...

    def providers(self, tags: frozenset[str]) -> list[Entry]:
        """Recipes and static entries with an alternative of exactly these tags, in the collections' order."""
        ...

    def by_key(self, key: str) -> list[Entry]:
        """Entries of that identity, the newest first."""
        ...

    def find(self, query: Query) -> Iterable[Entry]:
        """Entries that satisfy every condition, one by one: there may be many."""
        ...

    def absolute(self, path: str) -> str:
        """``path`` as seen from where the user is."""
        ...

    def content(self, path: str, type: str) -> str:
        """Digest of a file's bytes or of a folder's listing; raises UsageError when there is none."""
        ...

    def parts(self, recipe: Entry, function: str, path: str) -> Mapping[str, str]:
        """Digests of the files beside ``path`` that belong to it, by relative path, as the recipe's function tells."""
        ...

    def needed(self, entry: Entry) -> Mapping[str, set[str]]:
        """The names of the entries that it was made from, by need."""
        ...

    def fault(self, entry: Entry) -> str | None:
        """Why a present entry does not work any more, or None."""
        ...


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


class _Reading:
    """One attempt to match, step by step; ``faults`` collects why it fails."""

    def __init__(self, world: World, recipe: Entry, alternative: Alternative, query: Query) -> None:
        self.world, self.recipe, self.alternative, self.query = world, recipe, alternative, query
        self.faults: list[str] = []
        self.error: AxsError | None = None
        self.unmet = 0
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.restrictions: list[Condition] = []
        self.parts: dict[str, tuple[str, ...]] = {}
        self.contents: dict[str, str] = {}


def match(world: World, recipe: Entry, alternative: Alternative, query: Query) -> Match | Mismatch:
    """Match one alternative; the query's tags need not agree (the mismatch says so)."""
    reading = _Reading(world, recipe, alternative, query.without("machine"))
    _tags(reading)
    _required(reading)
    _set_values(reading)
    if not reading.error and not _lacking(reading):
        _fill(reading)
        _names(reading)
        _restrictions_of_alternative(reading)
    if reading.faults or reading.error:
        reason = "; ".join(reading.faults) or str(reading.error)
        return Mismatch(recipe, alternative, reason, _distance(reading), reading.error if not reading.faults else None)
    around = world.surroundings(recipe)
    try:
        key = _key(reading, around)
    except (UsageError, NotTrusted) as error:
        return Mismatch(recipe, alternative, str(error), 1, error)
    return Match(
        query,
        recipe,
        alternative,
        reading.values,
        reading.origins,
        key,
        tuple(reading.restrictions),
        query.get("machine"),
        around,
        reading.parts,
        reading.contents,
    )


def _distance(reading: _Reading) -> int:
    """Tags weigh most, then what the alternative wants to be named: a recipe for just this with one wrong value is
    nearer than one for something else.
    """
    return 10 * len(reading.alternative.tags ^ reading.query.tags) + reading.unmet + len(reading.faults)


def _tags(reading: _Reading) -> None:
    tags, wanted = reading.alternative.tags, reading.query.tags
    if missing := sorted(wanted - tags):
        reading.faults.append(f"it has no tag {', '.join(missing)}")
    if extra := sorted(tags - wanted):
        reading.faults.append(f"the query does not say the tag {', '.join(extra)}")
    if refused := sorted(tags & reading.query.negative_tags):
        reading.faults.append(f"the query refuses the tag {', '.join(refused)}")


def _required(reading: _Reading) -> None:
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


def _set_values(reading: _Reading) -> None:
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


def _fill(reading: _Reading) -> None:
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


def _value(reading: _Reading, scope: Scope, name: str, parameter: Parameter) -> Any:
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


def _rendered(reading: _Reading, scope: Scope, condition: Condition) -> Condition | None:
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
    from axs_core.query.near import nearest

    meant = parameter.synonyms.get(value.casefold())
    near = [meant] if meant is not None else nearest(value, [str(choice) for choice in parameter.choices])
    if not near:
        return f"axs byquery ...,{parameter.name}={parameter.choices[0]}"
    return f"did you mean {parameter.name}={near[0]}?"


def _names(reading: _Reading) -> None:
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


def _compare_attribute(reading: _Reading, scope: Scope, condition: Condition, name: str) -> None:
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


def visible(recipe: Entry, stated: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What templates of a recipe see: what the alternative states, the parameters' values, its attributes; a parameter
    without a value does not hide an attribute.
    """
    there = {name: value for name, value in values.items() if value is not None or name not in recipe.attributes}
    return {**recipe.attributes, **there, **stated}


def settled(stated: Mapping[str, Any], values: Mapping[str, Any]) -> frozenset[str]:
    """The names of what is visible whose values are known: no template in them is rendered any more."""
    return frozenset(stated) | {name for name, value in values.items() if value is not None}


def _as_understood(reading: _Reading, condition: Condition) -> Condition:
    """A name that is both set and found (the folder in which to look, and in which it was found) is compared as the
    parameter understands it: a path absolute.
    """
    name = condition.key
    if not condition.sets() or name not in reading.recipe.parameters or reading.values.get(name) is None:
        return condition
    value = reading.values[name]
    return Condition("=", name, value, isinstance(value, str))


def _restrict_parameter(reading: _Reading, condition: Condition) -> None:
    """An operator that sets nothing must hold for the value; where a need decides on it, it travels there and
    becomes part of the identity.
    """
    from axs_core.resolver.meant import NUMBERS, ORDER

    name = condition.key
    value, parameter = value_at(reading.values, name), reading.recipe.parameters.get(name)  # none for a member of one
    if condition.op in ORDER and parameter is not None and parameter.type in NUMBERS:
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


def _lacking(reading: _Reading) -> bool:
    """Does the query leave out a name that the alternative wants said? Its templates count on that; they are not
    rendered then (a look-up that hits does without Jinja2).
    """
    unsaid = [own for own in reading.alternative.restrictions if reading.origins.get(own.key) != "query"]
    lacking = [own for own in unsaid if not own.holds(None, False)]
    reading.unmet += len(lacking)
    reading.faults += [f"it serves only queries with {own}" for own in lacking]
    return bool(lacking)


def _restrictions_of_alternative(reading: _Reading) -> None:
    """Other operators of the alternative restrict what the query itself says."""
    for own in reading.alternative.restrictions:
        said = reading.origins.get(own.key) == "query"
        value = reading.values.get(own.key) if said else None
        if said and value is None and reading.error:  # what was said is no value of this name: the error tells it
            continue
        if not own.holds(value, value is not None):
            reading.unmet += 1
            reading.faults.append(f"it serves only queries with {own}")


def _content(reading: _Reading, parameter: Parameter, path: str) -> dict[str, Any]:
    """What stands for a file or folder in the identity: its content, and that of the files that belong to it."""
    assert parameter.type is not None
    content: dict[str, Any] = {parameter.type: reading.world.content(path, parameter.type)}
    if parameter.parts is not None and (parts := reading.world.parts(reading.recipe, parameter.parts, path)):
        reading.parts[parameter.name] = tuple(parts)
        content["parts"] = dict(parts)
    return content


def _key(reading: _Reading, around: Surroundings) -> str:
    """The identity: recipe, alternative, and all parameters but those that only say how; null left out. Environment
    variables add to it where some are set.
    """
    recipe = reading.recipe
    identity: dict[str, Any] = {}
    for name, value in reading.values.items():
        parameter = recipe.parameters[name]
        if value is None or parameter.how:
            continue
        if parameter.type in LOCATED:
            value = _content(reading, parameter, value)
            reading.contents[name] = value[str(parameter.type)]
        identity[name] = value
    travelling = sorted(
        str(condition)
        for condition in reading.query.named
        if not condition.sets() and condition.key in recipe.parameters and reading.values.get(condition.key) is None
    )
    stated = {c.key: c.typed_value() for c in reading.alternative.required}
    environment = [around.identity] if around.identity else []
    return of_value([recipe.name, sorted(reading.alternative.tags), stated, identity, travelling, *environment])
