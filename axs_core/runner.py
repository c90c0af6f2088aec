"""Carrying out: what a plan says is there is used, what is missing is made, once, whoever asks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from axs_core.credentials import scrubbed, secrets_in
from axs_core.digest import of_tree, of_value
from axs_core.entry import META, Entry, Need, Scope, entry_scope, placed, rendered_at
from axs_core.entry.functions import call
from axs_core.errors import AxsError, DoesNotApply, EntryError, NoSuchName, NotFound, Refused
from axs_core.index import Index, holds_for, made_order
from axs_core.process import end_leftover
from axs_core.producers import get as producer
from axs_core.producers.base import Job, Made
from axs_core.producers.bundled import TAG, Bundle, bundles_among
from axs_core.query import Query, parse
from axs_core.record import NOT_CONTENT, Needed, make_record, note_asked, now
from axs_core.reporter import Reporter
from axs_core.resolver import Answer, Fresh, Match, NeedValues, Resolver, Step, producers_of, recipe_scope
from axs_core.store import Appeared, Attempt, Failure, Store, explained, safe_name

T = TypeVar("T")
Trail = tuple[tuple[str, str], ...]
PARAMETERS = "parameters.json"
"""What a program reads: parameters, attributes, needs, output_path."""


@dataclass
class Met:
    """The needs of one production, as templates see them and as the record keeps them; ``trail``: what waits for it."""

    trail: Trail = ()
    values: dict[str, Any] = field(default_factory=dict)
    needed: list[Needed] = field(default_factory=list)


class Runner:
    """Makes what is missing. ``environ`` holds the settings and what children inherit."""

    def __init__(
        self, index: Index, store: Store, resolver: Resolver, reporter: Reporter, environ: Mapping[str, str]
    ) -> None:
        self.index, self.store, self.resolver, self.reporter, self.environ = index, store, resolver, reporter, environ
        self._typed: tuple[Query, str | None] | None = None
        self._again: dict[str, Entry] = {}
        self._afresh = False

    def ensure(self, query: Query, fresh: Fresh = None, typed: str | None = None) -> Answer:
        """The entry that the query denotes, made if it is not there. The whole plan is checked before anything is
        made. ``typed`` is how the user wrote the query, for the record.
        """
        self._typed = (query, typed)
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
            if (folder / META).exists():
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
        self.reporter.step(f"making {found.query}{_from(found.recipe)}")
        try:
            self._work(found, met, attempt, direct=direct, replays=replays)
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

    def _work(
        self, found: Match, met: Met, attempt: Attempt, *, direct: bool, replays: Mapping[str, Any] | None
    ) -> None:
        started = now()
        scope = self._making_scope(found, met, attempt)
        self._write_parameters(found, met, attempt, scope)
        made = self._run_producers(found, met, attempt, scope)
        draft = self._draft(found, attempt, scope, made)
        for condition in found.restrictions:
            if not holds_for(draft, condition):
                raise DoesNotApply(f"{condition} does not hold: {condition.key} is {draft.values.get(condition.key)!r}")
        draft = self._with_results(found, met, attempt, draft)
        files = of_tree(attempt.folder, NOT_CONTENT)
        typed = self._typed[1] if self._typed and self._typed[0] == found.query else None
        record = make_record(
            found, met.needed, started, files, typed=typed, direct=direct, made=made.found, replays=replays
        )
        secrets = secrets_in(self.environ)
        meta = scrubbed(_marked(draft.meta, replays), secrets)
        self.store.complete(attempt, meta, scrubbed(record, secrets), files)

    def _making_scope(self, found: Match, met: Met, attempt: Attempt) -> Scope:
        extra = {**met.values, "path": attempt.folder, "parameters_file": str(attempt.private / PARAMETERS)}
        asking = {"query": str(found.query), "byquery": lambda: self._asker(met)}
        return recipe_scope(found, {**extra, **asking, "needs": _needs_as_data(met)})

    def _asker(self, met: Met) -> Callable[..., dict[str, Any]]:
        """What a function that makes an entry calls as ``byquery``, where it finds out on the way what it needs."""

        def byquery(query: str, fresh: bool = False, need: str = "asked") -> dict[str, Any]:
            """The entry that answers ``query``, made if need be (``fresh``: in any case), as data: name, path,
            file_path and attributes. The record keeps it among the needs, under the name ``need``.
            """
            entry = self._ensure(parse(query), "one" if fresh or self._afresh else None, met.trail).entry
            met.needed.append(Needed(need, entry))
            return NeedValues(need, entry).as_data()

        return byquery

    def _write_parameters(self, found: Match, met: Met, attempt: Attempt, scope: Scope) -> None:
        data = {
            "parameters": dict(found.values),
            "attributes": scrubbed({name: _attribute(name, scope, found.recipe) for name in scope.values}),
            "needs": _needs_as_data(met),
            "output_path": str(attempt.folder),
        }
        (attempt.private / PARAMETERS).write_text(json.dumps(data, indent=1, default=str), encoding="utf-8")

    def _run_producers(self, found: Match, met: Met, attempt: Attempt, scope: Scope) -> Made:
        file: str | None = None
        known: dict[str, Any] = {}
        for name, spec in producers_of(found, scope).items():
            inner = scope.within(known)
            job = Job(
                spec=rendered_at(spec, inner, found.recipe, "make", name),
                folder=attempt.folder,
                log=attempt.log,
                reporter=self.reporter,
                recipe_path=found.recipe.path,
                parameters=found.values,
                needs=_needs_as_data(met),
                environ=self.environ,
                call=lambda function, scope=inner: _call(found.recipe, function, scope),  # type: ignore[misc]
                bundles=self._bundles,
            )
            made = producer(name).make(job)
            known.update(made.found)
            file = made.file or file
        return Made(file, known)

    @cached_property
    def _bundles(self) -> tuple[Bundle, ...]:
        return bundles_among(self.index.find(parse(TAG)), self.store.root)

    def _draft(self, found: Match, attempt: Attempt, scope: Scope, made: Made) -> Entry:
        """The entry as it will be, but for its results."""
        recipe = found.recipe
        values = {name: scope.get(name) for name in recipe.attributes}
        values.update(found.stated)
        values.update(
            {
                name: value
                for name, value in found.values.items()
                if value is not None and not recipe.parameters[name].how
            }
        )
        values.update({name: value for name, value in made.found.items() if value is not None})
        if made.file is not None:
            values["file"] = made.file
        meta = {
            "title": scope.render(recipe.meta.get("title", recipe.name)),
            **({"license": recipe.meta["license"]} if "license" in recipe.meta else {}),
            "tags": sorted(found.alternative.tags),
            **({"parents": list(recipe.result_parents)} if recipe.result_parents else {}),
            **({"paths": list(recipe.paths)} if recipe.paths else {}),
            "attributes": _plain(values, recipe),
            "produced": {
                "recipe": recipe.name,
                "by": list(producers_of(found, scope)),
                "key": found.key,
                **({"machine": self.resolver.world.machine} if recipe.local else {}),
                **self._times(found),
            },
        }
        parents = tuple(ancestor for name in recipe.result_parents for ancestor in self.index.by_name(name).lineage)
        return Entry(attempt.folder.name, attempt.folder, meta, ancestors=parents)

    def _times(self, found: Match) -> dict[str, str]:
        """When it was made; where the clock was put back since an earlier one of the same identity was made, also that
        it came after that.
        """
        at = now()
        earlier = max((made_order(entry.produced) for entry in self.index.by_key(found.key)), default="")
        return {"at": at, "after": earlier} if earlier >= at else {"at": at}

    def _with_results(self, found: Match, met: Met, attempt: Attempt, draft: Entry) -> Entry:
        """Compute the recipe's results once and store them; a figure that must not be given out as it is is not
        stored.
        """
        scope = entry_scope(draft, extra={"needs": _needs_as_data(met), "record": {}})
        results: dict[str, Any] = {}
        for name in found.recipe.results:
            with suppress(Refused):
                value = _result(found.recipe, scope, name)
                if value is not None:
                    results[name] = value
        attributes = {**draft.meta["attributes"], **_plain(results, found.recipe)}
        return Entry(draft.name, draft.path, {**draft.meta, "attributes": attributes}, ancestors=draft.ancestors)


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


def _marked(meta: Mapping[str, Any], replays: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A replay says of what, so that a query can leave replays out."""
    if replays is None:
        return meta
    return {**meta, "attributes": {**meta["attributes"], "replay_of": replays["entry"]}}


