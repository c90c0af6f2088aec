"""What actions take their arguments and options for."""

from __future__ import annotations

from typing import Any

from axs_core.base.errors import UsageError
from axs_core.cli.format import as_text
from axs_core.cli.model import Each


def text_of(value: Any, what: str) -> str:
    """An argument that has to be text; a number gives back what was typed. Raises UsageError for an option without a
    value, and for a list.
    """
    if value is True and what.startswith("--"):
        raise UsageError(f"{what} needs a value", hint=f"{what}=...")
    if isinstance(value, (list, tuple, dict, bool, type(None), Each)):
        raise UsageError(f"{what} has to be text, not {as_text(value)!r}")
    return as_text(value)


def optional_text(value: Any, what: str) -> str | None:
    """The same for an option that may be left out."""
    return None if value is None else text_of(value, what)


def required_text(value: Any, action: str, option: str, example: str) -> str:
    """The same for an option that must be there, as ``--output=FILE``; where it is not, the error has an example."""
    if value is None:
        raise UsageError(f"'{action}' needs {option}", hint=example)
    return text_of(value, option.partition("=")[0])


def optional_count(value: Any, what: str, example: int) -> int | None:
    """An option that is a whole number above 0, and may be left out."""
    if value is None or (type(value) is int and value > 0):
        return value
    raise UsageError(f"{what}={as_text(value)} is no whole number above 0", hint=f"{what}={example}")


def texts_of(value: Any, what: str) -> tuple[str, ...]:
    """One text, or a list of them."""
    return tuple(text_of(item, what) for item in (value if isinstance(value, (list, tuple)) else (value,)))


def query_of(value: Any) -> str | list[str]:
    """A query as text, or as a list of conditions (``--,=model,opset=8``)."""
    if isinstance(value, (list, tuple)):
        return [text_of(item, "a condition of a query") for item in value]
    return text_of(value, "a query")


def flag(value: Any, what: str) -> bool:
    """An option that is on or off."""
    if isinstance(value, bool):
        return value
    raise UsageError(f"{what} is on or off, not {as_text(value)!r}", hint=f"{what} or {what}-")
