"""Writing files so that they are whole or absent, also after a crash."""

from __future__ import annotations

import os
from pathlib import Path

from axs_core.digest import walk

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
