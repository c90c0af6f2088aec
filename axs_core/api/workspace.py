"""Everything that queries see, in one object."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from axs_core.api.entry import WorkspaceEntry
from axs_core.api.found import Found
from axs_core.api.work_collection import WorkCollection
from axs_core.base.paths import absolute
from axs_core.base.reporter import Reporter
from axs_core.base.settings import Settings
from axs_core.making.asking import ask
from axs_core.making.session import Session
from axs_core.query import parse
from axs_core.resolver import Step

if TYPE_CHECKING:
    from axs_core.exchange.collections import CollectionRow
    from axs_core.producers.downloads import Downloads
    from axs_core.upkeep.listing import EntryRow
    from axs_core.upkeep.policy import Policy


class Workspace:
    """All that queries see: the collections, the index, this machine.

    ``work_collection`` overrides ``$AXS_WORK_COLLECTION``; ``environ`` the process environment; ``reporter`` hears
    what happens. All that it holds is ``session``; each method is a call of a function that takes that. What is done to
    one entry is a method of the entry, what is done to the work collection one of :meth:`work_collection`.
    """

    def __init__(
        self,
        work_collection: Path | str | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        settings = Settings(os.environ if environ is None else environ)
        if work_collection is not None:
            settings = settings.with_values(AXS_WORK_COLLECTION=str(work_collection))
        self.session = Session(settings, reporter)

    # ask

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
        if into is None:
            answer = ask(self.session, query, fresh, trust=trust, make=make)
        else:
            from axs_core.exchange.collections import ask_into

            answer = ask_into(self.session, query, into, fresh=fresh, trust=trust, make=make)
        return WorkspaceEntry(self.session, answer.entry, answer.match.how if answer.match else {})

    def all_byquery(self, query: str | Sequence[str]) -> Found:
        """Everything that exists and satisfies the query; makes nothing."""
        return Found(self.session, parse(query))

    def byname(self, name: str) -> WorkspaceEntry:
        """The entry with this name (that of its folder, one that a person gave it, or of a clone that of its
        repository), of whatever kind.

        Raises NotFound with the nearest names, UsageError where several clones are called so.
        """
        from axs_core.exchange.naming import by_name

        return WorkspaceEntry(self.session, by_name(self.session.index, name))

    # look before you leap

    def plan(self, query: str | Sequence[str]) -> Step:
        """What :meth:`byquery` would do; does nothing."""
        from axs_core.making.notes import noted

        with self.session.trust.answering("never"):
            return noted(self.session.resolver.plan(parse(query)), self.session.world)

    def fetch_list(self, query: str | Sequence[str]) -> Downloads:
        """What :meth:`byquery` would bring from the network; brings nothing."""
        from axs_core.producers.downloads import downloads

        with self.session.trust.answering("never"):
            return downloads(self.session.resolver, self.session.resolver.plan(parse(query)))

    def explain(self, query: str | Sequence[str]) -> list[str]:
        """Which recipes and entries come near, and on which condition each fails."""
        from axs_core.resolver.explain import explain

        with self.session.trust.answering("never"):
            return explain(self.session.world, parse(query)) + self.session.index.errors()

    # what there is

    def entries(self) -> list[EntryRow]:
        """All entries of all collections; a warning names those whose name is there several times."""
        from axs_core.upkeep.listing import rows

        return rows(self.session)

    def collections(self) -> list[CollectionRow]:
        """All collections in the order in which they are asked; clones with branch, commit and local changes."""
        from axs_core.exchange.collections import rows

        return rows(self.session.index, self.session.settings.environ)

    # entries beside each other

    def table(self, query: str | Sequence[str], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """What satisfies the query, a dictionary each: the columns that suit it, or those that are asked for."""
        from axs_core.compare.table import table_of

        return table_of(self.session, self.all_byquery(query).entries(), columns).dicts()

    def dataframe(self, query: str | Sequence[str], columns: Sequence[str] | None = None) -> Any:
        """:meth:`table` as a ``pandas.DataFrame``. Raises UsageError where pandas is not installed."""
        from axs_core.compare.table import dataframe, table_of

        return dataframe(table_of(self.session, self.all_byquery(query).entries(), columns))

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

        return report(self.session, list(Found.entries_of(items)), output, pictures, title)

    # in and out

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
        from axs_core.exchange.ingest import ingest

        return WorkspaceEntry(self.session, ingest(self.session, absolute(folder), values or {}, tags=tags, name=name))

    def zip(
        self, what: str | Sequence[str] | None, output: Path | str, *, with_needs: bool = False, **labels: Any
    ) -> Path:
        """Write an archive of a collection, of what satisfies a query, or (None) of the work collection; with digests
        and ``ro-crate-metadata.json``. ``with_needs``: also what it was made from; ``labels``: what the archive says of
        itself, those of :class:`axs_core.exchange.pack.Labels`. Returns the file.
        """
        from axs_core.exchange.pack import write_archive

        return write_archive(self.session, what, output, with_needs=with_needs, **labels)

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
        :meth:`WorkspaceEntry.trust`). ``limits``: see :func:`axs_core.exchange.unpack.read_limits`. Raises AxsError
        with the reason for what is not as its manifest says, or would reach out of its folder; nothing is left behind
        then.
        """
        from axs_core.exchange.unpack import Unzipper, read_limits

        made = self.byname(Unzipper(self.session, read_limits(limits or {})).open(absolute(archive), name).name)
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

        return Bundler(self.session, python, with_axs).write(queries, absolute(output))

    def unbundle(
        self, file: Path | str, name: str | None = None, *, digest: str | None = None, trust: bool = False
    ) -> list[str]:
        """Open a bundle; what it holds serves in the place of the network from then on. Returns the queries that can be
        asked now, with the paths of the files that they bring.

        Collections that it brings are made; ``trust``: what they and the bundle's maker wrote may run. Raises AxsError
        for a bundle that is not as its contents say, or not of that ``digest``; nothing is left behind then.
        """
        from axs_core.exchange.bundle.open import unbundle

        return [str(query) for query in unbundle(self.session, absolute(file), name, digest, trust=trust)]

    # house-keeping

    def work_collection(self) -> WorkCollection:
        """Where produced entries are kept."""
        return WorkCollection(self.session)

    def gc(self, policy: Policy | None = None, *, dry_run: bool = False) -> list[str]:
        """Remove broken entries and those made only for something that is gone; their names. ``policy`` lets go what
        was asked for too; ``dry_run`` removes nothing.
        """
        from axs_core.upkeep.policy import let_go

        return let_go(self.session, policy, dry_run=dry_run)

    def verify(self, *what: str) -> list[str]:
        """What is not as it was recorded, of all that axs made, or of entries by name or by a query."""
        from axs_core.exchange.naming import by_words
        from axs_core.upkeep.verify import verified

        return verified(self.session, by_words(self.session.index, what)).problems
