"""Producers: one file each, one protocol (see ``base``). A module is imported when its producer is first asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from axs_core.errors import EntryError
from axs_core.query.near import nearest

if TYPE_CHECKING:
    from axs_core.producers.base import Producer

_CLASSES = {
    "fetch": "Fetch",
    "extract": "Extract",
    "git": "Git",
    "python_env": "PythonEnv",
    "detect": "Detect",
    "program": "Program",
    "python": "Python",
}
NAMES = tuple(_CLASSES)


def get(name: str) -> Producer:
    """The producer that a section of ``make`` names; :class:`EntryError` with the nearest names for an unknown one."""
    if name not in _CLASSES:
        near = nearest(name, NAMES)
        hint = f"did you mean {' or '.join(near)}?" if near else None
        raise EntryError(f"there is no producer {name!r}; there are: {', '.join(NAMES)}", key=f"make.{name}", hint=hint)
    module = importlib.import_module(f"axs_core.producers.{name}")
    return cast("Producer", getattr(module, _CLASSES[name])())
