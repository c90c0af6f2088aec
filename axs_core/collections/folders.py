"""Collections: folders of entries, and the order in which they are asked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Any

from axs_core.base.errors import EntryError, StoreError
from axs_core.base.settings import Settings
from axs_core.base.value import Value
from axs_core.entry.load import META, read_meta
from axs_core.plugins.installed import collections as packaged
from axs_core.store.entry_files import is_recorded, kept_meta


class Folder(Value):
    """One entry's folder as a listing sees it; ``mtime_ns`` and ``size`` of its ``meta.yaml``, None where that is
    missing.
    """

    name: str
    path: Path
    mtime_ns: int | None
    size: int | None


def shipped() -> Path:
    """The entries that come with axs: beside the package when installed, beside its folder in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "entries"
    return inside if inside.is_dir() else package.parent / "entries"


def roots(settings: Settings) -> list[Path]:
    """Collections in the order in which they are asked: ``$AXS_COLLECTIONS`` (separated as in ``$PATH``), the work
    collection, those that installed packages bring, the shipped one.

    Collections inside the work collection (a git repository of entries) come right after it; the index adds them.
    """
    return [*settings.collections, settings.work_collection, *packaged(), shipped()]


def listing(collection: Path, follow: bool = True) -> Iterator[str]:
    """Names of the folders in a collection that may be entries (hidden ones are not); with ``follow`` links to folders
    too. Raises StoreError for a folder that cannot be read.
    """
    try:
        with os.scandir(collection) as items:
            for item in items:
                if not item.name.startswith((".", "_")) and item.is_dir(follow_symlinks=follow) and _is_text(item.name):
                    yield item.name
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StoreError(
            f"the collection {collection} cannot be read: {error.strerror}",
            hint=f"ask for the right to read it (chmod -R u+rX {collection}), or leave it out of AXS_COLLECTIONS",
        ) from None


def _is_text(name: str) -> bool:
    """A name that is not UTF-8 is no entry's name: nobody could say it in a query, nor could the index keep it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def look(path: Path, follow: bool = True) -> Folder:
    """The state of an entry's ``meta.yaml``; without ``follow`` a link in its place is no such file."""
    return Folder(path.name, path, *state(str(path), follow))


def state(path: str, follow: bool = True) -> tuple[int, int] | tuple[None, None]:
    """Time of change and size of the ``meta.yaml`` in a folder, as it is: thousands are looked at with each ask. In a
    folder that may not be looked into there is one that cannot be read.
    """
    try:
        there = os.stat(f"{path}/{META}", follow_symlinks=follow)
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except PermissionError:
        return 0, -1
    return (there.st_mtime_ns, there.st_size) if follow or S_ISREG(there.st_mode) else (None, None)


def read(path: Path, own: bool = False) -> dict[str, Any]:
    """The meta of the entry at ``path``.

    In the work collection (``own``) it comes from the copy that axs keeps where it made the entry and nobody edited
    it since; a folder from elsewhere may bring no such copy of its own. From that copy a ``meta.yaml`` is written again
    that was cut off: the entry was complete, and is not lost.
    """
    kept = kept_meta(path) if own else None
    return kept if kept is not None else _whole(read_meta(path / META), path, own)


def _whole(meta: dict[str, Any], path: Path, own: bool) -> dict[str, Any]:
    """A file that was cut off may still be valid YAML. The time at which axs made an entry stands in the last line."""
    if own and is_recorded(path) and "at" not in meta.get("produced", ()):
        raise EntryError(
            "is damaged: it does not say any more how axs made the entry (produced)",
            file=path / META,
            hint=f"put back what was there, or delete the entry: rm -r {path}",
        )
    return meta


def stamp(collection: Path) -> int:
    """Changes when a folder is added to or deleted from the collection; 0 where it does not exist."""
    state = status(collection)
    return 0 if state is None else state.st_mtime_ns


def status(collection: Path) -> os.stat_result | None:
    """The state of a collection's folder; None where it does not exist."""
    try:
        return os.stat(collection)
    except (FileNotFoundError, NotADirectoryError):
        return None


def stamp_anew(collection: Path, before: os.stat_result) -> int:
    """Stamp a collection to which one folder was added since ``before``; returns the stamp, 0 where one cannot be sure
    that nobody else changed it meanwhile.

    The time of this very nanosecond is set: file systems use one and the same time for all changes of some
    milliseconds, and a later change has to look different. Where folders are counted (in the links of their parent:
    ext4, XFS, tmpfs), the count must be one more.
    """
    own = time.time_ns()
    try:
        os.utime(collection, ns=(own, own))
        after = os.stat(collection)
    except OSError:  # a folder of another user, in which one may only add
        return 0
    counted = before.st_nlink <= 1 or after.st_nlink == before.st_nlink + 1
    return own if counted and after.st_mtime_ns == own else 0
