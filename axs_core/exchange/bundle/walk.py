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

from axs_core.base.reporter import Reporter
from axs_core.entry import Entry, Record, rendered_at
from axs_core.entry.functions import functions_of
from axs_core.index import Index
from axs_core.making.fulfil import Runner
from axs_core.query import Query, parse
from axs_core.resolver import Match, NeedValues, Resolver, producers_of, recipe_scope

RUNS = frozenset({"program", "python"})
"""Producers that bring nothing from anywhere: what they make is made again on the other machine."""


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

    index: Index
    resolver: Resolver
    runner: Runner
    reporter: Reporter
    pieces: dict[str, Piece] = field(default_factory=dict)
    written: dict[str, Entry] = field(default_factory=dict)
    existing: dict[str, Entry] = field(default_factory=dict)

    def ask(self, query: Query) -> Match | None:
        """What ``query`` needs. Programs at the top are not run: what a query makes at last is made where it is wanted.
        Returns how it was matched; None where only an entry that is there answers it.
        """
        with self.index.trust.answering("never"):
            self.resolver.plan(query)
        matches = self.resolver.matches(query)
        if matches and matches[0].recipe.kind != "static" and set(matches[0].recipe.make) <= RUNS:
            found = matches[0]
            needs = self._needs(found)
            piece = self._piece(found, None, needs)
            if not self._asks_while_making(piece):
                self._keep(piece)
                return found
            self.reporter.note(f"{query} finds out what it needs while it is made: it is made here too")
        return self._visit(query)[1]

    def _visit(self, query: Query) -> tuple[Entry, Match | None]:
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

    def _needs(self, found: Match) -> dict[str, Any]:
        """Its needs, each met and looked into; as templates see them. Raises NotTrusted where its code may not run."""
        for relative in found.recipe.lineage:
            relative.allow(f"find out with its recipe {relative.name} what {found.query} needs")
        values: dict[str, Any] = {}
        for need in found.recipe.needs.values():
            queries = self.resolver.need_queries(found, need, recipe_scope(found, values))
            if queries is None:
                values[need.name] = None
                continue
            if need.all:
                entries = [entry for query in queries for entry in self.index.find(query)]
                self.existing.update((entry.name, entry) for entry in entries)
            else:
                entries = [self._visit(query)[0] for query in queries]
            views = [NeedValues(need.name, entry) for entry in entries]
            values[need.name] = views if need.all or need.each is not None else views[0]
        return values

    def _piece(self, found: Match, entry: Entry | None, needs: Mapping[str, Any]) -> Piece:
        """The producers' sections that say what comes from elsewhere, rendered; of others only the function's name."""
        extra = {**needs, **({"path": entry.path} if entry is not None else {})}
        scope = recipe_scope(found, extra)
        known = dict(entry.attributes) if entry is not None else {}
        inner = scope.within({name: value for name, value in known.items() if name not in scope.values})
        producers = {}
        for name, spec in producers_of(found, scope).items():
            if name == "python":
                producers[name] = {"function": spec.get("function")}
            else:
                producers[name] = {} if name in RUNS else rendered_at(spec, inner, found.recipe, "make", name)
        return Piece(found, entry, producers)

    def _keep(self, piece: Piece) -> None:
        self.pieces[piece.found.key] = piece
        self._used(piece.found.recipe)
        for name in piece.found.recipe.result_parents:
            self._used(self.index.by_name(name))

    def _used(self, entry: Entry) -> None:
        self.written.update((each.name, each) for each in entry.lineage if each.kind != "produced")

    def _asks_while_making(self, piece: Piece) -> bool:
        function = piece.producers.get("python", {}).get("function")
        functions = functions_of(piece.found.recipe) if function else {}
        waiting, seen = [str(function)], set()
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
                self._visit(parse(need.query))
