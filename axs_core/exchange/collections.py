"""Collections as a person uses them: what there is, in which order, and putting results into one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from axs_core.base.errors import AxsError, NotFound, StoreError, UsageError
from axs_core.base.value import replace
from axs_core.collections.trust import Elsewhere
from axs_core.entry import META, Entry, Record
from axs_core.entry.load import read_meta
from axs_core.index import Index
from axs_core.index.refreshing import priority as priority_of
from axs_core.making.asking import ask
from axs_core.making.recording import now
from axs_core.making.session import Session
from axs_core.plugins import installed
from axs_core.plugins.producers import bound
from axs_core.producers.git.producer import Status, pull, status
from axs_core.query import parse
from axs_core.resolver import Answer
from axs_core.store import Store, lock_base
from axs_core.store.durable import sync_folder
from axs_core.store.entry_files import change_files, note_asked, present_files, replace_meta
from axs_core.upkeep.ownership import clone_of, entries_folder, is_bundle, is_collection, is_git, is_imported

Kind = Literal["named", "work", "package", "shipped", "local", "git", "zip", "bundle"]
GIVEN = re.compile(r"\w[\w.+-]*")
"""A name that a person gives an entry: it has to work in a query and on a command line."""
_NO_WORD = re.compile(r"\W")


@dataclass(frozen=True)
class CollectionRow:
    """A collection in the order in which it is asked (from 1).

    ``kind``: ``named`` in AXS_COLLECTIONS, ``work`` and ``shipped``; inside the work collection ``local`` (one's own),
    ``git`` and ``zip``. ``entries`` counts what is in it; ``git`` is there for a clone; ``fault`` says what is wrong;
    ``trusted`` is None for one's own.
    """

    name: str
    kind: Kind
    order: int
    priority: float
    entries: int
    path: Path
    git: Status | None = None
    fault: str = ""
    trusted: bool | None = None


def rows(index: Index, environ: Mapping[str, str]) -> list[CollectionRow]:
    """All collections, the first asked first."""
    counts: dict[str, int] = {}
    for row in index.rows():
        if row["kind"] not in ("pending", "error"):
            counts[row["collection"]] = counts.get(row["collection"], 0) + 1
    inside = {str(entries_folder(entry)): entry for entry in index.find(parse("collection"))}
    found = []
    for order, path in enumerate(index.collections(), 1):
        entry = inside.get(str(path))
        found.append(_row(index, path, order, counts.get(str(path), 0), entry, environ))
    return found


def _row(
    index: Index, path: Path, order: int, count: int, entry: Entry | None, environ: Mapping[str, str]
) -> CollectionRow:
    if entry is None:
        places: dict[Path, Kind] = {each: "package" for each in installed.collections()}
        places |= {index.work_collection: "work", index.roots[-1]: "shipped"}
        return CollectionRow(path.name, places.get(path, "named"), order, 0.0, count, path)
    origin = index.origin_of(entry)
    cloned = is_git(entry) and entry.path.is_relative_to(index.work_collection)  # elsewhere anyone may have written so
    kind: Kind = "git" if cloned else "zip" if is_imported(entry) else "bundle" if is_bundle(entry) else "local"
    git, fault = None, ""
    if kind == "git":
        try:
            git = status(clone_of(entry), environ=environ)
        except AxsError as error:
            fault = error.message
    weight = priority_of(dict(entry.meta))
    return CollectionRow(entry.name, kind, order, weight, count, path, git, fault, origin.trusted if origin else None)


def find_collection(index: Index, name: str) -> Entry | None:
    """The collection in the work collection that is called so: by its folder, or by its ``collection_name``.

    Raises UsageError where several are called so.
    """
    known = [entry for entry in index.find(parse("collection")) if is_collection(entry)]
    called = [entry for entry in known if entry.name == name] or [
        entry for entry in known if str(entry.values.get("collection_name")) == name
    ]
    if len(called) > 1:
        names = [entry.name for entry in called]
        raise UsageError(f"several collections are called {name!r}: {', '.join(names)}", hint=f"say {names[0]}")
    return called[0] if called else None


def entries_in(index: Index, collection: Entry) -> list[Entry]:
    """What was made and lies in a collection."""
    inner = str(entries_folder(collection))
    return [entry for entry in index.all_produced() if entry.collection == inner]


def own(index: Index, name: str) -> Entry:
    """The collection of one's own that is called so. Raises NotFound, or UsageError for one from git or an archive."""
    collection = find_collection(index, name)
    if collection is None:
        raise NotFound(
            f"there is no collection {name!r}", hint=f"make it: axs byquery collection,collection_name={name}"
        )
    if is_git(collection) or is_imported(collection) or is_bundle(collection):
        where = "a git repository" if is_git(collection) else "an archive"
        raise UsageError(
            f"{collection.name} came from {where}; results go into collections of one's own",
            hint="axs byquery collection,collection_name=NAME",
        )
    return collection


def ask_into(session: Session, query: str | Sequence[str], name: str, **options: Any) -> Answer:
    """What answers the query, put into the collection of one's own that is called ``name``; ``options`` are those of
    :func:`axs_core.making.asking.ask`.
    """
    collection = own(session.index, name)
    answer = ask(session, query, **options)
    folder = put(session.store, session.index, answer.entry, collection)
    return replace(answer, entry=session.index.at_path(folder) or answer.entry)


def put(store: Store, index: Index, entry: Entry, collection: Entry) -> Path:
    """Move an entry into a collection, in one step, under the lock of its identity; returns its folder there.

    Raises UsageError for what axs did not make here, and for what is bound to its place (an environment).
    """
    target = entries_folder(collection)
    if entry.path.parent == target:
        return entry.path
    if entry.kind != "produced" or not entry.path.is_relative_to(store.root) or entry.origin:
        raise UsageError(f"{entry.name} was not made here, so it cannot be moved", hint=None)
    if fixed := bound(entry.produced.get("by", ())):
        raise UsageError(f"{entry.name} was made by {', '.join(fixed)} and stays where it is")
    base = lock_base(entry.name)
    with store.held(base, "moving it"):
        store.refuse_used(entry.path)
        folder, number = target / entry.name, 1
        while folder.exists():
            number += 1
            folder = target / f"{base}_{number}"
        note_asked(entry.path, Record.read(entry.path))
        try:
            entry.path.rename(folder)
        except OSError as error:
            raise StoreError(f"{entry.name} cannot be moved to {target}: {error.strerror or error}") from None
        sync_folder(target)
        sync_folder(entry.path.parent)
    index.forget(entry.path)
    index.add(folder)
    return folder


def change_meta(
    store: Store, index: Index, entry: Entry, changes: Mapping[str, Any], tags: Sequence[str] | None = None
) -> None:
    """Write attributes (an empty text removes one) and tags into an entry's ``meta.yaml``, in one step."""
    with store.held(lock_base(entry.name), "editing it"):
        meta = read_meta(entry.path / META)
        attributes = {**meta.get("attributes", {}), **changes}
        meta["attributes"] = {key: value for key, value in attributes.items() if value != ""}
        if tags is not None:
            meta["tags"] = list(tags)
        replace_meta(entry.path, meta)
    index.add(entry.path)
    index.refresh()


def called(index: Index, name: str) -> list[Entry]:
    """The entries that a person gave this name."""
    if not GIVEN.fullmatch(name):
        return []
    return [entry for entry in index.find(parse(f"name==={name}")) if entry.kind == "produced"]


def clone_called(index: Index, name: str) -> Entry | None:
    """The clone of the repository of that name, or NAME_CHECKOUT where one was asked for; the newest of its identity.

    A clone without a checkout comes first. Raises UsageError where several are called so.
    """
    clones = [(entry, _repository(entry)) for entry in index.find(parse("repo_name.")) if is_git(entry)]
    found = [clone for clone, called in clones if called == name] or [
        clone for clone, _ in clones if str(clone.values["repo_name"]) == name
    ]
    if len({clone.produced.get("key") for clone in found}) > 1:
        names = [clone.name for clone in found]
        raise UsageError(f"several clones are called {name!r}: {', '.join(names)}", hint=f"axs byname {names[-1]}")
    return found[-1] if found else None


def _repository(clone: Entry) -> str:
    """How krai's axs calls a clone: by its repository and, where one was asked for, the checkout."""
    name, checkout = str(clone.values["repo_name"]), clone.values.get("checkout")
    return f"{name}_{_NO_WORD.sub('_', str(checkout))}" if checkout else name


def bring_up_to_date(session: Session, entry: Entry, *, trust: bool = False) -> tuple[str, str]:
    """Pull a clone, by fast-forward only; its record says when. Returns the commits before and after. What came is not
    trusted, unless ``trust``.

    Raises UsageError for what is no clone, ProduceError where files were changed here or history has parted.
    """
    if entry.kind != "produced" or not is_git(entry):
        raise UsageError(f"{entry.name} was not cloned from a git repository, so it cannot be pulled")
    store, index = session.store, session.index
    with store.held(lock_base(entry.name), "pulling it"):
        before, after = pull(clone_of(entry), environ=session.settings.environ, reporter=session.reporter)
        if before != after:
            _record_pull(entry, before, after)
    if before != after:
        change_meta(store, index, entry, {"commit": after})
        if is_collection(entry):
            index.reread(entries_folder(entry))
    origin = index.origin_of(index.at_path(entry.path) or entry)
    if origin is not None and trust:
        session.trust.grant(origin, "pull --trust")
    elif origin is not None and before != after:
        session.trust.note_news(origin, before)
    return before, after


def elsewhere(index: Index, entry: Entry) -> Elsewhere:
    """Where the collection that the entry is (or is in) came from. Raises UsageError for one's own."""
    origin = index.origin_of(entry)
    if origin is None:
        raise UsageError(f"{entry.name} is your own, or came with axs: there is nothing to trust")
    return origin


def is_trusted(index: Index, entry: Entry) -> bool:
    """May its code run? One's own always may."""
    origin = index.origin_of(entry)
    return origin is None or origin.trusted


def _record_pull(entry: Entry, before: str, after: str) -> None:
    """The files are other ones now, and the record says why."""
    pulled = [*Record.read(entry.path).pulled, {"from": before, "to": after, "at": now()}]
    change_files(entry.path, present_files(entry.path), pulled=pulled)
