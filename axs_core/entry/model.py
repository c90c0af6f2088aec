"""What an entry is: its own data, its parents, and what follows from both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

from axs_core.base.value import Value, field
from axs_core.query import Condition, Query, parse

Kind = Literal["recipe", "static", "produced"]

RESERVED = frozenset({"get", "get_path", "show", "dig", "help", "edit", "pull", "trust", "distrust", "remove"})
"""Names of actions that mean the same for every entry: no function of its code may have one of them."""


class Parameter(Value):
    """What a query can set. ``type`` is one of the schema's, or None for plain text and numbers."""

    name: str
    default: Any = None
    type: str | None = None
    help: str = ""
    unit: str | None = None
    choices: tuple[Any, ...] = ()
    synonyms: Mapping[str, Any] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    how: bool = False
    required: bool = False
    parts: str | None = None

    @staticmethod
    def from_data(name: str, data: Mapping[str, Any]) -> Parameter:
        """From a validated ``parameters`` item."""
        return Parameter(name=name, **{**data, "choices": tuple(data.get("choices", ()))})


class Need(Value):
    """A named query that a recipe depends on."""

    name: str
    query: str
    forward: tuple[str, ...] = ()
    all: bool = False
    each: Any = None
    when: str | None = None

    @staticmethod
    def from_data(name: str, data: str | Mapping[str, Any]) -> Need:
        """From a validated ``needs`` item."""
        if isinstance(data, str):
            return Need(name, data)
        return Need(name=name, **{**data, "forward": tuple(data.get("forward", ()))})

    @property
    def several(self) -> bool:
        """Does it stand for a list?"""
        return self.all or self.each is not None


class Alternative(Value):
    """One list of conditions under ``provides``: tags, ``key=value`` to be named, defaults (``?=``), restrictions."""

    query: Query

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags that a query must have, all and no others."""
        return self.query.tags

    @cached_property
    def required(self) -> tuple[Condition, ...]:
        """The ``key=value`` that a query must name."""
        return tuple(c for c in self.query.named if c.sets() and c.op != "?=")

    @cached_property
    def defaults(self) -> tuple[Condition, ...]:
        """The ``key?=value``: parameters with their defaults."""
        return tuple(c for c in self.query.named if c.op == "?=")

    @cached_property
    def restrictions(self) -> tuple[Condition, ...]:
        """Other operators: what the query's own values must satisfy."""
        return tuple(c for c in self.query.named if not c.sets())

    @property
    def specificity(self) -> int:
        """How much it asks of a query: tags, ``key=value`` and restrictions."""
        return len(self.tags) + len(self.required) + len(self.restrictions)


class Origin(Protocol):
    """Where a collection came from that is not the user's own."""

    @property
    def kind(self) -> str:
        """``git`` or ``archive``."""
        ...

    @property
    def trusted(self) -> bool:
        """Did the user say that its code may run?"""
        ...

    def allow(self, use: str) -> None:
        """Have the user asked where that is not said yet; ``use`` is what would be done. Raises NotTrusted."""
        ...


