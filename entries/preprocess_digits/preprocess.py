"""Resize a part of the digits and pack it into one file.

    python preprocess.py PARAMETERS_FILE

Makes ``images.u8`` (uint8, (count, height, width, channels) in C order), ``index.json`` (shape of one sample, dtype,
count, and the files and labels in the order of the samples) and ``found.json`` in the output folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


class TooFewImages(ValueError):
    """More images are asked for than the part of the data set has."""

    def __init__(self, asked: int, there: int, part: str) -> None:
        super().__init__(f"first_n={asked} is more than the {there} images of the digits' part '{part}'")
        self.asked, self.there, self.part = asked, there, part


def read_labels(file: Path) -> list[tuple[str, int]]:
    """Read lines ``FILE LABEL``."""
    pairs = (line.rsplit(maxsplit=1) for line in file.read_text(encoding="utf-8").splitlines())
    return [(name, int(label)) for name, label in pairs]


def select(samples: list[tuple[str, int]], first_n: int | None, part: str) -> list[tuple[str, int]]:
    """Take the first ``first_n`` samples, all of them for None; raises :class:`TooFewImages`."""
    if first_n is None:
        return samples
    if first_n < 1:
        raise ValueError(f"first_n={first_n}: at least one image is needed")
    if first_n > len(samples):
        raise TooFewImages(first_n, len(samples), part)
    return samples[:first_n]


def resized(file: Path, resolution: int) -> np.ndarray:
    """Read one picture as grey levels, shape (resolution, resolution, 1), uint8."""
    with Image.open(file) as picture:
        square = picture.convert("L").resize((resolution, resolution), Image.Resampling.BILINEAR)
    return np.asarray(square)[:, :, np.newaxis]


def write_samples(samples: list[tuple[str, int]], images: Path, resolution: int, folder: Path) -> None:
    """Write ``images.u8`` and its index under ``folder``."""
    with (folder / "images.u8").open("wb") as out:
        for name, _ in samples:
            out.write(resized(images / name, resolution).tobytes())
    index = {
        "shape": [resolution, resolution, 1],
        "dtype": "uint8",
        "count": len(samples),
        "files": [name for name, _ in samples],
        "labels": [label for _, label in samples],
    }
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")


def run(job: dict[str, Any]) -> None:
    """Do what the parameters file says."""
    parameters, dataset, folder = job["parameters"], job["needs"]["dataset"], Path(job["output_path"])
    source, described = Path(dataset["path"]), dataset["attributes"]
    samples = select(read_labels(source / described["labels_file"]), parameters.get("first_n"), parameters["part"])
    write_samples(samples, source / described["images_dir"], parameters["resolution"], folder)
    (folder / "found.json").write_text(json.dumps({"count": len(samples)}), encoding="utf-8")


def main(parameters_file: str) -> int:
    try:
        run(json.loads(Path(parameters_file).read_text(encoding="utf-8")))
    except ValueError as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
