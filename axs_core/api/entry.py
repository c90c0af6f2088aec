"""An entry as a caller sees it: its values, its files, its functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axs_core.base.digest import canonical
from axs_core.base.errors import UsageError
from axs_core.base.results import OneEntry
from axs_core.base.value import Value
from axs_core.entry import Entry, Scope, entry_scope, path_in, record_in
from axs_core.entry.model import RESERVED

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from axs_core.compare.replay import Replayed
    from axs_core.exchange.edits import Changes
    from axs_core.making.session import Session


class ParameterRow(Value):
    """A parameter as ``help`` shows it; ``source`` is the entry that declares it."""

    name: str
    type: str | None
    default: Any
    choices: Sequence[Any]
    help: str
    how: bool
    source: str


class WorkspaceEntry(OneEntry):
    """An entry that was found or made: its values, its files, its functions."""

    def __init__(
        self,
        session: Session,
        entry: Entry,
        overrides: Mapping[str, Any] | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self.session = session
        self.entry = entry
        self._overrides = dict(overrides or {})
        self._given = dict(given or {})

    def given(self, values: Mapping[str, Any]) -> WorkspaceEntry:
        """The same entry, with further values that its own ones may be computed from.

        What a person wrote takes them before its own. What was made takes them only where it has nothing of that name:
        they must not change what it is.
        """
        return WorkspaceEntry(self.session, self.entry, self._overrides, values)

    def _scope(self, overrides: Mapping[str, Any], asked: str | None = None) -> Scope:
        """What templates and functions see when ``asked`` is wanted: the entry's own value, none that was given."""
        scope = entry_scope(self.entry, overrides)
        given = {name: value for name, value in self._given.items() if name not in (*scope.builtins, asked)}
        if self.entry.kind != "produced" and given:
            return entry_scope(self.entry, {**given, **overrides})
        scope.builtins = {**scope.builtins, **given}  # they are asked last
        return scope

    @property
    def name(self) -> str:
        """Its name, the name of its folder."""
        return self.entry.name

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.entry.path

    @property
    def tags(self) -> frozenset[str]:
        """Its tags."""
        return self.entry.tags

    def get(self, name: str, /, **overrides: Any) -> Any:
        """A stored or computed value.

        ``overrides`` replace values it is computed from. Raises NotFound for a name that has no value, Refused for a
        figure that must not be given out (of a run that is not valid).
        """
        stored = dict(self._overrides) if name not in self.entry.values or overrides else {}
        return self._scope({**stored, **overrides}, name).get(name)

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def get_path(self, relative: str | None = None) -> Path:
        """The main file where there is one, else the folder; with ``relative``, that file in the folder. Raises
        NotFound if it is not there.
        """
        return path_in(self.entry, relative)

    def remove(self) -> None:
        """Delete it. Raises StoreError for what axs did not make in the work collection."""
        from axs_core.upkeep.garbage import remove

        remove(self.session.store, self.session.index, self.entry)

    def edit(self, **changes: Unpack[Changes]) -> None:
        """Give it a name, a note, or tags beside those of its recipe; a collection its priority among others:
        ``changes`` are those of :class:`axs_core.exchange.edits.Changes`.
        """
        from axs_core.exchange.edits import edit

        edit(self.session, self.entry, **changes)
        self.entry = self.session.index.at_path(self.path) or self.entry

    def twin(self) -> WorkspaceEntry | None:
        """The entry that this one is paired with (it may be itself), as its parents declare; None where none is
        known. A note says in what it differs.
        """
        from axs_core.compare.twin import twin_of

        found = twin_of(self.session, self.entry)
        return None if found is None else WorkspaceEntry(self.session, found)

    def replay(self, sources: Mapping[str, str] | None = None) -> Replayed:
        """Make it again from its record; see :mod:`axs_core.compare.replay`. ``sources``: where files and folders that
        it was made from are now, by the parameter that named them. Raises NotFound that lists what is missing.
        """
        from axs_core.compare.replay import replay

        return replay(self.session, self.entry, sources or {})

    def lock(self, need: str | None = None) -> str:
        """The lock file (PEP 751) of the Python packages that it was made with; ``need`` says which environment where
        there are several. Raises NotFound that names the packages whose archives are not known.
        """
        from axs_core.compare.lock import lock_of

        return lock_of(self.entry, need)

    def pull(self, *, trust: bool = False) -> tuple[str, str]:
        """Bring a clone up to date, by fast-forward only; the commits before and after. Local changes are kept: where
        there are some, it is refused. What came is not trusted, unless ``trust``.
        """
        from axs_core.exchange.collections import bring_up_to_date

        commits = bring_up_to_date(self.session, self.entry, trust=trust)
        self.entry = self.session.index.at_path(self.path) or self.entry
        return commits

    def trust(self) -> None:
        """From now on the code of this collection (or of the one that the entry is in) may run, at the commit that it
        is at. Raises UsageError for one's own.
        """
        from axs_core.exchange.collections import elsewhere

        self.session.trust.grant(elsewhere(self.session.index, self.entry), "trust")

    def is_trusted(self) -> bool:
        """May its code run? One's own always may."""
        from axs_core.exchange.collections import is_trusted

        return is_trusted(self.session.index, self.entry)

    def distrust(self) -> None:
        """Take back what :meth:`trust`, ``--trust`` or an answer allowed. What was made meanwhile stays."""
        from axs_core.exchange.collections import elsewhere

        self.session.trust.withdraw(elsewhere(self.session.index, self.entry))

    def actions(self) -> dict[str, Any]:
        """Functions of its code, by name; where that is not trusted, what it seems to define, with its descriptions:
        nothing is loaded then.
        """
        from axs_core.entry.functions import functions_of, names_told

        told = names_told(self.entry)
        return functions_of(self.entry) if told is None else told

    def defines(self, action: str) -> bool:
        """Has its code a function of that name? Code that has no such word in it is not loaded."""
        if action in RESERVED:
            return False
        from axs_core.entry.functions import may_define

        return may_define(self.entry, action) and action in self.actions()

    def call(self, action: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of its code; arguments that are not given are looked up by name. Raises NotTrusted."""
        from axs_core.entry.functions import call, functions_of

        functions = functions_of(self.entry)
        if action not in functions:
            raise UsageError(f"{self.name} has no action {action!r}", hint=f"axs byname {self.name} , help")
        return call(functions[action], self._scope(self._overrides).get, args, kwargs)

    @property
    def record(self) -> dict[str, Any]:
        """How it came about; empty for what a person wrote."""
        return record_in(self.path)

    def describe(self) -> dict[str, Any]:
        """All that is known, as plain data."""
        facts = {"name": self.name, "path": str(self.path), "kind": self.entry.kind, "meta": dict(self.entry.meta)}
        record = self.record
        return {**facts, "record": record} if record else facts

    def parameters(self) -> list[ParameterRow]:
        """What a query can set."""
        rows = []
        for name, parameter in self.entry.parameters.items():
            source = next((e.name for e in self.entry.lineage if name in e.meta.get("parameters", {})), self.name)
            default = self._default(name, parameter.default)
            rows.append(
                ParameterRow(name, parameter.type, default, parameter.choices, parameter.help, parameter.how, source)
            )
        return rows

    def _default(self, name: str, declared: Any) -> Any:
        """The default of a parameter; where alternatives give other ones, each with what a query says to get it."""
        given: dict[str, list[str]] = {}
        values: dict[str, Any] = {}
        for alternative in self.entry.alternatives:
            value = next((c.value for c in alternative.defaults if c.key == name), declared)
            values.setdefault(canonical(value), value)
            said = str(alternative.query.without(*(c.key for c in alternative.defaults)))
            given.setdefault(canonical(value), []).append(said)
        if len(given) < 2:
            return next(iter(values.values()), declared)
        several = ((values[key], queries) for key, queries in given.items() if values[key] is not None)
        return "; ".join(f"{value} for {' or '.join(queries)}" for value, queries in several)

    def __repr__(self) -> str:
        return f"<entry {self.name}>"

    def __str__(self) -> str:
        return self.name