def _result(recipe: Entry, scope: Scope, name: str) -> Any:
    try:
        return scope.get(name)
    except NoSuchName as error:
        if error.name != name:
            raise
        what = f"there is no value and no function {name!r} in result_parents"
        raise EntryError(what, file=recipe.path / "meta.yaml", key="results") from None


def _attribute(name: str, scope: Scope, recipe: Entry) -> Any:
    try:
        return scope.get(name)
    except (NoSuchName, EntryError) as error:
        raise placed(error, recipe, "attributes", name) from None


def _call(recipe: Entry, name: str, scope: Scope) -> Any:
    function = scope.function(name)
    if function is None:
        raise EntryError(f"there is no function {name!r} in its code.py", file=recipe.path / "meta.yaml", key="make")
    return call(function, scope.get)


def _plain(values: Mapping[str, Any], recipe: Entry) -> dict[str, Any]:
    """Values as plain data (paths become text, tuples lists, numpy's numbers numbers), so that they read back as they
    were written.
    """
    plain: dict[str, Any] = {}
    for name, value in values.items():
        try:
            plain[name] = json.loads(json.dumps(value, default=_simpler))
        except (TypeError, ValueError) as error:
            what = f"the value of {name!r} is no plain data (text, number, list, mapping): {error}"
            raise EntryError(what, file=recipe.path / "meta.yaml") from None
    return plain


def _simpler(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(type(value).__name__)


def _needs_as_data(met: Met) -> dict[str, Any]:
    """The needs as programs see them: name, path, file_path and all values; a list where there are several."""
    return {
        name: [item.as_data() for item in value] if isinstance(value, list) else value and value.as_data()
        for name, value in met.values.items()
    }
