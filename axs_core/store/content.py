"""What is in a folder, as digests: whether something has changed since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axs_core.base.digest import of_tree, of_value, walk
from axs_core.store.layout import PRIVATE

NOT_CONTENT = frozenset({"__pycache__", PRIVATE, ".git"})
"""Names that are no part of a folder's content."""


def of_folder(folder: Path) -> dict[str, Any]:
    """A folder's content as one digest, and a quick stamp (names, sizes, times) that tells that nothing changed."""
    return {"digest": digest_of(folder), "stamp": stamp_of(folder)}


def digest_of(folder: Path) -> str:
    """Digest of the names and the content of all files."""
    return of_value(of_tree(folder, NOT_CONTENT))


def stamp_of(folder: Path) -> str:
    """Digest of the names, sizes and times of all files; none of them is read."""
    rows = [
        (name, item.stat(follow_symlinks=False).st_size, item.stat(follow_symlinks=False).st_mtime_ns)
        for name, item in walk(folder, NOT_CONTENT)
    ]
    return of_value(sorted(rows))
