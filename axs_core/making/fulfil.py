"""Carrying out: what a plan says is there is used, what is missing is made, once, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from axs_core.base.digest import of_value
from axs_core.base.errors import AxsError, DoesNotApply, EntryError, NotFound
from axs_core.base.value import replace
from axs_core.entry import Entry, Record, rendered_at
from axs_core.making.maker import Maker, Met, Trail
from axs_core.making.needs import Made, used
from axs_core.making.permission import allow_plan, allow_recipe
from axs_core.making.recording import Needed
from axs_core.making.session import Session
from axs_core.process import end_leftover
from axs_core.query import Query
from axs_core.resolver import Answer, Fresh, Match, Step, meet, recipe_scope
from axs_core.store import Appeared, Attempt, Failure, explained, safe_name
from axs_core.store.entry_files import note_asked

T = TypeVar("T")
Planned = Sequence[tuple[str, Step]]
"""The steps of the needs of one recipe, with their names; none where they were not planned."""


class Runner:
    """Makes what is missing."""

    def __init__(self, session: Session) -> None:
        self.index, self.store = session.index, session.store
        self.resolver, self.reporter = session.resolver, session.reporter
        self._typed: tuple[Query, str | None] | None = None
        self._again: dict[str, Entry] = {}
        self._afresh = False
        self._maker = Maker(session, self._asked_on_the_way)

    def ensure(
        self, query: Query, fresh: Fresh = None, typed: str | None = None, matches: list[Match] | None = None
    ) -> Answer:
        """The entry that the query denotes, made if it is not there. The whole plan is checked before anything is
        made. ``typed`` is how the user wrote the query, for the record; ``matches`` are those of the query where it was
        matched already.
        """
        self._typed, self._afresh = (query, typed), fresh == "all"
        step = self._plan(query, fresh, (), matches)
        with self.store.working():
            answer = self._carry_out(query, step, fresh, (), direct=True)
            if answer.entry.kind == "produced" and not answer.made:
                folder = answer.entry.path
                with suppress(EntryError):  # a damaged record
                    note_asked(folder, Record.read(folder))  # while nobody can take it for garbage
            return answer

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
        anew = replace(found, key=replay_key(found.key, of["entry"]))
        allow_recipe(self.index, anew)
        with self.store.working():
            met = self._needs(anew, (), None, ((anew.key, str(anew.query)),), given)
            base = self._base(anew, met)
            with self.store.held(base):

                def make() -> Entry:
                    self._look_again(found, base)
                    return self._produce(anew, met, base, direct=direct, replays=of)

                return _until_shown(make)

    def _plan(self, query: Query, fresh: Fresh, trail: Trail, matches: list[Match] | None = None) -> Step:
        """What will be done, allowed by the user as far as it is known; while it is planned nobody is asked."""
        matches = self.resolver.matches(query) if matches is None else matches
        with self.index.trust.answering("never"):
            step = self.resolver.plan(query, trail, fresh, matches)
        allow_plan(self.index, step)
        return step

    def _ensure(self, query: Query, fresh: Fresh, trail: Trail, step: Step | None = None) -> Answer:
        """By its step in the plan; what no plan has shown yet is planned now."""
        return self._carry_out(query, step or self._plan(query, fresh, trail), fresh, trail)

    def _carry_out(self, query: Query, step: Step, fresh: Fresh, trail: Trail, *, direct: bool = False) -> Answer:
        """The recipes that provide the query, strictly one after the other; only one that does not apply hands over."""
        if step.match is None:
            entry = step.entry
            if entry is None or not self.store.use(entry.path):  # it was removed since
                entry = used(self.store, self.resolver.find(query))
            return Answer(entry)
        reasons: list[str] = []
        hint = None
        for found in (step.match, *step.otherwise):
            entry = self._there(found, fresh)
            if entry is not None:
                return Answer(entry, found)
            try:
                planned = step.needs if found is step.match else ()
                return self._make(found, planned, fresh, trail, direct=direct)
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

    def _make(self, found: Match, planned: Planned, fresh: Fresh, trail: Trail, *, direct: bool) -> Answer:
        self.resolver.refuse_elsewhere(found)
        self.resolver.refuse_circle(found, trail)
        allow_recipe(self.index, found)
        below = (*trail, (found.key, str(found.query)))
        met = self._needs(found, planned, "all" if fresh == "all" else None, below)
        base = self._base(found, met)
        before = self.store.failure(base)
        with self.store.held(base) as waited:

            def answer() -> Answer:
                self._look_again(found, base)
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

    def _look_again(self, found: Match, base: str) -> None:
        """Under the lock: what others have made since, and whether the files are still those that were matched."""
        self.index.refresh()
        self.index.notice(self.store.folders(base))
        self.resolver.refuse_changed(found)

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
        self,
        found: Match,
        planned: Planned,
        fresh: Fresh,
        trail: Trail,
        given: Mapping[str, Sequence[Entry]] | None = None,
    ) -> Met:
        def make(query: Query, step: Step | None) -> Entry:
            return self._ensure(query, fresh, trail, step).entry

        needs = meet(found, Made(self.index, self.store, found, planned, given or {}, make))
        return Met(trail, dict(needs.values), [Needed(name, entry) for name, entry in needs.answers])

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


def replay_key(key: str, name: str) -> str:
    """The identity of what is made again from the record of the entry ``name`` with the identity ``key``."""
    return of_value([key, "replay of", name])


def _until_shown(work: Callable[[], T]) -> T:
    """Do it, and again where a network folder shows only now what another host has made there."""
    while True:
        with suppress(Appeared):
            return work()
