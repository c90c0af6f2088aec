"""Are the files of entries still what they were when they were made?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axs_core.base.digest import CHUNK, of_value
from axs_core.base.errors import EntryError
from axs_core.base.reporter import Progress, Reporter
from axs_core.entry import Entry, Record
from axs_core.making.session import Session
from axs_core.store.entry_files import read_files


@dataclass
class Verified:
    """What was read: ``entries``, ``files``, ``bytes``; ``problems`` are sentences, ``changed`` the entries that have
    one.
    """

    entries: int = 0
    files: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)


def verify_all(entries: Iterable[Entry], reporter: Reporter) -> Verified:
    """Read all files of entries that axs made, and compare them with what was recorded."""
    found = Verified()
    listed = [(entry, read_files(entry.path)) for entry in entries if entry.kind == "produced"]
    size = sum(item.get("size", 0) for _, files in listed if files is not None for item in files.values())
    with reporter.progress(f"verifying {len(listed)} entries", size) as bar:
        for entry, files in listed:
            problems = list(_problems(entry, files, bar))
            found.entries += 1
            found.files += len(files or ())
            found.bytes += sum(item.get("size", 0) for item in (files or {}).values())
            found.problems += problems
            found.changed += [entry] if problems else []
    return found


def verified(session: Session, entries: Sequence[Entry]) -> Verified:
    """The same of these, or (none) of all that axs made, with the entries that cannot be read."""
    if entries:
        return verify_all(entries, session.reporter)
    found = verify_all(session.index.all_produced(), session.reporter)
    found.problems += session.index.damaged()
    return found


def verify(entry: Entry, reporter: Reporter) -> list[str]:
    """What is wrong with the files of one entry, a sentence each."""
    return verify_all([entry], reporter).problems


def _problems(entry: Entry, files: dict[str, dict[str, Any]] | None, bar: Progress) -> Iterator[str]:
    """Files that are missing or have other bytes than when the entry was made, each with what is wrong."""
    if files is None:
        yield f"{entry.name}: its list of files is missing or damaged"
        return
    try:
        record = Record.read(entry.path)
    except EntryError as error:
        yield f"{entry.name}: {error}"
        return
    if not record:
        yield f"{entry.name}: its record is missing"
    if record.files_digest not in (None, of_value(files)):
        yield f"{entry.name}: its list of files is not the one of its record"
    for name, item in files.items():
        if problem := _problem(entry.path / name, item, bar):
            yield f"{entry.name}/{name}: {problem}"


def _problem(path: Path, item: dict[str, Any], bar: Progress) -> str | None:
    try:
        if "link" in item:
            right = path.is_symlink() and str(path.readlink()) == item["link"]
            return None if right else "the link is missing or points elsewhere"
        if not path.is_file():
            return "is missing"
        if path.stat().st_size != item["size"]:
            return f"has {path.stat().st_size} bytes, {item['size']} were recorded"
        return None if _digest(path, bar) == item["sha256"] else "has other content than was recorded"
    except OSError as error:  # a disk that gives up, permissions that were taken away
        return f"cannot be read: {error.strerror or error}"


def _digest(path: Path, bar: Progress) -> str:
    state = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while chunk := stream.read(CHUNK):
            state.update(chunk)
            bar.advance(len(chunk))
    return state.hexdigest()
