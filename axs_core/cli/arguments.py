"""One argument of an action: what ``--name,=a,b`` and its kin mean. The forms stand in :mod:`axs_core.cli.pipeline`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from axs_core.base.errors import UsageError
from axs_core.base.value import Value

NAME = re.compile(r"[A-Za-z_]\w*")
_HEAD = r"(?P<path>[\w.]*)(?P<augment>\+?)(?P<separators>[ ,;:/]{0,3})"
_FLAG = r"(?P<path>[\w.]*)(?P<sign>[,+-]?)"
_HYPHEN = r"(?<=\w)-(?=\w)"
"""Inside a name: who comes from other tools types ``--dry-run`` for ``--dry_run``."""
_NUMBER = r"-?\d+(\.\d+)?(e[+-]\d+)?"


class Stored(Value):
    """Stands for what an earlier action stored under ``label``."""

    label: str


class Option(Value):
    """``--a.b+=3``: path ("a", "b"), value 3, augment (add to what is there, instead of replacing it)."""

    path: tuple[str, ...]
    value: Any
    augment: bool = False


class Fault(Exception):
    """An argument that cannot be understood, before it is known where it stands."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def read_option(word: str) -> Option:
    """One ``--...`` argument; an empty path for a positional one."""
    if word.startswith("---") and len(word) > 3:
        head, equals, text = _named(word[3:])
        if not equals:
            raise Fault(f"{word!r} has no '='", "---name='{\"member\": 1}'")
        return _option(word, head, _json(text), "")
    head, equals, text = _named(word[2:])
    if not equals:
        return _flag(word, head)
    matched = re.fullmatch(_HEAD, head)
    separators = matched["separators"] if matched else ""
    return _option(word, head[: len(head) - len(separators)], _value(text, separators, word), separators)


def _named(word: str) -> tuple[str, str, str]:
    """What stands before the ``=``, the ``=``, and what stands behind it."""
    head, equals, text = word.partition("=")
    return re.sub(_HYPHEN, "_", head), equals, text


def _option(word: str, head: str, value: Any, separators: str) -> Option:
    matched = re.fullmatch(_HEAD, head)
    if not matched or matched["separators"]:
        raise Fault(f"'{head}' is not the name of a parameter")
    augment = bool(matched["augment"])
    path = _path(word, matched["path"])
    if augment and not path:
        raise Fault(f"{word!r} does not say what to add to", f"--name+{separators}=")
    return Option(path, value, augment)


def _flag(word: str, head: str) -> Option:
    matched = re.fullmatch(_FLAG, head)
    if not matched:
        return _option(word, head, True, "")
    path = _path(word, matched["path"])
    if matched["sign"] == ",":
        return Option(path, [])
    if not path and not matched["sign"]:
        raise Fault(f"{word!r} names no parameter", "--name, --name- or --name=value")
    return Option(path, matched["sign"] != "-")


def _path(word: str, path: str) -> tuple[str, ...]:
    parts = tuple(path.split(".")) if path else ()
    if not all(parts):
        raise Fault(f"{word!r} has an empty name before or after a '.'", "--name.member=value")
    return parts


def _value(text: str, separators: str, word: str) -> Any:
    """The value behind the ``=``, read as the separators before it say."""
    if not separators:
        if text.startswith("=="):
            return text[2:]
        if text.startswith("="):
            name, value = word.split("==", 1)
            hint = f"{name}={value}, or {name}==={value} for the text as it is"
            raise Fault(f"{word!r} has '==' where '=' is meant", hint)
        return scalar(text)
    if not text:
        return {} if len(separators) == 3 else []
    groups = _split(text, separators[0])
    if len(separators) == 1:
        return [_plain(item) for item in groups]
    if len(separators) == 2:
        return [[_plain(item) for item in _split(group, separators[1])] for group in groups]
    if separators[1] != separators[2]:
        hint = "--name,::=key:value,key:value"
        raise Fault(f"{word!r} has three separators; a dictionary repeats the last one", hint)
    return dict(_pair(group, separators[1], word) for group in groups)


def _pair(group: str, separator: str, word: str) -> tuple[str, Any]:
    key, found, value = group.partition(separator)
    if not found:
        raise Fault(f"{word!r}: {group!r} has no {separator!r} between key and value", None)
    return key, _plain(value)


def _split(text: str, separator: str) -> list[str]:
    """Parts between separators; a separator inside double quotes counts for nothing."""
    parts, inside = [""], False
    for character in text:
        inside ^= character == '"'
        if character == separator and not inside:
            parts.append("")
        else:
            parts[-1] += character
    return text.split(separator) if inside else parts


def scalar(text: str) -> Any:
    """One value as typed: ``^label``, text in double quotes, a number, or text."""
    if text.startswith("^"):
        if not NAME.fullmatch(text[1:]):
            hint = f"store one (LABEL: ACTION) and say ^LABEL; for the text: '\"{text}\"'"
            raise Fault(f"{text!r} is not a stored result", hint)
        return Stored(text[1:])
    return _plain(text)


def _plain(text: str) -> Any:
    """A number where it prints back as typed (so nothing is lost where text is wanted), else text.

    >>> [_plain(text) for text in ("3", "-0.5", "1.10", "007", "1e5", '"3"', "nan")]
    [3, -0.5, '1.10', '007', '1e5', '3', 'nan']
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if re.fullmatch(_NUMBER, text):
        number = float(text) if "." in text or "e" in text else _integer(text)
        if repr(number) == text:
            return number
    return text


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts
        return None


def _json(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise Fault(f"{text!r} is not JSON: {error}", "quote it for the shell: ---name='{\"member\": 1}'") from None


def merge_options(options: Sequence[Option], present: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments that the options amount to, in the order typed.

    ``present`` has the values that ``--name+=`` adds to and whose members ``--name.member=`` changes, by name (only the
    names that :func:`names_changed` gives are asked for); nothing in it is modified.
    """
    result: dict[str, Any] = {}
    for option in options:
        name = option.path[0]
        before = result[name] if name in result else present.get(name)
        result[name] = _changed(before, option, 1)
    return result


def names_changed(options: Sequence[Option]) -> tuple[str, ...]:
    """The names whose present value is needed, because an option adds to it or changes a member of it."""
    return tuple(dict.fromkeys(option.path[0] for option in options if option.augment or len(option.path) > 1))


def _changed(before: Any, option: Option, depth: int) -> Any:
    """``before`` with the option's value at the rest of its path."""
    if depth < len(option.path):
        members = dict(before) if isinstance(before, Mapping) else {}
        member = option.path[depth]
        return {**members, member: _changed(members.get(member), option, depth + 1)}
    return _augmented(before, option) if option.augment else option.value


def _augmented(before: Any, option: Option) -> Any:
    """``before`` with the value added, appended or merged, by the kind of ``before``."""
    value = option.value
    if before is None:
        return value
    if isinstance(before, (list, tuple)):
        return [*before, *value] if isinstance(value, list) else [*before, value]
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        return {**before, **value}
    numbers = isinstance(before, (int, float)) and isinstance(value, (int, float))
    if numbers or (isinstance(before, str) and isinstance(value, str)):
        return before + value
    typed = ".".join(option.path)
    raise UsageError(f"cannot add {value!r} to '{typed}', which is {before!r}", hint=f"--{typed}= replaces it")
