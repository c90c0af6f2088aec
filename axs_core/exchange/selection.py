"""What goes into an archive: entries that axs made, with their records; and what they were made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axs_core.base.digest import of_tree, of_value, walk
from axs_core.base.errors import NotFound, ProduceError
from axs_core.base.reporter import Reporter
from axs_core.entry import Entry, Record
from axs_core.entry.record import RecordedNeed
from axs_core.exchange.archive import Member
from axs_core.exchange.manifest import ENTRIES, SOURCES
from axs_core.index import Index
from axs_core.plugins.producers import bound
from axs_core.store.content import NOT_CONTENT
from axs_core.store.entry_files import DESCRIBING, read_files


@dataclass(frozen=True)
class Travelling:
    """An entry that goes into the archive as ``name``, with its record."""

    name: str
    entry: Entry
    record: Record

    @property
    def place(self) -> str:
        """Its folder in the archive."""
        return f"{ENTRIES}/{self.name}"


@dataclass
class Selection:
    """Entries, and folders that persons wrote (recipes, static entries), by name."""

    entries: list[Travelling] = field(default_factory=list)
    sources: dict[str, Entry] = field(default_factory=dict)

    def members(self) -> Iterator[Member]:
        """Their files. Of an entry: what its record knows, ``meta.yaml`` and the record; the engine's own folder stays.

        Raises ProduceError for a link, and for files that are no longer what was recorded.
        """
        for item in self.entries:
            yield from _files_of(item)
        for name, entry in self.sources.items():
            for relative, found in walk(entry.path, NOT_CONTENT):
                if found.is_symlink():
                    raise _no_link(entry.name, relative)
                yield Member(f"{SOURCES}/{name}/{relative}", Path(found.path))


def select(entries: Iterable[Entry], index: Index, reporter: Reporter, *, with_needs: bool) -> Selection:
    """What travels of these entries; ``with_needs`` adds all that they were made from, but for what is bound to this
    machine. Raises NotFound where nothing is left.
    """
    chosen: dict[tuple[str, str], Entry] = {}
    stay: list[str] = []
    for entry in entries:
        if _travels(entry):
            chosen[_identity(entry)] = entry
        else:
            stay.append(entry.name)
    if not chosen:
        about = f": {', '.join(stay[:8])} are bound to this machine, or were not made by axs" if stay else ""
        hint = "axs all_byquery QUERY shows what there is"
        raise NotFound(f"there is nothing to put into an archive{about}", hint=hint)
    if stay:
        reporter.note(f"left out, bound to this machine or not made by axs: {', '.join(sorted(set(stay)))}")
    sources: dict[str, Entry] = {}
    if with_needs:
        _add_needs(chosen, sources, index, reporter)
    return Selection(_named(chosen), dict(sorted(sources.items())))


def _travels(entry: Entry) -> bool:
    """Made by axs, no collection itself, and of use elsewhere."""
    return entry.kind == "produced" and "collection" not in entry.tags and not bound(entry.produced.get("by", ()))


def _identity(entry: Entry) -> tuple[str, str]:
    """The same entry in two collections travels once."""
    return entry.name, of_value(Record.read(entry.path).data)


def _named(chosen: Mapping[tuple[str, str], Entry]) -> list[Travelling]:
    """Entries in the order of their names; of several with one name the later ones get a number."""
    taken: set[str] = set()
    found = []
    for _, entry in sorted(chosen.items(), key=lambda item: item[0]):
        name, number = entry.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{entry.name}_{number}"
        taken.add(name.casefold())
        found.append(Travelling(name, entry, Record.read(entry.path)))
    return found


def _add_needs(
    chosen: dict[tuple[str, str], Entry], sources: dict[str, Entry], index: Index, reporter: Reporter
) -> None:
    waiting = list(chosen.values())
    missing: set[str] = set()
    left: set[str] = set()
    while waiting:
        record = Record.read(waiting.pop().path)
        for need in record.needs:
            entry = _need(need, index)
            if entry is None:
                missing.add(need.entry)
            elif entry.kind == "produced" and not _travels(entry):
                left.add(entry.name)
            elif entry.kind == "produced" and _identity(entry) not in chosen:
                chosen[_identity(entry)] = entry
                waiting.append(entry)
        for name, then in record.recipes.items():
            _add_source(name, then["digest"], sources, missing, index)
    if left:
        reporter.note(f"left out, bound to this machine: {', '.join(sorted(left))}")
    if missing:
        reporter.warn(f"not there any more, or changed since: {', '.join(sorted(missing))}")


def _need(need: RecordedNeed, index: Index) -> Entry | None:
    """The entry that a record names: of that identity; a static one by its name."""
    if need.key:
        same = [entry for entry in index.by_key(need.key) if entry.name == need.entry]
        exact = [entry for entry in same if Record.read(entry.path).files_digest == need.digest]
        return next(iter(exact or same), None)
    try:
        return index.by_name(need.entry)
    except NotFound:
        return None


def _add_source(name: str, digest: str, sources: dict[str, Entry], missing: set[str], index: Index) -> None:
    """A recipe as it was when it was used."""
    try:
        entry = index.by_name(name)
    except NotFound:
        missing.add(name)
        return
    if name not in sources and of_value(of_tree(entry.path, NOT_CONTENT)) != digest:
        missing.add(name)
        return
    sources[name] = entry


def _files_of(item: Travelling) -> Iterator[Member]:
    folder = item.entry.path
    for own in DESCRIBING:
        if not (folder / own).is_file():
            raise ProduceError(f"{item.entry.name} has no {own}", hint="--fresh makes it again")
        yield Member(f"{item.place}/{own}", folder / own)
    for relative, file in _recorded(item).items():
        if "link" in file:
            raise _no_link(item.entry.name, relative)
        yield Member(f"{item.place}/{relative}", folder / relative, file["sha256"])


def _recorded(item: Travelling) -> dict[str, dict[str, Any]]:
    """The entry's files as they were when it was made."""
    files = read_files(item.entry.path)
    if files is None:
        raise ProduceError(f"{item.entry.name}: its list of files is missing or damaged", hint="--fresh makes it again")
    if of_value(files) != item.record.files_digest:
        raise ProduceError(
            f"{item.entry.name}: its list of files is not the one of its record", hint="--fresh makes it again"
        )
    return files


def _no_link(name: str, relative: str) -> ProduceError:
    return ProduceError(
        f"{name} holds a link, {relative}; links do not travel", hint="zip the results without --with_needs"
    )
