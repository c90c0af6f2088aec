"""Reading a ``meta.yaml``: plain data, safe loader, validated; mistakes are told with file, line and key."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from axs_core.base.errors import EntryError

META = "meta.yaml"
"""The file that makes a folder an entry."""


MOST_VALUES = 1_000_000
"""So many values a ``meta.yaml`` may hold."""

DEEPEST = 50
"""So many levels its lists and mappings may be nested."""


def is_finished(folder: Path) -> bool:
    """Whether a folder has its ``meta.yaml``. Where we may not look into it (another user's), it counts as finished:
    nothing in it is ours to change.
    """
    try:
        return (folder / META).is_file()
    except PermissionError:
        return True


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

    from axs_core.entry.validate import validate

    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise EntryError(f"is not UTF-8 text (byte {error.start})", file=file) from None
    except OSError as error:
        raise EntryError(f"cannot be read: {error.strerror or error}", file=file) from None
    try:
        _refuse_depth(text, file)
        data = yaml.load(text, Loader=_loader())
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise EntryError(f"is not valid YAML: {error.reason}", file=file, line=line) from None
    except ValueError:  # Python reads whole numbers of some thousand digits only
        raise EntryError("holds a whole number that is too long to be read", file=file) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = f"is not valid YAML: {getattr(error, 'problem', None) or error}"
        if "nesting depth" in problem:  # libyaml has a limit of its own from 0.2.6 on
            problem = f"is nested more than {DEEPEST} levels deep"
        raise EntryError(problem, file=file, line=mark.line + 1 if mark else None) from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise EntryError(f"must be a mapping of keys to values, not {_kind_of(data)}", file=file, line=1)
    _refuse_what_is_not_plain(data, text, file)
    validate(data, text, file)
    return data


def _refuse_depth(text: str, file: Path) -> None:
    """Refuse deep nesting before values are built: libyaml builds them by recursion and dies of it."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > DEEPEST:
            raise EntryError(
                f"is nested more than {DEEPEST} levels deep",
                file=file,
                line=event.start_mark.line + 1 if event.start_mark else None,
            )


def _refuse_what_is_not_plain(data: dict[str, Any], text: str, file: Path) -> None:
    """What JSON cannot hold and give back as it was (binary data, keys that are no text), and what grows without end
    (anchors inside themselves or stacked up).
    """
    from axs_core.entry.validate import line_of

    waiting: list[tuple[tuple[Any, ...], Any]] = [((), data)]
    values = 0
    while waiting:
        path, value = waiting.pop()
        values += 1
        problem = _no_plain_value(value)
        if values > MOST_VALUES:
            path, problem = path[:2], f"holds more than {MOST_VALUES} values, those of its anchors counted each time"
        elif len(path) > DEEPEST:
            path, problem = path[:2], f"is nested more than {DEEPEST} levels deep"
        if problem:
            raise EntryError(problem, file=file, line=line_of(text, path), key=".".join(map(str, path)) or None)
        if isinstance(value, dict):
            waiting += [((*path, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, number), item) for number, item in enumerate(value)]


def _no_plain_value(value: Any) -> str | None:
    if isinstance(value, dict):
        odd = next((key for key in value if not isinstance(key, str)), None)
        return None if odd is None else f"its keys must be text, not {_kind_of(odd)}; write it in quotes"
    if isinstance(value, str):
        return None if value.isascii() or _is_text(value) else "holds half a character (a lone surrogate)"
    if value is None or isinstance(value, (bool, int, float, list)):
        return None
    return f"must be text, a number, true or false, a list or a mapping, not {_kind_of(value)}"


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind_of(value: Any) -> str:
    from axs_core.entry.validate import kind_of

    return kind_of(value)
