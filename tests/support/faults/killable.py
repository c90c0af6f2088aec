"""The command line of axs, ended by SIGKILL at a chosen point: ``python killable.py WORDS ...``.

A point is the moment before or after a call that changes something outside of the process: a file, a folder, a lock,
the index, a connection, a child. ``KILL_TRACE=FILE`` only counts them, and writes a line for each.
``KILL_AT=PHASE,CALL,WHEN,N`` ends the process at the N-th of that kind, ``KILL_LATER=SECONDS`` so much later, and
``KILL_TOLD=FILE`` says that it was so. The product knows nothing of this: Python's profiler tells of every call into C.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

CHANGES = frozenset(
    [
        *("mkdir", "rename", "replace", "unlink", "remove", "rmdir", "link", "symlink", "chmod", "utime", "fsync"),
        *("sync", "open", "truncate", "ftruncate", "flock", "fork_exec", "connect", "recv_into", "readinto", "poll"),
        "killpg",
    ]
)
OF_FILES = frozenset(["write", "flush", "truncate", "close"])
OF_INDEX = frozenset(["execute", "executemany"])
FILES = ("FileIO", "BufferedWriter", "BufferedRandom", "TextIOWrapper")
PHASES = {
    "producers/fetch/": "download",
    "producers/archives/": "extraction",
    "producers/python_env/": "environment",
    "producers/git/": "clone",
    "producers/detect": "detection",
    "producers/program": "program",
    "producers/python": "function",
    "index/": "index",
    "collections/folders": "index",
    "base/digest": "record",
    "store/": "record",
    "making/recording": "record",
    "making/maker": "record",
    "making/fulfil": "record",
}
SHARED = ("base/digest", "producers/paths", "producers/fetch/checksums")
"""Modules that work for others: their callers say what for."""
PACKAGE = f"{os.sep}axs_core{os.sep}"


def phase_of(frame: Any) -> str:
    """What axs was doing, by the innermost module that says it."""
    shared = ""
    while frame is not None:
        _, found, module = frame.f_code.co_filename.rpartition(PACKAGE)
        if found:
            module = module.removesuffix(".py")
            if module in SHARED:
                shared = shared or module
            else:
                for beginning, phase in PHASES.items():
                    if module == beginning or (beginning.endswith("/") and module.startswith(beginning)):
                        return phase
        frame = frame.f_back
    return PHASES.get(shared, "start and plan")


def is_point(function: Any) -> bool:
    name = function.__name__
    owner = type(getattr(function, "__self__", None))
    if name in OF_FILES or name in OF_INDEX:
        return owner.__name__ in FILES if name in OF_FILES else owner in (sqlite3.Connection, sqlite3.Cursor)
    return name in CHANGES and owner not in (str, bytes)  # they have a replace, too


class Killer:
    """Counts the points of the main thread, and ends the process at one of them."""

    def __init__(self) -> None:
        *kind, number = os.environ.pop("KILL_AT", ",,,0").split(",")
        self.at, self.left = tuple(kind), int(number)
        self.later = float(os.environ.pop("KILL_LATER", "0"))
        self.told = os.environ.pop("KILL_TOLD", "")
        self.trace = os.environ.pop("KILL_TRACE", "")
        self.points: list[tuple[str, ...]] = []

    def __call__(self, frame: Any, event: str, function: Any) -> None:
        if event in ("c_call", "c_return") and is_point(function):
            point = (phase_of(frame), function.__name__, "before" if event == "c_call" else "after")
            if self.trace:
                self.points.append(point)
            elif point == self.at:
                self.left -= 1
                if self.left == 0:
                    self.end(point)

    def end(self, point: tuple[str, ...]) -> None:
        sys.setprofile(None)
        Path(self.told).write_text(json.dumps(point))
        if self.later:
            threading.Thread(target=lambda: (time.sleep(self.later), kill()), daemon=True).start()
        else:
            kill()

    def write(self) -> None:
        sys.setprofile(None)
        Path(self.trace).write_text("".join(json.dumps(point) + "\n" for point in self.points))


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    killer = Killer()
    if killer.trace:
        atexit.register(killer.write)
    sys.argv[0] = "axs"
    from axs_core.__main__ import main as axs

    sys.setprofile(killer)
    try:
        return axs()
    finally:
        sys.setprofile(None)


if __name__ == "__main__":
    sys.path[0] = os.environ["KILL_SOURCES"]
    sys.exit(main())
