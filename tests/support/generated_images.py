"""Write images of many kinds: ``python generated_images.py KIND FOLDER COUNT [NAME]``.

KIND ``jpeg``: COUNT JPEG files as a data set has them: landscape and portrait, larger and smaller than what they are
resized to, all ways to store colours, some grey, some progressive; NAME is a template for their names, ``{}`` the
number from 1. KIND ``odd``: files that are rare or broken, whatever COUNT is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

NAME = "img_{:04d}.jpeg"


def picture(chance: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Soft shapes with some noise, RGB."""
    coarse = chance.integers(0, 256, (height // 24 + 2, width // 24 + 2, 3), dtype=np.uint8)
    soft = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    return np.clip(soft + chance.integers(-16, 17, soft.shape), 0, 255).astype(np.uint8)


def write_jpeg(folder: Path, count: int, name: str = NAME) -> None:
    chance = np.random.default_rng(1)
    for number in range(1, count + 1):
        height, width = (int(side) for side in chance.integers(120, 800, 2))
        image = Image.fromarray(picture(chance, height, width)).convert("L" if number % 17 == 0 else "RGB")
        options = {"quality": int(chance.integers(40, 98)), "progressive": number % 5 == 0}
        image.save(folder / name.format(number), "JPEG", subsampling=number % 3, **options)


def write_odd(folder: Path, _count: int = 0) -> None:
    image = Image.fromarray(picture(np.random.default_rng(2), 300, 451))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        image.save(folder / f"turned_{orientation}.jpg", exif=exif)
    image.convert("CMYK").save(folder / "cmyk.jpg")
    image.save(folder / "colours_as_they_are.jpg", keep_rgb=True)
    image.convert("RGBA").save(folder / "transparent.png")
    image.convert("P").save(folder / "palette.png")
    image.convert("LA").save(folder / "grey_transparent.png")
    for suffix in ("png", "bmp", "tif", "webp"):
        image.save(folder / f"plain.{suffix}")
    sixteen = np.asarray(image).astype(np.uint16) * 257
    cv2.imwrite(str(folder / "sixteen_bits.png"), sixteen)
    cv2.imwrite(str(folder / "sixteen_bits_grey.png"), sixteen[..., 0])
    whole = (folder / "turned_1.jpg").read_bytes()
    (folder / "noise_before_the_end.jpg").write_bytes(whole[:-2] + b"noise" + whole[-2:])
    (folder / "something_after_the_end.jpg").write_bytes(whole + b"something")


if __name__ == "__main__":
    kind, where, count, *name = sys.argv[1:]
    Path(where).mkdir(parents=True, exist_ok=True)
    {"jpeg": write_jpeg, "odd": write_odd}[kind](Path(where), int(count), *name)
