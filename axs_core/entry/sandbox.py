"""The room that templates run in: Jinja2's sandbox, with bounds on what they can build.

The bounds stop accidents and the evident ways to fill the memory. They make nobody safe from an entry whose recipe
is run: that can start any program.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from axs_core.errors import AxsError, NoSuchName

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 1 << 20
"""Longest text (characters) and list (items) that a template may build with ``*`` or as its result."""
GLOBALS = frozenset({"range", "dict"})
"""The functions that templates have; an entry's own value of that name wins."""
PADDING = frozenset(
    {
        "format", "format_map", "ljust", "rjust", "center", "zfill", "expandtabs", "translate",
        "indent", "wordwrap", "batch", "slice", "xmlattr", "urlize", "pprint",
    }
)  # fmt: skip
"""Filters, and methods of values, that can make something of any length out of a few characters."""


@runtime_checkable
class Named(Protocol):
    """Something that templates look into by name (a need): ``lookup`` returns a value or raises an AxsError."""

    def lookup(self, name: str) -> Any:
        """The value of ``name``."""
        ...


def unusable(reason: AxsError, name: str) -> Any:
    """Stands for a value that is not there; any use raises ``reason``. ``is defined`` and ``default()`` take it as
    missing only where nothing has that name: a failure is no missing value.
    """
    absent, failed = _stand_ins()
    kind = absent if isinstance(reason, NoSuchName) and reason.name == name else failed
    return kind(name=name, exc=lambda _message: reason)


@lru_cache(maxsize=1)
def _stand_ins() -> tuple[Any, Any]:
    from jinja2 import StrictUndefined

    class Absent(StrictUndefined):
        """Nothing has this name."""

    class Failed(StrictUndefined):
        """The value could not be computed, or is known later only."""

    return Absent, Failed


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """Jinja's sandbox, immutable, with bounds on what a template can build."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(["*", "**", "%"])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            """Keep a template from building values that fill the memory."""
            if operator == "%" and isinstance(left, (str, bytes)):
                raise TypeError("% on text is not available; use ~ to join texts")
            if operator == "**" and not (abs(left) <= 2**64 and abs(right) <= 64):
                raise ValueError("that power is too large")
            if operator == "*":
                for sequence, times in ((left, right), (right, left)):
                    if isinstance(sequence, (str, bytes, list, tuple)) and len(sequence) * int(times) > LONGEST:
                        raise ValueError("that repetition is too long")
            return super().call_binop(context, operator, left, right)

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Named):
                return _look_into(obj, attribute)
            if isinstance(obj, (str, bytes)) and attribute in PADDING:
                return self.unsafe_undefined(obj, attribute)
            if isinstance(obj, str) and attribute in BOUNDED:
                return partial(BOUNDED[attribute], obj)
            return super().getattr(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, Named) and isinstance(argument, str):
                return _look_into(obj, argument)
            if isinstance(obj, (str, bytes)) and isinstance(argument, str):
                return self.getattr(obj, argument)
            return super().getitem(obj, argument)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            """What can make a text of any length is left out with the underscored names."""
            return attr not in PADDING and super().is_safe_attribute(obj, attr, value)

    sandbox = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    for name in set(sandbox.globals) - GLOBALS:
        del sandbox.globals[name]
    for name in PADDING & set(sandbox.filters):
        del sandbox.filters[name]
    sandbox.filters["replace"] = _replace
    sandbox.filters["join"] = _join_filter
    sandbox.filters["tojson"] = _as_json
    for name in ("default", "d"):
        sandbox.filters[name] = _after_looking(sandbox.filters[name])
    for name in ("defined", "undefined"):
        sandbox.tests[name] = _after_looking(sandbox.tests[name])
    return sandbox


def _replace(text: Any, old: Any, new: Any) -> str:
    """``text`` with ``new`` for each ``old``, if that does not get too long."""
    whole, before, after = str(text), str(old), str(new)
    if len(whole) + whole.count(before) * len(after) > LONGEST:
        raise ValueError("that replacement is too long")
    return whole.replace(before, after)


def _join(between: str, items: Iterable[Any]) -> str:
    """The items as texts with ``between`` between them, if that does not get too long."""
    pieces: list[str] = []
    length = 0
    for item in items:
        pieces.append(str(item))
        length += len(pieces[-1]) + len(between)
        if length > LONGEST:
            raise ValueError("that list is too long to be joined")
    return between.join(pieces)


def _join_filter(items: Iterable[Any], between: Any = "") -> str:
    return _join(str(between), items)


def _as_json(value: Any) -> str:
    return json.dumps(value)


BOUNDED: dict[str, Callable[..., str]] = {"replace": _replace, "join": _join}
"""Filters and methods of texts that are kept, with a bound on what they make."""


def _look_into(obj: Named, name: str) -> Any:
    try:
        return obj.lookup(name)
    except NoSuchName as error:
        return unusable(error, name)


def _after_looking(function: Any) -> Callable[..., Any]:
    """A filter or test that is not asked about a failed value: that raises."""

    def looking(value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, _stand_ins()[1]):
            str(value)
        return function(value, *args, **kwargs)

    return looking


def joined(pieces: Iterable[str]) -> str:
    """The text of all pieces; a loop that makes too many of them is stopped."""
    kept: list[str] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length > LONGEST:
            raise ValueError("the text is too long")
    return "".join(kept)
