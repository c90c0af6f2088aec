"""Images in one file of raw bytes, normalised once while they are loaded.

The folder of a preprocessed data set has ``images.u8`` (``count`` images of ``shape`` [height, width, channels],
uint8, one after the other) and ``index.json`` with ``shape``, ``dtype``, ``count``, ``files`` (names) and, where
known, ``labels``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadgen_harness.backend import INPUT_DTYPES
from loadgen_harness.parameters import HarnessError

PIXELS = "images.u8"
INDEX = "index.json"


@dataclass(frozen=True)
class InputForm:
    """What a model wants to see: ``(pixel / scale - mean) / std`` per channel, in the order ``layout``, or the bare
    bytes (``dtype`` uint8) where the model normalises itself. ``mean`` and ``std`` are in units of 0..255 unless
    ``scale`` differs from 1.
    """

    layout: str = "NCHW"
    dtype: str = "float32"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    scale: float = 1.0

    @classmethod
    def of_model(cls, attributes: Any, layout: str | None, dtype: str | None = None) -> InputForm:
        """Read it from a model's attributes; ``layout`` and ``dtype`` are the backend's wish, where it has one."""

        def numbers(name: str, default: float) -> tuple[float, ...]:
            value = attributes.get(name)
            if value is None:
                return (default,)
            return tuple(float(v) for v in value) if isinstance(value, list | tuple) else (float(value),)

        form = cls(
            layout=layout or attributes.get("layout") or "NCHW",
            dtype=dtype or attributes.get("input_dtype") or "float32",
            mean=numbers("mean", 0.0),
            std=numbers("std", 1.0),
            scale=float(attributes.get("scale") or 1.0),
        )
        if form.layout not in ("NCHW", "NHWC") or form.dtype not in INPUT_DTYPES:
            raise HarnessError(
                f"the model wants layout {form.layout} of {form.dtype}; "
                f"images can be given as NCHW or NHWC of {', '.join(INPUT_DTYPES[:-1])} or {INPUT_DTYPES[-1]}"
            )
        return form


class ImageSamples:
    """A :class:`~loadgen_harness.task.SampleLibrary` of images: the first ``count`` of ``folder``."""

    def __init__(self, folder: Path, form: InputForm, count: int | None = None) -> None:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        available = int(index["count"])
        if count is not None and count > available:
            raise HarnessError(f"loadgen_dataset_size={count}, but the data set has {available} samples")
        self.count = available if count is None else count
        self.names: list[str] = index.get("files", [str(i) for i in range(available)])[: self.count]
        labels = index.get("labels")
        self.labels: list[int] | None = labels[: self.count] if labels is not None else None
        self._file = folder / PIXELS
        self._form = form
        self._shape: tuple[int, int, int] = tuple(index["shape"])
        if index["dtype"] != "uint8" or self._file.stat().st_size != available * int(np.prod(self._shape)):
            raise HarnessError(f"{self._file} does not hold {available} images of {self._shape}, uint8")
        self._slot_of = np.full(self.count, -1, np.int64)
        self._loaded: NDArray[Any] = self._block(0)
        self._scratch: NDArray[Any] = self._block(0)

    @property
    def form(self) -> InputForm:
        """How they are given to the model."""
        return self._form

    def digest(self) -> str:
        """SHA-256 of their shape and pixels, read from the file."""
        digest = hashlib.sha256(json.dumps(self._shape).encode())
        left = self.count * int(np.prod(self._shape))
        with self._file.open("rb") as file:
            while left and (block := file.read(min(left, 1 << 20))):
                digest.update(block)
                left -= len(block)
        return digest.hexdigest()

    @property
    def shape(self) -> tuple[int, ...]:
        """One image as the engine gets it: (channels, height, width), or height, width, channels for NHWC."""
        height, width, channels = self._shape
        return (channels, height, width) if self._form.layout == "NCHW" else self._shape

    def _block(self, size: int) -> NDArray[Any]:
        return np.zeros((size, *self.shape), self._form.dtype)

    def load(self, indices: Sequence[int]) -> None:
        """Read and normalise, in the order given: LoadGen's Offline query then finds its batches side by side."""
        wanted = list(dict.fromkeys(indices))
        if len(self._loaded) < len(wanted):
            self._loaded = self._block(len(wanted))
        pixels = np.empty(self._shape, np.uint8)
        with self._file.open("rb", buffering=0) as file:
            for slot, index in enumerate(wanted):
                # One image at a time: it stays in the core's own cache while it is spread over the channels.
                if os.preadv(file.fileno(), [pixels], index * pixels.nbytes) != pixels.nbytes:
                    raise OSError(f"{self._file}: image {index} is cut short")
                self._normalise(pixels, self._loaded[slot])
        self._slot_of[wanted] = np.arange(len(wanted))

    def _normalise(self, pixels: NDArray[np.uint8], into: NDArray[Any]) -> None:
        form = self._form
        channels_first = into if form.layout == "NCHW" else into.transpose(2, 0, 1)
        # In halves, each step would be rounded: they are computed in fp32, and rounded once.
        halves = np.empty(self._shape[:2], np.float32) if form.dtype == "float16" else None
        for channel, target in enumerate(channels_first):
            plane = target if halves is None else halves
            plane[...] = pixels[..., channel]
            if form.dtype == "uint8":
                continue
            # (x / scale - mean) / std as one subtraction and one division, each left out where it does nothing.
            mean, std = (values[channel % len(values)] for values in (form.mean, form.std))
            if mean:
                plane -= np.float32(mean * form.scale)
            if std * form.scale != 1.0:
                plane /= np.float32(std * form.scale)
            if halves is not None:
                target[...] = halves

    def unload(self, indices: Sequence[int]) -> None:
        """The memory is kept for the next set; only the index forgets."""
        self._slot_of[indices] = -1

    def slots(self, indices: Sequence[int]) -> NDArray[np.int64]:
        """Raises IndexError for a sample that is not loaded."""
        slots: NDArray[np.int64] = self._slot_of[indices]
        if slots.size and slots.min() < 0:
            raise IndexError(f"sample {indices[int(slots.argmin())]} was asked for, but not loaded")
        return slots

    def rows(self, slots: NDArray[np.int64], size: int, reuse: bool) -> NDArray[Any]:
        """A view where the samples lie side by side already (Offline: nearly always), else a gathered copy."""
        count, first = len(slots), int(slots[0])
        side_by_side = int(slots[-1]) - first == count - 1 and (count < 3 or bool((slots[1:] - slots[:-1] == 1).all()))
        if count == size and side_by_side:
            return self._loaded[first : first + count]
        if not reuse or len(self._scratch) < size:
            batch = self._block(size)
            if reuse:
                self._scratch = batch
        else:
            batch = self._scratch
        # mode: "raise" would gather into a temporary first; the slots were checked above.
        np.take(self._loaded, slots, axis=0, out=batch[:count], mode="clip")
        return batch[:size]
