"""From a file's bytes to RGB pixels, as OpenCV reads them and as Pillow reads them.

For ordinary JPEG, PNG, BMP, TIFF and WebP files both give the same pixels. They differ in what is rare: OpenCV turns an
image as its EXIF orientation says, and converts CMYK and 16-bit images in its own way.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from user_files.stand_in import HEAD, stand_in

Pixels = NDArray[np.uint8]

_JPEG = b"\xff\xd8"
_EXIF = b"Exif\0\0"
_ORIENTATION = 0x0112
_UPRIGHT = (None, 0, 1)
_FAST = ("YCbCr", "Gray", "RGB")  # colour spaces that simplejpeg turns into the same RGB as OpenCV


class BrokenImage(Exception):
    """A file that holds no image that can be read to its end; ``str()`` says why."""


def opencv_rgb(data: bytes) -> Pixels:
    """What ``cv2.imread`` makes of a file, as RGB: (height, width, 3), uint8. Raises :class:`BrokenImage`.

    Ordinary JPEG files are decoded by simplejpeg: the same library below, the same pixels, and less time. A file that
    is cut off counts as broken; ``cv2.imread`` fills the rest of such a JPEG with grey.
    """
    pixels = _jpeg_rgb(data) if data.startswith(_JPEG) else None
    return pixels if pixels is not None else _opencv_rgb(data)


def _jpeg_rgb(data: bytes) -> Pixels | None:
    """None for what only OpenCV decides on: turned images, other colour spaces, files with something wrong in them."""
    import simplejpeg

    try:
        if simplejpeg.decode_jpeg_header(data)[2] not in _FAST or not _is_upright(data):
            return None
        pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB")
    except ValueError:
        return None
    return pixels


def _is_upright(data: bytes) -> bool:
    if _EXIF not in data:
        return True
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.getexif().get(_ORIENTATION) in _UPRIGHT
    except Exception:
        return False  # whatever Pillow stumbles over, OpenCV has the word on it


def _opencv_rgb(data: bytes) -> Pixels:
    import cv2

    try:
        pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error as error:
        raise BrokenImage(" ".join(str(error).split())) from error
    if pixels is None:
        raise BrokenImage(_instead(data) or "it is cut off, damaged or not an image")
    converted: Pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    return converted


def _instead(data: bytes) -> str | None:
    wrong = stand_in(data[:HEAD])
    return wrong and f"it {wrong}"


def pillow_image(data: bytes, mode: str = "RGB") -> Image.Image:
    """What Pillow makes of a file, in ``mode`` (RGB or L), not turned. Raises :class:`BrokenImage`.

    Transparency is dropped, not blended. 16-bit grey levels keep their upper eight bits.
    """
    if instead := _instead(data):
        raise BrokenImage(instead)
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            if picture.mode.startswith("I;16"):
                return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert(mode)
            return picture.convert(mode)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BrokenImage(
            "it is no image" if isinstance(error, Image.UnidentifiedImageError) else str(error)
        ) from error
