"""The actions: what can be done with the workspace, an entry, a collection, or a plain value.

The docstrings are the reference, for ``axs help ACTION`` and for docs/actions.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from axs_core.base.errors import Inapplicable, NoSuchName, NotFound, UsageError, brief
from axs_core.cli.action import action
from axs_core.cli.format import as_text
from axs_core.cli.model import Document, Each, Root, Table, target_of
from axs_core.cli.words import flag, optional_text, query_of, required_text, text_of, texts_of
from axs_core.query.near import closest
from axs_core.query.values import member

if TYPE_CHECKING:
    from axs_core.api import WorkCollection, WorkspaceEntry
    from axs_core.exchange.collections import CollectionRow
    from axs_core.producers.git.producer import Status


def _fresh(value: Any) -> Literal["one", "all"] | None:
    if isinstance(value, bool) or value is None:
        return "one" if value else None
    if value == "all":
        return "all"
    raise UsageError(f"--fresh={as_text(value)} is not known", hint="--fresh, or --fresh=all for its needs too")


@action("workspace")
def byquery(
    root: Root,
    query: Any,
    produce_if_not_found: bool = True,
    *,
    fresh: Any = None,
    into: Any = None,
    trust: Any = False,
) -> WorkspaceEntry:
    """The entry that a query denotes; it is made if it is not there yet.

    --produce_if_not_found-, or --- for short, makes nothing: what is not there is an error. --fresh makes it again and
    keeps the old one; --fresh=all makes its needs again too. --into=COLLECTION puts it into a collection of one's own
    (axs byquery collection,collection_name=NAME); the same query answers from there. --trust lets the collections from
    elsewhere that this needs run code, now and later.

        axs byquery QUERY , get NAME
    """
    options: dict[str, Any] = {} if into is None else {"into": text_of(into, "a collection")}
    if flag(trust, "--trust"):
        options["trust"] = True
    if not flag(produce_if_not_found, "--produce_if_not_found"):
        options["make"] = False
    return root.workspace.byquery(query_of(query), fresh=_fresh(fresh), **options)


@action("workspace")
def all_byquery(root: Root, query: Any) -> Each:
    """All entries that exist and satisfy a query; makes nothing.

    A further action is applied to each of them, and prints one line each. Those that have no such value because of
    what they are (a figure that such a run does not measure) are left out with a note.

        axs all_byquery QUERY , get NAME
    """
    return Each(root.workspace.all_byquery(query_of(query)))


@action("workspace")
def find(root: Root, query: Any) -> Each:
    """The same as all_byquery.

    axs find QUERY
    """
    return all_byquery(root, query)


@action("workspace")
def byname(root: Root, name: Any) -> WorkspaceEntry:
    """The entry with this name.

    axs byname NAME , help
    """
    return root.workspace.byname(text_of(name, "a name"))


@action("workspace")
def plan(root: Root, query: Any) -> Each:
    """What byquery would reuse or make for a query, and why, as a tree; does nothing.

    axs plan QUERY
    """
    return Each(tuple(root.workspace.plan(query_of(query)).lines()))


@action("workspace", "fetch-list")
def fetch_list(root: Root, query: Any, *, urls: Any = False) -> Table | Each:
    """What byquery would bring from the network for a query: addresses, sizes, checksums, Python requirements.

    A line that begins with `or` is another address of the file above it. What is there already is left out; what
    cannot be known before something else is made is told on standard error. --urls prints the addresses of files
    alone.

        axs fetch-list QUERY
    """
    found = root.workspace.fetch_list(query_of(query))
    for text in found.later:
        root.workspace.session.reporter.note(f"not known yet: {text}")
    if urls:
        return Each(tuple(item.source for item in found.known if item.kind in ("file", "or")))
    rows = ((i.kind, i.source, str(i.size or "-"), i.checksum or "-", i.needed_by) for i in found.known)
    return Table(("kind", "source", "size", "checksum", "for"), tuple(rows))


@action("workspace")
def explain(root: Root, query: Any) -> Each:
    """The nearest recipes and entries for a query, and the condition on which each fails.

    axs explain QUERY
    """
    return Each(tuple(root.workspace.explain(query_of(query))))


@action("workspace")
def list_(root: Root) -> Table:
    """All entries: name, kind, state, title, and the collection each is in."""
    rows = ((row.name, row.kind, row.state, row.title or "", str(row.collection)) for row in root.workspace.entries())
    return Table(("name", "kind", "state", "title", "collection"), tuple(rows))


@action("workspace")
def workspace_show(root: Root, name: Any) -> Document:
    """All that is known about the entry with this name, as YAML."""
    return entry_show(byname(root, name))


@action("workspace")
def workspace_get(root: Root, label: Any) -> Any:
    """The result that was stored under a label earlier in the pipeline.

    axs d: byname NAME , get count , , get d , get_path
    """
    name = text_of(label, "a label")
    if name not in root.labels:
        shown = brief(" ".join(name.split()), 60)
        raise UsageError(f"nothing is stored under '{shown}'", hint=f"{shown}: ACTION stores what the action gives")
    return root.labels[name]


@action("workspace")
def workspace_dig(root: Root, path: Any) -> Any:
    """A member of a result that was stored under a label: dig LABEL.member; list items by number.

    axs t: byquery QUERY , , dig t.version
    """
    label, _, rest = text_of(path, "a path").partition(".")
    found = workspace_get(root, label)
    if not rest:
        return found
    return entry_dig(found, rest) if target_of(found) == "entry" else _dig(_plain(found), label, rest)


@action("workspace")
def work_collection(root: Root) -> WorkCollection:
    """The collection that produced entries are kept in.

    axs work_collection , get_path
    """
    return root.workspace.work_collection()


@action("workspace")
def collections(root: Root) -> Table:
    """All collections in the order in which they are asked: name, kind, priority, number of entries, folder; of clones
    the branch, the commit and the files that were changed here; of those from elsewhere whether they are trusted.

    --priority of ', edit' orders those in the work collection; those from elsewhere always come last.
    """
    rows = ((str(row.order), row.name, row.kind, *_counted(row), str(row.path)) for row in root.workspace.collections())
    return Table(("order", "name", "kind", "priority", "entries", "trusted", "state", "folder"), tuple(rows))


def _counted(row: CollectionRow) -> tuple[str, str, str, str]:
    trusted = {None: "own", True: "yes", False: "no"}[row.trusted]
    return f"{row.priority:g}", str(row.entries), trusted, row.fault or (_state(row.git) if row.git else "")


def _state(git: Status) -> str:
    """A clone in a few words."""
    at = f"{git.branch or 'no branch'} at {git.commit[:12]}"
    return f"{at}, changed here: {', '.join(line[3:] for line in git.changes)}" if git.changes else at


@action("workspace")
def workspace_zip(root: Root, what: Any, *, output: Any = None, with_needs: Any = False, **labels: Any) -> Path:
    """Put a collection, or all entries that satisfy a query, into an archive: with records, digests and
    ro-crate-metadata.json. The same content gives the same bytes.

    --with_needs adds what they were made from (not what is bound to this machine, as environments are). --identifier (a
    DOI or a URL), --authors,="NAME <https://orcid.org/...>,NAME", --title and --license (SPDX) describe it.

        axs zip QUERY --output=results.zip
    """
    what = text_of(what, "a query or a collection")
    return root.workspace.zip(what, _output(output), **_zip_options(with_needs, labels))


def _output(output: Any) -> str:
    return required_text(output, "zip", "--output=FILE", "axs zip QUERY --output=results.zip")


def _zip_options(with_needs: Any, labels: Mapping[str, Any]) -> dict[str, Any]:
    """What both zip actions take."""
    from axs_core.exchange.pack import SEVERAL, refuse_unknown

    refuse_unknown(labels)
    texts = {name: (texts_of if name in SEVERAL else text_of)(value, f"--{name}") for name, value in labels.items()}
    return {"with_needs": flag(with_needs, "--with_needs"), **texts}


@action("workspace")
def unzip(root: Root, archive: Any, *, name: Any = None, trust: Any = False, **limits: Any) -> WorkspaceEntry:
    """Make a collection of an archive of results. Every file is compared with its digest before anything is there to be
    seen; an archive that is damaged, or that would reach out of its folder, is refused, and nothing is left behind.

    Nothing in it is ever run. Its entries answer all_byquery, find and byname; byquery only where it says machine=, or
    with --trust (', trust' says the same later). --name is what it is called, else the name of the archive. --max_size
    (bytes), --max_ratio and --max_members are bounds on what it may grow to.

        axs unzip results.zip
    """
    archive, called = text_of(archive, "an archive"), optional_text(name, "--name")
    return root.workspace.unzip(archive, called, trust=flag(trust, "--trust"), limits=limits)


@action("workspace")
def reindex(root: Root) -> None:
    """Read all entries anew, after a meta.yaml was edited that no answer has used since."""
    root.workspace.work_collection().reindex()


@action("workspace")
def workspace_help(root: Root, action: Any = None) -> str:
    """What axs can do, or what an action does."""
    from axs_core.cli.help import help_on, overview

    return overview() if action is None else help_on(text_of(action, "an action"))


@action("workspace")
def version(root: Root) -> str:
    """The version of axs."""
    from axs_core import __version__

    return __version__


@action("workspace")
def completion(root: Root, shell: Any) -> str:
    """The script that makes bash or zsh complete axs command lines.

    source <(axs completion bash)        # in ~/.bashrc; zsh the same, in ~/.zshrc
    """
    from axs_core.cli.completion import script

    return script(text_of(shell, "a shell"))


@action("workspace")
def complete(root: Root, line: Any) -> Each:
    """What the last word of a command line may become; for the completion scripts. Never fails."""
    from axs_core.cli.completion import candidates

    return Each(tuple(candidates(as_text(line), root)))


@action("entry")
def entry_get(entry: WorkspaceEntry, name: Any, default: Any = ..., /, **values: Any) -> Any:
    """A value of the entry: an attribute, a parameter, something found or computed.

    DEFAULT is given where the entry has no such value. --NAME=VALUE replaces a value that it is computed from; so does
    a label of that name, where the entry has no value of its own or was written by hand.

        axs byquery QUERY , get version
        axs all_byquery QUERY , get NAME none
    """
    name = text_of(name, "a name")
    try:
        found = entry.get(name, **values)
    except (NoSuchName, Inapplicable) as error:
        if default is ... or (isinstance(error, NoSuchName) and error.name != name):
            raise
        return default
    return default if found is None and default is not ... else found


@action("entry")
def entry_get_path(entry: WorkspaceEntry, file: Any = None) -> Path:
    """The entry's main file, or its folder if there is none; with FILE, that file in its folder."""
    return entry.get_path() if file is None else entry.get_path(text_of(file, "a file"))


