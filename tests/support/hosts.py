"""Several hosts on one folder, as far as one machine can play them.

A process of a host runs in namespaces of its own: its host name (``unshare --uts``), another boot id (a file that is
mounted over the kernel's), and its mounts (``--mount``), in which locks do not hold among hosts. Either ``.axs/locks``
is a folder that only the processes of this host see; or the whole work collection is reached through a file system in
user space (bindfs), which has locks of its own and, as network file systems do, remembers for some seconds what was not
there. Everything else, and the clock, is the same.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

MEMORY = 2
"""Seconds for which the file system in user space remembers what was, and what was not, there."""
_ENTER = """
hostname "$0" && mount --bind "$1" "$2" && { [ "$3" = - ] || mount --bind "$3" /proc/sys/kernel/random/boot_id; } &&
shift 3 && exec "$@"
"""
_FUSE = f"bindfs -o attr_timeout={MEMORY},entry_timeout={MEMORY},negative_timeout={MEMORY}"


@cache
def _namespaces() -> list[str] | None:
    """How to get namespaces here: as root, or as a user who is root in a namespace of users; None: not at all."""
    for words in (["unshare", "--mount", "--uts"], ["unshare", "--map-root-user", "--mount", "--uts"]):
        try:
            tried = subprocess.run(
                [*words, "sh", "-c", "hostname other && mount --bind /dev/null /proc/sys/kernel/random/boot_id"],
                capture_output=True,
                check=False,
            )
        except OSError:
            return None
        if tried.returncode == 0:
            return words
    return None


JOB = [sys.executable, "-c", "import os, sys; os.setpgid(0, 0); os.execvp(sys.argv[1], sys.argv[1:])"]
"""Words before a command that make it a job of its own, as a shell does: nothing else can be suspended by SIGTSTP."""


def needs_namespaces() -> pytest.MarkDecorator:
    """Skips where this machine allows no namespaces."""
    return pytest.mark.skipif(_namespaces() is None, reason="this machine allows no namespaces")


class Hosts:
    """Hosts that share the work collection ``work``; ``place`` is for what each has of its own."""

    def __init__(self, work: Path, place: Path) -> None:
        self.work, self.place = work, place
        (work / ".axs" / "locks").mkdir(parents=True, exist_ok=True)
        self._words = _namespaces() or []
        self._mounts: dict[str, Path] = {}

    def on(self, name: str, *, own_kernel: bool = True) -> Sequence[str]:
        """Words before a command that run it on the host of that name. Without ``own_kernel`` it is this very machine,
        on which the network folder is mounted a second time.
        """
        here = self.place / name
        (here / "locks").mkdir(parents=True, exist_ok=True)
        boot = here / "boot_id"
        if not boot.exists():
            boot.write_text(f"{uuid.uuid4()}\n")
        own, shared = self._mounts.get(name, here / "locks"), self.work / ".axs" / "locks"
        mounted = [str(own), str(self.work if name in self._mounts else shared), str(boot) if own_kernel else "-"]
        return [*self._words, "sh", "-c", _ENTER, name, *mounted]

    def mount(self, *names: str) -> None:
        """These hosts reach the work collection through a file system in user space; skips where there is none."""
        if shutil.which("bindfs") is None or os.geteuid() != 0 or not os.access("/dev/fuse", os.W_OK):
            pytest.skip("no bindfs, or no right to mount it")
        for name in names:
            there = self.place / name / "mounted"
            there.mkdir(parents=True)
            subprocess.run([*_FUSE.split(), str(self.work), str(there)], check=True)
            self._mounts[name] = there

    def close(self) -> None:
        """Undo the mounts."""
        for there in self._mounts.values():
            subprocess.run(["umount", "--lazy", str(there)], check=False)


def family(pid: int) -> list[int]:
    """A process and all that it has started, and they."""
    children: dict[int, list[int]] = {}
    for item in Path("/proc").iterdir():
        if item.name.isdigit():
            try:
                fields = (item / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(item.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def send_to_all(pid: int, number: signal.Signals) -> None:
    """A signal to a process and to all that it has started: what happens to a host happens to all of them."""
    for each in family(pid):
        try:
            os.kill(each, number)
        except ProcessLookupError:
            continue
