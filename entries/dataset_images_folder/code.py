"""A user's own images as a data set: their number, and their labels where there are any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from axs_core.sdk import ProduceError

from .user_files import Unusable
from .user_files.labels import by_image
from .user_files.listing import SUFFIXES, images_in, shown

_LABELS = "labels.txt"


def refer(
    path: str, images_dir: str, labels_file: str | None, classes_file: str | None, note: Callable[[str], None]
) -> dict[str, Any]:
    """Look at the images; a copy of the labels, as numbers, is kept with the entry. What is left out is said."""
    folder = Path(images_dir)
    found = {"images_dir": images_dir, "file": images_dir}
    try:
        listing = images_in(folder)
        if left_out := listing.left_out():
            note(f"in {folder} these are left out: {left_out}; what is read: {', '.join(SUFFIXES)}")
        if labels_file is None:
            return {**found, "count": _counted(folder, listing.names, listing.left_out())}
        labels = by_image(Path(labels_file), folder, Path(classes_file) if classes_file else None)
    except Unusable as wrong:
        raise ProduceError(str(wrong), hint=wrong.hint) from None
    except OSError as error:
        raise ProduceError(f"{error.filename} cannot be read: {error.strerror}") from None
    if without := [name for name in listing.names if name not in labels]:
        note(f"{len(without):,} images in {folder} have no label in {labels_file}: {shown(without)}; they are left out")
    lines = (f"{name} {label}\n" for name, label in labels.items())
    (Path(path) / _LABELS).write_text("".join(lines), encoding="utf-8")
    return {**found, "count": len(labels), "labels_file": _LABELS}


def _counted(folder: Path, names: list[str], left_out: str | None) -> int:
    if not names:
        besides = f"; what is there: {left_out}" if left_out else ""
        raise ProduceError(f"there are no images in {folder} ({', '.join(SUFFIXES)}){besides}")
    return len(names)
