"""The names of a network's classes, as exporters leave them in a file's metadata."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEYS = ("names", "classes", "class_names", "labels")
FILE = "classes.txt"


def keep_names(metadata: Mapping[str, str], classes: int | None, folder: Path) -> dict[str, str]:
    """Write the names into ``folder``, a line for each of the network's ``classes`` (None: it is not known how many);
    the attribute that says where.
    """
    names = names_in(metadata)
    if not names or classes not in (None, len(names)):
        return {}
    (folder / FILE).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return {"classes_file": FILE}


def names_in(metadata: Mapping[str, str]) -> list[str]:
    """The names in the order of their numbers; none where the metadata do not tell. They are a list, or a mapping from
    numbers, of Python or JSON, or have commas or line ends between them.
    """
    text = next((metadata[key] for key in KEYS if metadata.get(key)), "")
    try:
        told: Any = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        told = text.splitlines() if "\n" in text.strip() else text.split(",")
    if isinstance(told, dict):
        told = _in_order(told)
    usable = isinstance(told, list | tuple) and all(isinstance(name, str) and name.strip() for name in told)
    return [" ".join(name.split()) for name in told] if usable else []


def _in_order(numbered: Mapping[Any, Any]) -> list[Any] | None:
    """The values of a mapping whose keys are the numbers from 0, as numbers or as text."""
    by_number = {str(number): name for number, name in numbered.items()}
    return [by_number.get(str(number)) for number in range(len(numbered))]
