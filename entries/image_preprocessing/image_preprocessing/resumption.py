"""Where an unfinished packing waits to be gone on with: a folder of the user's cache, named by what is being made.

``$AXS_PREPROCESSING_CACHE``, else ``axs/preprocessing`` in ``$XDG_CACHE_HOME`` or ``~/.cache``. It may be deleted at
any time; a packing that is done removes its own folder, and one that nobody came back to for two weeks goes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

from image_preprocessing.rules import Rule

FORMAT = 1
"""To be raised when the same files and rule give other bytes than before."""
_FORGOTTEN = 14 * 24 * 3600
_LOCK = "lock"


@contextlib.contextmanager
def work_folder(files: list[Path], rule: Rule, fallback: Path) -> Iterator[Path]:
    """The folder for this packing, ours alone; ``fallback`` where the cache has no room, cannot be written, or another
    process is making the same just now.
    """
    folder = fallback
    with contextlib.ExitStack() as stack:
        try:
            folder = cache_root() / _digest(files, rule)
            folder.mkdir(parents=True, exist_ok=True)
            _forget_old(folder)
            fits = shutil.disk_usage(folder).free > len(files) * rule.bytes - _there_already(folder)
            usable = fits and _locked(folder, stack)
        except (OSError, RuntimeError):  # a user without a home folder
            usable = False
        yield folder if usable else fallback
        if usable:
            shutil.rmtree(folder, ignore_errors=True)


def cache_root() -> Path:
    """The folder of all unfinished packings."""
    if named := os.environ.get("AXS_PREPROCESSING_CACHE"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "axs" / "preprocessing"


def _digest(files: list[Path], rule: Rule) -> str:
    """What is being made: the rule, and each file with its size and time of change."""
    state = hashlib.sha256(repr((FORMAT, astuple(rule))).encode())
    for file in files:
        try:
            stat = file.stat()
            state.update(repr((str(file), stat.st_size, stat.st_mtime_ns)).encode())
        except OSError:
            state.update(repr((str(file), None)).encode())
    return state.hexdigest()


def _there_already(folder: Path) -> int:
    """Bytes on the disk that this packing has taken before."""
    return sum(file.stat().st_blocks * 512 for file in folder.iterdir())


def _locked(folder: Path, stack: contextlib.ExitStack) -> bool:
    """Hold the folder until the stack closes; an operating system lock, which ends with its process."""
    import fcntl

    file = stack.enter_context((folder / _LOCK).open("w"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _forget_old(folder: Path) -> None:
    for other in folder.parent.iterdir():
        if other != folder and other.is_dir():
            with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
                newest = max((file.stat().st_mtime for file in other.iterdir()), default=other.stat().st_mtime)
                if time.time() - newest > _FORGOTTEN and _locked(other, stack):
                    shutil.rmtree(other, ignore_errors=True)
