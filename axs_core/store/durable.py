"""Writing files so that they are whole or absent, also after a crash."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from axs_core.base.digest import walk
from axs_core.base.host import this_process

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


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Where to write what becomes ``file`` when the block ends well: beside it, and removed otherwise. What a process
    of this host left there that was killed meanwhile is removed first.
    """
    host = this_process().host
    for left in file.parent.glob(f".{glob.escape(file.name)}.{glob.escape(host)}.*.tmp"):
        pid = left.name.split(".")[-2]
        if pid.isdecimal() and not _runs(int(pid)):
            with suppress(OSError):
                left.unlink()
    fresh = file.with_name(f".{file.name}.{host}.{os.getpid()}.tmp")
    try:
        yield fresh
        fresh.replace(file)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return pid != os.getpid()


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
