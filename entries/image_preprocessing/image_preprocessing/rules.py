"""How an image becomes a square of one size: decode, resize the short side, cut out the middle.

The short side becomes ``resolution`` * 100 / ``crop_percentage``: 256 for 224 and 87.5; the long side is rounded down.

| method | decoded by | filter | the middle begins at |
|---|---|---|---|
| mlperf | OpenCV | OpenCV INTER_AREA | half of what is over, rounded down |
| pillow | Pillow | Pillow bilinear | half of what is over, rounded, halves to the even pixel |
| torchvision | Pillow | Pillow bilinear | the same |
| squash | Pillow | Pillow bilinear, the whole picture, whatever its shape, to the square | nothing is cut |

``mlperf`` is the rule of MLPerf's reference implementation for ResNet50 (``pre_process_vgg``), ``pillow`` that of axs's
ImageNet recipe, ``torchvision`` that of torchvision's ``Resize`` and ``CenterCrop``. These two were written
independently and come to the same pixels. ``squash`` is what many networks for small devices are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from image_preprocessing.decoding import Pixels, opencv_rgb, pillow_image

Method = Literal["mlperf", "pillow", "torchvision", "squash"]


@dataclass(frozen=True)
class Rule:
    """``resolution``: side of the square in pixels; ``crop_percentage``: side of the square, in percent of the short
    side of the picture that it is cut from (squash cuts nothing); ``channels``: 3 for RGB, 1 for grey levels (not for
    mlperf).
    """

    method: Method
    resolution: int
    crop_percentage: float = 87.5
    channels: int = 3

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.resolution, self.resolution, self.channels

    @property
    def bytes(self) -> int:
        """Bytes of one image."""
        return self.resolution * self.resolution * self.channels

    @property
    def short_side(self) -> int:
        """Short side in pixels before the middle is cut out."""
        return int(100.0 * self.resolution / self.crop_percentage)

    def __call__(self, data: bytes) -> Pixels:
        """A file's bytes as pixels of ``shape``, side by side in memory. Raises
        :class:`~image_preprocessing.decoding.BrokenImage`.
        """
        if self.method == "mlperf":
            return self._mlperf(opencv_rgb(data))
        return self._pillow(pillow_image(data, "RGB" if self.channels == 3 else "L"))

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        if self.method == "squash":
            return self.resolution, self.resolution
        short = self.short_side
        return (short, int(short * height / width)) if height > width else (int(short * width / height), short)

    def _mlperf(self, pixels: Pixels) -> Pixels:
        from image_preprocessing.area import area_square

        size = self._resized(pixels.shape[1], pixels.shape[0])
        return np.ascontiguousarray(area_square(pixels, size, self.resolution))

    def _pillow(self, picture: Image.Image) -> Pixels:
        picture = picture.resize(self._resized(*picture.size), Image.Resampling.BILINEAR)
        left, top = (round((side - self.resolution) / 2) for side in picture.size)
        square = picture.crop((left, top, left + self.resolution, top + self.resolution))
        return np.ascontiguousarray(square).reshape(self.shape)
