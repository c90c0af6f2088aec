"""Digests of values, files and folders: the same content gives the same digest on every machine.

>>> of_value({"b": 1, "a": [1, 2.5, None]}) == of_value({"a": [1, 2.5, None], "b": 1})
True
>>> len(of_value("x"))
64
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:  # as Python's own ``random`` does: hashlib loads all of OpenSSL first, for which a hit has no use
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

CHUNK = 1 << 20
"""Bytes read at a time."""


def canonical(value: Any) -> str:
    """``value`` (None, bool, int, float, str, list, dict) as one canonical line of JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)


def of_value(value: Any) -> str:
    """SHA-256 (64 hex digits) of plain data, independent of the order of keys."""
    return sha256(canonical(value).encode()).hexdigest()


def of_file(path: Path | str, algorithm: str = "sha256") -> str:
    """Digest of a file's bytes; ``algorithm`` is any name that hashlib knows."""
    import hashlib

    state = hashlib.new(algorithm)
    with Path(path).open("rb") as stream:
        while chunk := stream.read(CHUNK):
            state.update(chunk)
    return state.hexdigest()


def walk(folder: Path | str, skip: frozenset[str] = frozenset()) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All files and symbolic links below ``folder`` as (relative path with '/', directory entry): a folder's own files
    by name, then those of its folders by name.

    Names in ``skip`` are left out, on every level. Links are not followed.
    """
    stack = [("", str(folder))]
    while stack:
        prefix, path = stack.pop()
        with os.scandir(path) as listing:
            inside = sorted(listing, key=lambda item: item.name)
        below = []
        for item in inside:
            if item.name in skip:
                continue
            if item.is_dir(follow_symlinks=False):
                below.append((f"{prefix}{item.name}/", item.path))
            else:
                yield prefix + item.name, item
        stack += reversed(below)


def of_tree(folder: Path | str, skip: frozenset[str] = frozenset()) -> dict[str, dict[str, Any]]:
    """``{relative path: {"size": bytes, "sha256": hex}}`` of all files; a link gives ``{"link": its target}``."""
    files: dict[str, dict[str, Any]] = {}
    for relative, item in walk(folder, skip):
        if item.is_symlink():
            files[relative] = {"link": os.readlink(item.path)}
        elif item.is_file(follow_symlinks=False):
            files[relative] = {"size": item.stat().st_size, "sha256": of_file(item.path)}
    return dict(sorted(files.items()))


def of_listing(folder: Path | str) -> str:
    """Digest of a folder's listing: names, sizes and times of change, not the bytes (quick for 50,000 images)."""
    return of_value(sorted((name, *_size_and_time(item)) for name, item in walk(folder)))


def _size_and_time(item: os.DirEntry[str]) -> tuple[int, int]:
    try:
        stat = item.stat()
    except OSError:  # a link to nowhere, or round in a circle
        stat = item.stat(follow_symlinks=False)
    return stat.st_size, stat.st_mtime_ns
