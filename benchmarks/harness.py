"""What LoadGen and the harness cost.

1. CPU time a sample with a null backend (Offline, batches of 8 and of 32), all of the run after start-up counted:
   LoadGen's generation of queries, batching, answers, statistics. Aim: at most 5 microseconds.
2. Samples/s of an Offline run over those of a plain loop over the same session and batch, in interleaved pairs, each
   side a process of its own and the first of a pair by turns. Aim: 0.98 or better on ResNet50. The ratio's median and
   the interval between its quartiles are printed; on the small network of digits the cost a sample stands beside it.

    python -m venv V && V/bin/pip install . && V/bin/python benchmarks/harness.py --pairs 10
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import yaml
from measure import report
from packaging.requirements import Requirement

from axs_core import Workspace

MODELS = {
    "digits": "model,framework=onnxrt,model_name=digits",
    "resnet50": "model,framework=onnxrt,model_name=resnet50,weights=random",
}
SHORT = {"Offline": {"min_duration_s": 0.001, "min_query_count": 1}}
# The same backend, the same samples, in the same memory; nothing between the loop and the session. The samples of a
# batch lie side by side, which is the best that a loop can have.
PLAIN = """
import json, random, sys, time
from pathlib import Path
from loadgen_harness.backend import Options, open_backend
from loadgen_harness.image_samples import ImageSamples, InputForm
from loadgen_harness.parameters import Job
job = Job.read(Path(sys.argv[1]))
batch, total = job.value("batch_size"), int(sys.argv[2])
backend = open_backend(job.need("backend"), job.need("model"), Options(batch))
images = ImageSamples(job.need("images").path, InputForm.of_model(job.need("model").attributes, backend.layout))
order = list(range(images.count)); random.Random(1).shuffle(order)
images.load(order)
slots = images.slots(order)
def loop(seconds, samples):
    done, begin = 0, time.perf_counter()
    while done < samples or time.perf_counter() - begin < seconds:
        at = done % (images.count - images.count % batch)
        backend.predict(images.rows(slots[at : at + batch], batch, True))
        done += batch
    return done / (time.perf_counter() - begin)
