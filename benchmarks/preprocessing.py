"""Images a second: the preprocessing program with one process and with several, over a plain loop of OpenCV in one
process (decode, short side 256, crop 224, write). Aims: 1.25 or better with one process, and 1.8 times that with two on
two cores. All runs write the same bytes; start-up is counted. Also the largest memory of any process.

    python -m venv V && V/bin/pip install . && V/bin/python benchmarks/preprocessing.py
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from measure import Usage, interleaved, middle, report, run

from axs_core import Workspace

SIDE = 224
PLAIN = """
import os, sys, cv2
cv2.setNumThreads(1)
folder, out = sys.argv[1:]
with open(out, "wb") as file:
    for name in sorted(os.listdir(folder)):
        image = cv2.cvtColor(cv2.imread(os.path.join(folder, name)), cv2.COLOR_BGR2RGB)
        height, width = image.shape[:2]
        size = (256, 256 * height // width) if height > width else (256 * width // height, 256)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        top, left = (image.shape[0] - 224) // 2, (image.shape[1] - 224) // 2
        file.write(image[top : top + 224, left : left + 224].tobytes())
"""


def images(space: Workspace, folder: Path, count: int) -> None:
    """``count`` JPEG files: the sample photographs, again and again."""
    photos = sorted(Path(space.byquery("dataset,dataset_name=sample_photos")["images_dir"]).iterdir())
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:06d}.jpeg").write_bytes(photos[number % len(photos)].read_bytes())


def ours(python: str, environ: dict[str, str], folder: Path, out: Path, workers: int) -> Usage:
    """The program as axs starts it."""
    out.mkdir(exist_ok=True)
    parameters = {"preprocess_method": "mlperf", "resolution": SIDE, "crop_percentage": 87.5, "channels": 3}
    dataset = {"name": "photos", "attributes": {"images_dir": str(folder)}}
    job = {
        "parameters": {**parameters, "workers": workers},
        "needs": {"dataset": dataset},
        "output_path": str(out),
    }
    (out / "job.json").write_text(json.dumps(job))
    return run([python, "-m", "image_preprocessing", out / "job.json"], environ)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, default=10_000, metavar="N")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2], metavar="N")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--scratch", type=Path, help="folder to work in (default: a temporary one)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as name:
        scratch = Path(name)
        space = Workspace(scratch / "work")
        program = space.byquery("image_preprocessing")
        python = space.byquery("python_env,requirements:=" + ":".join(program["requirements"]))["interpreter"]
        images(space, scratch / "images", given.images)
        environ = {
            **os.environ,
            "PYTHONPATH": f"{program.path}:{space.byquery('user_files').path}",
            "AXS_PREPROCESSING_CACHE": str(scratch / "unfinished"),
        }
        plain = partial(run, [python, "-c", PLAIN, scratch / "images", scratch / "plain.u8"], environ)
        tasks = {str(n): partial(ours, python, environ, scratch / "images", scratch / str(n), n) for n in given.workers}
        runs = interleaved({"plain": plain, **tasks}, given.rounds)
        for n in given.workers:
            same = filecmp.cmp(scratch / "plain.u8", scratch / str(n) / "images.u8", shallow=False)
            assert same, f"{n} processes wrote other bytes than the plain loop"
    show(runs, given.images, given.workers)


def show(runs: dict[str, list[Usage]], count: int, workers: list[int]) -> None:
    """The table. A ratio is the median of the ratios of the rounds: what slows a round down slows all of it. On a
    machine that does other things too, the ratio of the CPU time says more than that of the wall clock.
    """
    rows: list[tuple[str, ...]] = []
    data: dict[str, dict[str, float]] = {}
    for name in ("plain", *map(str, workers)):
        figures, pairs = middle(runs[name]), list(zip(runs["plain"], runs[name], strict=True))
        wall = median(plain.wall / other.wall for plain, other in pairs)
        cpu = median(plain.cpu / other.cpu for plain, other in pairs)
        what = "plain OpenCV, one process" if name == "plain" else f"image_preprocessing, workers={name}"
        rows.append((what, f"{count / figures.wall:,.0f}", f"{wall:.2f}", f"{cpu:.2f}", f"{figures.peak / 1e6:.0f}"))
        data[name] = {"images_per_second": count / figures.wall, "wall": wall, "cpu": cpu, "peak": figures.peak}
    one, *several = workers
    for n in several:
        gains = [alone.wall / other.wall for alone, other in zip(runs[str(one)], runs[str(n)], strict=True)]
        print(f"{n} processes over {one}, wall clock: {median(gains):.2f} (aim: 1.8 for 2 on two cores)")
        data[f"{n} over {one}"] = {"wall": median(gains)}
    report(("program", "images/s", "ratio, wall clock", "ratio, CPU time", "peak MB of a process"), rows, data)


if __name__ == "__main__":
    main()
