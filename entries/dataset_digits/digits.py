"""Write one part of scikit-learn's digits as PNG files and a list of labels.

    python digits.py PARAMETERS_FILE

Makes ``images/digit_NNNN.png`` (8x8, grey, NNNN the image's place in scikit-learn's set), ``labels.txt`` (a line
``FILE LABEL`` for each image, in that order) and ``found.json`` in the output folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

# The set is the *test* half of UCI's optdigits: 13 people filled in forms, and the images still lie in the order of the
# forms. Each form asks for the same row of digits, 0..9 three times and then a fixed mixture, so its beginning can be
# seen in the labels; a form begins at 1029. Cutting there, and not at random, keeps the writers of the two parts apart.
PARTS = {"train": slice(0, 1029), "val": slice(1029, 1797)}
LEVELS = 16  # a pixel counts how many of 4x4 scanned dots were on: 0..16


def grey(images: np.ndarray) -> np.ndarray:
    """Turn counts of 0..16 into grey levels of 0..255; (N, 8, 8) float in, uint8 out. Nothing is lost."""
    return np.rint(images * (255 / LEVELS)).astype(np.uint8)


def write_part(part: str, folder: Path) -> int:
    """Write the images of ``part`` and their labels under ``folder``; returns how many there are."""
    digits = load_digits()
    places = range(len(digits.target))[PARTS[part]]
    (folder / "images").mkdir(exist_ok=True)
    lines = []
    for place, image in zip(places, grey(digits.images[PARTS[part]]), strict=True):
        name = f"digit_{place:04d}.png"
        Image.fromarray(image).save(folder / "images" / name)
        lines.append(f"{name} {digits.target[place]}\n")
    (folder / "labels.txt").write_text("".join(lines), encoding="utf-8")
    return len(lines)


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    folder = Path(job["output_path"])
    count = write_part(job["parameters"]["part"], folder)
    (folder / "found.json").write_text(json.dumps({"count": count}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
