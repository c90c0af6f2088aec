"""A folder of ImageNet's validation images as a data set: which layout it has, and the label of each image.

A sample list is written in the order of the images' numbers, so that the first 500 are the same in every layout.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from axs_core.sdk import DoesNotApply, ProduceError, of_file

_IMAGE = re.compile(r"ILSVRC2012_val_\d{8}\.JPEG", re.IGNORECASE)
_CLASS = re.compile(r"n\d{8}")
_CLASSES = 1000
# below search_dir: as extracted by hand, by extract_ILSVRC.sh and for torchvision, by CK, and as Kaggle packs them
_PLACES = ("", "val", "ILSVRC2012_img_val", "ILSVRC/Data/CLS-LOC/val", "Data/CLS-LOC/val")
_LABEL_LISTS = ("val_map.txt", "val.txt")  # what MLPerf's reference and Caffe call them
_LABELS = "labels.txt"
_HINT = "axs byquery dataset,imagenet,val,search_dir=FOLDER says where the images are; the first 500 can be fetched"


def needs_aux(search_dir: str | None) -> bool:
    """Must labels come from elsewhere? Not if there is nothing to label, or the folder tells them itself."""
    found = _found(search_dir)
    return found is not None and _own_labels(str(search_dir), *found) is None


def holds_archive(search_dir: str | None, archive_name: str) -> bool:
    """Is there an archive to be extracted?"""
    return bool(search_dir) and (Path(str(search_dir)) / archive_name).is_file()


def refer(path: str, search_dir: str | None, needs: dict[str, Any]) -> dict[str, Any]:
    """Describe the images below ``search_dir``; DoesNotApply where there are none."""
    if search_dir is None:
        raise DoesNotApply("it was not said where they are (search_dir)", hint=_HINT)
    found = _found(search_dir)
    if found is None:
        places = ", ".join(f"{place}/" for place in _PLACES[1:])
        raise DoesNotApply(
            f"no ILSVRC2012_val_*.JPEG and no class folders (n01440764 ...) with such files in {search_dir}, "
            f"nor in {places} there",
            hint=_HINT,
        )
    folder, names = found
    labels = _own_labels(search_dir, folder, names)
    _write_labels(path, names, labels if labels is not None else _labels_in(_aux_file(needs)))
    layout = "class folders" if "/" in names[0] else "flat"
    return {
        "images_dir": str(folder),
        "file": str(folder),
        "search_dir": search_dir,
        "layout": layout,
        "count": len(names),
    }


def find_archive(search_dir: str | None, archive_name: str, archive_md5: str) -> dict[str, Any]:
    """The official archive in ``search_dir``, its checksum compared; DoesNotApply where there is none."""
    if search_dir is None:
        raise DoesNotApply("it was not said where the archive is (search_dir)", hint=_HINT)
    archive = Path(search_dir) / archive_name
    if not archive.is_file():
        raise DoesNotApply(f"there is no {archive_name} in {search_dir}", hint=_HINT)
    got = of_file(archive, "md5")
    if got != archive_md5:
        raise ProduceError(
            f"{archive} is not the official archive, or damaged: its MD5 is {got}, expected was {archive_md5}",
            hint=f"what it holds can be used all the same: extract it, and say search_dir={search_dir}",
        )
    return {"archive": str(archive), "search_dir": search_dir}


def label_extracted(path: str, needs: dict[str, Any], count: int | None = None) -> dict[str, Any]:
    """Write the sample list of the images that were extracted into ``images``; ``count``: so many must be there."""
    folder = Path(path) / "images"
    found = (Path(base, name) for base, _, files in os.walk(folder) for name in files if _IMAGE.fullmatch(name))
    names = _in_order(file.relative_to(folder).as_posix() for file in found)
    if not names or count not in (None, len(names)):
        wanted = f", not {count:,}" if count else ""
        raise ProduceError(f"the archive holds {len(names):,} images ILSVRC2012_val_*.JPEG{wanted}")
    _write_labels(path, names, _labels_in(_aux_file(needs)))
    return {"images_dir": "images", "file": "images", "layout": "extracted", "count": len(names)}


def _found(search_dir: str | None) -> tuple[Path, list[str]] | None:
    """The folder with the images or class folders, and the images' names relative to it."""
    for place in _PLACES if search_dir else ():
        folder = Path(str(search_dir)) / place
        if not folder.is_dir():
            continue
        names = _images_in(folder) or [
            f"{item.name}/{name}"
            for item in os.scandir(folder)
            if _CLASS.fullmatch(item.name) and item.is_dir()
            for name in _images_in(Path(item.path))
        ]
        if names:
            return folder, _in_order(names)
    return None


def _images_in(folder: Path) -> list[str]:
    with os.scandir(folder) as items:
        return [item.name for item in items if _IMAGE.fullmatch(item.name)]


def _in_order(names: Any) -> list[str]:
    return sorted(names, key=lambda name: (name.rpartition("/")[2], name))


def _own_labels(search_dir: str, folder: Path, names: list[str]) -> dict[str, int] | None:
    """Labels that the images' ``folder`` tells itself: a list in it or in ``search_dir``, or class folders of all
    classes, which are numbered in the order of their names.
    """
    if "/" in names[0]:
        classes = sorted(item.name for item in os.scandir(folder) if _CLASS.fullmatch(item.name) and item.is_dir())
        numbers = {name: number for number, name in enumerate(classes)}
        by_name = {name.rpartition("/")[2]: numbers[name.partition("/")[0]] for name in names}
        return by_name if len(classes) == _CLASSES else None
    for place in (folder, Path(search_dir)):
        for file in _LABEL_LISTS:
            if (place / file).is_file():
                return _labels_in(place / file)
    return None


def _aux_file(needs: dict[str, Any]) -> Path:
    return Path(needs["aux"]["attributes"]["labels_file"])


def _labels_in(file: Path) -> dict[str, int]:
    """Labels by file name, from lines ``FILE LABEL``."""
    labels = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if len(words) < 2 or not words[-1].isdecimal():
            raise ProduceError(f"{file}:{number}: expected FILE LABEL: {line!r}")
        labels[Path(words[0]).name] = int(words[-1])
    return labels


def _write_labels(path: str, names: list[str], labels: dict[str, int]) -> None:
    without = [name for name in names if name.rpartition("/")[2] not in labels]
    if without:
        more = f" and {len(without) - 1:,} more" if len(without) > 1 else ""
        raise ProduceError(f"there is no label for {without[0]}{more}")
    lines = (f"{name} {labels[name.rpartition('/')[2]]}\n" for name in names)
    (Path(path) / _LABELS).write_text("".join(lines), encoding="utf-8")
