"""Which host and which process this is, and whether another process still lives.

A host's name is not enough: containers share names, and the same name may mean the same host before and after a
reboot. A process is known by the boot of its kernel, the space in which its number counts (containers number their
own), the number, and its start time: numbers are used again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from axs_core.base.value import Value

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Process(Value):
    """A process on some host. ``boot``, ``space`` and ``start`` are empty where the system does not tell."""

    host: str
    boot: str
    space: str
    pid: int
    start: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def lives(self) -> bool | None:
        """Whether it is there still; None where that cannot be seen from here: another host, or a container."""
        me = this_process()
        if (self.boot, self.space) != (me.boot, me.space) or (not self.boot and self.host != me.host):
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # somebody else's; its start time may be hidden from us
            pass
        stat = stat_of(self.pid)
        return stat is None or (stat[0] not in "ZX" and stat[19] == (self.start or stat[19]))


def read_process(data: Mapping[str, Any]) -> Process:
    """A process from plain data, its fields by name. Raises KeyError, TypeError, ValueError."""
    host, boot, space = (str(data[name]) for name in ("host", "boot", "space"))
    return Process(host, boot, space, int(data["pid"]), str(data["start"]))


def this_process() -> Process:
    """The process that calls."""
    return _process(os.getpid())


@lru_cache(maxsize=1)
def _process(pid: int) -> Process:
    stat = stat_of(pid)
    return Process(os.uname().nodename, boot_id(), _space(), pid, stat[19] if stat else "")


def boot_id() -> str:
    """Another one after each start of the kernel; empty where there is none."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def stat_of(pid: int | str) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on (proc(5)): 0 state, 2 process group, 19 start time in ticks. None
    where they cannot be read.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
