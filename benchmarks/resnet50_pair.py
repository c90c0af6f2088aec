"""One pair of benchmarks/resnet50.py: a plain loop, LoadGen, and the plain loop again, over one session in one process.

    PYTHONPATH=FOLDER_OF_LOADGEN_HARNESS python resnet50_pair.py FOLDER_OF_PROGRAM PARAMETERS_FILE CALLS
    PYTHONPATH=FOLDER_OF_LOADGEN_HARNESS python resnet50_pair.py --load FOLDER_OF_PROGRAM PARAMETERS_FILE ROUNDS

Prints, as JSON, ``[ratio, plain]``: LoadGen's figure over the mean of the two loops', and that mean; Offline in
samples/s, SingleStream the median latency in ns. With --load: samples/s of reading and normalising all samples on one
core, each round.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

import mlperf_loadgen as lg
from loadgen_harness import settings as loadgen_settings
from loadgen_harness.backend import Backend, Options, open_backend
from loadgen_harness.parameters import Job
from loadgen_harness.system_under_test import SystemUnderTest

FIGURES = {"Offline": r"^Samples per second: (\S+)", "SingleStream": r"^50\.00 percentile latency \(ns\) *: (\S+)"}


class Side:
    """Both sides draw samples at random from the same library and hand them to the same backend."""

    def __init__(self, job: Job, backend: Backend, task: Any) -> None:
        self.job, self.backend, self.task = job, backend, task
        self.library = task.library(job, backend)
        self.offline = job.value("loadgen_scenario") == "Offline"
        self.batch = int(job.value("batch_size")) if self.offline else 1

    def plain(self, calls: int, seed: int) -> tuple[float, list[float]]:
        """Nothing between the loop and the engine; the figure, and the seconds of each call."""
        chance, everything = random.Random(seed), range(self.library.count)
        self.library.load(everything)
        times = []
        for _ in range(calls):
            begin = time.perf_counter()
            slots = self.library.slots(chance.choices(everything, k=self.batch))
            self.task.answers(self.backend.predict(self.library.rows(slots, self.batch, True)))
            times.append(time.perf_counter() - begin)
        self.library.unload(everything)
        return (self.batch * calls / sum(times) if self.offline else 1e9 * median(times)), times

    def loadgen(self, times: list[float]) -> float:
        """The same under LoadGen, as the harness does it; ``times`` tell it what to expect."""
        job = self.job
        said = loadgen_settings.read_settings(job, self.library.count).after_warm_up(times, self.batch)
        test = loadgen_settings.apply(said, job.output_path)
        sut = SystemUnderTest(self.backend, self.library, self.task.answers, self.batch)
        log = lg.LogSettings()
        log.enable_trace = False
        log.log_output.outdir = str(job.output_path)
        system = lg.ConstructFastSUT(sut.issue, sut.flush)
        samples = lg.ConstructQSL(self.library.count, self.library.count, self.library.load, self.library.unload)
        sut.start()
        lg.StartTestWithLogSettings(system, samples, test, log, "")
        sut.stop()
        lg.DestroyQSL(samples)
        lg.DestroyFastSUT(system)
        if sut.error is not None:
            raise sut.error
        text = (job.output_path / "mlperf_log_summary.txt").read_text(encoding="utf-8")
        found = re.search(FIGURES[said.scenario], text, re.MULTILINE)
        assert found is not None
        return float(found[1])


def pair(side: Side, calls: int) -> tuple[float, float]:
    side.plain(3, 0)
    before, times = side.plain(calls, 1)
    under = side.loadgen(times)
    plain = mean([before, side.plain(calls, 2)[0]])
    return under / plain, plain


def loading(side: Side, rounds: int) -> list[float]:
    """Samples/s of reading and normalising; the first round reads the file and takes the memory, and is not counted."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rates = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        side.library.load(range(side.library.count))
        rates.append(side.library.count / (time.perf_counter() - begin))
        side.library.unload(range(side.library.count))
    return rates[1:]


def main(argv: list[str]) -> None:
    only_loading = argv[0] == "--load"
    program, parameters, count = argv[only_loading:]
    sys.path.insert(0, program)
    from classify import ImageClassification

    job = Job.read(Path(parameters))
    backend = open_backend(job.need("backend"), job.need("model"), Options(int(job.value("batch_size"))))
    side = Side(job, backend, ImageClassification())
    print(json.dumps(loading(side, int(count)) if only_loading else pair(side, int(count))))


if __name__ == "__main__":
    main(sys.argv[1:])
