"""Who else used the processors while a test ran: over the whole of it, and second by second.

Read from Linux's /proc. Time that other virtual machines stole counts as foreign.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from loadgen_harness.cpu_time import PROC, Family, busy_seconds

WINDOW_S = 1.0
# A shorter rest at the end is no window: the system counts in hundredths of a second.
SHORTEST_S = 0.5


@dataclass(frozen=True)
class Bounds:
    """What other processes may take. ``mean_share``: of the CPU time of the whole test. A second is a burst when they
    took more than ``burst_cores`` cores or ``burst_share`` of the CPU time in it; ``bursts`` is the share of the test
    that may be bursts.
    """

    mean_share: float = 0.1
    burst_cores: float = 0.5
    burst_share: float = 0.25
    bursts: float = 0.02


@dataclass(frozen=True)
class _Reading:
    """Seconds: of the clock, of CPU time in all, and of that what was ours."""

    at: float
    busy: float
    own: float


class ForeignLoad:
    """Samples once a second from :meth:`start` to :meth:`stop`, on a thread of its own.

    The CPUs that count are those that this process may use when this is made: before an engine binds threads to some of
    them. ``proc`` and ``clock`` are for tests.
    """

    def __init__(self, bounds: Bounds, proc: Path = PROC, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds, self._proc, self._clock = bounds, proc, clock
        self._cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
        self._family = Family(proc)
        self._begin: _Reading | None = None
        self._last: _Reading | None = None
        self._most: float | None = None
        self._burst_s = 0.0
        self._stop = Event()
        self._thread = Thread(target=self._sample, name="foreign load", daemon=True)

    def start(self) -> None:
        self._begin = self._last = self._read(everyone=True)
        if self._begin is not None:
            self._thread.start()

    def stop(self) -> dict[str, Any]:
        """What was measured: ``foreign_cpu_share`` (0 to 1, over the whole test), ``foreign_cpu_max_cores`` (in the
        worst second), ``foreign_cpu_burst_seconds`` and ``noisy``; each None where the system does not tell.
        """
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.tick(SHORTEST_S)
        begin, end = self._begin, self._read(everyone=True)
        if begin is None or end is None or end.at <= begin.at:
            return dict.fromkeys(("foreign_cpu_share", "foreign_cpu_max_cores", "foreign_cpu_burst_seconds", "noisy"))
        share = min(1.0, _cores(begin, end) / len(self._cpus))
        bursts = self._burst_s / (end.at - begin.at)
        return {
            "foreign_cpu_share": round(share, 4),
            "foreign_cpu_max_cores": None if self._most is None else round(self._most, 3),
            "foreign_cpu_burst_seconds": round(self._burst_s, 2),
            "noisy": share > self._bounds.mean_share or bursts > self._bounds.bursts,
        }

    def _sample(self) -> None:
        while not self._stop.wait(WINDOW_S):
            self.tick()

    def tick(self, shortest: float = 0.0) -> None:
        """Close a window, unless it is shorter than so many seconds."""
        now = self._read()
        if self._last is None or now is None or now.at - self._last.at <= shortest:
            return
        bound = min(self._bounds.burst_cores, self._bounds.burst_share * len(self._cpus))
        if _cores(self._last, now) > bound:  # or it is a child that is not known yet
            now = self._read(everyone=True) or now
        cores = _cores(self._last, now)
        self._most = max(self._most or 0.0, cores)
        self._burst_s += now.at - self._last.at if cores > bound else 0.0
        self._last = now

    def _read(self, everyone: bool = False) -> _Reading | None:
        busy = busy_seconds(self._cpus, self._proc)
        return None if busy is None else _Reading(self._clock(), busy, self._family.seconds(everyone))


def _cores(begin: _Reading, end: _Reading) -> float:
    """How many cores others used in between, on average."""
    return max(0.0, (end.busy - begin.busy) - (end.own - begin.own)) / (end.at - begin.at)
