"""What each operation costs with 1,000, 10,000 and 100,000 entries in the work collection and 20 further collections
(ten of one's own with results, ten named ones with entries and recipes that people wrote; 5,000 entries together): CPU
seconds of the ``axs`` process (user and system) and its peak memory. What a hit and a search answer is counted.

    python -m venv V && V/bin/pip install . && V/bin/python benchmarks/scale.py

Aims: a look-up, a selective search and the addition of an entry cost the same at any size; indexing 100,000 entries
from nothing takes less than 60 s of CPU; no look-up takes more than 100 MB. Takes some minutes and 1.5 GB; on a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from measure import Usage, axs, middle, report, run, settings

HIT = "loadgen_output,framework=onnxrt,loadgen_scenario=Offline"
"""The query of the README's first command; entry 0 answers it."""
SELECTIVE = "loadgen_output,accuracy>99.98"
"""One in a thousand."""
OWN, NAMED, EACH = 10, 10, 250
"""Collections in the work collection, named collections, entries in each."""
NUMBER = 77
"""The entry that the search for one is for."""
PROGRESS = "scale.py: "


@dataclass(frozen=True)
class Task:
    """An operation, and how often it is measured."""

    name: str
    run: Callable[[], Usage]
    often: int


class Bench:
    """One size: its collections, its index, and the operations on them."""

    def __init__(self, scratch: Path, size: int) -> None:
        self.scratch, self.size = scratch, size
        self.work = scratch / "work"
        named = [scratch / "collections" / f"collection_{number}" for number in range(NAMED)]
        self.environ = settings(scratch, AXS_COLLECTIONS=os.pathsep.join(map(str, named)))
        self.numbers = count(size)
        self.added = 0

    def fill(self) -> None:
        """Write all entries."""
        self.write(0, self.size, f"--own={OWN}", f"--named={NAMED}", f"--each={EACH}")

    def write(self, start: int, end: int, *more: str) -> None:
        """Entries as another axs would have left them, from ``start`` to before ``end``."""
        script = Path(__file__).with_name("synthetic.py")
        with tempfile.TemporaryDirectory(dir=self.scratch) as cache:  # it reads the recipes, with an index of its own
            run([sys.executable, script, self.work, str(start), str(end), *more],
                {**self.environ, "AXS_INDEX": f"{cache}/index", "AXS_WORK_COLLECTION": cache})  # fmt: skip

    def axs(self, *words: str) -> Usage:
        """Run a command line."""
        return run([axs(), *words], self.environ)

    def index(self) -> Usage:
        """The first command after the index was deleted."""
        shutil.rmtree(self.scratch / "cache", ignore_errors=True)
        return self.axs("byname", "loadgen_program")

    def after_an_external_addition(self) -> Usage:
        """The first look-up after somebody put a folder into the work collection."""
        number = next(self.numbers)
        self.write(number, number + 1)
        self.added += 1
        return self.axs("byname", "loadgen_program")

    def add(self) -> Usage:
        """Make an entry: a program that does nothing, each time with another parameter."""
        return self.axs("byquery", f"synthetic_0_0,size={next(self.numbers)}")

    @property
    def results(self) -> int:
        """How many entries a search for all of them finds."""
        return self.size + OWN * EACH + self.added

    def found(self, words: Sequence[str], number: Callable[[], int]) -> Usage:
        """Run a search and check how many lines it answers."""
        used = self.axs(*words)
        lines = used.output.count("\n")
        if lines != number():
            sys.exit(f"axs {' '.join(words)} answered {lines} lines at {self.size:,} entries, {number()} are right")
        return used

    def one(self, *words: str) -> Callable[[], Usage]:
        """A command that answers one line."""
        return partial(self.found, words, lambda: 1)

    def tasks(self, rounds: int) -> list[Task]:
        """Name, operation, and how often it is measured."""
        last = 999 - 1000 * -(-OWN * EACH // 1000)

        def every() -> int:
            return self.results

        def thousandth() -> int:
            return len(range(last, self.size + self.added, 1000))

        hit = ("byquery", HIT, ",", "get", "accuracy")
        one = ("find", f"loadgen_output,loadgen_target_qps={NUMBER}")
        few, table = ("all_byquery", SELECTIVE, ",", "get", "accuracy"), ("table", "--format=csv")
        make = "synthetic_0_0,size=0"
        return [
            Task("index from nothing", self.index, 1),
            Task("byquery, a hit", self.one(*hit), rounds),
            Task("plan of a hit", partial(self.axs, "plan", HIT), rounds),
            Task("plan of what is to be made", partial(self.axs, "plan", make), rounds),
            Task("find, one answer", self.one(*one), rounds),
            Task("add an entry", self.add, rounds),
            Task("byquery, a hit, after additions", self.one(*hit), rounds),
            Task("all_byquery, a thousandth, get accuracy", partial(self.found, few, thousandth), rounds),
            Task("table of a thousandth", partial(self.axs, "all_byquery", SELECTIVE, ",", *table), rounds),
            Task("look-up after an external addition", self.after_an_external_addition, 1),
            Task("find, all of them", partial(self.found, ("find", "loadgen_output"), every), 1),
            Task(
                "find, all of them, get accuracy", partial(self.found, ("find", "loadgen_output", *hit[2:]), every), 1
            ),
            Task("table of all of them", partial(self.axs, "all_byquery", "loadgen_output", ",", *table), 1),
            Task("list", partial(self.axs, "list"), 1),
            Task("explain", partial(self.axs, "explain", f"{HIT},loadgen_mod=AccuracyOnly"), 1),
            Task("du --top=10", partial(self.axs, "du", "--top=10"), 1),
            Task("gc, nothing to do", partial(self.axs, "gc"), 1),
            Task("reindex", partial(self.axs, "reindex"), 1),
        ]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000], metavar="N")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--scratch", type=Path, help="folder to work in (default: a temporary one)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        benches = [Bench(Path(scratch) / str(size), size) for size in given.sizes]
        for bench in benches:
            bench.scratch.mkdir()
            bench.fill()
            print(f"{PROGRESS}{bench.size:,} entries written", file=sys.stderr)
        figures = measured(benches, given.rounds)
        idle = middle([run([sys.executable, "-c", "pass"], benches[0].environ) for _ in range(given.rounds)])
    show(figures, given.sizes, idle)


