"""Writing files so that they are whole or absent, also after a crash."""

from __future__ import annotations

import os
import time
from pathlib import Path

from axs_core.digest import walk

MEMORY = 60.0
"""Seconds for which a network file system may remember what was, or was not, there."""
FEW = 200
"""Up to so many files are synced one by one; more by one sync of the system, which is quicker."""


def write_atomic(file: Path, text: str) -> None:
    """Replace ``file`` by ``text`` in one step: readers see the old or the new content, never a part; synced before
    and after.
    """
    fresh = file.with_name(f".{file.name}.{os.urandom(8).hex()}.tmp")
    try:
        with fresh.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def look_afresh(folder: Path) -> bool:
    """Whether the folder is there, now: opening it is what makes a network file system ask its server, where a look at
    its state may be answered from what was known some seconds ago, for everything in it too.
    """
    try:
        os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
    except OSError:
        return folder.is_dir()
    return True


def await_shown(file: Path) -> None:
    """Where a network file system still remembers that the file was not there, wait until it shows it: a listing is
    asked for anew where a look at one name is not. A minute is the longest that such a memory is kept by default.
    """
    until = time.monotonic() + MEMORY
    while not os.path.lexists(file) and _is_listed(file) and time.monotonic() < until:
        time.sleep(0.05)


def _is_listed(file: Path) -> bool:
    try:
        with os.scandir(file.parent) as items:
            return any(item.name == file.name for item in items)
    except OSError:
        return False


def opens(file: Path) -> bool:
    """Whether the file is there, now: unlike a look at its state, opening it asks the server of a network folder."""
    try:
        os.close(os.open(file, os.O_RDONLY))
    except OSError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make everything below ``folder`` durable."""
    files = [item.path for _, item in walk(folder) if item.is_file(follow_symlinks=False)]
    if len(files) > FEW:
        os.sync()
        return
    for file in files:
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    sync_folder(folder)
