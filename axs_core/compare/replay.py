"""Making an entry again from its record: the same query, parameters and versions; and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from axs_core.base.columns import aligned
from axs_core.base.digest import of_value
from axs_core.base.errors import AxsError, NotFound, UsageError
from axs_core.base.settings import Settings
from axs_core.compare.cells import declared
from axs_core.compare.diff import Comparison, Difference, compare, row_of, surroundings
from axs_core.compare.restored import environment_of
from axs_core.compare.sources import Sources, sources
from axs_core.entry import Entry, Parameter, Record
from axs_core.entry.record import FORMAT, Making, RecordedNeed
from axs_core.making.fulfil import Runner, replay_key
from axs_core.making.session import Session
from axs_core.producers.python_env.lock import lock_text
from axs_core.query import Condition, Query, parse
from axs_core.resolver import Match
from axs_core.store import PRIVATE

SHOWN = 20
"""So many differing lines are shown; all are counted."""


@dataclass(frozen=True)
class Lines:
    """Two files compared line by line: how many there are, and those that differ (number from 1, old, new)."""

    file: str
    count: int
    differing: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class Replayed:
    """An entry, the one that was made again from its record, and how they compare. ``remarks`` say what could not be
    the same.
    """

    old: Entry
    new: Entry
    remarks: tuple[str, ...]
    comparison: Comparison
    figures: tuple[Difference, ...]
    lines: Lines | None

    def text(self) -> Iterator[str]:
        """The outcome for reading."""
        yield from self.comparison.warnings()
        yield from aligned([("old", self.old.name), ("new", self.new.name)])
        around = surroundings(self.comparison)
        yield ""
        if not self.remarks and not around:
            yield "surroundings: the same as in the record"
        else:
            yield "surroundings that are not the same"
            yield from (f"  {remark}" for remark in self.remarks)
            for title, differences in around.items():
                yield f"  {title}"
                yield from aligned([row_of(each) for each in differences], indent="    ")
        if self.figures:
            yield ""
            yield "figures"
            yield from aligned([("", "old", "new", "change"), *map(row_of, self.figures)], indent="  ")
        if self.lines is not None:
            yield ""
            yield from _lines_text(self.lines)


def _lines_text(lines: Lines) -> Iterator[str]:
    if not lines.differing:
        yield f"{lines.file}: all {lines.count} lines are the same"
        return
    yield f"{lines.file}: {len(lines.differing)} of {lines.count} lines differ"
    rows = [(str(number), old, new) for number, old, new in lines.differing[:SHOWN]]
    yield from aligned([("line", "old", "new"), *rows], indent="  ")
    if len(lines.differing) > SHOWN:
        yield f"  and {len(lines.differing) - SHOWN} more"


def replay(session: Session, entry: Entry, sources: Mapping[str, str]) -> Replayed:
    """Make an entry again from its record, with the environment variables of that. ``sources``: see :class:`Replay`."""
    environ, remarks = environment_of(entry, session.index, session.settings.environ)
    here = session.within(Settings(environ))
    return Replay(entry, here, Runner(here), remarks, sources).run()


@dataclass
class Replay:
    """One replay in a session with the variables of the record; ``runner`` makes things in that. ``said``: where files
    and folders that it was made from are now, by the parameter that named them.
    """

    entry: Entry
    session: Session
    runner: Runner
    remarks: list[str] = field(default_factory=list)
    said: Mapping[str, str] = field(default_factory=dict)
    _sources: Sources = field(default_factory=Sources)

    def run(self) -> Replayed:
        """Make it again. Raises UsageError for what was not made, NotFound where its recipe or a file that it was made
        from is not here, and what making raises.
        """
        record = Record.read(self.entry.path)
        if not record.query:
            raise UsageError(f"{self.entry.name} was not made by axs: there is no record to make it again from")
        _refuse_gaps(self.entry, record)
        found = self._match(record)
        given = {name: entries for name in found.recipe.needs if (entries := self._given(name, record))}
        source = {"entry": self.entry.name, "key": self.entry.produced.get("key"), "files": record.files_digest}
        new = self.runner.replay(found, given, {**source, "made": self.entry.produced.get("at")})
        return replayed(self.entry, new, self.remarks)

    def _match(self, record: Record) -> Match:
        """The recipe, with the parameters of the record."""
        wanted = str(record.recipe)
        self._sources = sources(self.entry, record, self._declared(wanted), self.said, self.session.resolver.world)
        query = self._sources.in_query(parse(record.query))
        found = self._by_recipe(query, wanted)
        then = {**record.values, **self._sources.now}
        changed = [name for name, value in then.items() if name in found.values and found.values[name] != value]
        if changed:
            said = [_said(name, then[name]) for name in changed]
            found = self._by_recipe(query.without(*changed).with_conditions(*said), wanted)
        self.remarks += [
            f"parameter {name} is not known any more, it was {then[name]!r}"
            for name in then.keys() - found.values.keys()
        ]
        self.remarks += [
            f"parameter {name} is new, it is {value!r}"
            for name, value in found.values.items()
            if value is not None and name not in then
        ]
        self.remarks += filter(None, (self._other_content(found, name, record) for name in found.contents))
        return found

    def _declared(self, recipe: str) -> Mapping[str, Parameter]:
        """The parameters of a recipe; none where it is not here."""
        try:
            return self.session.index.by_name(recipe).parameters
        except NotFound:
            return {}

    def _other_content(self, found: Match, name: str, record: Record) -> str | None:
        """What to tell of a file or folder that is not as it was, or that nobody can tell of."""
        path, then = found.values[name], record.parameters.get(name, {}).get("digest")
        if then is None:
            changed = found.key != self.entry.produced.get("key")
            return f"the content of {name} may have changed: {path}" if changed else None
        if found.contents[name] == then:
            return None
        if found.recipe.parameters[name].type == "folder":
            return f"{name} has other files, or files with other times: {path}"
        return f"{name} has other content: {path} has the SHA-256 {found.contents[name]}, it was {then}"

    def _by_recipe(self, query: Query, name: str) -> Match:
        matches = [match for match in self.session.resolver.matches(query) if match.recipe.name == name]
        if not matches:
            raise NotFound(
                f"the recipe {name!r}, which made {self.entry.name}, does not answer here any more: {query}",
                hint=f"axs explain '{query}'",
            )
        return matches[0]

    # needs

    @property
    def _python(self) -> str:
        """The version of Python that everything was made with."""
        return str(Record.read(self.entry.path).python)

    def _given(self, name: str, made: Making) -> list[Entry]:
        """The entries that a need is to be met by; empty: as for any other query. ``made`` is what needs it: a record,
        or a need in it, which keeps the same of its own needs.
        """
        items = [item for item in made.needs if item.need == name]
        if not items or not all(item.made for item in items):
            return []
        found = []
        for item in items:
            entry = self._same(item, made) or self._made_again(item, made)
            if entry is None:
                return []
            found.append(entry)
        return found

    def _made_again(self, item: RecordedNeed, made: Making) -> Entry | None:
        """What is not here any more; None where it cannot be as it was."""
        if item.need in made.packages:
            return self._environment(item, made)
        need, wanted = item.need, str(item.recipe)
        query = self._sources.in_query_of_need(parse(item.query))
        try:
            found = self._by_recipe(query, wanted)
        except AxsError:
            self.remarks.append(f"{need}: the recipe {wanted!r} does not answer here any more: {query}")
            return None
        if found.key != item.key:
            self.remarks.append(f"{need}: {query} means something else here (other defaults, or another file)")
        given = {name: entries for name in found.recipe.needs if (entries := self._given(name, item))}
        if not given:
            return self.runner.ensure(query).entry
        source = {"entry": item.entry, "key": item.key, "files": item.digest, "made": None}
        return self.runner.replay(found, given, source, direct=False)

    def _same(self, item: RecordedNeed, made: Making) -> Entry | None:
        """What met the need then, or the same made elsewhere: an environment has the same packages, all else the same
        files.
        """
        frozen, key = made.packages.get(item.need), str(item.key)
        for entry in (*self.session.index.by_key(key), *self.session.index.by_key(replay_key(key, item.entry))):
            if frozen is not None:
                alike = entry.values.get("frozen") == frozen
            else:
                alike = Record.read(entry.path).files_digest == item.digest
            if alike and self.session.resolver.world.fault(entry) is None:
                return entry
        return None

    def _environment(self, item: RecordedNeed, made: Making) -> Entry | None:
        """The environment made again: from the archives of the record, else from its versions."""
        asked = parse(item.query)
        frozen, archives = made.packages[item.need], made.archives.get(item.need)
        matches = self.session.resolver.matches(asked)
        known = matches[0].recipe.parameters if matches else {}
        text = _locked(archives or (), frozen, self._python) if "lock_file" in known else None
        if text is not None:
            query = asked.with_conditions(Condition("=", "lock_file", str(self._kept(text)), True))
        elif "requirements" in known:
            self.remarks.append(f"{item.need}: the archives are not known, packages have the same versions")
            query = asked.without("requirements").with_conditions(Condition(":=", "requirements", tuple(frozen), True))
        else:
            return None
        return self.runner.ensure(query).entry

    def _kept(self, text: str) -> Path:
        """A lock file in the work collection: the environment's record names it."""
        self.session.store.open()
        folder = self.session.store.root / PRIVATE / "pylocks"
        folder.mkdir(exist_ok=True)
        file = folder / f"pylock.{of_value(text)[:20]}.toml"
        file.write_text(text, encoding="utf-8")
        return file


