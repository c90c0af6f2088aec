"""OpenCV's area filter for the part of a picture that is kept: the same pixels as of the whole, and less work.

Seen from the upper left corner, a pixel of the small picture depends on the scale and its place only; so what lies
right of and below the square need not be resized at all.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from image_preprocessing.decoding import Pixels

_MARGIN = 2  # pixels more than are needed: OpenCV treats those at the edge in its own way


def area_square(pixels: Pixels, size: tuple[int, int], side: int) -> Pixels:
    """The middle, ``side`` by ``side``, of ``pixels`` after a resize to ``size`` (width, height) by INTER_AREA."""
    width, height = size
    left, top = (width - side) // 2, (height - side) // 2
    shrinks = width <= pixels.shape[1] and height <= pixels.shape[0]
    if shrinks and _parts_are_exact():
        small = _part(pixels, size, left + side, top + side)
    else:
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small[top : top + side, left : left + side]


def _part(pixels: Pixels, size: tuple[int, int], width: int, height: int) -> Pixels:
    """At least the upper left ``width`` by ``height`` pixels of the picture resized to ``size``."""
    across, down = size[0] / pixels.shape[1], size[1] / pixels.shape[0]  # as OpenCV itself computes them from sizes
    needed = pixels[: math.ceil(height / down) + _MARGIN, : math.ceil(width / across) + _MARGIN]
    part: Pixels = cv2.resize(needed, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
    return part


@lru_cache(maxsize=1)
def _parts_are_exact() -> bool:
    """Does this build of OpenCV give the same for a part? Some hand the work to code of the processor's maker."""
    chance = np.random.default_rng(0)
    for height, width in ((375, 500), (640, 427), (300, 299), (512, 1024)):
        pixels = chance.integers(0, 256, (height, width, 3), dtype=np.uint8)
        short = min(height, width)
        size = (width * 256 // short, height * 256 // short)
        whole = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        for right, bottom in ((size[0] - 16, size[1] - 16), (size[0] * 4 // 5, size[1] * 4 // 5)):
            if not np.array_equal(_part(pixels, size, right, bottom)[:bottom, :right], whole[:bottom, :right]):
                return False
    return True
