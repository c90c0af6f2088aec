"""The form of plain data that axs wrote once and somebody else may have changed since.

A form is a type, or several; ``[form]``: a list of such; ``{...: form}``: a mapping to such; ``{"name": form}``: a
mapping in which these names, where they are there, have that form, and those written ``"name!"`` are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from axs_core.base.errors import brief

_WORDS = {str: "text", int: "a whole number", dict: "a mapping", list: "a list", type(None): "null"}
TEXT, OPTIONAL_TEXT = str, (str, type(None))


def mismatch(value: Any, form: Any, at: str = "") -> str | None:
    """What is not of its form, in words: ``needs.0.entry: must be text, not nothing``; None where all is.

    >>> mismatch({"a": [1, "x"]}, {"a": [int]})
    "a.1: must be a whole number, not text ('x')"
    >>> mismatch({}, {"a!": int}), mismatch({"b": 5}, {"a": int})
    ('must have a', None)
    """
    if isinstance(form, (type, tuple)):
        return None if _is(value, form) else _must_be(value, form, at)
    if not isinstance(value, type(form)):
        return _must_be(value, type(form), at)
    return next((found for name, item, inner in _inside(value, form) if (found := _item(name, item, inner, at))), None)


def _is(value: Any, form: type | tuple[type, ...]) -> bool:
    numbers = isinstance(value, bool) and form is int
    return isinstance(value, form) and not numbers


def _item(name: Any, item: Any, form: Any, at: str) -> str | None:
    where = f"{at}.{name}" if at else str(name)
    return mismatch(item, form, where) if item is not _ABSENT else f"{f'{at}: ' if at else ''}must have {name}"


_ABSENT = object()


def _inside(value: Any, form: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Names, items and their forms; an item that must be there and is not is :data:`_ABSENT`."""
    if isinstance(form, list):
        yield from ((number, item, form[0]) for number, item in enumerate(value))
    elif ... in form:
        yield from ((name, item, form[...]) for name, item in value.items())
    else:
        for said, inner in form.items():
            name = said.removesuffix("!")
            if name in value:
                yield name, value[name], inner
            elif name != said:
                yield name, _ABSENT, inner


def _must_be(value: Any, form: Any, at: str) -> str:
    from axs_core.entry.validate import kind_of

    wanted = " or ".join(_WORDS[kind] for kind in (form if isinstance(form, tuple) else (form,)))
    return f"{f'{brief(at, 100)}: ' if at else ''}must be {wanted}, not {brief(kind_of(value), 100)}"
