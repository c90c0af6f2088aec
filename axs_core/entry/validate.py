"""The schema of ``meta.yaml``, and mistakes against it in words: file, line, key, what is wrong, what was meant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from axs_core.base.errors import EntryError
from axs_core.plugins import producers
from axs_core.plugins.shipped import PLACES


def schema() -> dict[str, Any]:
    """The JSON schema of ``meta.yaml``, with the sections of all producers."""
    return _schema(producers.names(), producers.names())


def _schema(full: Sequence[str], known: Sequence[str]) -> dict[str, Any]:
    """The schema with the sections of the producers ``full``; of the others that are ``known`` the names."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("meta.schema.json").read_text(encoding="utf-8"))
    sections = loaded["$defs"]["make"]["properties"]
    for name in known:
        sections[name] = _section(name) if name in full else {"type": "object"}
    return loaded


def _section(name: str) -> dict[str, Any]:
    """A producer's section; each may have ``when``."""
    try:
        section = {"type": "object", "additionalProperties": False, **producers.declared(name).section()}
        return {**section, "properties": {"when": {"$ref": "#/$defs/when"}, **section.get("properties", {})}}
    except (OSError, ValueError, TypeError) as error:
        raise EntryError(f"the schema of the producer {name!r} cannot be read: {error}", key=f"make.{name}") from error


@lru_cache(maxsize=8)
def _validator(full: tuple[str, ...], known: tuple[str, ...]) -> Any:
    """The code of packages is loaded only for those of their producers that are in ``full``."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(_schema(full, known))


def _used(data: dict[str, Any]) -> tuple[str, ...]:
    """The producers that the schema is asked about: the shipped ones, and what ``data`` uses of packages."""
    make = data.get("make")
    used = set(make) if isinstance(make, dict) else set()
    return (*PLACES, *(name for name in producers.names() if name in used - set(PLACES)))


def validate(data: dict[str, Any], text: str, file: Path) -> None:
    """Raise EntryError for the first mistake in the data of a ``meta.yaml``, its queries included."""
    _follow_schema(data, text, file)
    for number, conditions in enumerate(data.get("provides", ())):
        _read_query(conditions, ["provides", number], text, file)
    for name, need in data.get("needs", {}).items():
        said, at = (need, []) if isinstance(need, str) else (need["query"], ["query"])
        _read_query(said, ["needs", name, *at], text, file)


def _read_query(said: str | list[str], at: list[Any], text: str, file: Path) -> None:
    from axs_core.query import QuerySyntaxError, parse

    try:
        parse(said)
    except QuerySyntaxError as error:
        key = ".".join(map(str, at))
        raise EntryError(error.message, file=file, line=line_of(text, at), key=key, hint=error.hint) from None


def _follow_schema(data: dict[str, Any], text: str, file: Path) -> None:
    from jsonschema.exceptions import best_match

    try:
        error = best_match(_validator(_used(data), producers.names()).iter_errors(data))
    except EntryError as broken:  # a package's producer that cannot be loaded
        line = line_of(text, str(broken.key).split("."))
        raise EntryError(broken.message, file=file, line=line, key=broken.key, hint=broken.hint) from broken
    if error is None:
        return
    path = list(error.absolute_path)
    message, hint = _in_words(error)
    at = [*path, *_unknown_keys(error)[:1], *_odd_name(error)]
    raise EntryError(message, file=file, line=line_of(text, at), key=".".join(map(str, at)) or None, hint=hint)


def _unknown_keys(error: Any) -> list[str]:
    if error.validator != "additionalProperties":
        return []
    return [key for key in error.instance if key not in error.schema.get("properties", {})]


def _odd_name(error: Any) -> list[str]:
    """The key that is no name, if that is the mistake."""
    named = error.validator == "pattern" and "propertyNames" in error.absolute_schema_path
    return [error.instance] if named else []


def _in_words(error: Any) -> tuple[str, str | None]:
    from axs_core.query.near import nearest

    if _odd_name(error):
        return "is no name: a letter or _, then letters, digits and _", None

    if unknown := _unknown_keys(error):
        known = list(error.schema.get("properties", {}))
        near = nearest(str(unknown[0]), known)
        return (
            "is not a key that is known here",
            f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}",
        )
    if error.validator == "type":
        return f"must be {_one_of(error.validator_value)}, not {kind_of(error.instance)}", None
    if error.validator == "anyOf":
        wanted = [kind for inner in error.context if inner.validator == "type" for kind in _as_list(inner)]
        return f"must be {_one_of(wanted)}, not {kind_of(error.instance)}", None
    if error.validator in ("minItems", "minProperties", "minLength"):
        return "must not be empty", None
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"lacks {', '.join(missing)}", None
    if error.validator == "enum":
        return f"must be one of {', '.join(map(str, error.validator_value))}, not {error.instance!r}", None
    if error.validator in ("minimum", "maximum"):
        return f"must be between {error.schema['minimum']:g} and {error.schema['maximum']:g}", None
    return str(error.message), None


TYPE_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
    "null": "null",
}


def _as_list(error: Any) -> list[str]:
    wanted = error.validator_value
    return wanted if isinstance(wanted, list) else [wanted]


def _one_of(wanted: str | list[str]) -> str:
    return " or ".join(TYPE_WORDS[word] for word in ([wanted] if isinstance(wanted, str) else wanted))


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "nothing"
    for kind, word in (
        (bool, "true or false"),
        (dict, "a mapping"),
        (list, "a list"),
        (str, "text"),
        (int, "a number"),
        (float, "a number"),
    ):
        if isinstance(value, kind):
            return f"{word} ({value!r})" if kind in (str, int, float) else word
    return type(value).__name__


def line_of(text: str, path: Sequence[Any]) -> int | None:
    """The line (from 1) on which the value at ``path`` stands."""
    import yaml

    node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    line = 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            for key_node, value_node in node.value:
                if key_node.value == str(part):
                    line, node = key_node.start_mark.line + 1, value_node
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
