"""One template, read and run by Jinja2 in its sandbox; what it means stands in :mod:`axs_core.entry.templates`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from axs_core.base.errors import AxsError, EntryError, NoSuchName
from axs_core.entry.bounds import joined, light, metered
from axs_core.entry.sandbox import GLOBALS, environment, unusable

_ALONE = re.compile(r"\{\{[-+]?(.*?)[-+]?\}\}", re.DOTALL)


def names_used(text: str) -> frozenset[str]:
    """The names that it uses."""
    return _compiled(text)[1]


def evaluated(text: str, lookup: Callable[[str], Any]) -> Any:
    """What it gives; ``lookup`` gives the value of a name or raises an AxsError."""
    evaluate, names = _compiled(text)
    context = {name: value for name in names if (value := _value(name, lookup)) is not _GLOBAL}
    try:
        with metered():
            return evaluate(context)
    except AxsError:
        raise
    except NameError:  # Jinja writes a constant that is infinite, or no number, as a name that Python does not know
        raise EntryError(f"the template {text!r} fails: a number in it is too large") from None
    except _failures() as error:
        raise EntryError(f"the template {text!r} fails: {error}") from None


@lru_cache(maxsize=1)
def _failures() -> tuple[type[Exception], ...]:
    """What computing with the values of a template may raise."""
    from jinja2 import TemplateError

    wrong = (ArithmeticError, TypeError, ValueError, LookupError, AttributeError)
    return (TemplateError, *wrong, RecursionError, MemoryError)


_GLOBAL = object()


def _value(name: str, lookup: Callable[[str], Any]) -> Any:
    """The value of a name; what raises the reason when it is used, where there is none."""
    try:
        return lookup(name)
    except NoSuchName as error:
        if error.name == name and name in GLOBALS:
            return _GLOBAL
        return unusable(error, name)
    except AxsError as error:
        return unusable(error, name)


@lru_cache(maxsize=512)
def _compiled(text: str) -> tuple[Callable[[dict[str, Any]], Any], frozenset[str]]:
    from jinja2 import TemplateSyntaxError

    try:
        with metered(), warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # `1.5[0]` is told when it is used
            return _read(text)
    except TemplateSyntaxError as error:
        raise EntryError(f"the template {text!r} cannot be read: {error.message}") from None
    except (RecursionError, MemoryError, SyntaxError):  # Python's own reader has its bounds too
        raise EntryError("a template is nested too deeply") from None
    except _failures() as error:  # of constants, which Jinja computes while it reads
        raise EntryError(f"the template {text!r} fails: {error}") from None


def _read(text: str) -> tuple[Callable[[dict[str, Any]], Any], frozenset[str]]:
    from jinja2 import meta, nodes

    sandbox = environment()
    tree = sandbox.parse(text)
    used = {node.name for node in tree.find_all(nodes.Name)} & GLOBALS
    names = frozenset(meta.find_undeclared_variables(tree) | used)
    body = tree.body
    alone = len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1
    source = _ALONE.fullmatch(text) if alone else None
    if source is not None:
        expression = sandbox.compile_expression(source[1], undefined_to_none=False)
        return lambda context: _defined(light(expression(**context)), set()), names
    template = sandbox.from_string(text)
    return lambda context: joined(template.generate(**context)), names


def _defined(value: Any, seen: set[int]) -> Any:
    """A value that is used as it is; an undefined one, also inside of it, raises by being looked at."""
    from jinja2 import Undefined

    if isinstance(value, Undefined):
        str(value)
    if isinstance(value, (list, tuple, dict)) and id(value) not in seen:
        seen.add(id(value))
        for item in value.values() if isinstance(value, dict) else value:
            _defined(item, seen)
    return value
