"""Producers: a file or a folder each, one protocol (see ``base``). A module is imported when it is first asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from axs_core.base.errors import EntryError
from axs_core.query.near import nearest

if TYPE_CHECKING:
    from axs_core.producers.base import Producer

_PLACES = {
    "fetch": ("fetch.producer", "Fetch"),
    "extract": ("archives.producer", "Extract"),
    "git": ("git.producer", "Git"),
    "python_env": ("python_env.producer", "PythonEnv"),
    "detect": ("detect", "Detect"),
    "program": ("program", "Program"),
    "python": ("python", "Python"),
}
NAMES = tuple(_PLACES)


def get(name: str) -> Producer:
    """The producer that a section of ``make`` names; :class:`EntryError` with the nearest names for an unknown one."""
    if name not in _PLACES:
        near = nearest(name, NAMES)
        hint = f"did you mean {' or '.join(near)}?" if near else None
        raise EntryError(f"there is no producer {name!r}; there are: {', '.join(NAMES)}", key=f"make.{name}", hint=hint)
    module, maker = _PLACES[name]
    return cast("Producer", getattr(importlib.import_module(f"axs_core.producers.{module}"), maker)())
