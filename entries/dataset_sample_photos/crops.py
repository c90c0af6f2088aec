"""Cut scikit-learn's two sample photographs into JPEG files of different sizes, landscape and portrait.

    python crops.py PARAMETERS_FILE

Makes ``images/photo_NNNN.jpeg`` and ``ATTRIBUTION.txt`` in the output folder; the same files every time.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_sample_images

SIDES = range(250, 428)  # short side in pixels; the photographs have 640x427
ASPECTS = (1.0, 1.25, 4 / 3, 1.5)  # long side to short side
QUALITIES = (75, 85, 95)


def crop(photo: Image.Image, chance: random.Random) -> Image.Image:
    """A part of ``photo`` at a place, of a size and an aspect that ``chance`` decides; half of them upright."""
    short = chance.choice(SIDES)
    long = min(round(short * chance.choice(ASPECTS)), 640)
    left, top = (chance.randrange(room + 1) for room in (photo.width - long, photo.height - short))
    part = photo.crop((left, top, left + long, top + short))
    return part.transpose(Image.Transpose.ROTATE_90) if chance.random() < 0.5 else part


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    folder, attributes = Path(job["output_path"]), job["attributes"]
    photos = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    chance = random.Random(0)
    (folder / "images").mkdir(exist_ok=True)
    for number in range(attributes["count"]):
        file = folder / "images" / f"photo_{number:04d}.jpeg"
        crop(photos[number % len(photos)], chance).save(file, quality=chance.choice(QUALITIES))
    (folder / "ATTRIBUTION.txt").write_text(f"{attributes['attribution']}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
