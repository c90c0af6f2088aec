"""The work collection on disk."""

from axs_core.store.failure import Failure
from axs_core.store.layout import BUNDLING, INCOMING, PRIVATE, default_root, safe_name
from axs_core.store.store import LOG, Attempt, State, Store, lock_base

__all__ = [
    "BUNDLING",
    "INCOMING",
    "LOG",
    "PRIVATE",
    "Attempt",
    "Failure",
    "State",
    "Store",
    "default_root",
    "lock_base",
    "safe_name",
]
