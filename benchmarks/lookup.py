"""CPU time of a look-up that hits, as a multiple of that of ``python -c pass``, at several sizes of the work
collection: ``axs byquery <hit>`` alone, and with ``, get accuracy``. Aim: at most 5 times at any size.

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

COMMANDS = {"byquery": ["byquery", HIT], "get": ["byquery", HIT, ",", "get", "accuracy"]}


def prepare(scratch: Path, size: int) -> dict[str, str]:
    """A work collection of that size and its index; returns the process environment that names them."""
    environ = settings(scratch)
    fill(scratch / "work", pattern(environ), size)
    built = run([axs(), *COMMANDS["get"]], environ)
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
        tasks = {
            f"{name} {size}": partial(run, [axs(), *words], environ)
            for size, environ in environs.items()
            for name, words in COMMANDS.items()
        }
        empty = partial(run, [sys.executable, "-c", "pass"], environs[given.sizes[0]])
        runs = interleaved({"pass": empty, **tasks}, given.rounds)
    show({name: middle(each) for name, each in runs.items()}, given.sizes)


def show(figures: dict[str, Usage], sizes: list[int]) -> None:
    """The table: CPU milliseconds, what multiple of an empty Python's they are, memory."""
    idle = figures["pass"].cpu
    rows = []
    for size in sizes:
        alone, with_get = (figures[f"{name} {size}"] for name in COMMANDS)
        cpu = [f"{each.cpu * 1000:.1f} ({each.cpu / idle:.2f})" for each in (alone, with_get)]
        rows.append((f"{size:,}", *cpu, f"{with_get.peak / 1e6:.0f}"))
    header = ("entries", "`byquery`, CPU ms (of `pass`)", "`, get accuracy`, CPU ms (of `pass`)", "peak MB")
    report(header, rows, {name: [each.cpu, each.peak] for name, each in figures.items()})


if __name__ == "__main__":
    main()
