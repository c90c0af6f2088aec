"""A program run by axs with everything that it needs present, against the same program started by hand with the same
interpreter: the seconds that axs adds. Aim: at most 0.3 s.

    python -m venv V && V/bin/pip install . && V/bin/python benchmarks/cached_run.py

The program is a small one of its own, with a need (an entry that is there already) and one file of results, so that the
time is that of axs and not of a benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from measure import Usage, axs, interleaved, report, run, settings

ENTRIES = {
    "table_of_numbers": """\
title: Numbers
provides: [[numbers]]
make: {python: {function: write, file: numbers.txt}}
""",
    "program_mean": """\
title: Mean of the numbers
provides: [[mean_of_numbers]]
parameters: {seed: {default: 0, type: int, help: nothing but another run}}
needs: {numbers: numbers}
make:
  program:
    run: ["INTERPRETER", "{{ recipe_path }}/mean.py", "{{ parameters_file }}"]
    found_file: found.json
""",
}
CODE = {
    "table_of_numbers": (
        "code.py",
        'def write(path):\n    (path / "numbers.txt").write_text("\\n".join(map(str, range(1000))))\n',
    ),
    "program_mean": (
        "mean.py",
        "import json, sys\n"
        "from pathlib import Path\n"
        "asked = json.loads(Path(sys.argv[1]).read_text())\n"
        'numbers = [int(line) for line in Path(asked["needs"]["numbers"]["file_path"]).read_text().split()]\n'
        'Path(asked["output_path"], "found.json").write_text(json.dumps({"mean": sum(numbers) / len(numbers)}))\n',
    ),
}


def write_entries(folder: Path) -> None:
    """The two recipes."""
    for name, text in ENTRIES.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "meta.yaml").write_text(text.replace("INTERPRETER", sys.executable))
        file, code = CODE[name]
        (folder / name / file).write_text(code)


def by_hand(scratch: Path, environ: dict[str, str]) -> list[str | Path]:
    """The command line that axs starts, with a parameters file of an earlier run."""
    made = Path(run([axs(), "byquery", "mean_of_numbers", ",", "get", "path"], environ).output.strip())
    asked = json.loads((made / ".axs" / "parameters.json").read_text())
    (scratch / "by_hand").mkdir()
    asked["output_path"] = str(scratch / "by_hand")
    (scratch / "parameters.json").write_text(json.dumps(asked))
    return [sys.executable, scratch / "recipes" / "program_mean" / "mean.py", scratch / "parameters.json"]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--scratch", type=Path, help="folder to work in (default: a temporary one)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
        scratch = Path(folder)
        write_entries(scratch / "recipes")
        environ = settings(scratch, AXS_COLLECTIONS=scratch / "recipes", AXS_TRUST="1")
        plain = partial(run, by_hand(scratch, environ), environ)
        seeds = count(1)

        def missing() -> Usage:
            return run([axs(), "byquery", f"mean_of_numbers,seed={next(seeds)}", ",", "get", "mean"], environ)

        def again() -> Usage:
            return run([axs(), "byquery", "mean_of_numbers", "--fresh", ",", "get", "mean"], environ)

        runs = interleaved({"by hand": plain, "result missing": missing, "--fresh": again}, given.rounds)
    show(runs)


def show(runs: dict[str, list[Usage]]) -> None:
    """The table: medians, and the median of the differences of each round."""
    rows, data = [], {}
    for name, each in runs.items():
        wall, cpu = median(item.wall for item in each), median(item.cpu for item in each)
        pairs = zip(each, runs["by hand"], strict=True)
        more = median(item.wall - plain.wall for item, plain in pairs)
        rows.append((name, f"{wall:.3f}", f"{cpu:.3f}", f"{more:.3f}"))
        data[name] = {"wall": wall, "cpu": cpu, "more": more}
    report(("run", "wall s", "CPU s", "more than by hand, s"), rows, {**data, "load": os.getloadavg()[0]})


if __name__ == "__main__":
    main()
