"""Results as text: what a pipeline prints on standard output.

* text as it is; a path likewise; an entry as its name, a collection as its folder; nothing for None
* a number as short as its value allows: 15 significant digits at most, so 98.60000000000001 prints as 98.6
* true and false, and a list or dictionary as JSON, on one line
* several results (``all_byquery``) one line each; the data of ``show`` as YAML; tables with aligned columns
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, TextIO

from axs_core.cli.model import Document, Each, Lines, Table, target_of


def print_result(value: Any, stream: TextIO) -> None:
    """Print a result and a line end; nothing at all for None and for an empty list of several results."""
    if value is None or (isinstance(value, Each) and not value.items):
        return
    text = ""
    for number, text in enumerate(_pieces(value)):
        stream.write(f"\n{text}" if number else text)
    if not text.endswith("\n"):
        stream.write("\n")


def as_text(value: Any) -> str:
    """The text of a result.

    >>> as_text(98.60000000000001), as_text(True), as_text([1, "a", None])
    ('98.6', 'true', '[1, "a", null]')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (Each, Lines, Table)):
        return "\n".join(_pieces(value))
    if isinstance(value, Document):
        return _yaml(value.data)
    plain = as_data(value)
    if isinstance(plain, bool) or not isinstance(plain, (str, int, float)):
        return _json(plain)
    return str(plain)


def _pieces(value: Any) -> Iterator[str]:
    """The text of a result in the pieces that line ends separate: there may be 100,000 of them."""
    if isinstance(value, Each):
        return (as_text(item) for item in value.items)
    if isinstance(value, Lines):
        return value.make()
    if isinstance(value, Table):
        from axs_core.base.columns import aligned

        return aligned(value.rows, value.header)
    return iter([as_text(value)])


def as_data(value: Any) -> Any:
    """The same value made of nothing but dictionaries, lists, text, numbers, true, false and null."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return without_noise(value)
    if isinstance(value, Mapping):
        return {as_text(key): as_data(member) for key, member in value.items()}
    if isinstance(value, (Lines, Table)):
        return as_text(value)
    if isinstance(value, Each):
        return [as_data(item) for item in value.items]
    if isinstance(value, (list, tuple)):
        return [as_data(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((as_data(item) for item in value), key=str)
    return _of_other(value)


def without_noise(number: float) -> float:
    """The number rounded to the 15 significant digits that a double always holds, if it prints with more.

    >>> without_noise(0.1 + 0.2), without_noise(2 / 3)
    (0.3, 0.666666666666667)
    """
    return float(f"{number:.15g}") if math.isfinite(number) else number


def _of_other(value: Any) -> Any:
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):  # numpy's arrays and numbers, without importing numpy
        return as_data(value.tolist())
    from datetime import date, time  # few results are more than numbers and text

    if isinstance(value, (date, time)):
        return value.isoformat()
    kind = target_of(value)
    if kind == "entry":
        return value.name
    return str(value.path) if kind == "collection" else str(value)


def _json(value: Any) -> str:
    import json  # a number or a text, the usual answer, does without

    return json.dumps(value, ensure_ascii=False)


def _yaml(value: Any) -> str:
    import yaml

    return yaml.safe_dump(as_data(value), sort_keys=False, allow_unicode=True, width=120)
