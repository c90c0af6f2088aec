"""Folders that come into the work collection in one step, and go in one: their files are deleted afterwards."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from axs_core.entry.load import META
from axs_core.store.hosts.beacon import new_token
from axs_core.store.layout import PRIVATE

TRASH = "trash"
"""Folder in :data:`PRIVATE` that folders are renamed into before their files are deleted."""
_ASIDE = f".{META}.aside"


def appear(root: Path, folder: Path) -> None:
    """Make a folder with :data:`PRIVATE` in it, in one step. Raises OSError: FileExistsError where it is there."""
    fresh = root / PRIVATE / TRASH / new_token()
    (fresh / PRIVATE).mkdir(parents=True)
    try:
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def discard(root: Path, folder: Path) -> None:
    """Remove a folder. It goes by one rename, with whatever a program that still runs elsewhere has open in it, so that
    the same name is free at once. Raises OSError; what could not be deleted is left in the trash.
    """
    trash = root / PRIVATE / TRASH
    try:
        trash.mkdir(parents=True, exist_ok=True)
        gone = folder.rename(trash / f"{folder.name}.{new_token()}")
    except OSError:  # a mount point, a disk so full that no name can be added
        for name in (META, _ASIDE):  # so that nothing looks finished if not all can be deleted
            (folder / name).unlink(missing_ok=True)
        gone = folder
    _delete(gone)


def _delete(folder: Path) -> None:
    """Delete a folder that somebody else may be emptying as well, together with all of the trash. On a network folder a
    file that a process still has open stays under another name until that ends: then all of it is left in the trash.
    """
    while folder.is_dir():
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            time.sleep(0.05)  # a network folder may still show what is gone
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EBUSY):
                raise
            return


def empty_trash(root: Path) -> None:
    """Delete what was left there by a process that died, or that could not delete it."""
    for item in sorted((root / PRIVATE / TRASH).glob("*")):
        shutil.rmtree(item, ignore_errors=True)


@contextmanager
def withdrawn(folder: Path) -> Iterator[None]:
    """The entry is absent for everybody meanwhile; and present again afterwards, if its folder is still there."""
    with suppress(FileNotFoundError):  # a broken one
        (folder / META).rename(folder / _ASIDE)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            (folder / _ASIDE).rename(folder / META)


def put_back(folder: Path) -> None:
    """Make an entry present again that was absent only because the process died that had it :func:`withdrawn`. The
    caller holds its identity.
    """
    with suppress(OSError):
        if not (folder / META).exists():
            (folder / _ASIDE).rename(folder / META)
