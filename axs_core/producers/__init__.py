"""Producers: a file or a folder each, one protocol (see ``base``). A module is imported when it is first asked for.

Which there are, and what is known of each without running it, stands in ``axs_core.plugins``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from axs_core.plugins.producers import code

if TYPE_CHECKING:
    from axs_core.producers.base import Producer


def get(name: str) -> Producer:
    """The producer that a section of ``make`` names; :class:`EntryError` with the nearest names for an unknown one."""
    return cast("Producer", code(name)())
