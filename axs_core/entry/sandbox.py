"""The room that templates run in: Jinja2's sandbox, made narrower.

What a template may say is listed here: statements, filters, tests, and of each kind of value the names that it may use.
Nothing else is there: no attribute of Python's own, no file behind a path, no function but those of plain values.
``bounds`` counts what is built.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache, partial, wraps
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from axs_core.base.errors import AxsError, NoSuchName
from axs_core.entry import bounds
from axs_core.entry.bounds import bounded_join, bounded_product, bounded_replace, bounded_sum, spend

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

GLOBALS = frozenset({"range", "dict"})
"""The functions that templates have; an entry's own value of that name wins."""
FILTERS = frozenset(
    {
        "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "filesizeformat", "first", "float",
        "groupby", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
        "rejectattr", "replace", "reverse", "round", "select", "selectattr", "sort", "string", "sum", "title",
        "tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
    }
)  # fmt: skip
"""Jinja's filters without those that make HTML, that pad, and that throw dice."""
TESTS = frozenset(
    {
        "!=", "<", "<=", "==", ">", ">=", "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false",
        "float", "ge", "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping",
        "ne", "none", "number", "odd", "sequence", "string", "true", "undefined", "upper",
    }
)  # fmt: skip
STATEMENTS = frozenset({"Template", "Output", "TemplateData", "For", "If", "Assign", "With", "Scope"})
"""Kinds of nodes of a parsed template that are no expression."""
OF_TEXTS = frozenset(
    {
        "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii",
        "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isspace", "istitle", "isupper", "join",
        "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition",
        "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
    }
)  # fmt: skip
OF_PATHS = frozenset(
    {
        "anchor", "as_posix", "is_absolute", "is_relative_to", "joinpath", "name", "parent", "parts", "relative_to",
        "stem", "suffix", "suffixes", "with_name", "with_suffix",
    }
)  # fmt: skip
"""What can be said of a path without looking at the disk."""
OF_LOOPS = frozenset(
    {
        "cycle", "depth", "depth0", "first", "index", "index0", "last", "length", "revindex", "revindex0",
    }
)  # fmt: skip
NAMES: tuple[tuple[Any, frozenset[str]], ...] = (
    (str, OF_TEXTS),
    (PurePath, OF_PATHS),
    ((list, tuple, range), frozenset({"count", "index"})),
    (dict, frozenset({"get", "items", "keys", "values"})),
    (float, frozenset({"is_integer"})),
)
"""The attributes and methods of each kind of value."""


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
    """Jinja's sandbox with what is listed here, and nothing else."""
    from jinja2 import StrictUndefined, Undefined
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from axs_core.entry.narrowing import HIDDEN, narrowed

    class Environment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(["*", "**", "%", "+"])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            """Keep a template from building values that fill the memory."""
            if operator == "%" and isinstance(left, (str, bytes)):
                raise TypeError("% on text is not available; use ~ to join texts")
            if operator == "**" and not (abs(left) <= 2**64 and abs(right) <= 64):
                raise ValueError("that power is too large")
            if operator == "*":
                bounded_product(left, right)
            if operator == "+":
                bounded_sum(left, right)
            return super().call_binop(context, operator, left, right)

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Undefined):
                return super().getattr(obj, attribute)
            if isinstance(obj, Named):
                return _look_into(obj, attribute)
            if self.is_safe_attribute(obj, attribute, None):
                spend(len(obj) if isinstance(obj, str) else 1)
                bounded = BOUNDED.get(attribute) if isinstance(obj, str) else None
                return partial(bounded, obj) if bounded else getattr(obj, attribute)
            if isinstance(obj, dict) and attribute in obj:
                return obj[attribute]
            if hasattr(obj, attribute):
                return self.unsafe_undefined(obj, attribute)
            return self.undefined(obj=obj, name=attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, Undefined):
                return super().getitem(obj, argument)
            if isinstance(obj, Named) and isinstance(argument, str):
                return _look_into(obj, argument)
            if isinstance(obj, (str, list, tuple, dict, range)):
                spend(len(obj) if isinstance(argument, slice) else 1)
                try:
                    return obj[argument]
                except (TypeError, LookupError, AttributeError):
                    pass
            if isinstance(argument, str):
                return self.getattr(obj, argument)
            return self.undefined(obj=obj, name=argument)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            """Is the name listed for values of this kind?"""
            if isinstance(obj, LoopContext):
                return attr in OF_LOOPS
            if attr in getattr(obj, "_fields", ()):  # what groupby gives
                return isinstance(obj, tuple)
            return any(isinstance(obj, kind) and attr in names for kind, names in NAMES)

        def is_safe_callable(self, obj: Any) -> bool:
            """A method that is listed, or one of the few functions that templates have."""
            if isinstance(obj, Undefined):
                return True  # calling it raises what it stands for
            if isinstance(obj, partial):
                return obj.func in BOUNDED.values()
            if any(obj is self.globals[name] for name in GLOBALS):
                return True
            owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
            return owner is not None and self.is_safe_attribute(owner, name, obj)

        def _generate(self, source: Any, *args: Any, **kwargs: Any) -> Any:
            return super()._generate(narrowed(source, STATEMENTS), *args, **kwargs)

    sandbox = Environment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, finalize=bounds.light
    )
    for name in set(sandbox.globals) - GLOBALS:
        del sandbox.globals[name]
    own = {"attr": _attr(sandbox), "join": _join_filter, "replace": bounded_replace, "string": _string, "sum": _sum}
    own |= {"tojson": _as_json, "round": _round}
    kept = {name: own.get(name) or sandbox.filters[name] for name in FILTERS}
    kept |= {name: _after_looking(kept[name]) for name in ("default", "d")}
    sandbox.filters.clear()
    sandbox.filters.update({name: _metered(function) for name, function in kept.items()} | HIDDEN)
    for name in set(sandbox.tests) - TESTS:
        del sandbox.tests[name]
    for name, test in sandbox.tests.items():
        sandbox.tests[name] = _after_looking(test) if name.endswith("defined") else _gone_through(test)
    return sandbox


