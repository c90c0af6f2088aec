"""Zip and unzip of results over the usual tools on the same files, in one run.

    python benchmarks/zip_results.py [--results 1000] [--rounds 3] [--folder /tmp]

Makes entries of 2 MB each (logs as LoadGen writes them: text with numbers, answers in hexadecimal); ``axs zip`` and
``axs unzip`` against Python's zipfile (deflate at its own level and at that of axs) and tar with zstd. All of them end
with what they wrote on disk (sync). Only axs computes and compares a SHA-256 of every file, checks names and entries.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from measure import Usage, interleaved, middle, report, run, settings

from axs_core.base.digest import of_value
from axs_core.exchange.deflate import LEVEL

LINE = (
    ':::MLLOG {{"key": "logged_latency", "value": {value}, "time_ms": {time:.6f}, "namespace": "mlperf::logging", '
    '"event_type": "POINT_IN_TIME", "metadata": {{"is_error": false, "line_no": 615, "pid": 4242, "tid": 4243}}}}\n'
)
META = """\
title: A run
tags: [loadgen_output]
attributes: {{n: {number}, accuracy: 97.5}}
produced: {{recipe: run, by: [program], key: {key}, machine: here, at: '2026-01-02T03:04:05+00:00'}}
"""


def detail(source: random.Random, size: int) -> bytes:
    """A log of single latencies."""
    lines, length, now = [], 0, 0.0
    while length < size:
        now += source.random()
        lines.append(LINE.format(value=source.randrange(10**7), time=now))
        length += len(lines[-1])
    return "".join(lines).encode()[:size]


def answers(source: random.Random, size: int) -> bytes:
    """A log of answers."""
    rows = (
        f'{{ "seq_id" : {number}, "qsl_idx" : {source.randrange(50_000)}, "data" : "{source.randbytes(4).hex()}" }}'
        for number in range(size // 50)
    )
    return ("[\n" + ",\n".join(rows) + "\n]\n").encode()[:size]


def make_results(work: Path, count: int) -> int:
    """Entries as axs leaves them; returns their bytes."""
    total = 0
    for number in range(count):
        source = random.Random(number)
        folder = work / f"run_{number:05}"
        (folder / ".axs").mkdir(parents=True)
        files = {
            "mlperf_log_detail.txt": detail(source, 1_300_000),
            "mlperf_log_accuracy.json": answers(source, 700_000),
            "mlperf_log_summary.txt": b"Result is : VALID\n" * 40,
        }
        for name, data in files.items():
            (folder / name).write_bytes(data)
            total += len(data)
        listed = {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        }
        record = {"format": 1, "axs": "0", "query": f"run,n={number}", "files": {"digest": of_value(listed)}}
        (folder / ".axs" / "files.json").write_text(json.dumps(listed))
        (folder / "record.json").write_text(json.dumps(record))
        text = META.format(number=number, key=of_value(number))
        (folder / ".axs" / "meta.json").write_text(json.dumps({"of": of_value(text), "meta": yaml.safe_load(text)}))
        (folder / "meta.yaml").write_text(text)
    return total


ZIPFILE = """
import os, sys, zipfile
from pathlib import Path
level = int(sys.argv[1]) if sys.argv[1] else None
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
    for path in sorted(Path("work").glob("run_*/*")):
        if path.is_file():
            archive.write(path, path.relative_to("work"))
os.sync()
"""
EXTRACT = """
import os, zipfile
with zipfile.ZipFile("fast.zip") as archive:
    archive.extractall("plain")
os.sync()
"""
TAR = "tar -C work --exclude=.axs -cf - . | zstd -q -f -o plain.tar.zst && sync"
UNTAR = "mkdir tarred && zstd -q -d -c plain.tar.zst | tar -C tarred -xf - && sync"


@dataclass(frozen=True)
class Contender:
    """A way to zip or unzip; ``output`` is what it makes, removed before each time."""

    name: str
    argv: tuple[str, ...]
    output: str
    environ: Mapping[str, str]

    def task(self, folder: Path) -> Callable[[], Usage]:
        """What is measured."""

        def once() -> Usage:
            made = folder / self.output
            shutil.rmtree(made, ignore_errors=True) if made.is_dir() else made.unlink(missing_ok=True)
            os.sync()
            return run(["env", "-C", folder, *self.argv], self.environ)

        return once


def contenders(folder: Path) -> tuple[list[Contender], list[Contender]]:
    """Those that zip and those that unzip; axs first."""
    python, axs = sys.executable, (sys.executable, "-m", "axs_core")
    here = settings(folder, PYTHONPATH=Path(__file__).parents[1])
    there = {**here, "AXS_WORK_COLLECTION": str(folder / "other")}
    zips = [
        Contender("axs zip", (*axs, "work_collection", ",", "zip", "--output=axs.zip"), "axs.zip", here),
        Contender("zipfile", (python, "-c", ZIPFILE, "", "plain.zip"), "plain.zip", here),
        Contender(f"zipfile, level {LEVEL}", (python, "-c", ZIPFILE, str(LEVEL), "fast.zip"), "fast.zip", here),
    ]
    unzips = [
        Contender("axs unzip", (*axs, "unzip", "axs.zip"), "other", there),
        Contender("zipfile", (python, "-c", EXTRACT), "plain", here),
    ]
    if shutil.which("zstd"):
        zips.append(Contender("tar and zstd", ("sh", "-c", TAR), "plain.tar.zst", here))
        unzips.append(Contender("tar and zstd", ("sh", "-c", UNTAR), "tarred", here))
    return zips, unzips


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--results", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as scratch:
        folder = Path(scratch)
        size = make_results(folder / "work", asked.results)
        print(
            f"{asked.results} results, {size / 1e6:,.0f} MB, {asked.rounds} rounds, medians; {os.cpu_count()} cores\n"
        )
        rows, data = [], []
        for kind in contenders(folder):
            runs = interleaved({each.name: each.task(folder) for each in kind}, asked.rounds)
            ours = middle(runs[kind[0].name])
            for each in kind:
                used, made = middle(runs[each.name]), folder / each.output
                megabytes = f"{made.stat().st_size / 1e6:,.0f}" if made.is_file() else ""
                rows.append(
                    (
                        each.name,
                        f"{used.wall:.1f}",
                        f"{used.cpu:.1f}",
                        f"{size / 1e6 / used.wall:,.0f}",
                        f"{used.peak / 1e6:.0f}",
                        megabytes,
                        f"{used.wall / ours.wall:.2f}",
                        f"{used.cpu / ours.cpu:.2f}",
                    )
                )
                data.append({"name": each.name, "wall_s": used.wall, "cpu_s": used.cpu, "peak_bytes": used.peak})
        header = ("", "s", "CPU s", "MB/s", "peak MB", "archive MB", "s over axs", "CPU s over axs")
        report(header, rows, data)


if __name__ == "__main__":
    main()
