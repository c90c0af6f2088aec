"""Carrying out: what a plan says is there is used, what is missing is made, once, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from axs_core.base.digest import of_value
from axs_core.base.errors import AxsError, DoesNotApply, EntryError, NotFound
from axs_core.base.reporter import Reporter
from axs_core.base.value import replace
from axs_core.entry import Entry, Need, rendered_at
from axs_core.index import Index
from axs_core.making.maker import Maker, Met, Trail
from axs_core.making.recording import Needed, note_asked
from axs_core.process import end_leftover
from axs_core.query import Query
from axs_core.resolver import Answer, Fresh, Match, NeedValues, Resolver, Step, recipe_scope
from axs_core.store import Appeared, Attempt, Failure, Store, explained, safe_name

T = TypeVar("T")


class Runner:
    """Makes what is missing. ``environ`` holds the settings and what children inherit."""

    def __init__(
        self, index: Index, store: Store, resolver: Resolver, reporter: Reporter, environ: Mapping[str, str]
    ) -> None:
        self.index, self.store, self.resolver, self.reporter, self.environ = index, store, resolver, reporter, environ
        self._typed: tuple[Query, str | None] | None = None
        self._again: dict[str, Entry] = {}
        self._afresh = False
        self._maker = Maker(index, store, resolver.world, reporter, environ, self._asked_on_the_way)

    def ensure(self, query: Query, fresh: Fresh = None, typed: str | None = None) -> Answer:
        """The entry that the query denotes, made if it is not there. The whole plan is checked before anything is
        made. ``typed`` is how the user wrote the query, for the record.
        """
        self._typed, self._afresh = (query, typed), fresh == "all"
        with self.index.trust.answering("never"):
            step = self.resolver.plan(query, fresh=fresh)
        self._allow_all(step)
        with self.store.working():
            answer = self._ensure(query, fresh, (), direct=True)
            if answer.entry.kind == "produced" and not answer.made:
                with suppress(EntryError):  # a damaged record
                    note_asked(answer.entry)  # while nobody can take it for garbage
            return answer

    def _allow_all(self, step: Step) -> None:
        """Have the user asked about all that the plan shows, before the first of it is made."""
        if step.action == "make" and step.match is not None:
            self._allow(step.match)
            for need in step.match.recipe.needs.values():
                entries = [inner.entry for name, inner in step.needs if name == need.name and inner.entry is not None]
                _allow_use(step.match, need, entries)
        for _, inner in step.needs:
            self._allow_all(inner)

    def _allow(self, found: Match) -> None:
        """May this recipe make something? Its parents give it what it does, its result_parents compute the results."""
        recipe, use = found.recipe, f"make {found.query}"
        for relative in recipe.lineage:
            relative.allow(f"{use} with its recipe {relative.name}")
        for name in recipe.result_parents:
            with suppress(NotFound):
                for relative in self.index.by_name(name).lineage:
                    relative.allow(f"{use} with functions of {relative.name}")

    def meet(self, query: Query) -> Answer:
        """The same for something that is needed: nobody asks for it by itself, and ``gc`` may remove it later."""
        return self._ensure(query, None, ())

    def _asked_on_the_way(self, query: Query, fresh: bool, trail: Trail) -> Entry:
        return self._ensure(query, "one" if fresh or self._afresh else None, trail).entry

    def replay(
        self, found: Match, given: Mapping[str, Sequence[Entry]], of: Mapping[str, Any], *, direct: bool = True
    ) -> Entry:
        """Make again what ``found`` denotes, with the entries ``given`` for its needs, the others as always.

        ``of`` says of what it is a replay, for the record. The new entry has an identity of its own: queries go on
        being answered by what answered them before. ``direct``: it is what the user asked for, not a need of that.
        """
        self._afresh = direct
        found = replace(found, key=replay_key(found.key, of["entry"]))
        self._allow(found)
        with self.store.working():
            met = self._needs(found, None, ((found.key, str(found.query)),), given)
            base = self._base(found, met)
            with self.store.held(base):

                def make() -> Entry:
                    self.index.refresh()
                    self.index.notice(self.store.folders(base))
                    return self._produce(found, met, base, direct=direct, replays=of)

                return _until_shown(make)

    def _ensure(self, query: Query, fresh: Fresh, trail: Trail, *, direct: bool = False) -> Answer:
        """The recipes that provide the query, strictly one after the other; only one that does not apply hands over."""
        matches = self.resolver.matches(query)
        if not matches:
            return Answer(self._used(self.resolver.find(query)))
        reasons: list[str] = []
        hint = None
        for found in matches:
            entry = self._there(found, fresh)
            if entry is not None:
                return Answer(entry, found)
            try:
                return self._make(found, fresh, trail, direct=direct)
            except DoesNotApply as error:
                reasons.append(f"    {found.recipe.name}: {error.message}")
                hint = hint or error.hint
        raise NotFound("\n".join([f"nothing on this machine serves {query}", *reasons]), hint=hint)

    def _there(self, found: Match, fresh: Fresh) -> Entry | None:
        """What answers already; with ``all`` made again, what was made again for something else just now."""
        entry = self._again.get(found.key) if fresh == "all" else None
        if fresh is None or found.recipe.kind == "static":
            entry = self.resolver.answer(found)
        return entry if entry is not None and self.store.use(entry.path) else None

    def _used(self, entry: Entry) -> Entry:
        """An entry that is depended on from now on. Raises NotFound where it was removed in this very moment."""
        if not self.store.use(entry.path):
            raise NotFound(f"{entry.name} was removed meanwhile")
        return entry

    def _make(self, found: Match, fresh: Fresh, trail: Trail, *, direct: bool) -> Answer:
        if found.machine:
            raise NotFound(
                f"nothing that answers {found.query} was made on such a machine",
                hint="axs all_byquery shows what there is",
            )
        self.resolver.refuse_circle(found.query, found, trail)
        self._allow(found)
        met = self._needs(found, "all" if fresh == "all" else None, (*trail, (found.key, str(found.query))))
        base = self._base(found, met)
        before = self.store.failure(base)
        with self.store.held(base) as waited:

            def answer() -> Answer:
                self.index.refresh()
                self.index.notice(self.store.folders(base))
                entry = None if fresh else self.resolver.present(found)
                if entry is not None and self.store.use(entry.path):
                    return Answer(entry, found)
                if waited:
                    self._share_failure(base, before)
                self._warn_of_damage(base)
                return Answer(self._produce(found, met, base, direct=direct), found, made=True)

            answered = _until_shown(answer)
        if fresh == "all":
            self._again[found.key] = answered.entry
        return answered

    def _warn_of_damage(self, base: str) -> None:
        """Somebody has damaged what would have answered: it is made anew beside it, for nothing of it is ours to
        delete.
        """
        for folder in self.store.folders(base):
            try:
                self.index.at_path(folder)
            except EntryError as error:
                self.reporter.warn(f"{error}; it is made again")

    def _share_failure(self, base: str, before: Failure | None) -> None:
        """Of many who wait for a build of ten minutes that fails, none begins it again; asking again does."""
        failure = self.store.failure(base)
        if failure is not None and failure != before:
            raise failure.error(Attempt(self.store.free_folder(base)).log)

    def _base(self, found: Match, met: Met) -> str:
        """The folder's name: the recipe's ``entry_name`` or its own name, and the identity with the machine."""
        template = next(
            (entry.meta["entry_name"] for entry in found.recipe.lineage if "entry_name" in entry.meta),
            found.recipe.name,
        )
        name = safe_name(str(rendered_at(template, recipe_scope(found, met.values), found.recipe, "entry_name")))
        key = of_value([found.key, self.resolver.world.machine]) if found.recipe.local else found.key
        return self.store.base_name(name, key)

    def _needs(
        self, found: Match, fresh: Fresh, trail: Trail, given: Mapping[str, Sequence[Entry]] | None = None
    ) -> Met:
        met = Met(trail)
        for need in found.recipe.needs.values():
            queries = self.resolver.need_queries(found, need, recipe_scope(found, met.values))
            if queries is None:
                met.values[need.name] = None
                continue
            try:
                if given and need.name in given:
                    entries = [self._used(entry) for entry in given[need.name]]
                else:
                    entries = [entry for query in queries for entry in self._meet(query, need.all, fresh, trail)]
            except AxsError as error:
                raise error.needed_for(str(found.query)) from None
            _allow_use(found, need, entries)
            views = [NeedValues(need.name, entry) for entry in entries]
            met.values[need.name] = views if need.all or need.each is not None else views[0]
            met.needed += [Needed(need.name, entry) for entry in entries]
        return met

    def _meet(self, query: Query, every: bool, fresh: Fresh, trail: Trail) -> list[Entry]:
        if not every:
            return [self._ensure(query, fresh, trail).entry]
        return [entry for entry in self.index.find(query) if self.store.use(entry.path)]

    def _produce(
        self, found: Match, met: Met, base: str, *, direct: bool, replays: Mapping[str, Any] | None = None
    ) -> Entry:
        """Make it in its folder, under its lock. Whatever goes wrong, nothing stays that looks finished."""
        folder = self.store.free_folder(base)
        if folder.is_dir():
            end_leftover(Attempt(folder).log)
            self.store.clear(folder)
        self.store.use(folder)
        with self.index.expecting(folder):
            self.store.make_folder(folder)
        attempt = self.store.begin(folder, str(found.query))
        self.reporter.step(f"making {found.query}{_from(found.recipe)}{_with(found)}")
        try:
            typed = self._typed[1] if self._typed and self._typed[0] == found.query else None
            self._maker.make(found, met, attempt, direct=direct, typed=typed, replays=replays)
        except BaseException as error:
            told = explained(error, attempt.folder, attempt.log)
            self._give_up(attempt, told)
            if told is error:
                raise
            raise told from error
        self.index.add(attempt.folder)
        entry = self.index.at_path(attempt.folder)
        assert entry is not None
        return entry

    def _give_up(self, attempt: Attempt, error: BaseException) -> None:
        """A failure keeps its log; where a recipe just does not apply there is nothing to look at. What went wrong here
        too (a full disk) is told by the first error well enough.
        """
        with suppress(AxsError):
            if isinstance(error, DoesNotApply):
                self.store.drop(attempt)
                self.index.forget(attempt.folder)
                return
            self.store.abandon(attempt, error)
            self.index.add(attempt.folder)


def _with(found: Match) -> str:
    return f" with {found.surroundings}" if found.surroundings.identity else ""


def _from(recipe: Entry) -> str:
    return f" with {recipe.name} of {recipe.origin}" if recipe.origin is not None else ""


def _allow_use(found: Match, need: Need, entries: Sequence[Entry]) -> None:
    """May these entries be what a recipe works with? Files from elsewhere are as good as code: a model, a module of a
    backend. What a recipe gathers (``all``: results for a report) is data.
    """
    for entry in entries:
        if need.all and entry.kind == "produced":
            continue
        for relative in (entry,) if entry.kind == "produced" else entry.lineage:
            relative.allow(f"use {relative.name} to make {found.query}")


def replay_key(key: str, name: str) -> str:
    """The identity of what is made again from the record of the entry ``name`` with the identity ``key``."""
    return of_value([key, "replay of", name])


def _until_shown(work: Callable[[], T]) -> T:
    """Do it, and again where a network folder shows only now what another host has made there."""
    while True:
        with suppress(Appeared):
            return work()