def _metered(function: Any) -> Callable[..., Any]:
    """A filter whose input counts as work."""
    place = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def counting(*args: Any, **kwargs: Any) -> Any:
        value = args[place] if len(args) > place else None
        spend(len(value) + 1 if isinstance(value, (str, list, tuple, dict, range)) else 1)
        return function(*args, **kwargs)

    return counting


def _gone_through(test: Any) -> Callable[..., bool]:
    """A test that may go through all of its arguments."""

    @wraps(test)
    def counting(*args: Any) -> bool:
        for value in args:
            bounds.passed(value)
        return bool(test(*args))

    return counting


def _attr(sandbox: Any) -> Callable[[Any, Any], Any]:
    def attr(value: Any, name: Any) -> Any:
        return sandbox.getattr(value, str(name))

    return attr


def _join_filter(items: Iterable[Any], between: Any = "", attribute: str | None = None) -> str:
    if attribute is not None:
        raise TypeError("join takes no attribute; use map(attribute=...) before it")
    return bounded_join(str(between), items)


def _string(value: Any) -> str:
    return str(bounds.passed(value))


def _sum(items: Iterable[Any]) -> Any:
    return sum(bounds.counted(items))


def _round(value: Any, precision: int = 0, method: str = "common") -> Any:
    """``value`` to so many decimals; ``ceil`` and ``floor`` compute that power of ten."""
    from jinja2.filters import do_round

    if not -400 <= precision <= 400:
        raise ValueError("no number has so many decimals")
    return do_round(value, precision, method)  # type: ignore[arg-type]


def _as_json(value: Any) -> str:
    text = json.dumps(bounds.passed(value))
    spend(len(text))
    return text


BOUNDED: dict[str, Callable[..., str]] = {"replace": bounded_replace, "join": bounded_join}
"""Methods of texts that are kept, with a bound on what they make."""


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
