"""The images in a folder and below."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from . import Unusable

SUFFIXES = (".jpeg", ".jpg", ".png", ".bmp", ".tif", ".tiff", ".webp")
"""What is taken for an image, in small or capital letters."""
OTHER_PICTURES = (
    ".gif", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".jfif", ".jpe", ".ppm", ".pgm", ".tga", ".svg", ".dng",
)  # fmt: skip
"""Pictures too, but in forms that are not looked for: to be converted, or named by a label file."""
_SHOWN = 5


@dataclass(frozen=True)
class Listing:
    """``names`` of the images, relative to the folder, sorted; ``others``: pictures in other forms, how many of each
    suffix; ``special``: names of images that are no files (pipes, devices).
    """

    names: list[str]
    others: dict[str, int]
    special: list[str]

    def left_out(self) -> str | None:
        """What is not among the images and looks as if it should be, in words."""
        told = [f"{suffix} ({count:,})" for suffix, count in sorted(self.others.items())]
        told += [f"{shown(self.special)} (no file)"] if self.special else []
        return ", ".join(told) or None


def images_in(folder: Path) -> Listing:
    """The images in ``folder`` and below, each once, however many links lead to its folder; hidden files are none.
    Raises :class:`Unusable` where the name of one is no UTF-8, and OSError where a folder cannot be read.
    """
    names: list[str] = []
    special: list[str] = []
    others: Counter[str] = Counter()
    for prefix, item in _files(folder):
        suffix = PurePosixPath(item.name).suffix.lower()
        if item.name.startswith("."):
            continue
        if suffix in OTHER_PICTURES:
            others[suffix] += 1
        elif suffix in SUFFIXES:
            (special if _is_special(item) else names).append(prefix + item.name)
    _refuse_odd_names(folder, names)
    return Listing(sorted(names), dict(others), sorted(special))


def shown(names: list[str]) -> str:
    """The first names of a list, and how many there are besides."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _files(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All that is no folder. Each folder is looked into once, by its own name rather than by a link's."""
    seen: set[tuple[int, int]] = set()
    folders, links = [("", str(folder))], []
    while folders or links:
        prefix, place = folders.pop() if folders else links.pop(0)
        stat = os.stat(place)
        if (stat.st_dev, stat.st_ino) in seen:
            continue
        seen.add((stat.st_dev, stat.st_ino))
        with os.scandir(place) as items:
            for item in sorted(items, key=lambda item: item.name):
                if _is_folder(item):
                    (links if item.is_symlink() else folders).append((f"{prefix}{item.name}/", item.path))
                else:
                    yield prefix, item


def _is_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir()
    except OSError:  # links that lead to each other
        return False


def _is_special(item: os.DirEntry[str]) -> bool:
    """Neither a file nor a link to nowhere, which is told with the broken images."""
    try:
        return not item.is_file() and os.path.exists(item.path)  # noqa: PTH110
    except OSError:
        return False


def _refuse_odd_names(folder: Path, names: list[str]) -> None:
    odd = [os.fsencode(name).decode("utf-8", "backslashreplace") for name in names if not _is_utf8(name)]
    if odd:
        are = "name is" if len(odd) == 1 else "names are"
        raise Unusable(f"{folder}: {len(odd):,} {are} no UTF-8: {shown(odd)}", hint="rename what is called so")


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
