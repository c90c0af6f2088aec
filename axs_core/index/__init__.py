"""A derived table of what exists; may be deleted at any time."""

from axs_core.entry.satisfying import holds_for, satisfies
from axs_core.index.index import Index
from axs_core.index.rows import made_order

__all__ = ["Index", "holds_for", "made_order", "satisfies"]
