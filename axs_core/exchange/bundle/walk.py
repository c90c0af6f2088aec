"""All that a query needs, by today's recipes: what is there is looked into, what is missing is made.

Plans tell what a query needs only as far as it is known before anything is made, and records what was needed when a
thing was made. Here every need is met for real, and then asked by its recipe for needs of its own, so that what is
found is what another machine will ask for.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from axs_core.entry import Entry, Need, Record, rendered_at
from axs_core.entry.functions import functions_of
from axs_core.making.fulfil import Runner
from axs_core.making.session import Session
from axs_core.plugins.producers import traits
from axs_core.query import Query, parse
from axs_core.resolver import Answers, Match, NeedValues, meet, producers_of, recipe_scope


@dataclass(frozen=True)
class Piece:
    """A recipe as it was used: ``producers`` with all templates rendered, ``entry`` what it made (None where it was not
    run).
    """

    found: Match
    entry: Entry | None
    producers: Mapping[str, Mapping[str, Any]]


@dataclass
class Walk:
    """Collects ``pieces`` and ``written``, the entries that a person wrote (by name), ``existing``: entries that a
    query takes as they are, which no recipe would make.
    """

    session: Session
    runner: Runner
    pieces: dict[str, Piece] = field(default_factory=dict)
    written: dict[str, Entry] = field(default_factory=dict)
    existing: dict[str, Entry] = field(default_factory=dict)

    def ask(self, query: Query) -> Match | None:
        """What ``query`` needs. Programs at the top are not run: what a query makes at last is made where it is wanted.
        Returns how it was matched; None where only an entry that is there answers it.
        """
        with self.session.index.trust.answering("never"):
            found = self.session.resolver.plan(query).match
        if found is not None and found.recipe.kind != "static" and _only_runs(found.recipe.make):
            needs = self._needs(found)
            piece = self._piece(found, None, needs)
            if not self._asks_while_making(piece):
                self._keep(piece)
                return found
            self.session.reporter.note(f"{query} finds out what it needs while it is made: it is made here too")
        return self.visit(query)[1]

    def visit(self, query: Query) -> tuple[Entry, Match | None]:
        """Have ``query`` met, and look into what answers it: that entry, and how it was matched."""
        answer = self.runner.meet(query)
        if answer.match is None:
            self.existing[answer.entry.name] = answer.entry
            return answer.entry, None
        if answer.match.recipe.kind == "static":
            self._used(answer.match.recipe)
        elif answer.match.key not in self.pieces:
            needs = self._needs(answer.match)
            self._keep(self._piece(answer.match, answer.entry, needs))
            self._asked_while_making(answer.match.recipe, answer.entry)
        return answer.entry, answer.match

    def _needs(self, found: Match) -> Mapping[str, Any]:
        """Its needs, each met and looked into; as templates see them. Raises NotTrusted where its code may not run."""
        for relative in found.recipe.lineage:
            relative.allow(f"find out with its recipe {relative.name} what {found.query} needs")
        return meet(found, _Visited(self)).values

    def _piece(self, found: Match, entry: Entry | None, needs: Mapping[str, Any]) -> Piece:
        """The producers' sections that say what comes from elsewhere, rendered; of others only the function's name."""
        extra = {**needs, **({"path": entry.path} if entry is not None else {})}
        scope = recipe_scope(found, extra)
        known = dict(entry.attributes) if entry is not None else {}
        inner = scope.within({name: value for name, value in known.items() if name not in scope.values})
        producers = {}
        for name, spec in producers_of(found, scope).items():
            runs = traits(name).runs
            if runs == "nothing":
                producers[name] = rendered_at(spec, inner, found.recipe, "make", name)
            else:
                producers[name] = {"function": spec.get("function")} if runs == "function" else {}
        return Piece(found, entry, producers)

    def _keep(self, piece: Piece) -> None:
        self.pieces[piece.found.key] = piece
        self._used(piece.found.recipe)
        for name in piece.found.recipe.result_parents:
            self._used(self.session.index.by_name(name))

    def _used(self, entry: Entry) -> None:
        self.written.update((each.name, each) for each in entry.lineage if each.kind != "produced")

    def _asks_while_making(self, piece: Piece) -> bool:
        waiting = [str(spec["function"]) for name, spec in piece.producers.items() if traits(name).runs == "function"]
        functions = functions_of(piece.found.recipe) if waiting else {}
        seen = set()
        while waiting:
            name = waiting.pop()
            if name == "byquery":
                return True
            if name in functions and name not in seen:
                seen.add(name)
                waiting += inspect.signature(functions[name]).parameters
        return False

    def _asked_while_making(self, recipe: Entry, entry: Entry) -> None:
        """What a function asked for while it made ``entry``, as the record has it."""
        for need in Record.read(entry.path).needs:
            if need.need not in recipe.needs and need.query:
                self.visit(parse(need.query))


def _only_runs(make: Mapping[str, Any]) -> bool:
    """Does it bring nothing from anywhere? What it makes is made again on the other machine."""
    return all(traits(name).runs != "nothing" for name in make)


@dataclass(frozen=True)
class _Visited(Answers[Entry]):
    """Needs are met and looked into."""

    walk: Walk

    def one(self, need: Need, query: Query) -> Entry:
        return self.walk.visit(query)[0]

    def every(self, need: Need, query: Query) -> list[Entry]:
        entries = list(self.walk.session.index.find(query))
        self.walk.existing.update((entry.name, entry) for entry in entries)
        return entries

    def view(self, need: Need, answer: Entry) -> NeedValues:
        return NeedValues(need.name, answer)
