"""CPU time of a look-up that hits: ``axs byquery <hit> , get accuracy`` over ``python -c pass``, at several sizes of
the work collection. Aim: at most 0.15 s at any size, and less than 1.2 times as much at 100,000 entries as at 100.

    python -m venv V && V/bin/pip install . && V/bin/python benchmarks/lookup.py
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import Usage, axs, interleaved, middle, report, run, settings
from synthetic import HIT, fill, pattern

COMMAND = ["byquery", HIT, ",", "get", "accuracy"]


def prepare(scratch: Path, size: int) -> dict[str, str]:
    """A work collection of that size and its index; returns the process environment that names them."""
    environ = settings(scratch)
    fill(scratch / "work", pattern(environ), size)
    built = run([axs(), *COMMAND], environ)
    assert built.output == "98.4375\n", built.output
    return environ


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000, 100_000], metavar="N")
    options.add_argument("--rounds", type=int, default=21)
    options.add_argument("--scratch", type=Path, help="folder to work in (default: a temporary one)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        environs = {size: prepare(Path(scratch) / str(size), size) for size in given.sizes}
        tasks = {str(size): partial(run, [axs(), *COMMAND], environ) for size, environ in environs.items()}
        empty = partial(run, [sys.executable, "-c", "pass"], environs[given.sizes[0]])
        runs = interleaved({"pass": empty, **tasks}, given.rounds)
    show({name: middle(each) for name, each in runs.items()}, given.sizes)


def show(figures: dict[str, Usage], sizes: list[int]) -> None:
    """The table: CPU seconds more than an empty Python, its ratio to the smallest size, memory."""
    idle = figures["pass"].cpu
    more = {size: figures[str(size)].cpu - idle for size in sizes}
    rows = [
        (f"{size:,}", f"{figures[str(size)].cpu:.3f}", f"{more[size]:.3f}", f"{more[size] / more[sizes[0]]:.2f}",
         f"{figures[str(size)].peak / 1e6:.0f}")
        for size in sizes
    ]  # fmt: skip
    header = ("entries", "CPU s", "CPU s over `python -c pass`", f"ratio to {sizes[0]:,}", "peak MB")
    data = {"python_pass": idle, "over_pass": more, "peak": {size: figures[str(size)].peak for size in sizes}}
    report(header, rows, data)


if __name__ == "__main__":
    main()
