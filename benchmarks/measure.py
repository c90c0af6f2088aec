"""Measuring child processes: CPU time, wall time and peak memory, as the operating system counts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Usage:
    """What a child and its own children used: ``cpu`` (user and system) and ``wall`` in seconds, ``peak`` resident
    memory in bytes; and what it printed.
    """

    cpu: float
    wall: float
    peak: int
    output: str


PARENT = """
import json, os, sys, time
began = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - began
os.write(int(sys.argv[1]), json.dumps([os.waitstatus_to_exitcode(status), wall, *used[:3]]).encode())
"""
"""A process counts as its own the memory of the one that started it: so that one is a small one."""


def run(argv: Sequence[str | Path], environ: Mapping[str, str]) -> Usage:
    """Run a command to its end; exits with its talk if it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as talk, tempfile.TemporaryFile() as told:
        words = [sys.executable, "-IS", "-c", PARENT, str(told.fileno()), *map(str, argv)]
        subprocess.run(words, env=dict(environ), stdout=out, stderr=talk, pass_fds=[told.fileno()], check=False)
        for file in (out, talk, told):
            file.seek(0)
        code, wall, user, system, peak = json.loads(told.read() or "[null, 0, 0, 0, 0]")
        if code != 0:
            sys.exit(f"{' '.join(map(str, argv))}: exit code {code}\n{talk.read().decode()}")
        kilobytes = peak if sys.platform != "darwin" else peak // 1024
        return Usage(user + system, wall, kilobytes * 1024, out.read().decode())


def interleaved(tasks: Mapping[str, Callable[[], Usage]], rounds: int) -> dict[str, list[Usage]]:
    """Each task once a round, so that a slow minute of the machine meets all of them alike; one round before that
    is not counted.
    """
    for task in tasks.values():
        task()
    runs: dict[str, list[Usage]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            runs[name].append(task())
    return runs


def middle(runs: Sequence[Usage]) -> Usage:
    """The medians of several runs."""
    return Usage(
        median(each.cpu for each in runs),
        median(each.wall for each in runs),
        max(each.peak for each in runs),
        runs[-1].output,
    )


def axs() -> Path:
    """The command ``axs`` beside this interpreter. An editable installation adds to every start: it is refused."""
    import axs_core

    command = Path(sys.executable).with_name("axs")
    checkout = Path(__file__).resolve().parent.parent
    if not command.exists() or checkout in Path(axs_core.__file__).resolve().parents:
        sys.exit(
            "run this with an interpreter in whose environment axs is installed, not editable, and not from the "
            "checkout's folder:\n    python -m venv V && V/bin/pip install . && V/bin/python benchmarks/SCRIPT.py"
        )
    return command


def settings(scratch: Path, **more: object) -> dict[str, str]:
    """A process environment in which nothing of the person who runs it is seen or touched, and in which Python keeps
    what it compiled, as it does everywhere.
    """
    left_out = ("AXS_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    own = {"HOME": scratch / "home", "XDG_CACHE_HOME": scratch / "cache", "AXS_WORK_COLLECTION": scratch / "work"}
    return {**kept, **{name: str(value) for name, value in {**own, **more}.items()}}


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def report(header: Sequence[str], rows: Sequence[Sequence[object]], data: object) -> None:
    """Print the table, then the same as one line of JSON."""
    print(table(header, rows))
    print()
    print(json.dumps(data))