@action("entry")
def entry_show(entry: WorkspaceEntry) -> Document:
    """All that is known about the entry, as YAML."""
    return Document(entry.describe())


@action("entry")
def entry_dig(entry: WorkspaceEntry, path: Any) -> Any:
    """A member of a value: dig record.machine.cpu; list items by number."""
    first, _, rest = text_of(path, "a path").partition(".")
    value = entry.get(first)
    return _dig(value, first, rest) if rest else value


@action("entry")
def entry_edit(
    entry: WorkspaceEntry, *, name: Any = None, note: Any = None, tags: Any = None, priority: Any = None
) -> None:
    """Give an entry that axs made a name that byname knows, a note, tags beside those of its recipe; a collection its
    priority (the higher is asked first). --name= and --note= take them away.

    axs byname NAME , edit --name=baseline --note="before the new driver" --tags+,=paper
    """
    if priority is not None and (isinstance(priority, bool) or not isinstance(priority, (int, float))):
        raise UsageError(f"--priority={as_text(priority)} is no number")
    entry.edit(
        name=optional_text(name, "--name"),
        note=optional_text(note, "--note"),
        tags=None if tags is None else texts_of(tags, "--tags"),
        priority=priority,
    )


@action("entry")
def entry_pull(entry: WorkspaceEntry, *, trust: Any = False) -> str:
    """Bring a git repository up to date, by fast-forward only; refused where files were changed here, which stay.

    What is new in a collection that was trusted is asked about at its next use, unless --trust.

        axs byname NAME , pull
    """
    before, after = entry.pull(trust=flag(trust, "--trust"))
    return f"{before[:12]} already up to date" if before == after else f"{before[:12]} to {after[:12]}"


