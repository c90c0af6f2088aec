"""Jinja2 templates in the values of entries: sandboxed, and typed.

A text that is one ``{{ expression }}`` gives the expression's value with its type; any other text with braces gives
text. Names are looked up when the value is asked for. A name that has no value is an error only where the template
really uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from axs_core.errors import AxsError, EntryError

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

Lookup = Callable[[str], Any]
LONGEST = 1 << 20
"""Longest text (characters) and list (items) that ``*`` in a template may build."""


@runtime_checkable
class Named(Protocol):
    """Something that templates look into by name (a need): ``lookup`` returns a value or raises an AxsError."""

    def lookup(self, name: str) -> Any:
        """The value of ``name``."""
        ...


def is_template(value: Any) -> bool:
    """Does this text hold a template?"""
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


def render(value: Any, lookup: Lookup) -> Any:
    """``value`` with all templates in it rendered; lists and mappings are gone through.

    ``lookup`` gives the value of a name or raises an AxsError. Raises EntryError for a template that cannot be read
    or fails.
    """
    if is_template(value):
        return _render_text(value, lookup)
    if isinstance(value, dict):
        return {key: render(item, lookup) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [render(item, lookup) for item in value]
    return value


def names_in(text: str) -> frozenset[str]:
    """The names that a template uses."""
    return _compiled(text)[1]


def _render_text(text: str, lookup: Lookup) -> Any:
    from jinja2 import TemplateError, UndefinedError

    evaluate, names = _compiled(text)
    context: dict[str, Any] = {}
    missing: dict[str, AxsError] = {}
    for name in names:
        try:
            context[name] = lookup(name)
        except AxsError as error:
            missing[name] = error
    try:
        return evaluate(context)
    except AxsError:
        raise
    except UndefinedError as error:
        for name, reason in missing.items():
            if f"'{name}' is undefined" in str(error):
                raise reason from None
        raise EntryError(f"the template {text!r} fails: {error}") from None
    except (
        TemplateError,
        ArithmeticError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        RecursionError,
        MemoryError,
    ) as error:
        raise EntryError(f"the template {text!r} fails: {error}") from None


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
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
                return obj.lookup(attribute)
            return super().getattr(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, Named) and isinstance(argument, str):
                return obj.lookup(argument)
            return super().getitem(obj, argument)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            """``format`` can pad to any length: it is left out with the underscored names."""
            return attr not in (
                "format",
                "format_map",
                "ljust",
                "rjust",
                "center",
                "zfill",
            ) and super().is_safe_attribute(obj, attr, value)

    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.globals.pop("lipsum", None)
    environment.globals.pop("cycler", None)
    environment.filters.pop("format", None)
    environment.filters.pop("center", None)
    environment.filters.pop("indent", None)
    return environment


@lru_cache(maxsize=512)
def _compiled(text: str) -> tuple[Callable[[dict[str, Any]], Any], frozenset[str]]:
    from jinja2 import TemplateSyntaxError, meta, nodes

    environment = _environment()
    try:
        tree = environment.parse(text)
        names = frozenset(meta.find_undeclared_variables(tree) - set(environment.globals))
        body = tree.body
        alone = len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1
        if alone and not isinstance(body[0].nodes[0], nodes.TemplateData) and text.startswith("{{"):  # type: ignore[attr-defined]
            expression = environment.compile_expression(text[2:-2].strip("-+ "), undefined_to_none=False)
            return lambda context: _defined(expression(**context)), names
        template = environment.from_string(text)
    except TemplateSyntaxError as error:
        raise EntryError(f"the template {text!r} cannot be read: {error.message}") from None
    except RecursionError:
        raise EntryError("a template is nested too deeply") from None
    return lambda context: template.render(**context), names


def _defined(value: Any) -> Any:
    """A value that is used as it is; an undefined one raises by being looked at."""
    from jinja2 import Undefined

    if isinstance(value, Undefined):
        str(value)
    return value
