"""What LoadGen and the harness cost on ResNet50 (fp32, random weights, ONNX Runtime), and how fast its samples load.

1. Offline: samples/s under LoadGen over those of a plain loop on the same session. Aim: 0.98 or better.
2. SingleStream: the median latency under LoadGen over that of the plain loop. Aim: 1.02 at most.
3. Samples read from the warm file and normalised into the model's input, on one core. Aim: 4,000 images/s or better.

Each pair is a process: the loop, LoadGen, the loop again, over one session, with random samples on both sides. The
median and the interval between the quartiles are printed: single pairs wobble by 5 % on a shared machine.

    python -m venv V && V/bin/pip install . && V/bin/python benchmarks/resnet50.py --pairs 10
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median

from harness import MODELS, Bench, entry, random_images, spread
from measure import report

PAIR = Path(__file__).with_name("resnet50_pair.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--batches", type=int, default=10, help="Offline: calls on each side")
    parser.add_argument("--queries", type=int, default=200, help="SingleStream: calls on each side")
    parser.add_argument("--rounds", type=int, default=7, help="of loading 1,024 samples")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch))
        model = entry(bench.workspace, MODELS["resnet50"])
        needs = {"backend": bench.onnxrt, "model": model, "images": random_images(bench.scratch / "few", model, 256)}
        calls = {"Offline": said.batches, "SingleStream": said.queries}
        ratios: dict[str, list[float]] = {scenario: [] for scenario in calls}
        plain: dict[str, list[float]] = {scenario: [] for scenario in calls}
        for _ in range(said.pairs):
            for scenario, count in calls.items():
                least = count * (said.batch_size if scenario == "Offline" else 1)
                short = {"loadgen_min_query_count": least, "loadgen_min_duration_s": 0.001}
                job = bench.job(needs, loadgen_scenario=scenario, batch_size=said.batch_size, **short)
                ratio, figure = json.loads(bench.run(PAIR, bench.program.parent, job, count))
                ratios[scenario].append(ratio)
                plain[scenario].append(figure)
        needs["images"] = random_images(bench.scratch / "many", model, 1024)
        job = bench.job(needs, batch_size=said.batch_size)
        loaded = json.loads(bench.run(PAIR, "--load", bench.program.parent, job, said.rounds))
    rows: list[list[object]] = [
        [
            f"Offline, batch {said.batch_size} ({median(plain['Offline']):.1f} images/s): LoadGen over a plain loop",
            f"{median(ratios['Offline']):.3f}",
            spread(ratios["Offline"]),
        ],
        [
            f"SingleStream, p50 ({median(plain['SingleStream']) / 1e6:.1f} ms): LoadGen over a plain loop",
            f"{median(ratios['SingleStream']):.3f}",
            spread(ratios["SingleStream"]),
        ],
        ["1,024 samples loaded on one core: images/s", f"{median(loaded):.0f}", spread(loaded)],
    ]
    report(["what", "median", "quartiles"], rows, {"ratios": ratios, "plain": plain, "loaded": loaded})


if __name__ == "__main__":
    main()
