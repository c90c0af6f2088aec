"""Jinja2 templates in the values of entries: sandboxed, and typed.

A text that is one ``{{ expression }}`` gives the expression's value with its type; any other text with braces gives
text. Names are looked up when the value is asked for. A name that has no value is an error only where the template
really uses it. What reads and runs them is imported with the first one: a hit meets none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Lookup = Callable[[str], Any]


def is_template(value: Any) -> bool:
    """Does this text hold a template?"""
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


def render(value: Any, lookup: Lookup) -> Any:
    """``value`` with all templates in it rendered; lists and mappings are gone through.

    ``lookup`` gives the value of a name or raises an AxsError. Raises EntryError for a template that cannot be read
    or fails.
    """
    if is_template(value):
        from axs_core.entry.expressions import evaluated

        return evaluated(value, lookup)
    if isinstance(value, dict):
        return {key: render(item, lookup) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [render(item, lookup) for item in value]
    return value


def names_in(text: str) -> frozenset[str]:
    """The names that a template uses."""
    from axs_core.entry.expressions import names_used

    return names_used(text)
