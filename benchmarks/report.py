"""CPU seconds for a report of 1,000 results with their logs and records; aim: under 10 s.

    python benchmarks/report.py [--results 1000] [--output report.html]

The results are those of benchmarks/table.py, each with a summary as LoadGen writes it and a record. What draws the
plots is installed before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from table import meta

from axs_core import Workspace
from axs_core.base.digest import of_value
from axs_core.store.entry_files import dump_yaml

PERCENTILES = (50, 90, 95, 97, 99, 99.9)
AIM = 10.0
PACKAGES = ("numpy==2.2.6", "mlcommons-loadgen==6.0.17", "flatbuffers==25.12.19", "protobuf==7.36.2")


def summary(number: int) -> str:
    """The part of LoadGen's summary that is read."""
    base = 1_000_000 + 1000 * number
    lines = ["Result is : VALID", f"Min latency (ns)                : {base // 2}"]
    lines += [f"Max latency (ns)                : {base * 9}"]
    lines += [f"{at:.2f} percentile latency (ns)   : {int(base * (1 + at**4 / 1e8))}" for at in PERCENTILES]
    return "\n".join(lines) + "\n"


def result(folder: Path, number: int) -> None:
    """One finished result."""
    (folder / ".axs").mkdir(parents=True)
    data = meta(number, accuracy=number < 2)
    text = dump_yaml(data)
    (folder / "meta.yaml").write_text(text)
    (folder / ".axs" / "meta.json").write_text(json.dumps({"of": of_value(text), "meta": data}))
    (folder / "mlperf_log_summary.txt").write_text(summary(number))
    machine = {"name": f"machine {number % 5}", "cpu": "a CPU", "cores": 2 + number % 5, "memory_bytes": 2**34}
    engine = f"engine==1.{number % 20}.0"
    (folder / "record.json").write_text(json.dumps({"machine": machine, "python": {"python": [*PACKAGES, engine]}}))


def main() -> None:
    """Make the results, index them, and time the report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--results", type=int, default=1000)
    options.add_argument("--output", type=Path, help="keep the page here")
    chosen = options.parse_args()
    count = chosen.results
    with tempfile.TemporaryDirectory() as root:
        os.environ["AXS_INDEX"] = f"{root}/index.sqlite"
        work = Path(root) / "work"
        for number in range(count):
            result(work / f"result_{number:06d}", number)
        space = Workspace(work)
        space.work_collection().reindex()
        space.byquery("report_library")
        for attempt in range(3):
            space = Workspace(work)
            output = chosen.output or Path(root) / "report.html"
            cpu, wall = time.process_time(), time.perf_counter()
            space.report(space.all_byquery("loadgen_output"), output)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            told = f"report of {count} results, {attempt + 1}: {cpu:.2f} s of CPU, {wall:.2f} s, "
            print(f"{told}{output.stat().st_size / 1e6:.1f} MB; {cpu / AIM:.3f} of the aim ({AIM:g} s for 1000)")


if __name__ == "__main__":
    main()
