"""What is asked for, read from the parameters file; and what comes of it: images.u8, index.json and found.json.

A data set is described by its attributes ``images_dir`` and, where labels are known, ``labels_file`` with a line
``FILE LABEL`` for each image, FILE relative to ``images_dir``: its lines are the samples, in their order. Without
labels the samples are the images below ``images_dir``, sorted by name.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from user_files import Unusable
from user_files.labels import read_labels
from user_files.listing import SUFFIXES, images_in

from image_preprocessing.packing import PIXELS, Packing
from image_preprocessing.resumption import work_folder
from image_preprocessing.rules import Rule

SHOWN = 10
"""Broken files that a message names."""
_WORTH = 400  # images for which it is worth to start another process (it needs as long as these to begin)
_EVERY = 5.0  # seconds between two lines on how far it is


class Refused(Exception):
    """What cannot be done as it was asked for; the message is for the user."""


@dataclass(frozen=True)
class Samples:
    """``names`` relative to ``folder``; ``labels`` in the same order, None where there are none."""

    folder: Path
    names: list[str]
    labels: list[int] | None

    def first(self, count: int | None, of: str) -> Samples:
        """The first ``count`` samples (None: all); :class:`Refused` where ``of`` has fewer."""
        if count is None:
            return self
        if count > len(self.names):
            raise Refused(f"first_n={count} asks for more images than there are: {of} has {len(self.names)}")
        return Samples(self.folder, self.names[:count], self.labels and self.labels[:count])

    def without(self, places: set[int]) -> Samples:
        """All but those at ``places``."""
        keep = [place for place in range(len(self.names)) if place not in places]
        labels = None if self.labels is None else [self.labels[place] for place in keep]
        return Samples(self.folder, [self.names[place] for place in keep], labels)


def samples_of(attributes: Mapping[str, Any]) -> Samples:
    """The samples of a data set; :class:`Refused` for a line that is not ``FILE LABEL``, and where there is nothing."""
    folder = Path(attributes["images_dir"])
    if not folder.is_dir():
        raise Refused(f"there is no folder {folder}")
    names, labels = _labelled(attributes, folder) if attributes.get("labels_file") else (_listed(folder), None)
    if not names:
        raise Refused(f"there are no images in {folder} ({', '.join(SUFFIXES)})")
    return Samples(folder, names, labels)


def _labelled(attributes: Mapping[str, Any], folder: Path) -> tuple[list[str], list[int]]:
    classes = attributes.get("classes_file")
    try:
        rows = read_labels(Path(attributes["labels_file"]), folder, Path(classes) if classes else None)
    except Unusable as wrong:
        raise Refused(_with_hint(wrong)) from None
    return [row.name for row, _ in rows], [label for _, label in rows]


def _listed(folder: Path) -> list[str]:
    try:
        return images_in(folder).names
    except Unusable as wrong:
        raise Refused(_with_hint(wrong)) from None


def _with_hint(wrong: Unusable) -> str:
    return f"{wrong}; {wrong.hint}" if wrong.hint else str(wrong)


def run(job: Mapping[str, Any]) -> None:
    """Preprocess as the parameters file says."""
    parameters, dataset, out = job["parameters"], job["needs"]["dataset"], Path(job["output_path"])
    rule = Rule(
        parameters["preprocess_method"],
        parameters["resolution"],
        parameters["crop_percentage"],
        parameters["channels"],
    )
    if rule.method == "mlperf" and rule.channels != 3:
        raise Refused("preprocess_method=mlperf makes RGB images only; for channels=1 say preprocess_method=pillow")
    samples = samples_of(dataset["attributes"]).first(parameters.get("first_n"), dataset["name"])
    files = [samples.folder / name for name in samples.names]
    with work_folder(files, rule, out) as folder:
        packing = Packing(files, rule, folder, parameters.get("workers") or _workers(len(files)))
        broken = packing.run(_Progress(len(files)))
        if broken:
            _judge(samples, broken, skip=bool(parameters.get("skip_broken")))
        _finish(packing, set(broken), out)
    left = samples.without(set(broken))
    _write_index(left, rule, out)
    found = {
        "count": len(left.names),
        "labelled": left.labels is not None,
        "skipped": [samples.names[p] for p in broken],
    }
    (out / "found.json").write_text(json.dumps(found), encoding="utf-8")


def _workers(images: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, images // _WORTH))


def _judge(samples: Samples, broken: Mapping[int, str], *, skip: bool) -> None:
    """Name the broken files; :class:`Refused` unless they are to be skipped and some images are left."""
    lines = [f"    {samples.names[place]}: {why}" for place, why in list(broken.items())[:SHOWN]]
    if len(broken) > SHOWN:
        lines.append(f"    and {len(broken) - SHOWN:,} more")
    what = f"{len(broken):,} of {len(samples.names):,} files in {samples.folder} cannot be read"
    if len(broken) == len(samples.names):
        raise Refused("\n".join([what, *lines]))
    if not skip:
        raise Refused("\n".join([f"{what}; skip_broken+ in the query leaves them out", *lines]))
    print("\n".join([f"{what} and are left out:", *lines]), file=sys.stderr)


def _finish(packing: Packing, broken: set[int], out: Path) -> None:
    """Put the file in its place, the broken images taken out."""
    if broken:
        with packing.pixels.open("r+b", buffering=0) as file:
            _close_gaps(file, packing.rule.bytes, len(packing.files), broken)
    if packing.folder != out:
        shutil.move(packing.pixels, out / PIXELS)
    else:
        (out / "journal.jsonl").unlink()


def _close_gaps(file: Any, size: int, count: int, broken: set[int]) -> None:
    kept = 0
    for place in range(count):
        if place in broken:
            continue
        if place != kept:
            file.seek(place * size)
            image = file.read(size)
            file.seek(kept * size)
            file.write(image)
        kept += 1
    file.truncate(kept * size)


def _write_index(samples: Samples, rule: Rule, out: Path) -> None:
    index: dict[str, Any] = {
        "shape": list(rule.shape),
        "dtype": "uint8",
        "count": len(samples.names),
        "files": samples.names,
    }
    if samples.labels is not None:
        index["labels"] = samples.labels
    (out / "index.json").write_text(json.dumps(index), encoding="utf-8")


class _Progress:
    """Lines on stderr that say how far it is."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.started = self.said = time.monotonic()

    def __call__(self, done: int, again: int) -> None:
        now = time.monotonic()
        if done == again and again:
            print(f"{again:,} of {self.total:,} images are there from an earlier try", file=sys.stderr, flush=True)
        if done < self.total and now - self.said < _EVERY:
            return
        self.said = now
        speed = (done - again) / max(now - self.started, 1e-3)
        print(f"{done:,} of {self.total:,} images, {speed:,.0f} a second", file=sys.stderr, flush=True)
