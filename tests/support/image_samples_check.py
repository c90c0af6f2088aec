"""Look at the harness's sample library from inside an environment with numpy; prints what was found as JSON.

python image_samples_check.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from loadgen_harness.image_samples import ImageSamples, InputForm

SHAPE, COUNT = (5, 6, 3), 9
MEAN, STD = (10.0, 20.0, 30.0), (2.0, 3.0, 1.0)


def write(folder: Path) -> np.ndarray:
    pixels = np.random.default_rng(1).integers(0, 256, (COUNT, *SHAPE), dtype=np.uint8)
    pixels.tofile(folder / "images.u8")
    index = {"shape": SHAPE, "dtype": "uint8", "count": COUNT, "files": [f"{i}.png" for i in range(COUNT)]}
    (folder / "index.json").write_text(json.dumps(index))
    return pixels


def largest_difference(folder: Path, pixels: np.ndarray, layout: str, scale: float, dtype: str = "float32") -> float:
    form = InputForm(layout, dtype, tuple(m / scale for m in MEAN), tuple(s / scale for s in STD), scale)
    samples = ImageSamples(folder, form)
    samples.load([7, 2, 5, 2])
    found = samples.rows(samples.slots([5, 7]), 2, reuse=False)
    expected = (pixels[[5, 7]].astype(np.float64) - MEAN) / STD
    if layout == "NCHW":
        expected = expected.transpose(0, 3, 1, 2)
    if found.shape != expected.shape or found.dtype != dtype:
        return float("inf")
    return float(abs(found - expected.astype(dtype)).max())


def main(folder: Path) -> None:
    pixels = write(folder)
    found = {
        f"{layout} {scale}": largest_difference(folder, pixels, layout, scale)
        for layout in ("NCHW", "NHWC")
        for scale in (1.0, 255.0)
    }
    found |= {dtype: largest_difference(folder, pixels, "NCHW", 1.0, dtype) for dtype in ("float16", "float64")}
    bare = ImageSamples(folder, InputForm("NHWC", "uint8", MEAN, STD), 6)
    bare.load([5, 3, 4])
    side_by_side = bare.rows(bare.slots([5, 3, 4]), 3, reuse=True)
    gathered = bare.rows(bare.slots([4, 5]), 4, reuse=True)
    bare.unload([5])
    try:
        bare.slots([3, 5])
        complaint = ""
    except IndexError as error:
        complaint = str(error)
    print(
        json.dumps(
            {
                "differences": found,
                "count": bare.count,
                "shapes": [bare.shape, ImageSamples(folder, InputForm("NCHW")).shape],
                "bare bytes": bool(
                    (side_by_side == pixels[[5, 3, 4]]).all() and (gathered[:2] == pixels[[4, 5]]).all()
                ),
                "filled up": gathered.shape[0],
                "a view": side_by_side.base is not None and np.shares_memory(side_by_side, bare._loaded),
                "in memory": len(bare._loaded),
                "not loaded": complaint,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