@action("entry")
def entry_trust(entry: WorkspaceEntry) -> None:
    """Let the code of a collection from elsewhere run, at the commit that it is at (what axs collections shows). Look
    into it before: it may do all that you may do.

        axs byname NAME , trust
    """
    entry.trust()


@action("entry")
def entry_distrust(entry: WorkspaceEntry) -> None:
    """Take back that code of a collection from elsewhere may run; what was made with it stays.

    axs byname NAME , distrust
    """
    entry.distrust()


@action("entry")
def entry_remove(entry: WorkspaceEntry) -> None:
    """Delete the entry and its folder; a collection goes with what axs made in it. What holds files that axs did not
    make, or changes in a clone, stays.
    """
    entry.remove()


@action("entry")
def entry_help(entry: WorkspaceEntry, function: Any = None) -> Any:
    """The entry's parameters (type, default, choices, help) and functions, or what one function does."""
    from axs_core.cli.help import entry_overview, function_help

    return entry_overview(entry) if function is None else function_help(entry, text_of(function, "a function"))


@action("collection")
def collection_get_path(collection: WorkCollection) -> Path:
    """The collection's folder."""
    return collection.path


@action("collection")
def collection_zip(collection: WorkCollection, *, output: Any = None, with_needs: Any = False, **labels: Any) -> Path:
    """Put all that axs made in the work collection into an archive; the options are those of zip with a query.

    axs work_collection , zip --output=all.zip
    """
    return collection.zip(_output(output), **_zip_options(with_needs, labels))


