"""What each operation costs with 100,000 entries in the work collection and 20 collections, and with 100 entries: CPU
seconds of the ``axs`` process (user and system) and its peak memory.

    python -m venv V && V/bin/pip install . && V/bin/python benchmarks/scale.py

Aims: a look-up, a selective search and the addition of an entry cost the same at any size; indexing 100,000 entries
from nothing takes less than 60 s of CPU; no look-up takes more than 100 MB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

from measure import Usage, axs, middle, report, run, settings
from synthetic import HIT, fill, pattern, recipes, write

COLLECTIONS = 18
"""Beside the work collection and the one that comes with axs: 20."""
RECIPES = 25
"""In each of them."""
NUMBER = 77
"""The entry that the selective search is for."""

Task = tuple[str, Callable[[], Usage], int]


class Bench:
    """One size: its collections, its index, and the operations on them."""

    def __init__(self, scratch: Path, size: int) -> None:
        self.scratch, self.size = scratch, size
        folders = recipes(scratch / "collections", COLLECTIONS, RECIPES)
        self.environ = settings(scratch, AXS_COLLECTIONS=os.pathsep.join(map(str, folders)))
        self.pattern = pattern(self.environ)
        self.numbers = count(size)
        fill(scratch / "work", self.pattern, size)

    def axs(self, *words: str) -> Usage:
        """Run a command line."""
        return run([axs(), *words], self.environ)

    def index(self) -> Usage:
        """The first command after the index was deleted."""
        shutil.rmtree(self.scratch / "cache", ignore_errors=True)
        return self.axs("byname", "loadgen_program")

    def after_an_external_addition(self) -> Usage:
        """The first look-up after somebody put a folder into the work collection."""
        write(self.scratch / "work", self.pattern, next(self.numbers))
        return self.axs("byname", "loadgen_program")

    def add(self) -> Usage:
        """Make an entry: a program that does nothing, each time with another parameter."""
        return self.axs("byquery", f"synthetic_0_0,size={next(self.numbers)}")

    def tasks(self, rounds: int) -> list[Task]:
        """Name, operation, and how often it is measured."""
        return [
            ("index from nothing", self.index, 1),
            ("first look-up after that", lambda: self.axs("byquery", HIT, ",", "get", "accuracy"), 1),
            ("byquery, a hit", lambda: self.axs("byquery", HIT, ",", "get", "accuracy"), rounds),
            ("plan of a hit", lambda: self.axs("plan", HIT), rounds),
            ("find, one answer", lambda: self.axs("find", f"loadgen_output,loadgen_target_qps={NUMBER}"), rounds),
            ("find, one in a thousand", lambda: self.axs("find", "loadgen_output,accuracy>99.98"), rounds),
            ("add an entry", self.add, rounds),
            ("byquery, a hit, after additions", lambda: self.axs("byquery", HIT, ",", "get", "accuracy"), rounds),
            ("look-up after an external addition", self.after_an_external_addition, 1),
            ("find, all of them", lambda: self.axs("find", "loadgen_output"), 1),
            ("find, all of them, get accuracy", lambda: self.axs("find", "loadgen_output", ",", "get", "accuracy"), 1),
            ("list", lambda: self.axs("list"), 1),
            ("explain", lambda: self.axs("explain", f"{HIT},loadgen_mod=AccuracyOnly"), 1),
            ("gc, nothing to do", lambda: self.axs("gc"), 1),
            ("reindex", lambda: self.axs("reindex"), 1),
        ]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs=2, default=[100, 100_000], metavar="N")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--scratch", type=Path, help="folder to work in (default: a temporary one)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        small, large = (Bench(Path(scratch) / str(size), size) for size in given.sizes)
        figures = measured(small, large, given.rounds)
        idle = middle([run([sys.executable, "-c", "pass"], small.environ) for _ in range(given.rounds)])
    show(figures, given.sizes, idle)


def measured(small: Bench, large: Bench, rounds: int) -> dict[str, tuple[Usage, Usage]]:
    """Each operation at both sizes in turn."""
    figures = {}
    for (name, first, often), (_, second, _) in zip(small.tasks(rounds), large.tasks(rounds), strict=True):
        pairs = [(first(), second()) for _ in range(often)]
        figures[name] = (middle([pair[0] for pair in pairs]), middle([pair[1] for pair in pairs]))
        print(f"{name}: {figures[name][0].cpu:.3f} {figures[name][1].cpu:.3f}", file=sys.stderr)
    return figures


def show(figures: dict[str, tuple[Usage, Usage]], sizes: list[int], idle: Usage) -> None:
    """The table, with the ratio of what is over an empty Python."""
    rows = [
        (
            name,
            f"{few.cpu:.3f}",
            f"{many.cpu:.3f}",
            f"{(many.cpu - idle.cpu) / (few.cpu - idle.cpu):.2f}",
            f"{many.peak / 1e6:.0f}",
        )
        for name, (few, many) in figures.items()
    ]
    few_entries, many_entries = (f"CPU s at {size:,}" for size in sizes)
    data = {name: {"cpu": [few.cpu, many.cpu], "peak": [few.peak, many.peak]} for name, (few, many) in figures.items()}
    report(("operation", few_entries, many_entries, "ratio", f"MB at {sizes[1]:,}"), rows, data)


if __name__ == "__main__":
    main()