def _refuse_gaps(entry: Entry, record: Record) -> None:
    """Raise UsageError for a record that does not say enough."""
    if lacking := record.lacks("recipe", "parameters", "needs", "files", "machine.python"):
        newer = f"a newer axs wrote it: format {record.format}; this one reads format {FORMAT}"
        raise UsageError(
            f"the record of {entry.name} has no {', '.join(lacking)}, so it cannot be made again",
            hint=newer if record.newer else None,
        )


def _locked(archives: Sequence[Mapping[str, Any]], frozen: Sequence[str], python: str) -> str | None:
    """A lock file for these packages; None where not all of their archives are known."""
    try:
        return lock_text(archives, frozen, python)
    except NotFound:
        return None


def _said(name: str, value: Any) -> Condition:
    if isinstance(value, list):
        return Condition(":=", name, tuple(value), tuple(isinstance(item, str) for item in value))
    return Condition("=", name, value, isinstance(value, str))


def replayed(old: Entry, new: Entry, remarks: Sequence[str] = ()) -> Replayed:
    """How a replay compares with what it was made from."""
    comparison = compare(old, new)
    return Replayed(old, new, tuple(remarks), comparison, _figures(old, new), _compared_lines(old, new))


def _figures(old: Entry, new: Entry) -> tuple[Difference, ...]:
    """Every number that came of it, the same ones too."""
    asked = {*Record.read(old.path).parameters, *Record.read(new.path).parameters}
    mine, theirs = old.values, new.values
    return tuple(
        Difference(name, mine.get(name), theirs.get(name))
        for name in dict.fromkeys([*mine, *theirs])
        if name not in asked and any(_is_number(values.get(name)) for values in (mine, theirs))
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _compared_lines(old: Entry, new: Entry) -> Lines | None:
    name = declared(old, "compared_lines")
    if not name or not all((entry.path / name).is_file() for entry in (old, new)):
        return None
    mine, theirs = ((entry.path / name).read_text(encoding="utf-8").splitlines() for entry in (old, new))
    pairs = list(zip_longest(mine, theirs, fillvalue="-"))
    differing = ((number, *pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return Lines(str(name), len(pairs), tuple(differing))