class Entry(Value):
    """A folder with a ``meta.yaml``, and its parents.

    ``meta`` is its own validated data; ``ancestors`` its parents and theirs, in the order in which they are asked.
    ``position`` is the place of its collection in the order of collections. ``bound`` holds what a query set on an
    entry that is its own answer. ``origin``: where its collection came from, None for one's own.
    """

    name: str
    path: Path
    meta: Mapping[str, Any]
    collection: str = ""
    position: int = 0
    ancestors: tuple[Entry, ...] = ()
    bound: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None

    @property
    def trusted(self) -> bool:
        """Is it one's own, or of a collection that the user trusts?"""
        return self.origin is None or self.origin.trusted

    def allow(self, use: str) -> None:
        """To be said before code or files of the entry are used for anything; ``use`` is what. Raises NotTrusted."""
        if self.origin is not None:
            self.origin.allow(use)

    @property
    def lineage(self) -> tuple[Entry, ...]:
        """The entry and its ancestors, nearest first."""
        return (self, *self.ancestors)

    @property
    def kind(self) -> Kind:
        """``recipe``: makes things; ``produced``: was made; ``static``: is its own answer."""
        if "produced" in self.meta:
            return "produced"
        return "recipe" if self.make else "static"

    def _merged(self, key: str) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for entry in reversed(self.lineage):
            merged.update(entry.meta.get(key, {}))
        return merged

    def _first(self, key: str, default: Any) -> Any:
        return next((entry.meta[key] for entry in self.lineage if key in entry.meta), default)

    def _union(self, key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for entry in reversed(self.lineage) for name in entry.meta.get(key, ())))

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Attributes, inherited ones too; texts may hold templates. What was made has all of its own, and takes only
        functions from its parents.
        """
        if self.kind == "produced":
            return dict(self.meta.get("attributes", {}))
        return self._merged("attributes")

    @cached_property
    def declared(self) -> dict[str, Parameter]:
        """Parameters that it or a parent declares, each merged field by field."""
        fields: dict[str, dict[str, Any]] = {}
        for entry in reversed(self.lineage):
            for name, data in entry.meta.get("parameters", {}).items():
                fields.setdefault(name, {}).update(data)
        return {name: Parameter.from_data(name, data) for name, data in fields.items()}

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Declared parameters, and those that its needs forward or its alternatives give a default."""
        found = dict(self.declared)
        for need in self.needs.values():
            for name in need.forward:
                found.setdefault(name, Parameter(name, help=f"handed to the need {need.name!r}"))
        for alternative in self.alternatives:
            for condition in alternative.defaults:
                if condition.key not in found:
                    found[condition.key] = Parameter(condition.key)
        return found

    @cached_property
    def needs(self) -> dict[str, Need]:
        """Needs in order: the parents' first, one of the same name replaced by the nearer one."""
        merged: dict[str, Any] = {}
        for entry in reversed(self.lineage):
            merged.update(entry.meta.get("needs", {}))
        return {name: Need.from_data(name, data) for name, data in merged.items()}

    @cached_property
    def alternatives(self) -> tuple[Alternative, ...]:
        """What it provides (its own list only)."""
        return tuple(Alternative(parse(conditions)) for conditions in self.meta.get("provides", ()))

    @cached_property
    def make(self) -> dict[str, Any]:
        """Producers and what they need, in order; empty for an entry that is its own answer."""
        return dict(self._first("make", {}))

    @cached_property
    def plan_notes(self) -> str | None:
        """Name of the function that says more about a plan."""
        name: str | None = self._first("plan_notes", None)
        return name

    @cached_property
    def finds(self) -> tuple[str, ...]:
        """Attributes known after making."""
        return self._union("finds")

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Attributes whose relative values are files of the entry."""
        return self._union("paths")

    @cached_property
    def results(self) -> tuple[str, ...]:
        """Values to be computed once it is made."""
        return self._union("results")

    @cached_property
    def result_parents(self) -> tuple[str, ...]:
        """Names of the entries whose functions the made entry can use."""
        return tuple(self._first("result_parents", ()))

    @cached_property
    def environment(self) -> dict[str, tuple[str, ...]]:
        """Variables of a process's environment that change what it makes, names and patterns by class."""
        merged: dict[str, tuple[str, ...]] = {}
        for entry in reversed(self.lineage):
            for kind, names in entry.meta.get("environment", {}).items():
                merged[kind] = tuple(dict.fromkeys((*merged.get(kind, ()), *names)))
        return merged

    @property
    def local(self) -> bool:
        """Is what it makes valid for this machine only?"""
        return bool(self._first("local", False))

    @property
    def preference(self) -> float:
        """Higher is tried first among equally specific recipes."""
        return float(self.meta.get("preference", 0))

    @cached_property
    def tags(self) -> frozenset[str]:
        """Tags by which it is found: its own ``tags``, and for an entry that is its own answer those it provides."""
        tags = set(self.meta.get("tags", ()))
        if self.kind == "static":
            tags.update(tag for alternative in self.alternatives for tag in alternative.tags)
        return frozenset(tags)

    @cached_property
    def values(self) -> dict[str, Any]:
        """Stored values as they stand: attributes, what its first alternative says, and what was bound by a query."""
        values = dict(self.attributes)
        for alternative in reversed(self.alternatives if self.kind == "static" else ()):
            values.update({c.key: c.typed_value() for c in alternative.required})
        if self.kind == "static":
            for name, parameter in self.parameters.items():
                if parameter.default is not None:
                    values.setdefault(name, parameter.default)
            for alternative in reversed(self.alternatives):
                for condition in alternative.defaults:
                    values.setdefault(condition.key, condition.typed_value())
        return {**values, **self.bound}

    @property
    def made_at(self) -> str:
        """When it was made, for reading: ``2026-11-21 23:40:12 UTC``; empty for what a person wrote."""
        at = str(self.produced.get("at", ""))
        return f"{at[:10]} {at[11:19]} UTC" if at else ""

    @property
    def produced(self) -> Mapping[str, Any]:
        """How it was made, in short (recipe, key, machine, at); empty for what a person wrote."""
        section: Mapping[str, Any] = self.meta.get("produced", {})
        return section


def linearise(entry: Entry, by_name: Callable[[str], Entry]) -> tuple[Entry, ...]:
    """Ancestors of ``entry``: left to right, depth first, each once; ``by_name`` gives a parent or raises NotFound.

    Raises EntryError for a circle of parents and for one that is not there. What was made does without: its values are
    its own.
    """
    from axs_core.base.errors import EntryError, NotFound

    order: dict[str, Entry] = {}

    def visit(child: Entry, trail: tuple[str, ...]) -> None:
        for parent in child.meta.get("parents", ()):
            if parent in trail:
                circle = " -> ".join((*trail[trail.index(parent) :], parent))
                raise EntryError(f"is its own ancestor: {circle}", file=child.path / "meta.yaml", key="parents")
            if parent in order:
                continue
            try:
                ancestor = by_name(parent)
            except NotFound as error:
                if child.kind == "produced":
                    continue
                message = f"its parent {parent!r} does not exist"
                raise EntryError(message, file=child.path / "meta.yaml", key="parents", hint=error.hint) from None
            order[parent] = ancestor
            visit(ancestor, (*trail, parent))

    visit(entry, (entry.name,))
    return tuple(order.values())
