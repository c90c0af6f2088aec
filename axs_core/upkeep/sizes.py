"""How much room everything takes on the disk."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from axs_core.base.errors import EntryError
from axs_core.entry import Entry, Record
from axs_core.index import Index
from axs_core.making.session import Session
from axs_core.store import PRIVATE
from axs_core.store.entry_files import asked_later, is_begun

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class Size:
    """What one thing takes: ``bytes`` on the disk in ``files`` files. ``kind`` is the recipe that made it, or
    ``unfinished``, ``unreadable``, ``by hand``; ``asked``: by a user, or only as a need of something.
    """

    name: str
    bytes: int
    files: int
    kind: str = ""
    asked: str = ""
    made: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sizes:
    """``entries``, the largest first; ``beside``: what axs keeps beside them (empty where only some were asked for)."""

    entries: tuple[Size, ...]
    beside: tuple[Size, ...]


@dataclass
class Disk:
    """Counts room as ``du`` does: blocks, and what has several names (hard links) once, with the first that has it."""

    seen: set[tuple[int, int]] = field(default_factory=set)

    def of(self, path: Path) -> tuple[int, int]:
        """Bytes and number of files of a file or of all in a folder; what is gone meanwhile counts nothing."""
        size = files = 0
        for status, is_folder in _below(path):
            files += not is_folder
            if status.st_nlink > 1 and not is_folder:
                if (status.st_dev, status.st_ino) in self.seen:
                    continue
                self.seen.add((status.st_dev, status.st_ino))
            size += status.st_blocks * 512
        return size, files


def _below(path: Path) -> Iterator[tuple[os.stat_result, bool]]:
    waiting = [str(path)]
    while waiting:
        place = waiting.pop()
        try:
            status = os.lstat(place)
            is_folder = stat.S_ISDIR(status.st_mode)
            yield status, is_folder
            if is_folder:
                with os.scandir(place) as items:
                    for item in items:
                        if item.is_dir(follow_symlinks=False):
                            waiting.append(item.path)
                        else:
                            yield item.stat(follow_symlinks=False), False
        except OSError:
            continue


def sizes(session: Session, entries: Sequence[Entry]) -> Sizes:
    """Of these, or (none) of all of the work collection and what axs keeps beside it."""
    disk = Disk()
    if entries:
        return Sizes(tuple(sizes_of(entries, disk)), ())
    everything = all_sizes(session, disk)
    return Sizes(tuple(everything), tuple(beside(session, disk)))


def sizes_of(entries: Iterable[Entry], disk: Disk) -> list[Size]:
    """Of these entries, the largest first."""
    return _sorted(_of_entry(entry, disk) for entry in entries)


def all_sizes(session: Session, disk: Disk) -> list[Size]:
    """Of all folders of the work collection, the largest first; a collection in it counts with what is in it."""
    store, index = session.store, session.index
    names = sorted(path.name for path in store.root.iterdir() if path.name != PRIVATE) if store.root.is_dir() else []
    found = []
    with session.reporter.progress("measuring", len(names), unit=" entries") as bar:
        for name in names:
            folder = store.root / name
            found.append(_of_folder(folder, index, disk))
            bar.advance(1)
    return _sorted(found)


def beside(session: Session, disk: Disk) -> list[Size]:
    """What axs keeps beside the entries: the download cache, the index, its own files in the work collection."""
    store, index, downloads = session.store, session.index, session.settings.download_cache
    files = [index.file.with_name(index.file.name + suffix) for suffix in ("", "-wal", "-shm")]
    parts = [disk.of(file) for file in files]
    indexed = (sum(size for size, _ in parts), sum(count for _, count in parts))
    return [
        Size(f"(download cache: {downloads})", *disk.of(downloads)),
        Size(f"(index: {index.file})", *indexed),
        Size(f"(locks and other files of axs: {store.root / PRIVATE})", *disk.of(store.root / PRIVATE)),
    ]


def grouped(sizes: Sequence[Size], by: str) -> list[Size]:
    """One for each recipe (``recipe``) or tag (``tag``); ``files`` are entries then. Something with several tags counts
    under each of them.
    """
    sums: dict[str, tuple[int, int]] = {}
    for size in sizes:
        for key in size.tags if by == "tag" else (size.kind,):
            before = sums.get(key, (0, 0))
            sums[key] = (before[0] + size.bytes, before[1] + 1)
    return _sorted(Size(name, *each) for name, each in sums.items())


def total(sizes: Iterable[Size], name: str = "(total)") -> Size:
    """All of them together."""
    listed = list(sizes)
    return Size(name, sum(each.bytes for each in listed), sum(each.files for each in listed))


def human(size: int) -> str:
    """Bytes for reading, three digits.

    >>> human(0), human(999), human(1500), human(100_400_000), human(2_500_000_000)
    ('0 B', '999 B', '1.5 kB', '100 MB', '2.5 GB')
    """
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 99.5 else f"{value:.1f} {_UNITS[unit]}"


def _of_folder(folder: Path, index: Index, disk: Disk) -> Size:
    try:
        entry = index.at_path(folder)
        kind = "unfinished" if is_begun(folder) else "by hand"
    except (EntryError, PermissionError):
        entry, kind = None, "unreadable"
    return _of_entry(entry, disk) if entry is not None else Size(folder.name, *disk.of(folder), kind)


def _of_entry(entry: Entry, disk: Disk) -> Size:
    tags = tuple(sys.intern(tag) for tag in sorted(entry.tags))  # thousands of entries have the same ones
    if entry.kind != "produced":
        return Size(entry.name, *disk.of(entry.path), "by hand", tags=tags)
    record = Record.read(entry.path)
    kind = str(entry.produced.get("recipe") or "+".join(map(str, entry.produced.get("by", ()))))
    asked = "by you" if record.directly or asked_later(entry.path) else "as a need" if record else ""
    return Size(entry.name, *disk.of(entry.path), sys.intern(kind), asked, entry.made_at[:16], tags)


def _sorted(sizes: Iterable[Size]) -> list[Size]:
    return sorted(sizes, key=lambda size: (-size.bytes, size.name))
