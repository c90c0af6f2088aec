"""Checks on the values of a ``make`` section: paths that stay inside of the entry's folder, numbers, seconds."""

from __future__ import annotations

import errno
import io
import shutil
import unicodedata
from pathlib import Path, PurePosixPath
from typing import Any

from axs_core.base.errors import EntryError, ProduceError
from axs_core.store.entry_files import RESERVED


def inside(folder: Path, name: Any, key: str) -> Path:
    """``folder / name``; an :class:`EntryError` that names ``key`` where that is absolute or climbs out."""
    text = str(name) if name else ""
    parts = PurePosixPath(text).parts
    if not parts or parts[0] == "/" or ".." in parts or "\0" in text:
        raise EntryError(f"{text!r} is not a path inside of the entry's folder", key=key)
    if is_reserved(parts[0]):
        raise EntryError(f"{text!r} is a name that axs keeps for itself", key=key)
    return folder / text


def is_reserved(name: str) -> bool:
    """Whether a name at the top of an entry's folder is the engine's own; a file there must not pass for it, on no
    file system: some know no case, drop dots and blanks at the end, or do not see what is invisible.
    """
    seen = "".join(each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) != "Cf")
    return seen.casefold().rstrip(". ") in RESERVED


def texts(given: Any, key: str) -> list[str]:
    """One text, or several. Raises EntryError for what a template has made of it otherwise."""
    several = [given] if isinstance(given, str) else given
    if not isinstance(several, (list, tuple)):
        raise EntryError(f"expected a text or a list of texts, not {given!r}", key=key)
    return [str(text) for text in several if text is not None]


def whole_number(value: Any, key: str, *, default: int, least: int = 0) -> int:
    """``value`` as an int of at least ``least``; ``default`` for None."""
    number = default if value is None else value
    if isinstance(number, str) and number.strip().isdecimal():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise EntryError(f"{value!r} is not a whole number of at least {least}", key=key)
    return number


def seconds(value: Any, key: str) -> float | None:
    """``value`` as a time-out in seconds, more than 0; None for none."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise EntryError(f"{value!r} is not a time in seconds above 0", key=key)
    return number


def write_all(block: bytes, file: io.FileIO, path: Path, needed: int | None = None) -> None:
    """Write all of ``block`` to a raw file, which may take a part only; a buffer tells of a full disk too late."""
    left = memoryview(block)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        raise disk_error(error, path, needed) from error


def disk_error(error: OSError, file: Path, needed: int | None) -> ProduceError:
    """Words for a write that failed: a full disk says how many bytes were needed and how many are free."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return ProduceError(f"{file} cannot be written: {error.strerror or error}")
    need = f"{needed:,} bytes are needed" if needed is not None else "more bytes are needed"
    free = shutil.disk_usage(file.parent).free
    return ProduceError(
        f"the disk is full: {file}: {need}, {free:,} are free",
        hint="axs gc; or a work collection on another disk: AXS_WORK_COLLECTION=/FOLDER",
    )
