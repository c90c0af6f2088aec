"""The rules of preprocessing in a few lines each, as their authors describe them, compared with a preprocessed folder.

    python reference_pixels.py RULE FOLDER_OF_IMAGES PREPROCESSED_FOLDER

Prints the names of the images whose bytes differ, as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image


def mlperf(file: Path, side: int) -> np.ndarray:
    """MLPerf's reference: cv2.imread, RGB, short side 256 for 224 by INTER_AREA, whole numbers rounded down."""
    image = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    height, width, short = *image.shape[:2], side * 8 // 7
    size = (short, short * height // width) if height > width else (short * width // height, short)
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def pillow(file: Path, side: int) -> np.ndarray:
    """axs: pixels as Pillow has them, grey levels three times; bilinear; the box for the crop in halves of pixels."""
    pixels = np.asarray(Image.open(file))
    image = Image.fromarray(np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels[..., :3])
    short, (width, height) = side * 8 // 7, image.size
    size = (short, short * height // width) if height > width else (short * width // height, short)
    image = image.resize(size, Image.Resampling.BILINEAR)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return np.asarray(image.crop((left, top, left + side, top + side)))


def torchvision(file: Path, side: int) -> np.ndarray:
    """torchvision: RGB, the short edge to 256 for 224 and the other truncated, the crop's corner rounded."""
    image, short = Image.open(file).convert("RGB"), side * 8 // 7
    factor = min(image.size)
    if factor != short:
        image = image.resize(tuple(int(short * edge / factor) for edge in image.size), Image.Resampling.BILINEAR)
    left, top = (round((edge - side) / 2.0) for edge in image.size)
    return np.asarray(image)[top : top + side, left : left + side]


def squash(file: Path, side: int) -> np.ndarray:
    """The whole picture, whatever its shape."""
    return np.asarray(Image.open(file).convert("RGB").resize((side, side), Image.Resampling.BILINEAR))


def main(rule: str, images: str, preprocessed: str) -> None:
    index = json.loads((Path(preprocessed) / "index.json").read_text(encoding="utf-8"))
    packed = np.fromfile(Path(preprocessed) / "images.u8", np.uint8).reshape(index["count"], *index["shape"])
    pairs = zip(index["files"], packed, strict=True)
    side = index["shape"][0]
    print(
        json.dumps([name for name, got in pairs if not np.array_equal(got, globals()[rule](Path(images, name), side))])
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
