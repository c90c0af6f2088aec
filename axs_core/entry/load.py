"""Reading a ``meta.yaml``: plain data, safe loader, validated; mistakes are told with file, line and key."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from axs_core.errors import EntryError

META = "meta.yaml"
"""The file that makes a folder an entry."""


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The JSON schema of ``meta.yaml``."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("meta.schema.json").read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


@lru_cache(maxsize=1)
def _loader() -> Any:
    """PyYAML's safe loader that refuses a key said twice, and keeps dates as text (a date is no JSON)."""
    import yaml

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc, valid-type]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for key_node, _ in node.value:
                if isinstance(key_node, yaml.ScalarNode) and key_node.value != "<<":
                    if key_node.value in seen:
                        raise yaml.constructor.ConstructorError(
                            None, None, f"the key {key_node.value!r} stands here twice", key_node.start_mark
                        )
                    seen.add(key_node.value)
            return super().construct_mapping(node, deep)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
        for first, pairs in base.yaml_implicit_resolvers.items()
    }
    return Loader


def read_meta(file: Path) -> dict[str, Any]:
    """The validated content of a ``meta.yaml``.

    Raises EntryError with file, line and key for what is not YAML, holds a key twice, has an unknown key or a value
    of the wrong form.
    """
    import yaml

    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise EntryError(f"is not UTF-8 text (byte {error.start})", file=file) from None
    except OSError as error:
        raise EntryError(f"cannot be read: {error.strerror or error}", file=file) from None
    try:
        data = yaml.load(text, Loader=_loader())
    except RecursionError:
        raise EntryError("is nested too deeply", file=file) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise EntryError(f"is not valid YAML: {problem}", file=file, line=mark.line + 1 if mark else None) from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise EntryError(f"must be a mapping of keys to values, not {_kind(data)}", file=file, line=1)
    _plain(data, file)
    _validate(data, text, file)
    return data


def _plain(data: Any, file: Path) -> None:
    """Refuse what JSON cannot hold (an anchor that contains itself, binary data)."""
    try:
        json.dumps(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise EntryError(f"holds a value that is no plain data: {error}", file=file) from None


def _validate(data: dict[str, Any], text: str, file: Path) -> None:
    from jsonschema.exceptions import best_match

    error = best_match(_validator().iter_errors(data))
    if error is None:
        return
    path = list(error.absolute_path)
    message, hint = _in_words(error)
    extra = _unknown_keys(error)
    at = [*path, extra[0]] if extra else path
    raise EntryError(message, file=file, line=_line(text, at), key=".".join(map(str, at)) or None, hint=hint)


def _unknown_keys(error: Any) -> list[str]:
    if error.validator != "additionalProperties":
        return []
    return [key for key in error.instance if key not in error.schema.get("properties", {})]


def _in_words(error: Any) -> tuple[str, str | None]:
    from axs_core.query.near import nearest

    if unknown := _unknown_keys(error):
        known = list(error.schema.get("properties", {}))
        near = nearest(str(unknown[0]), known)
        return (
            "is not a key that is known here",
            f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}",
        )
    if error.validator == "type":
        wanted = error.validator_value
        wanted = " or ".join(wanted) if isinstance(wanted, list) else wanted
        return f"must be {_article(wanted)}, not {_kind(error.instance)}", None
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"lacks {', '.join(missing)}", None
    if error.validator == "enum":
        return f"must be one of {', '.join(map(str, error.validator_value))}, not {error.instance!r}", None
    return str(error.message), None


_JSON_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
    "null": "null",
}


def _article(wanted: str) -> str:
    return " or ".join(_JSON_WORDS.get(word, word) for word in wanted.split(" or "))


def _kind(value: Any) -> str:
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


def _line(text: str, path: list[Any]) -> int | None:
    """The line (from 1) on which the value at ``path`` stands."""
    import yaml

    node = yaml.compose(text, Loader=yaml.SafeLoader)
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
