"""What the actions of the command line are applied to, and what they give back.

The result types say how a result is printed and what a further action is applied to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from axs_core.base.reporter import Reporter
from axs_core.base.results import OneCollection, OneEntry
from axs_core.base.value import Value

if TYPE_CHECKING:
    from axs_core.api import Workspace


class Root:
    """Where a pipeline starts: the workspace, opened when an action first needs it, and the results stored so far."""

    def __init__(self, open: Callable[[], Workspace]) -> None:
        self.open = open
        self.labels: dict[str, Any] = {}

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.open()


class Each(Value):
    """Several results: a further action is applied to each; one line each."""

    items: Sequence[Any]


class Lines(Value):
    """A text of many lines, each made when it is printed."""

    make: Callable[[], Iterator[str]]


class Document(Value):
    """Nested data for reading: printed as YAML."""

    data: Any


class Table(Value):
    """Rows of text under a header."""

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


Target = Literal["workspace", "entry", "entries", "collection", "value"]
"""``entries``: all results of ``all_byquery`` at once, where other actions are applied to each of them."""


def target_of(value: Any) -> Target:
    """Which actions can be applied to a value."""
    if isinstance(value, Root):
        return "workspace"
    if isinstance(value, OneEntry):
        return "entry"
    return "collection" if isinstance(value, OneCollection) else "value"


def open_workspace(environ: Mapping[str, str], reporter: Reporter) -> Workspace:
    """The workspace of the settings in ``environ``."""
    from axs_core.api import Workspace

    return Workspace(environ=environ, reporter=reporter)
