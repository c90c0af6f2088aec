"""Compare what was written with scikit-learn's own arrays, and print how far they are apart, as JSON.

    python digits_pixels.py FOLDER_OF_IMAGES PREPROCESSED_FOLDER

``levels``: largest difference between an image file and scikit-learn's 0..16 as grey levels; ``resized``: between the
preprocessed file and linear interpolation, written out here, in grey levels of 255; ``form``: the first thirty labels.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits


def interpolated(image: np.ndarray, side: int) -> np.ndarray:
    """Linear interpolation between pixel centres, along one axis and then along the other."""
    centres = (np.arange(side) + 0.5) * len(image) / side - 0.5
    along = np.stack([np.interp(centres, np.arange(len(image)), column) for column in image.T], 1)
    return np.stack([np.interp(centres, np.arange(len(image)), row) for row in along], 0)


def main(images_folder: str, preprocessed_folder: str) -> None:
    digits = load_digits()
    index = json.loads((Path(preprocessed_folder) / "index.json").read_text(encoding="utf-8"))
    height, width, _ = index["shape"]
    packed = np.fromfile(Path(preprocessed_folder) / "images.u8", np.uint8).reshape(index["count"], height, width)
    levels = resized = 0.0
    for name, label, small in zip(index["files"], index["labels"], packed, strict=True):
        place = int(name.removesuffix(".png").split("_")[1])
        assert label == digits.target[place], name
        picture = np.asarray(Image.open(Path(images_folder) / name), dtype=float)
        levels = max(levels, abs(picture - digits.images[place] * 255 / 16).max())
        resized = max(resized, abs(interpolated(picture, height) - small).max())
    print(json.dumps({"levels": levels, "resized": resized, "form": index["labels"][:30]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
