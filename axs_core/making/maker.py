"""Making an entry in its folder: producers, values, results, record."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from axs_core.base.credentials import scrubbed, secrets_in
from axs_core.base.errors import DoesNotApply, EntryError, NoSuchName, Refused
from axs_core.entry import Entry, Scope, entry_scope, placed, rendered_at
from axs_core.entry.functions import call
from axs_core.index import holds_for, made_order
from axs_core.making.recording import Needed, make_record, now
from axs_core.making.session import Session
from axs_core.producers import get as producer
from axs_core.producers.base import Job, Made
from axs_core.producers.bundled import TAG, Bundle, bundles_among
from axs_core.query import Query, parse
from axs_core.query.values import value_at
from axs_core.resolver import Match, NeedValues, producers_of, recipe_scope
from axs_core.store import Attempt
from axs_core.store.entry_files import parameters_of, present_files

Trail = tuple[tuple[str, str], ...]
"""Identity and query of each thing that is being made, the outermost first."""
Ask = Callable[[Query, bool, Trail], Entry]
"""Answers a query, with True in any case by something new."""


@dataclass
class Met:
    """The needs of one production, as templates see them and as the record keeps them; ``trail``: what waits for it."""

    trail: Trail = ()
    values: dict[str, Any] = field(default_factory=dict)
    needed: list[Needed] = field(default_factory=list)


class Maker:
    """Makes one entry after the other in folders that the caller holds; ``ask`` is for functions that find out on the
    way what they need.
    """

    def __init__(self, session: Session, ask: Ask) -> None:
        self.index, self.store, self.world = session.index, session.store, session.world
        self.reporter, self.settings, self.ask = session.reporter, session.settings, ask

    def make(
        self,
        found: Match,
        met: Met,
        attempt: Attempt,
        *,
        direct: bool,
        typed: str | None = None,
        replays: Mapping[str, Any] | None = None,
    ) -> None:
        """Run the recipe's producers in the folder of ``attempt``, compute the results, write the record and complete
        the entry. ``direct``: a user asked for it, and ``typed`` is how; ``replays``: of what it is a replay. Raises
        DoesNotApply where what came out is not what was asked for.
        """
        started = now()
        scope = self._making_scope(found, met, attempt)
        self._write_parameters(found, met, attempt, scope)
        made = self._run_producers(found, met, attempt, scope)
        draft = self._draft(found, attempt, scope, made)
        for condition in found.restrictions:
            if not holds_for(draft, condition):
                is_now = value_at(draft.values, condition.key)
                raise DoesNotApply(f"{condition} does not hold: {condition.key} is {is_now!r}")
        draft = self._with_results(found, met, attempt, draft)
        files = present_files(attempt.folder)
        record = make_record(
            found,
            met.needed,
            started,
            files,
            typed=typed,
            direct=direct,
            made=made.found,
            settings=self.settings,
            replays=replays,
        )
        secrets = secrets_in(self.settings.environ)
        meta = scrubbed(_marked(draft.meta, replays), secrets)
        self.store.complete(attempt, meta, scrubbed(record, secrets), files)

    def _making_scope(self, found: Match, met: Met, attempt: Attempt) -> Scope:
        extra = {"machine": lambda: self.world.machine, **met.values, "path": attempt.folder}
        extra["parameters_file"] = str(parameters_of(attempt.folder))
        asking = {"query": str(found.query), "byquery": lambda: self._asker(met), "note": lambda: self.reporter.note}
        return recipe_scope(found, {**extra, **asking, "needs": _needs_as_data(met)})

    def _asker(self, met: Met) -> Callable[..., dict[str, Any]]:
        """What a function that makes an entry calls as ``byquery``, where it finds out on the way what it needs."""

        def byquery(query: str, fresh: bool = False, need: str = "asked") -> dict[str, Any]:
            """The entry that answers ``query``, made if need be (``fresh``: in any case), as data: name, path,
            file_path and attributes. The record keeps it among the needs, under the name ``need``.
            """
            entry = self.ask(parse(query), fresh, met.trail)
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
        parameters_of(attempt.folder).write_text(json.dumps(data, indent=1, default=str), encoding="utf-8")

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
                environ=self.settings.environ,
                call=lambda function, scope=inner: _call(found.recipe, function, scope),  # type: ignore[misc]
                bundles=self._bundles,
            )
            try:
                made = producer(name).make(job)
            except EntryError as error:
                if not str(error.key).startswith("make."):
                    raise
                raise placed(error, found.recipe, *str(error.key).split(".")) from None
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
                **({"machine": self.world.machine} if recipe.local else {}),
                **({"environment": dict(found.surroundings.identity)} if recipe.environment else {}),
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