def measured(benches: list[Bench], rounds: int) -> dict[str, list[Usage]]:
    """Each operation at all sizes in turn."""
    figures = {}
    for tasks in zip(*(bench.tasks(rounds) for bench in benches), strict=True):
        rows = [[task.run() for task in tasks] for _ in range(tasks[0].often)]
        figures[tasks[0].name] = [middle(list(column)) for column in zip(*rows, strict=True)]
        print(PROGRESS + tasks[0].name, *(f"{used.cpu:.3f}" for used in figures[tasks[0].name]), file=sys.stderr)
    return figures


def show(figures: dict[str, list[Usage]], sizes: list[int], idle: Usage) -> None:
    """The table, with the ratio of what is over an empty Python."""
    rows = [
        (
            name,
            *(f"{used.cpu:.3f}" for used in each),
            f"{(each[-1].cpu - idle.cpu) / (each[0].cpu - idle.cpu):.2f}",
            f"{each[-1].peak / 1e6:.0f}",
        )
        for name, each in figures.items()
    ]
    header = ("operation", *(f"CPU s at {size:,}" for size in sizes), "ratio", f"MB at {sizes[-1]:,}")
    data = {name: {"cpu": [u.cpu for u in each], "peak": [u.peak for u in each]} for name, each in figures.items()}
    print(f"{OWN} + {NAMED} further collections of {EACH} entries each; the ratio is that over `python -c pass`\n")
    report(header, rows, {"idle": idle.cpu, **data})


if __name__ == "__main__":
    main()
