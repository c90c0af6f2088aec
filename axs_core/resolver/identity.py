"""What one thing is known by: its recipe, what is stated, the values of its parameters, the content of its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axs_core.base.digest import of_value
from axs_core.base.value import Value, field
from axs_core.entry import Alternative, Entry, Parameter
from axs_core.entry.surroundings import Surroundings
from axs_core.query import Query
from axs_core.resolver.world import World

LOCATED = frozenset({"file", "folder"})
"""Types of parameters that name what lies on a disk: made absolute, and part of the identity by content."""


class Identity(Value):
    """``key``: 64 hex digits. ``parts``: the files that belong to a parameter's file, relative to its folder.
    ``contents``: the digests of the files and folders themselves, by parameter.
    """

    key: str
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)


def identity(
    world: World,
    recipe: Entry,
    alternative: Alternative,
    query: Query,
    values: Mapping[str, Any],
    around: Surroundings,
) -> Identity:
    """Recipe, alternative, and all parameters but those that only say how; null left out. Environment variables add to
    it where some are set. Raises UsageError for a file that is not there, NotTrusted where code would tell its parts.
    """
    told: dict[str, Any] = {}
    parts: dict[str, tuple[str, ...]] = {}
    contents: dict[str, str] = {}
    for name, value in values.items():
        parameter = recipe.parameters[name]
        if value is None or parameter.how:
            continue
        told[name] = value
        if parameter.type in LOCATED:
            told[name] = content = _content(world, recipe, parameter, value)
            contents[name] = content[str(parameter.type)]
            parts.update({name: tuple(content["parts"])} if "parts" in content else {})
    travelling = sorted(
        str(condition)
        for condition in query.named
        if not condition.sets() and condition.key in recipe.parameters and values.get(condition.key) is None
    )
    stated = {c.key: c.typed_value() for c in alternative.required}
    environment = [around.identity] if around.identity else []
    key = of_value([recipe.name, sorted(alternative.tags), stated, told, travelling, *environment])
    return Identity(key, parts, contents)


def _content(world: World, recipe: Entry, parameter: Parameter, path: str) -> dict[str, Any]:
    """What stands for a file or folder in the identity: its content, and that of the files that belong to it."""
    assert parameter.type is not None
    content: dict[str, Any] = {parameter.type: world.content(path, parameter.type)}
    if parameter.parts is not None and (parts := world.parts(recipe, parameter.parts, path)):
        content["parts"] = dict(parts)
    return content
