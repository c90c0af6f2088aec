"""Seconds for a table of 10,000 results, from a warm index; aim: under 1 s of CPU.

    python benchmarks/table.py [--results 10000]

The results are copies of a made-up performance run in four scenarios and two frameworks, with one accuracy run for each
framework; so every row has a twin to be found.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from axs_core import Workspace
from axs_core.base.digest import of_value
from axs_core.store.entry_files import dump_yaml

SCENARIOS = ("Offline", "SingleStream", "MultiStream", "Server")


def meta(number: int, accuracy: bool) -> dict[str, Any]:
    """A result's meta.yaml, of the size that real ones have."""
    framework = ("onnxrt", "pytorch")[number % 2]
    figures = {"accuracy": 98.4, "accuracy_interval": "97.3 .. 99.1 (95 %, n=768)"} if accuracy else {}
    return {
        "title": "Image classification under MLPerf LoadGen",
        "tags": ["loadgen_output"],
        "parents": ["loadgen_experiment"],
        "attributes": {
            "framework": framework,
            "model_name": "digits",
            "loadgen_scenario": SCENARIOS[number % 4],
            "loadgen_mode": "AccuracyOnly" if accuracy else "PerformanceOnly",
            "batch_size": 1 + number % 64,
            "engine": framework,
            "engine_version": "1.0",
            "effective_device": "cpu",
            "effective_precision": "fp32",
            "effective_batch_size": 1 + number % 64,
            "loadgen_user_conf": {"min_duration": 3000, "min_query_count": 1, "target_qps": 1000.5},
            "loadgen_weaker_settings": ["min_duration 3000 ms (MLPerf: 600000 ms)"],
            "model_digest": of_value(framework),
            "samples_used": 768,
            "started_at": "2026-11-21T23:56:14+00:00",
            "test_seconds": 3.2,
            "file": "mlperf_log_summary.txt",
            "verdict": "VALID (min_duration 3000 ms (MLPerf: 600000 ms); the model is no benchmark of MLPerf)",
            **({} if accuracy else {"performance": 1000.0 + number}),
            **figures,
        },
        "produced": {
            "recipe": "program_image_classification",
            "by": ["program"],
            "key": of_value(number),
            "machine": "a machine, 2 cores, 24 GiB",
            "at": "2026-11-21T23:56:15+00:00",
        },
    }


def main() -> None:
    """Make the results, index them, and time the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--results", type=int, default=10_000)
    count = options.parse_args().results
    with tempfile.TemporaryDirectory() as root:
        environ = {**os.environ, "AXS_INDEX": f"{root}/index.sqlite"}
        os.environ["AXS_INDEX"] = environ["AXS_INDEX"]
        work = Path(root) / "work"
        for number in range(count):
            folder = work / f"result_{number:06d}"
            (folder / ".axs").mkdir(parents=True)
            data = meta(number, accuracy=number < 2)
            text = dump_yaml(data)
            (folder / "meta.yaml").write_text(text)
            (folder / ".axs" / "meta.json").write_text(json.dumps({"of": of_value(text), "meta": data}))
        begin = time.process_time()
        Workspace(work).work_collection().reindex()
        print(f"indexing {count} results: {time.process_time() - begin:.2f} s of CPU")
        for attempt in range(3):
            space = Workspace(work)
            begin, wall = time.process_time(), time.perf_counter()
            rows = space.table("loadgen_output")
            cpu, seconds = time.process_time() - begin, time.perf_counter() - wall
            assert len(rows) == count and all(row["accuracy"] == 98.4 for row in rows)
            print(f"table of {count} results, {attempt + 1}: {cpu:.2f} s of CPU, {seconds:.2f} s")


if __name__ == "__main__":
    main()
