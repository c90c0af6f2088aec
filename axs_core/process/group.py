"""Ending processes: a whole group, and whoever left it but still writes to its log."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

from axs_core.base.host import boot_id, stat_of

_AFTER_KILL = 5.0  # seconds to see a killed group off; only a process stuck in a driver takes longer


def end_group(group: int, grace: float, reap: Callable[[], object]) -> None:
    """SIGTERM, a grace, SIGKILL; an interrupt during the grace (a second Ctrl-C) goes straight to SIGKILL."""
    reap()
    _end(lambda number: _send(group, number), lambda: lives(group), grace, reap)
    reap()


def end_holders(log: os.stat_result, grace: float) -> bool:
    """The same for every process whose standard output or error is this file, whatever group it is in; says whether
    there was one.
    """
    found = list(_holders(log))
    if found:
        _end(lambda number: _send_each(_holders(log), number), lambda: any(_holders(log)), grace, lambda: None)
    return bool(found)


def lives(group: int) -> bool:
    """Whether the group has a member that is not a zombie (in a container nobody may collect those)."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stats = [stat for name in _numbers() if (stat := stat_of(name))]
    return not stats or any(stat[2] == str(group) and stat[0] not in "ZX" for stat in stats)


def identity(pid: int) -> dict[str, Any]:
    """What tells a process from a later one with the same number."""
    stat = stat_of(pid)
    return {"pid": pid, "pgid": pid, "start": stat and stat[19], "boot": boot_id() or None}


def _end(send: Callable[[signal.Signals], bool], there: Callable[[], bool], grace: float, reap: Any) -> None:
    try:
        if send(signal.SIGTERM):
            send(signal.SIGCONT)  # who was suspended could not even end
            _await_end(there, grace, reap)
    finally:
        if send(signal.SIGKILL):
            _await_end(there, _AFTER_KILL, reap)


def _send(group: int, number: signal.Signals) -> bool:
    """Whether there was somebody to receive it."""
    if not lives(group):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    return True


def _send_each(pids: Iterator[int], number: signal.Signals) -> bool:
    sent = False
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
            sent = True
    return sent


def _await_end(there: Callable[[], bool], seconds: float, reap: Callable[[], object]) -> None:
    deadline, pause = time.monotonic() + seconds, 0.001
    while there() and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
        reap()


def _holders(log: os.stat_result) -> Iterator[int]:
    for name in _numbers():
        if int(name) != os.getpid() and (_is_open(f"/proc/{name}/fd/2", log) or _is_open(f"/proc/{name}/fd/1", log)):
            yield int(name)


def _is_open(descriptor: str, log: os.stat_result) -> bool:
    try:
        there = os.stat(descriptor)
    except OSError:  # it has ended, or is somebody else's
        return False
    return (there.st_dev, there.st_ino) == (log.st_dev, log.st_ino)


def _numbers() -> list[str]:
    try:
        return [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (400 Paths take longer)
    except OSError:  # no Linux
        return []
