"""What the actions of the command line are given, and what they give back.

The protocols say what is asked of :mod:`axs_core.api`; the result types say how a result is printed and what a further
action is applied to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

from axs_core.reporter import Reporter


class ParameterLike(Protocol):
    """A parameter of a recipe, as ``help`` shows it."""

    name: str
    type: str | None
    default: Any
    choices: Sequence[Any] | None
    help: str | None
    how: bool
    source: str


class EntryLike(Protocol):
    """An entry: ``actions`` gives the functions of its code, by name, with what each does."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path: ...
    def get(self, name: str, **overrides: Any) -> Any: ...
    def get_path(self, relative: str | None = None) -> Path: ...
    def remove(self) -> None: ...
    def actions(self) -> Mapping[str, Any]: ...
    def call(self, action: str, *args: Any, **kwargs: Any) -> Any: ...
    def describe(self) -> Mapping[str, Any]: ...
    def parameters(self) -> Sequence[ParameterLike]: ...


class CollectionLike(Protocol):
    """A folder of entries."""

    @property
    def path(self) -> Path: ...
    def remove(self) -> None: ...


class PlanLike(Protocol):
    """What would be done for a query."""

    def lines(self) -> Sequence[str]: ...


class Row(Protocol):
    """One entry as ``list`` shows it."""

    name: str
    kind: str
    state: str
    title: str | None
    collection: str


class VocabularyLike(Protocol):
    """The words that queries can be made of, as the index knows them: for completion."""

    @property
    def names(self) -> Iterable[str]: ...
    @property
    def tags(self) -> Iterable[str]: ...
    @property
    def values(self) -> Mapping[str, Iterable[Any]]: ...


class WorkspaceLike(Protocol):
    """All that queries see."""

    def byquery(self, query: str, fresh: Literal["one", "all"] | None = None) -> EntryLike: ...
    def all_byquery(self, query: str) -> Sequence[EntryLike]: ...
    def find(self, query: str) -> Sequence[EntryLike]: ...
    def byname(self, name: str) -> EntryLike: ...
    def plan(self, query: str) -> PlanLike: ...
    def explain(self, query: str) -> Sequence[str]: ...
    def entries(self) -> Iterable[Row]: ...
    def work_collection(self) -> CollectionLike: ...
    def reindex(self) -> None: ...
    def gc(self) -> Sequence[Any]: ...
    def verify(self, name: str | None = None) -> Sequence[str]: ...
    def vocabulary(self) -> VocabularyLike: ...


@dataclass
class Root:
    """Where a pipeline starts: the workspace, opened when an action first needs it, and the results stored so far."""

    open: Callable[[], WorkspaceLike]
    labels: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def workspace(self) -> WorkspaceLike:
        """The workspace."""
        return self.open()


@dataclass(frozen=True)
class Each:
    """Several results: a further action is applied to each; one line each."""

    items: tuple[Any, ...]


@dataclass(frozen=True)
class Document:
    """Nested data for reading: printed as YAML."""

    data: Any


@dataclass(frozen=True)
class Table:
    """Rows of text under a header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Target = Literal["workspace", "entry", "collection", "value"]


def target_of(value: Any) -> Target:
    """Which actions can be applied to a value."""
    if isinstance(value, Root):
        return "workspace"
    if hasattr(value, "get_path") and hasattr(value, "call"):
        return "entry"
    if hasattr(value, "path") and hasattr(value, "remove"):
        return "collection"
    return "value"


def open_workspace(environ: Mapping[str, str], reporter: Reporter) -> WorkspaceLike:
    """The workspace of the settings in ``environ``."""
    from axs_core.api import Workspace

    workspace: WorkspaceLike = Workspace(environ=environ, reporter=reporter)
    return workspace
