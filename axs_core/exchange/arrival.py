"""How something from elsewhere comes into the work collection: in a hidden folder first, by one rename then."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from axs_core import __version__
from axs_core.base.errors import StoreError, UsageError
from axs_core.entry import META
from axs_core.entry.record import FORMAT
from axs_core.index import Index
from axs_core.store import INCOMING, PRIVATE, Store, safe_name
from axs_core.store.durable import sync_folder
from axs_core.store.entry_files import describe, summary


def called(name: str | None, otherwise: str) -> str:
    """The name for the folder: ``name`` if it is said, else made of ``otherwise``. Raises UsageError for a bad one."""
    base = safe_name(otherwise if name is None else name)
    if name is not None and base != name:
        raise UsageError(f"{name!r} is not a name for a folder", hint=f"--name={base}")
    return base


@contextmanager
def incoming(store: Store) -> Iterator[Path]:
    """A hidden folder of our own, gone afterwards; call it under the lock :data:`INCOMING`. What is there already was
    left by a process that died.
    """
    place = store.root / PRIVATE / INCOMING
    shutil.rmtree(place, ignore_errors=True)
    fresh = place / os.urandom(8).hex()
    fresh.mkdir(parents=True)
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        with suppress(OSError):
            place.rmdir()


def make_entry(fresh: Path, archive: str, meta: Mapping[str, Any], files: Mapping[str, Any]) -> None:
    """Make an entry of the folder: what ``archive`` brought, or was written here beside it, are its ``files``."""
    record = {
        "format": FORMAT,
        "axs": __version__,
        "asked": "directly",
        "archive": archive,
        "files": summary(files),
    }
    (fresh / META).write_text(describe(fresh, meta, record, files), encoding="utf-8")


def settle(store: Store, index: Index, fresh: Path, base: str) -> Path:
    """Give the folder its name: one that is free here, and that nothing else goes by."""
    taken = {row["name"] for row in index.rows()}
    with store.held(base, "opening an archive"):
        name, number = base, 1
        while name in taken or os.path.lexists(store.root / name):
            number += 1
            name = f"{base}_{number}"
        fresh.rename(store.root / name)
    sync_folder(store.root)
    return store.root / name


def opener(mode: int) -> Any:
    """Opens a new file with these permissions, less the user's umask."""
    return lambda path, flags: os.open(path, flags, mode)


def disk(error: OSError, place: Path) -> StoreError:
    """Words for an arrival that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"the disk is full: {place.parents[2]}", hint="axs gc, or another work collection")
    return StoreError(f"{error.filename or place}: {error.strerror or error}")
