"""What in the work collection was made by axs, and what a person put there: only the former is ever removed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from axs_core.base.digest import walk
from axs_core.entry import META, Entry
from axs_core.index.refreshing import inner_folder
from axs_core.plugins.producers import is_clone
from axs_core.plugins.shipped import BROUGHT_BY, IMPORTED_BY
from axs_core.store.content import NOT_CONTENT
from axs_core.store.entry_files import DESCRIBING, is_begun, is_recorded, read_files


def made_here(folder: Path) -> bool:
    """Did axs make (or begin) what is in this folder of the work collection? One that we may not look into is
    somebody else's.
    """
    try:
        return is_recorded(folder) or (not (folder / META).exists() and is_begun(folder))
    except PermissionError:
        return False


def is_git(entry: Entry) -> bool:
    """Was it cloned here from a git repository? What came in a clone may say so of itself."""
    return is_clone(entry.produced.get("by", ())) and entry.origin is None


def in_clone(entry: Entry) -> bool:
    """Did it come with a collection that was cloned? Such an entry is part of the clone."""
    return entry.origin is not None and entry.origin.kind == "git"


def is_collection(entry: Entry) -> bool:
    """Is it a collection in the work collection?"""
    return "collection" in entry.tags and entry.kind != "recipe"


def is_imported(entry: Entry) -> bool:
    """Is it a collection that came in an archive?"""
    return IMPORTED_BY in entry.produced.get("by", ())


def is_bundle(entry: Entry) -> bool:
    """Is it a bundle that was opened here?"""
    return BROUGHT_BY in entry.produced.get("by", ())


def entries_folder(entry: Entry) -> Path:
    """Where the entries of a collection lie."""
    return inner_folder(entry.path, dict(entry.meta))


def clone_of(entry: Entry) -> Path:
    """The clone in an entry that was made by git."""
    return entry.path / str(entry.values.get("entries_path") or entry.values.get("file") or "")


def not_made(entry: Entry, environ: Mapping[str, str] | None = None) -> list[str]:
    """What a person put into a produced entry that is a collection, a git repository or a bundle: names of
    files and folders below it, and what git says is changed there. Empty for any other entry.
    """
    if is_git(entry):
        return _changed_in_git(entry, environ)
    if is_bundle(entry):
        known = _known(entry.path)
        return sorted(name for name, _ in walk(entry.path, NOT_CONTENT) if name not in known)
    if not is_collection(entry):
        return []
    return sorted(_foreign(entry))


def _foreign(entry: Entry) -> Iterator[str]:
    """Below a collection: files that are neither recorded nor in an entry that axs made."""
    inner = entries_folder(entry)
    place = os.path.relpath(inner, entry.path)
    own = _known(entry.path)
    yield from (
        name for name, _ in walk(entry.path, NOT_CONTENT) if name not in own and not name.startswith(f"{place}/")
    )
    if not inner.is_dir():
        return
    for folder in inner.iterdir():
        if folder.is_symlink() or not made_here(folder):
            yield f"{place}/{folder.name}"
        elif is_imported(entry):  # all of it came in the archive; nothing is made in it afterwards
            known = _known(folder)
            extra = (name for name, _ in walk(folder, NOT_CONTENT) if name not in known)
            yield from (f"{place}/{folder.name}/{name}" for name in extra)


def _known(folder: Path) -> frozenset[str]:
    """The files of an entry that axs wrote, or recorded."""
    return frozenset({*(read_files(folder) or ()), *DESCRIBING})


def _changed_in_git(entry: Entry, environ: Mapping[str, str] | None) -> list[str]:
    """Changed files, and a commit that is not the one that axs brought."""
    from axs_core.producers.git.producer import status

    clone = clone_of(entry)
    if not (clone / ".git").exists():
        return []
    now = status(clone, environ=environ)
    changed = [line[3:] for line in now.changes]
    if now.commit != entry.values.get("commit", now.commit):
        changed.append(f"commit {now.commit[:12]}")
    return changed
