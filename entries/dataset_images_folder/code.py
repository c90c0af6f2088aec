"""A user's own images as a data set: their number, and their labels where there are any."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from axs_core.errors import ProduceError

_SUFFIXES = (".jpeg", ".jpg", ".png", ".bmp", ".tif", ".tiff", ".webp")  # what image_preprocessing takes for images
_LABELS = "labels.txt"
_SHOWN = 5


def refer(path: str, images_dir: str, labels_file: str | None) -> dict[str, Any]:
    """Look at the images; a copy of the labels is kept with the entry."""
    folder = Path(images_dir)
    found = {"images_dir": images_dir, "file": images_dir}
    if labels_file is None:
        return {**found, "count": _count(folder)}
    samples = _samples(Path(labels_file))
    missing = [name for name in samples if not (folder / name).is_file()]
    if missing:
        more = f" and {len(missing) - _SHOWN:,} more" if len(missing) > _SHOWN else ""
        raise ProduceError(
            f"{len(missing):,} of the {len(samples):,} files that {labels_file} names are not in {folder}: "
            f"{', '.join(missing[:_SHOWN])}{more}"
        )
    lines = (f"{name} {label}\n" for name, label in samples.items())
    (Path(path) / _LABELS).write_text("".join(lines), encoding="utf-8")
    return {**found, "count": len(samples), "labels_file": _LABELS}


def _count(folder: Path) -> int:
    names = (name for _, _, files in os.walk(folder, followlinks=True) for name in files if not name.startswith("."))
    count = sum(name.lower().endswith(_SUFFIXES) for name in names)
    if not count:
        raise ProduceError(f"there are no images in {folder} ({', '.join(_SUFFIXES)})")
    return count


def _samples(file: Path) -> dict[str, int]:
    """Labels by file, in the order of the lines ``FILE LABEL``."""
    samples: dict[str, int] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        name, _, label = line.strip().rpartition(" ")
        if not name.strip() or not label.isdecimal():
            raise ProduceError(f"{file}:{number}: expected FILE LABEL, a label being a number from 0: {line!r}")
        if name.strip() in samples:
            raise ProduceError(f"{file}:{number}: {name.strip()} has a label already")
        samples[name.strip()] = int(label)
    if not samples:
        raise ProduceError(f"{file} has no line FILE LABEL")
    return samples