@action("collection")
def collection_remove(collection: WorkCollection) -> None:
    """Delete what axs made in the collection; what a person put there stays."""
    collection.remove()


@action("value")
def len_(value: Any) -> int:
    """How many items there are; of several results, how many results."""
    try:
        return len(_plain(value))
    except TypeError:
        raise UsageError(f"{as_text(value)!r} has no items to count") from None


@action("value")
def keys(value: Any) -> Each:
    """The names of the members of a dictionary, one line each."""
    data = _plain(value)
    if not isinstance(data, Mapping):
        raise UsageError(f"{as_text(value)!r} is not a dictionary")
    return Each(tuple(data))


@action("value")
def value_dig(value: Any, path: Any) -> Any:
    """A member: dig a.b.c; list items by number."""
    return _dig(_plain(value), "", text_of(path, "a path"))


def _plain(value: Any) -> Any:
    """The data of a result that is more than data."""
    if isinstance(value, Document):
        return value.data
    return value.items if isinstance(value, Each) else value


def _dig(value: Any, where: str, path: str) -> Any:
    """The member of ``value`` that ``path`` names; ``where`` is what ``value`` itself was called."""
    for part in path.split("."):
        try:
            value = member(value, part)
        except LookupError:
            about = f"'{where}' has no member '{part}'" if where else f"there is no member '{part}'"
            near = closest(part, map(str, value)) if isinstance(value, Mapping) else None
            hint = "dig " + ".".join(filter(None, (where, near))) if near else None
            raise NotFound(about, hint=hint) from None
        where = f"{where}.{part}" if where else part
    return value
