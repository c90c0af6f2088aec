"""Values: text read as numbers, truth values and lists, and the comparison of two values.

A condition keeps its text. What that text means depends on the declared type of the attribute, if it has one, else on
what the two sides look like.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from axs_core.base.paths import absolute

NUMBER_TYPES = frozenset({"int", "float"})
PATH_TYPES = frozenset({"path", "file", "folder"})
TEXT_TYPES = PATH_TYPES | {"str", "version"}

#: What a value of each declared type must be, as it is said in a message. A type that is not here converts nothing.
EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    **dict.fromkeys(TEXT_TYPES, "text"),
}

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

Flags = bool | Sequence[bool]


def read_number(value: Any) -> int | float | None:
    """The number that a value is or spells out, else None. Truth values, infinities and ``nan`` are no numbers.

    >>> read_number("1e3"), read_number("08"), read_number(2.5), read_number("32x32")
    (1000.0, 8, 2.5, None)
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if isinstance(value, int) or math.isfinite(value) else None
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    try:
        return int(value)
    except ValueError:  # not a whole number, or one with more digits than Python reads
        number = float(value)
    return number if math.isfinite(number) else None


def plain_number(text: str) -> int | float | None:
    """The number that ``text`` spells out, if that number prints as the same text again; so 1.10 and 007 are text.

    >>> plain_number("5"), plain_number("0.5"), plain_number("1.10"), plain_number("007")
    (5, 0.5, None, None)
    """
    number = read_number(text)
    return number if number is not None and str(number) == text else None


def read_truth(value: Any) -> bool | None:
    """The truth value of True, False or a word for one (true yes on 1, false no off 0, in any case), else None."""
    return value if isinstance(value, bool) else _TRUTH.get(text_of(value).lower())


def text_of(value: Any) -> str:
    """A value as it would be typed: ``true`` and not ``True``, a path as text, a collection as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, (Mapping, list, tuple)):
        import json

        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def convert(value: Any, type: str | None, quoted: Flags = False) -> Any:
    """``value`` as the declared ``type``; without one, text becomes a number where it is one and is not ``quoted``.

    ``quoted`` is one flag, or one for each item of a list. Raises ValueError where the value cannot be of that type;
    ``EXPECTED[type]`` says what it must be.
    """
    if type == "int":
        return _whole(value)
    if type == "float":
        return _real(value)
    if type == "bool":
        return _need(read_truth(value))
    if type in TEXT_TYPES:
        return text_of(_need(None if isinstance(value, (Mapping, list, tuple)) else value))
    if isinstance(value, (list, tuple)):
        return [_infer(item, flag) for item, flag in _with_flags(value, quoted)]
    if type == "list":
        raise ValueError("not a list")
    return _infer(value, quoted is True)


def equal(value: Any, wanted: Any, type: str | None = None, quoted: Flags = False) -> bool:
    """Is ``value`` what ``wanted`` says? By the declared type; without one as numbers where both are, else as text."""
    if type == "version":
        return _compare_versions(value, wanted) == 0
    if type in PATH_TYPES:
        return _absolute(value) == _absolute(wanted)
    if type in EXPECTED and type != "list":
        try:
            return bool(convert(value, type) == convert(wanted, type))
        except ValueError:
            return False
    if isinstance(value, (list, tuple)) and isinstance(wanted, (list, tuple)):
        if len(value) != len(wanted):
            return False
        pairs = zip(value, _with_flags(wanted, quoted), strict=True)
        return all(equal(item, expected, None, flag) for item, (expected, flag) in pairs)
    if any(isinstance(side, (Mapping, list, tuple)) for side in (value, wanted)):
        return bool(value == wanted)
    return _same_scalar(value, wanted, quoted is True)


def contains(value: Any, wanted: Any, quoted: bool = False) -> bool:
    """Is ``wanted`` an item of a list, a key of a mapping, a part of a text? A single number contains only itself."""
    if isinstance(value, str):
        return text_of(wanted) in value
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return any(equal(item, wanted, None, quoted) for item in value)
    return equal(value, wanted, None, quoted)


def value_at(values: Mapping[str, Any], name: str) -> Any:
    """The value of that name; where there is none, the member that the dots in it lead to. None where there is none.

    >>> value_at({"d": {"k": [1, 2]}}, "d.k.1"), value_at({"d.k": 3, "d": {"k": 1}}, "d.k"), value_at({"d": 1}, "d.k")
    (2, 3, None)
    """
    if name in values or "." not in name:
        return values.get(name)
    found: Any = values
    try:
        for part in name.split("."):
            found = member(found, part)
    except LookupError:
        return None
    return found


def member(value: Any, name: str) -> Any:
    """The member of a mapping by its name, or the item of a list by its number. Raises LookupError."""
    if isinstance(value, Mapping):
        return value[name]
    try:
        return value[int(name)]
    except (TypeError, ValueError):
        raise LookupError(name) from None


def order(value: Any, wanted: Any, type: str | None = None) -> int | None:
    """Negative, zero or positive, as ``value`` is less than, equal to or more than ``wanted``; None: there is no order.

    Numbers compare as numbers, if the type is one or one of the two is one already; texts compare as versions.
    """
    if any(isinstance(side, (bool, Mapping, list, tuple)) for side in (value, wanted)):
        return None
    both_text = isinstance(value, str) and isinstance(wanted, str)
    if type in ("int", "float") or (type not in TEXT_TYPES and not both_text):
        a, b = read_number(value), read_number(wanted)
        if a is not None and b is not None:
            return (a > b) - (a < b)
        if type in ("int", "float"):
            return None
    return _compare_versions(value, wanted)


def _compare_versions(value: Any, wanted: Any) -> int:
    from axs_core.query.versions import compare_versions

    return compare_versions(text_of(value), text_of(wanted))


def _same_scalar(value: Any, wanted: Any, quoted: bool) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        truth = read_truth(value)
        return truth is not None and truth is read_truth(wanted)
    if not quoted:
        # Two texts are numbers only where both print back the same: version 1.1 must not answer for 1.10.
        read = plain_number if isinstance(value, str) and isinstance(wanted, str) else read_number
        a, b = read(value), read(wanted)
        if a is not None and b is not None:
            return a == b
    return text_of(value) == text_of(wanted)


def _with_flags(items: Sequence[Any], quoted: Flags) -> list[tuple[Any, bool]]:
    flags = [quoted] * len(items) if isinstance(quoted, bool) else quoted
    return list(zip_longest(items, flags[: len(items)], fillvalue=False))


def _infer(value: Any, quoted: bool) -> Any:
    number = plain_number(value) if isinstance(value, str) and not quoted else None
    return value if number is None else number


def _whole(value: Any) -> int:
    number = _need(read_number(value))
    if number != int(number):
        raise ValueError("not a whole number")
    return int(number)


def _real(value: Any) -> float:
    try:
        return float(_need(read_number(value)))
    except OverflowError as error:
        raise ValueError("too large") from error


def _need(value: Any) -> Any:
    if value is None:
        raise ValueError("not of this type")
    return value


def _absolute(path: Any) -> str:
    return str(absolute(text_of(path)))
