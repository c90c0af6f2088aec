"""Everything that queries see, in one object."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from axs_core.api.entry import WorkspaceEntry
from axs_core.api.found import Found
from axs_core.api.work_collection import WorkCollection
from axs_core.base import machine
from axs_core.base.errors import EntryError, NotFound, UsageError
from axs_core.base.paths import absolute
from axs_core.base.reporter import Reporter
from axs_core.collections import folders as collection
from axs_core.collections.trust import Trust
from axs_core.entry import META, Entry
from axs_core.index import Index
from axs_core.making.recording import changed_since, note_asked, note_used
from axs_core.making.world import WorkspaceWorld
from axs_core.query import Query, parse
from axs_core.resolver import Answer, Resolver, Step
from axs_core.store import Store, check_layout, default_root, lease
from axs_core.store.hosts.afresh import opens

if TYPE_CHECKING:
    from axs_core.api.listing import EntryRow
    from axs_core.api.vocabulary import Vocabulary
    from axs_core.compare.replay import Replayed
    from axs_core.compare.table import Tabulated
    from axs_core.exchange.collections import CollectionRow
    from axs_core.producers.downloads import Downloads
    from axs_core.upkeep.policy import Policy
    from axs_core.upkeep.sizes import Sizes
    from axs_core.upkeep.verify import Verified

NAMED = 3
"""So many entries a hint names."""


class Workspace:
    """All that queries see: the collections, the index, this machine.

    ``work_collection`` overrides ``$AXS_WORK_COLLECTION``; ``environ`` the process environment; ``reporter`` hears
    what happens.
    """

    def __init__(
        self,
        work_collection: Path | str | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        self.environ = dict(os.environ if environ is None else environ)
        if work_collection is not None:
            self.environ["AXS_WORK_COLLECTION"] = str(work_collection)
        self.reporter = reporter or Reporter()

    @cached_property
    def store(self) -> Store:
        """The work collection on disk."""
        return Store(default_root(self.environ), self.reporter, lease(self.environ))

    def moved_to(self, work_collection: Path) -> None:
        """Look there from now on."""
        self.environ["AXS_WORK_COLLECTION"] = str(work_collection)
        for name in ("store", "index", "resolver"):
            self.__dict__.pop(name, None)

    @cached_property
    def trust(self) -> Trust:
        """Which collections from elsewhere may run code."""
        return Trust(self.environ, self.reporter)

    @cached_property
    def index(self) -> Index:
        """What exists. Raises StoreError where the work collection has a layout that this axs does not read."""
        check_layout(self.store.root)
        index = Index(collection.roots(self.environ), self.store.root, self.environ, self.reporter, self.trust)
        index.open()
        for folder in collection.named(self.environ):
            if not folder.is_dir():
                self.reporter.warn(f"the collection {folder} (AXS_COLLECTIONS) is not a folder")
        return index

    @cached_property
    def resolver(self) -> Resolver:
        """Which recipe, which entry."""
        return Resolver(WorkspaceWorld(self.index, self.environ))

    def byquery(
        self,
        query: str | Sequence[str],
        fresh: Literal["one", "all"] | None = None,
        into: str | None = None,
        *,
        trust: bool = False,
        make: bool = True,
    ) -> WorkspaceEntry:
        """The entry that the query denotes, made if it is not there; ``fresh`` makes it again (``all``: its needs too).
        ``into`` names a collection of one's own that it goes to; the same query answers from there. ``trust``: the
        collections from elsewhere that this needs may run code, now and later. Without ``make``, nothing is made.

        Raises AxsError: UsageError for a bad query, NotFound where nothing provides it (or is there, without ``make``),
        NotTrusted for code from elsewhere, ProduceError when making it fails.
        """
        if fresh is not None and not make:
            raise UsageError("a query that makes nothing cannot make anything again", hint="leave out one of the two")
        with self.trust.answering("yes" if trust else "ask"):
            made = self._byquery(query, fresh, into, make)
            for relative in made.entry.lineage if trust else ():
                relative.allow(f"use {relative.name}")
        return made

    def _byquery(
        self, query: str | Sequence[str], fresh: Literal["one", "all"] | None, into: str | None, make: bool
    ) -> WorkspaceEntry:
        asked = parse(query)
        typed = query if isinstance(query, str) else ",".join(query)
        target = self._own_collection(into) if into is not None else None
        answer = self._answer(asked, fresh, typed) if make else self._there(asked)
        overrides = answer.match.how if answer.match else {}
        return WorkspaceEntry(self, self._put(answer.entry, target), overrides)

    def _own_collection(self, name: str) -> Entry:
        from axs_core.exchange.collections import own

        return own(self.index, name)

    def _put(self, entry: Entry, target: Entry | None) -> Entry:
        if target is None:
            return entry
        from axs_core.exchange.collections import put

        return self.index.at_path(put(self.store, self.index, entry, target)) or entry

    def _answer(self, query: Query, fresh: Literal["one", "all"] | None, typed: str) -> Answer:
        """What answers, and is there still after it was noted that a user has asked for it: it is no garbage then."""
        answer = self.resolver.lookup(query) if fresh is None else None
        if answer is not None:
            self._say(answer)
            if answer.entry.kind != "produced" or opens(answer.entry.path / META):
                return answer  # else it was removed in this very moment
        answer = self._make(query, fresh, typed)
        self._say(answer)
        return answer

    def _there(self, query: Query) -> Answer:
        """What answers and is there; raises NotFound where it would have to be made."""
        answer = self.resolver.there(query)
        if answer is None:
            others = [entry.name for entry in islice(self.index.find(query), NAMED)]
            hint = f"these satisfy it, but are not what it denotes: {', '.join(others)}" if others else None
            raise NotFound(f"nothing that answers {query} is there", hint=hint)
        self._say(answer)
        return answer

    def _make(self, query: Query, fresh: Literal["one", "all"] | None, typed: str) -> Answer:
        from axs_core.making.fulfil import Runner  # an ask that hits does without producers and processes

        return Runner(self.index, self.store, self.resolver, self.reporter, self.environ).ensure(query, fresh, typed)

    def _say(self, answer: Answer) -> None:
        """What answered, when and where it was made; whether its recipe has changed since."""
        entry = answer.entry
        if entry.kind != "produced":
            return
        if "collection" in entry.tags and "git" in entry.produced.get("by", ()):
            self._say_what_is_not_read(entry)
        where = entry.produced.get("machine") or machine.name()
        if answer.made:
            self.reporter.note(f"made {entry.name}")
            return
        around = f" with {answer.match.surroundings}" if answer.match and answer.match.surroundings.identity else ""
        on = f" on {where}" if entry.produced.get("machine") else ""
        self.reporter.note(f"{entry.name}: made {entry.made_at}{on}{around}")
        try:
            if entry.origin is None:  # nothing is written into what came from elsewhere
                note_asked(entry)
                note_used(entry)
            if changed := str(changed_since(entry, self.index.by_name)):
                self.reporter.note(changed)
        except EntryError as error:  # its record is damaged; what it holds is there
            self.reporter.warn(str(error))

    def _say_what_is_not_read(self, clone: Entry) -> None:
        from axs_core.exchange.foreign import what_it_holds

        if (told := what_it_holds(clone, self.index)) is not None:
            self.reporter.warn(told)

    def all_byquery(self, query: str | Sequence[str]) -> Found:
        """Everything that exists and satisfies the query; makes nothing."""
        return Found(self, parse(query))

    find = all_byquery

    def tabulate(self, items: Sequence[WorkspaceEntry], columns: Sequence[str] | None = None) -> Tabulated:
        """A table of entries; see :func:`axs_core.compare.table.tabulate`."""
        from axs_core.compare.table import tabulate
        from axs_core.compare.twin import Twins

        entries = items.entries() if isinstance(items, Found) else (item.entry for item in items)
        return tabulate(entries, Twins(self.index.find), columns)

    def table(self, query: str | Sequence[str], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """What satisfies the query, a dictionary each: the columns that suit it, or those that are asked for."""
        return self.tabulate(self.all_byquery(query), columns).dicts()

    def dataframe(self, query: str | Sequence[str], columns: Sequence[str] | None = None) -> Any:
        """:meth:`table` as a ``pandas.DataFrame``. Raises UsageError where pandas is not installed."""
        try:
            pandas: Any = import_module("pandas")
        except ImportError:
            raise UsageError("pandas is not installed", hint="pip install 'axs[pandas]'") from None
        made = self.tabulate(self.all_byquery(query), columns)
        return pandas.DataFrame(list(made.rows), columns=list(made.columns))

    def report(
        self,
        items: Sequence[WorkspaceEntry],
        output: Path | str,
        *,
        pictures: Path | str | None = None,
        title: str | None = None,
    ) -> list[Path]:
        """Write a page about entries to ``output``, and PNG files into the folder ``pictures``; see
        :func:`axs_core.report.make.report`.
        """
        from axs_core.report.make import report

        entries = list(items.entries() if isinstance(items, Found) else (item.entry for item in items))
        folder = None if pictures is None else absolute(pictures)
        return report(self, entries, absolute(output), folder, title)

    def twin(self, item: WorkspaceEntry) -> WorkspaceEntry | None:
        """The entry that this one is paired with (it may be itself), as its parents declare; None where none is
        known. A note says in what it differs.
        """
        from axs_core.compare.twin import Twins

        found = Twins(self.index.find).of(item.entry)
        if found is None:
            return None
        if found.differs:
            told = ", ".join(f"{name} {value}" for name, value in found.differs.items())
            self.reporter.note(f"{found.entry.name} was run with another {told}")
        return WorkspaceEntry(self, found.entry)

    def replay(self, item: WorkspaceEntry, sources: Mapping[str, str] | None = None) -> Replayed:
        """Make an entry again from its record; see :mod:`axs_core.compare.replay`. ``sources``: where files and folders
        that it was made from are now, by the parameter that named them. Raises NotFound that lists what is missing.
        """
        from axs_core.compare.replay import Replay
        from axs_core.compare.restored import environment_of
        from axs_core.making.fulfil import Runner

        environ, remarks = environment_of(item.entry, self.index, self.environ)
        resolver = Resolver(WorkspaceWorld(self.index, environ))
        runner = Runner(self.index, self.store, resolver, self.reporter, environ)
        return Replay(item.entry, self.index, self.store, resolver, runner, remarks, sources or {}).run()

    def lock(self, item: WorkspaceEntry, need: str | None = None) -> str:
        """The lock file (PEP 751) of the Python packages that an entry was made with; ``need`` says which environment
        where there are several. Raises NotFound that names the packages whose archives are not known.
        """
        from axs_core.compare.lock import lock_of

        return lock_of(item.entry, need)

    def ingest(
        self,
        folder: Path | str,
        *,
        tags: Sequence[str] = (),
        name: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> WorkspaceEntry:
        """Take in results that something else left in ``folder``, as an entry; ``values`` say what the files do not.

        Raises NotFound that says what is missing where nothing knows what lies there.
        """
        from axs_core.compare.ingest import questions

        there = absolute(folder)
        reasons: list[NotFound] = []
        for query in questions(self.index.all_recipes(), there, values or {}):
            try:
                made = self.byquery(str(query))
            except NotFound as error:
                reasons.append(error)
                continue
            if name or tags:
                made.edit(name=name, tags=tags or None)
            return self.byname(made.name)
        if len(reasons) == 1:
            raise reasons[0]
        told = "".join(f"\n    {error.message}" for error in reasons)
        raise NotFound(f"nothing knows how to take in {there}{told}")

    def byname(self, name: str) -> WorkspaceEntry:
        """The entry with this name (that of its folder, one that a person gave it, or of a clone that of its
        repository), of whatever kind.

        Raises NotFound with the nearest names, UsageError where several clones are called so.
        """
        try:
            return WorkspaceEntry(self, self.index.by_name(name))
        except NotFound:
            from axs_core.exchange.collections import called, clone_called

            given = next(iter(called(self.index, name)), None) or clone_called(self.index, name)
            if given is None:
                raise
            return WorkspaceEntry(self, given)

    def plan(self, query: str | Sequence[str]) -> Step:
        """What :meth:`byquery` would do; does nothing."""
        from axs_core.making.notes import noted

        with self.trust.answering("never"):
            return noted(self.resolver.plan(parse(query)))

    def fetch_list(self, query: str | Sequence[str]) -> Downloads:
        """What :meth:`byquery` would bring from the network; brings nothing."""
        from axs_core.producers.downloads import downloads

        with self.trust.answering("never"):
            return downloads(self.resolver, self.resolver.plan(parse(query)))

    def explain(self, query: str | Sequence[str]) -> list[str]:
        """Which recipes and entries come near, and on which condition each fails."""
        from axs_core.resolver.explain import explain

        world = self.resolver.world
        with self.trust.answering("never"):
            return explain(world, parse(query)) + self.index.errors()

    def entries(self) -> list[EntryRow]:
        """All entries of all collections; a warning names those whose name is there several times."""
        from axs_core.api.listing import rows

        return rows(self.index, self.store, self.reporter)

    def collections(self) -> list[CollectionRow]:
        """All collections in the order in which they are asked; clones with branch, commit and local changes."""
        from axs_core.exchange.collections import rows

        return rows(self.index, self.environ)

    def zip(
        self,
        what: str | Sequence[str] | None,
        output: Path | str,
        *,
        with_needs: bool = False,
        title: str = "",
        identifier: str = "",
        authors: Sequence[str] = (),
        license: str = "",
    ) -> Path:
        """Write an archive of a collection, of what satisfies a query, or (None) of the work collection; with digests
        and ``ro-crate-metadata.json``. ``with_needs``: also what it was made from. Returns the file.
        """
        from axs_core.exchange.pack import Labels, write_archive

        labels = Labels(title, identifier, tuple(authors), license)
        file = absolute(output)
        return write_archive(file, self._chosen(what), self.index, self.reporter, labels, with_needs=with_needs)

    def _chosen(self, what: str | Sequence[str] | None) -> list[Entry]:
        from axs_core.exchange.collections import entries_in, find_collection

        if what is None:
            made = self.index.all_produced()
            return [entry for entry in made if entry.path.is_relative_to(self.store.root) and entry.origin is None]
        named = find_collection(self.index, what) if isinstance(what, str) else None
        return entries_in(self.index, named) if named is not None else list(self.index.find(parse(what)))

    def unzip(
        self,
        archive: Path | str,
        name: str | None = None,
        *,
        trust: bool = False,
        limits: Mapping[str, int] | None = None,
    ) -> WorkspaceEntry:
        """Make a collection of an archive, checked and whole; returns it. It is called ``name`` or as the archive, with
        ``_2`` where that is taken.

        Its entries answer :meth:`byquery` only where that says ``machine=``, unless ``trust`` (see
        :meth:`WorkspaceEntry.trust`). ``limits``:
        ``max_size`` in bytes, ``max_ratio``, ``max_members``. Raises AxsError with the reason for what is not as its
        manifest says, or would reach out of its folder; nothing is left behind then.
        """
        from axs_core.exchange.unpack import Unzipper, read_limits

        opener = Unzipper(self.store, self.index, self.reporter, read_limits(limits or {}))
        made = self.byname(opener.open(absolute(archive), name).name)
        if trust:
            made.trust()
        return made

    def bundle(
        self, queries: Sequence[str], output: Path | str, *, python: Sequence[str] = (), with_axs: bool = False
    ) -> Path:
        """Write a bundle: all that the queries need from the network, for a machine that has none; returns the file.

        What is needed is made here, but not what the queries themselves ask programs for. ``python``: further versions
        of Python on this machine to collect wheels for. ``with_axs``: with wheels of axs itself.
        """
        from axs_core.exchange.bundle.pack import Bundler

        maker = Bundler(self.store, self.index, self.resolver, self.reporter, self.environ, python, with_axs)
        return maker.write(queries, absolute(output))

    def unbundle(
        self, file: Path | str, name: str | None = None, *, digest: str | None = None, trust: bool = False
    ) -> list[str]:
        """Open a bundle; what it holds serves in the place of the network from then on. Returns the queries that can be
        asked now, with the paths of the files that they bring.

        Collections that it brings are made; ``trust``: what they and the bundle's maker wrote may run. Raises AxsError
        for a bundle that is not as its contents say, or not of that ``digest``; nothing is left behind then.
        """
        from axs_core.exchange.bundle.open import Unbundler

        opener = Unbundler(self.store, self.index, self.reporter)
        opened = opener.open(absolute(file), name, digest)
        brought = [self.byquery(query) for query in opened.collections]
        if opened.has_recipes:
            brought.append(self.byname(opened.path.name))
        for collection_entry in brought if trust else ():
            collection_entry.trust()
        if unsaid := [each.name for each in brought if not each.is_trusted()]:
            self.reporter.note(f"asked about at their first use: the recipes in {', '.join(unsaid)}; --trust says yes")
        return [str(query) for query in opened.queries]

    def work_collection(self) -> WorkCollection:
        """Where produced entries are kept."""
        return WorkCollection(self)

    def reindex(self) -> None:
        """Read all entries again."""
        self.index.reindex()

    def gc(self, policy: Policy | None = None, *, dry_run: bool = False) -> list[str]:
        """Remove broken entries and those made only for something that is gone; their names. ``policy`` lets go what
        was asked for too; ``dry_run`` removes nothing.
        """
        from axs_core.upkeep.garbage import Wishes, collect_garbage, garbage
        from axs_core.upkeep.policy import wishes_of

        wishes = Wishes() if policy is None else wishes_of(policy, self.index, self.store.root)
        return (garbage if dry_run else collect_garbage)(self.store, self.index, wishes)

    def verify(self, *what: str) -> list[str]:
        """What is not as it was recorded, of all that axs made, or of entries by name or by a query."""
        return self.verified(*what).problems

    def verified(self, *what: str) -> Verified:
        """The same with how much was read, and which entries are not as they were."""
        from axs_core.upkeep.verify import verify_all

        if what:
            return verify_all(self._named_or_found(what), self.reporter)
        found = verify_all(self.index.all_produced(), self.reporter)
        found.problems += self.index.damaged()
        return found

    def _named_or_found(self, what: Sequence[str]) -> list[Entry]:
        """Made entries by name; any other word is a query. Raises NotFound for what is neither."""
        found: dict[Path, Entry] = {}
        for word in what:
            try:
                named = [self.byname(word).entry]
            except NotFound:
                named = []
            if not named or named[0].kind != "produced":  # a recipe may be called like the tag of what it makes
                named = list(self.index.find(parse(word))) or named
            if not named:
                message = f"there is no entry named {word!r}, nor one that satisfies it as a query"
                raise NotFound(message, hint="axs list shows all entries")
            found.update((entry.path, entry) for entry in named)
        return list(found.values())

    def sizes(self, *what: str) -> Sizes:
        """How much room entries (by name or query), or all of the work collection, take on the disk."""
        from axs_core.producers.fetch.cache import DownloadCache
        from axs_core.upkeep import sizes

        disk = sizes.Disk()
        if what:
            return sizes.Sizes(tuple(sizes.sizes_of(self._named_or_found(what), disk)), ())
        entries = sizes.all_sizes(self.store, self.index, disk, self.reporter)
        return sizes.Sizes(
            tuple(entries), tuple(sizes.beside(self.store, self.index, DownloadCache.of(self.environ).root, disk))
        )

    def remove(self, item: WorkspaceEntry) -> None:
        """Delete an entry. Raises StoreError for what axs did not make."""
        from axs_core.upkeep.garbage import remove

        remove(self.store, self.index, item.entry)

    def vocabulary(self) -> Vocabulary:
        """Names, tags, keys and values, for completion."""
        from axs_core.api.vocabulary import vocabulary

        return vocabulary(self.index)
