"""Plans: what would be done for a query, and why. A plan is a value: it can be printed, tested and refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from axs_core.base.errors import AxsError, NoSuchName
from axs_core.base.value import Value, field
from axs_core.entry import Entry, entry_scope
from axs_core.resolver.match import Match
from axs_core.resolver.scopes import recipe_scope

Action = Literal["reuse", "static", "make", "later"]
Fresh = Literal["one", "all"] | None
"""Make it again although it is there: only what was asked for, or its needs too."""


class KnownLater(AxsError):
    """A value of a need that is known only once the need was made; ``need`` is its name."""

    def __init__(self, need: str, name: str) -> None:
        super().__init__(f"{need}.{name} is known after {need} was made")
        self.need = need


class Step(Value):
    """One node of a plan.

    ``text`` is the query as it would be asked; ``reason`` says why this action; ``needs`` are the steps before it, by
    name, ``values`` the same as templates see them; ``otherwise`` the recipes that would be tried should this one not
    apply; ``notes`` what the recipe itself says about the work.
    """

    text: str
    action: Action
    reason: str
    entry: Entry | None = None
    match: Match | None = None
    needs: tuple[tuple[str, Step], ...] = ()
    otherwise: tuple[Match, ...] = ()
    notes: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the entry that answers or of the recipe that would make it."""
        if self.entry is not None:
            return self.entry.name
        return self.match.recipe.name if self.match else "?"

    def count(self, action: Action) -> int:
        """How many steps of that kind, this one and below."""
        return (self.action == action) + sum(step.count(action) for _, step in self.needs)

    def lines(self, label: str = "", prefix: str = "", branch: str = "") -> list[str]:
        """The tree as text, a line a step."""
        head = f"{label}: " if label else ""
        lines = [f"{prefix}{branch}{head}{_VERBS[self.action]} {self.text}  ({self.reason})"]
        below = prefix + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        lines += [f"{below}{'│' if self.needs else ' '}    {note}" for note in self.notes]
        for number, (name, step) in enumerate(self.needs):
            last = number == len(self.needs) - 1
            lines += step.lines(name, below, "└─ " if last else "├─ ")
        return lines


_VERBS = {"reuse": "reuse", "static": "use", "make": "make", "later": "later"}


class Answer(Value):
    """What answered a query: the entry, how it was matched (None where only the entry's own values answered), and
    whether it was made just now.
    """

    entry: Entry
    match: Match | None = None
    made: bool = False


class NeedValues:
    """A need as templates see it once it is there: every value that the entry knows."""

    def __init__(self, need: str, entry: Entry) -> None:
        self.need, self.entry = need, entry
        self._scope = entry_scope(entry)

    def lookup(self, name: str) -> Any:
        """A value of the entry; raises NoSuchName naming the need."""
        try:
            return self._scope.get(name)
        except NoSuchName as error:
            raise _has_not(self.need, self.entry.name, name, error) from None

    def as_data(self) -> dict[str, Any]:
        """The entry as programs and functions see it, as plain data: name, path, file_path, all values, and how it was
        produced (machine, environment, time).
        """
        values = {name: self._scope.get(name) for name in self._scope.values}
        return {
            "name": self.entry.name,
            "path": str(self.entry.path),
            "file_path": self._scope.get("file_path"),
            "attributes": json.loads(json.dumps(values, default=os.fspath)),
            "produced": dict(self.entry.produced),
        }

    def __str__(self) -> str:
        return self.entry.name


class Prospect:
    """A need as templates see it while planning: what its recipe says already; the rest is known later."""

    def __init__(self, need: str, step: Step) -> None:
        self.need, self.step = need, step

    def lookup(self, name: str) -> Any:
        """A value that the recipe fixes; raises KnownLater for what making it will tell, NoSuchName for what it never
        tells.
        """
        match = self.step.match
        if match is None or name in _AFTER_MAKING or name in match.recipe.finds or name in match.recipe.results:
            raise KnownLater(self.need, name)
        try:
            return recipe_scope(match, self.step.values).get(name)
        except NoSuchName as error:
            raise _has_not(self.need, match.recipe.name, name, error) from None

    def __str__(self) -> str:
        raise KnownLater(self.need, "name")

    def __bool__(self) -> bool:
        """It will be there, unless even what is asked for is known later only."""
        if self.step.action == "later":
            raise KnownLater(self.need, "name")
        return True

    def __len__(self) -> int:
        raise KnownLater(self.need, "length")

    def __iter__(self) -> Iterator[Any]:
        raise KnownLater(self.need, "length")


def _has_not(need: str, served_by: str, name: str, error: NoSuchName) -> NoSuchName:
    """The same error in terms of the need, if it is about the name that was asked for."""
    if error.name != name:
        return error
    return NoSuchName(f"the need {need!r} ({served_by}) has no {name!r}", name=name, hint=error.hint)


_AFTER_MAKING = frozenset({"path", "file_path", "name", "interpreter", "file", "record"})