loop(job.value("loadgen_warmup_s"), 2 * batch)
print(loop(0, total))
"""


def entry(workspace: Workspace, query: str) -> dict[str, Any]:
    """An entry as a program sees its needs."""
    found = workspace.byquery(query)
    file = found.get_path()
    attributes = {name: found[name] for name in found.entry.values}
    main = str(file) if file.is_file() else None
    return {"name": found.name, "path": str(found.path), "file_path": main, "attributes": attributes}


def interpreter(workspace: Workspace, *needs: dict[str, Any]) -> str:
    """A Python that has what these entries require, for this version of Python."""
    said = [Requirement(text) for need in needs for text in need["attributes"]["requirements"]]
    wanted = [f"{r.name}{r.specifier}" for r in said if r.marker is None or r.marker.evaluate()]
    return str(workspace.byquery(f"python_env,requirements:={':'.join(wanted)}")["interpreter"])


def random_images(folder: Path, model: dict[str, Any], count: int) -> dict[str, Any]:
    """Images of random pixels in the form that preprocessing leaves."""
    side, channels = model["attributes"]["resolution"], model["attributes"]["channels"]
    folder.mkdir(exist_ok=True)
    (folder / "images.u8").write_bytes(os.urandom(count * side * side * channels))
    index = {"shape": [side, side, channels], "dtype": "uint8", "count": count}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    return {"name": "images", "path": str(folder), "attributes": {}}


class Bench:
    """Runs both sides with one environment."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.workspace = Workspace()
        self.harness = entry(self.workspace, "loadgen_harness")
        self.onnxrt = entry(self.workspace, "loadgen_backend,framework=onnxrt")
        self.null = entry(self.workspace, "loadgen_backend,framework=null")
        self.python = interpreter(self.workspace, self.harness, self.onnxrt)
        self.program = Path(self.workspace.byname("program_image_classification").path) / "classify.py"

    def job(self, needs: dict[str, Any], **parameters: Any) -> Path:
        """A parameters file."""
        said = {"loadgen_scenario": "Offline", "loadgen_mode": "PerformanceOnly", "loadgen_warmup_s": 1.0, **parameters}
        content = {"parameters": said, "attributes": {"loadgen_short": SHORT}, "needs": needs}
        file = self.scratch / "parameters.json"
        file.write_text(json.dumps({**content, "output_path": str(self.scratch)}), encoding="utf-8")
        return file

    def run(self, *argv: object) -> str:
        """What a Python program with the harness prints; ends the benchmark where it fails."""
        environ = {**os.environ, "PYTHONPATH": self.harness["path"]}
        command = [self.python, "-B", *map(str, argv)]
        done = subprocess.run(command, env=environ, cwd=self.scratch, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command[:3])} ...: exit code {done.returncode}\n{done.stderr}")
        return done.stdout

    def loadgen(self, job: Path) -> tuple[float, float, int]:
        """Samples/s, CPU seconds and samples of one run under LoadGen."""
        self.run(self.program, job)
        summary = (self.scratch / "mlperf_log_summary.txt").read_text(encoding="utf-8")
        figures = dict(line.rsplit(":", 1) for line in summary.splitlines() if ":" in line)
        measured = json.loads((self.scratch / "measured.json").read_text(encoding="utf-8"))
        count = int(figures["samples_per_query "])
        return float(figures["Samples per second"]), measured["cpu_seconds"], count

    def null_cost(self, batch: int, samples: int, rounds: int) -> list[float]:
        """CPU microseconds a sample, one figure a round."""
        model = entry(self.workspace, MODELS["digits"])
        needs = {"backend": self.null, "model": model, "images": random_images(self.scratch / "small", model, 1024)}
        job = self.job(needs, batch_size=batch, loadgen_warmup_s=0.0, loadgen_min_query_count=samples)
        runs = [self.loadgen(job) for _ in range(rounds)]
        return [1e6 * cpu / count for _, cpu, count in runs]

    def pairs(self, name: str, batch: int, samples: int, rounds: int) -> tuple[list[float], list[float]]:
        """The ratios LoadGen's rate over the plain loop's, and the loop's rates."""
        model = entry(self.workspace, MODELS[name])
        needs = {"backend": self.onnxrt, "model": model, "images": random_images(self.scratch / name, model, 256)}
        job = self.job(needs, batch_size=batch, loadgen_min_query_count=samples)
        ratios, rates = [], []
        for turn in range(rounds):
            under = self.loadgen(job)[0] if turn % 2 else None
            plain = float(self.run("-c", PLAIN, job, samples))
            under = self.loadgen(job)[0] if under is None else under
            ratios.append(under / plain)
            rates.append(plain)
        return ratios, rates


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--null-samples", type=int, default=2_000_000)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=MODELS)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument(
        "--samples", type=yaml.safe_load, default={"digits": 20_000, "resnet50": 320}, help="YAML mapping"
    )
    said = parser.parse_args()
    rows: list[list[object]] = []
    data: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch))
        for batch in (8, 32):
            costs = bench.null_cost(batch, said.null_samples, 3)
            rows.append([f"null backend, batch {batch}: CPU us a sample", f"{median(costs):.2f}", spread(costs)])
            data[f"null {batch}"] = costs
        for name in said.models:
            ratios, rates = bench.pairs(name, said.batch_size, said.samples[name], said.pairs)
            title = (
                f"{name}, batch {said.batch_size} ({1e6 / median(rates):.0f} us a sample): LoadGen over a plain loop"
            )
            rows.append([title, f"{median(ratios):.3f}", spread(ratios)])
            data[name] = ratios
    report(["what", "median", "quartiles"], rows, data)


def spread(figures: list[float]) -> str:
    """The interval between the quartiles."""
    if len(figures) < 2:
        return "-"
    low, _, high = quantiles(figures, n=4, method="inclusive")
    return f"{low:.3f} .. {high:.3f}"


if __name__ == "__main__":
    main()
