"""Looking at what is there now: network file systems remember for a while what was, or was not, there."""

from __future__ import annotations

import os
import time
from pathlib import Path

MEMORY = 60.0
"""Seconds for which a network file system may remember what was, or was not, there."""


def look_afresh(folder: Path) -> bool:
    """Whether the folder is there, now: opening it is what makes a network file system ask its server, where a look at
    its state may be answered from what was known some seconds ago, for everything in it too.
    """
    try:
        os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:
        return folder.is_dir()
    except OSError:
        return False
    return True


def await_folder(folder: Path) -> bool:
    """Wait until a network file system shows a folder of which we know that it is there; whether it does."""
    until = time.monotonic() + MEMORY
    while not folder.is_dir() and time.monotonic() < until:
        time.sleep(0.05)
    return folder.is_dir()


def await_shown(file: Path) -> None:
    """Where a network file system still remembers that the file was not there, wait until it shows it: a listing is
    asked for anew where a look at one name is not. A minute is the longest that such a memory is kept by default.
    """
    until = time.monotonic() + MEMORY
    while not os.path.lexists(file) and is_listed(file) and time.monotonic() < until:
        time.sleep(0.05)


def is_listed(file: Path) -> bool:
    """Whether the file is in the listing of its folder."""
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
