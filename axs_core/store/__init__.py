"""The work collection on disk."""

from axs_core.store.failure import Failure, explained
from axs_core.store.hosts.access import MOVING, TIDYING, Busy, in_use, lock_base
from axs_core.store.layout import BUNDLING, INCOMING, PRIVATE, check_layout, safe_name
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
