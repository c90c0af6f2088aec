"""What the results of actions are, by their class: the command line asks for these without importing what they do."""

from __future__ import annotations


class OneEntry:
    """An entry: has a ``name``, and what :class:`axs_core.api.WorkspaceEntry` does."""


class OneCollection:
    """A collection: has a ``path``, and what :class:`axs_core.api.WorkCollection` does."""
