"""Disks that are full or must not be written: small file systems in memory, where this machine lets us mount them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.faults.kills import Hunt
from support.faults.world import World

SIZE_KB = 24 << 10
SAYS_FULL = re.compile(r"disk is full|No space left|Out of diskspace", re.IGNORECASE)


class CannotMount(Exception):
    """This machine does not allow it."""


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount something at ``folder`` for a while. Raises CannotMount."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMount(done.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of :data:`SIZE_KB`."""
    with mounted(folder, "-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs") as disk:
        yield disk


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody can write to ``folder``, not even the user root."""
    with mounted(folder, "--bind", str(folder)):
        done = subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], capture_output=True, check=False)
        if done.returncode:
            raise CannotMount(done.stderr.decode())
        yield


@dataclass(frozen=True)
class Filled:
    """A run with so many ``kb`` of room: the last ``step`` that it told of, its exit ``code``, what was wrong."""

    kb: int
    step: str
    code: int
    faults: tuple[str, ...]


class FullDisk:
    """Asking in a world with ever less room on ``disk``, which is a folder of the world's (``live``, ``live/work``)."""

    def __init__(self, world: World, disk: Path) -> None:
        self.world, self.disk = world, disk
        self.hunt = Hunt(world)
        self.ballast = disk / "ballast"

    def room_needed(self) -> int:
        """KiB that a whole run takes on the disk."""
        self._clear()
        free = self._free()
        run = self.world.ask()
        assert run.code == 0, run.err
        self.hunt.names = self.hunt.lasting()
        return free - self._free()

    def ask_with(self, kb: int) -> Filled:
        """Ask with so much room; look; make room; ask again."""
        self._clear()
        with self.ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(self._free() - kb, 1) << 10)
        run = self.world.axs(*self.hunt.asking)
        faults = [f"still runs: {left}" for left in self.world.left_running()]
        if run.code == 0:
            faults += [] if run.out == self.hunt.answer else [f"answered {run.out!r}"]
        elif run.code != 1 or run.out or not SAYS_FULL.search(run.err) or "internal error" in run.err:
            faults.append(f"exit code {run.code}, {run.out!r}: {run.err}")
        faults += self._look()
        self.ballast.unlink()
        self.hunt.present = self.world.content()
        faults += self.hunt.asked_again()
        steps = [line for line in run.err.splitlines() if line.startswith("-> ")]
        return Filled(kb, _step(steps) if run.code else "none: it fits", run.code, tuple(faults))

    def _look(self) -> Sequence[str]:
        """Looking needs no room: what is whole is listed and verified."""
        faults = []
        for words in (("list",), ("all_byquery", "data"), ("verify",)):
            run = self.world.axs(*words)
            if run.code:
                faults.append(f"{words[0]}: exit code {run.code}: {run.err}")
        return faults

    def _free(self) -> int:
        return shutil.disk_usage(self.disk).free >> 10

    def _clear(self) -> None:
        for folder in (self.disk, self.world.live):
            for item in folder.iterdir() if folder.is_dir() else ():
                if item.is_dir() and not item.is_mount() and not item.is_symlink():
                    shutil.rmtree(item)
                elif not item.is_dir():
                    item.unlink()
        self.world.environ()


def _step(steps: Sequence[str]) -> str:
    """``-> fetching http://...`` without what differs; the start, where none was told."""
    return " ".join(steps[-1].split()[1:3]).partition("http")[0].strip() if steps else "start"
