"""Bad input in bulk: what comes of 100,000 inputs for each thing that reads what somebody else wrote.

    python benchmarks/bad_input.py --inputs=100000                    # made by hypothesis, as good input is
    python benchmarks/bad_input.py --inputs=100000 --engine=coverage  # changed by atheris towards new code
    python benchmarks/bad_input.py --targets=query,templates --jobs=2

The second needs atheris (Linux, ``pip install atheris`` into an environment that has axs and its test extra). Each
fault (a traceback, a hang, a process or connection that was started, something written outside of the collection,
words that say nothing or too much) is kept in ``--faults=FOLDER`` as the input that makes it; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BY_STRUCTURE = (
    "import sys; from pathlib import Path; from fuzz.campaign import by_structure;"
    "Path(sys.argv[3]).write_text(by_structure(sys.argv[1], int(sys.argv[2]), int(sys.argv[4])).as_json())"
)


@dataclass(frozen=True)
class Ran:
    """What came of one target: inputs tried, different outcomes, points of the code that were covered, faults."""

    target: str
    inputs: int
    outcomes: int
    covered: int | None
    seconds: float
    faults: dict[str, str]

    def row(self) -> str:
        """One line of the table."""
        covered = f"{self.covered:,}" if self.covered is not None else "-"
        each = 1000 * self.seconds / max(self.inputs, 1)
        cells = [self.target, f"{self.inputs:,}", f"{self.outcomes:,}", covered, f"{each:.1f}", str(len(self.faults))]
        return "| " + " | ".join(cells) + " |"


def run(target: str, inputs: int, engine: str, start: int) -> Ran:
    """Try inputs in a process of its own, with an empty home."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        result = Path(home) / "result.json"
        words = ["-m", "fuzz.covering"] if engine == "coverage" else ["-c", BY_STRUCTURE]
        settings = {key: value for key, value in os.environ.items() if not key.startswith("AXS_")}
        done = subprocess.run(
            [sys.executable, *words, target, str(inputs), str(result), str(start)],
            env={**settings, "HOME": home, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        if not result.exists():
            return Ran(target, 0, 0, None, time.monotonic() - began, {"it ended": done.stderr[-2000:]})
        told = json.loads(result.read_text(encoding="utf-8"))
    covered = re.findall(r"\bcov: (\d+)", done.stderr)
    seconds = time.monotonic() - began
    return Ran(target, told["inputs"], told["outcomes"], int(covered[-1]) if covered else None, seconds, told["faults"])


def keep(ran: Ran, folder: Path) -> None:
    """The inputs that made a fault, a file each."""
    for number, (told, data) in enumerate(ran.faults.items()):
        print(f"FAULT in {ran.target}: {told}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{ran.target}_{number}").write_bytes(data.encode("latin-1", "replace"))


def main() -> int:
    """Run the targets and print the table."""
    sys.path.insert(0, str(ROOT / "tests"))
    from fuzz.targets import NAMES

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--engine", choices=("structure", "coverage"), default="structure")
    parser.add_argument("--targets", default=",".join(NAMES))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="other inputs than those of another run")
    parser.add_argument("--faults", type=Path, default=Path("faults"))
    said = parser.parse_args()
    print("| target | inputs | different outcomes | points covered | ms an input | faults |\n|---|---|---|---|---|---|")
    failed = False
    with ThreadPoolExecutor(said.jobs) as pool:
        jobs = [pool.submit(run, name, said.inputs, said.engine, said.start) for name in said.targets.split(",")]
        for job in jobs:
            ran = job.result()
            print(ran.row(), flush=True)
            keep(ran, said.faults)
            failed = failed or bool(ran.faults)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
