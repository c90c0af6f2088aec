"""The work collection on disk. A module is imported when something of it is first asked for: a hit needs little."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from axs_core.store.layout import BUNDLING, INCOMING, PRIVATE, check_layout, safe_name

if TYPE_CHECKING:
    from axs_core.store.failure import Failure, explained
    from axs_core.store.hosts.access import MOVING, TIDYING, Busy, in_use, lock_base
    from axs_core.store.store import Appeared, Attempt, State, Store

__all__ = [
    "BUNDLING",
    "INCOMING",
    "MOVING",
    "PRIVATE",
    "TIDYING",
    "Appeared",
    "Attempt",
    "Busy",
    "Failure",
    "State",
    "Store",
    "check_layout",
    "explained",
    "in_use",
    "lock_base",
    "safe_name",
]

_PLACES = {
    **dict.fromkeys(("Failure", "explained"), "failure"),
    **dict.fromkeys(("MOVING", "TIDYING", "Busy", "in_use", "lock_base"), "hosts.access"),
    **dict.fromkeys(("Appeared", "Attempt", "State", "Store"), "store"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
