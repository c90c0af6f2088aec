"""CPU time, in seconds, as Linux's /proc tells it: of the processors, and of this process with all that it started."""

from __future__ import annotations

import os
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")


def busy_seconds(cpus: Set[int], proc: Path = PROC) -> float | None:
    """Time that these CPUs have worked since the machine's start, other virtual machines' stolen time included; None
    where the system does not tell.
    """
    busy, found = 0, False
    try:
        with (proc / "stat").open(encoding="ascii") as stream:
            for line in stream:
                name, *ticks = line.split()
                if name[:3] != "cpu":
                    break
                if name[3:].isdigit() and int(name[3:]) in cpus:
                    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(tick) for tick in ticks[:8])
                    busy, found = busy + user + nice + system + irq + softirq + steal, True
    except OSError:
        return None
    return busy / _TICK if found else None


def own_cpu_seconds() -> float:
    """CPU time of this process, of its children that have ended, and of all that it started and that still runs."""
    times = os.times()
    others = (each for pid, each in Family().members.items() if pid != os.getpid())
    own = times.user + times.system + times.children_user + times.children_system
    return own + sum(each.spent + each.waited for each in others)


@dataclass(frozen=True)
class _Member:
    """One process: its parent, its session, its start (which tells it from a later one with the same number), the time
    that it spent, and that of children which have ended and for which it waited.
    """

    parent: int
    session: int
    start: bytes
    spent: float
    waited: float


class Family:
    """This process and all that it started: children, theirs, and who has left its parent but not the session, where
    that is ours alone (a program that axs runs has one).

    Looking for new members reads every process of the machine, so it is done only where it is asked for; the known ones
    are cheap to ask. A child that came and went unseen is in the time for which its parent waited.
    """

    def __init__(self, proc: Path = PROC, pid: int | None = None) -> None:
        self._proc, self._pid = proc, os.getpid() if pid is None else pid
        self._total = 0.0
        self.members = self._everyone()

    def seconds(self, everyone: bool = False) -> float:
        """CPU time of all members since this was made, also of those that have ended meanwhile; ``everyone``: look for
        new members first.
        """
        now = self._everyone() if everyone else self._known()
        self._total += _between(self.members, now)
        self.members = now
        return self._total

    def _known(self) -> dict[int, _Member]:
        there = ((pid, self._read(pid), then.start) for pid, then in self.members.items())
        return {pid: member for pid, member, start in there if member is not None and member.start == start}

    def _everyone(self) -> dict[int, _Member]:
        numbers = (int(name) for name in _names(self._proc) if name.isdigit())
        there = {pid: member for pid in numbers if (member := self._read(pid)) is not None}
        own = there.get(self._pid)
        family = {self._pid} if own is not None else set[int]()
        if own is not None and own.session == self._pid:
            family |= {pid for pid, member in there.items() if member.session == self._pid}
        while more := {pid for pid, member in there.items() if member.parent in family} - family:
            family |= more
        return {pid: there[pid] for pid in family}

    def _read(self, pid: int) -> _Member | None:
        try:
            with open(f"{self._proc}/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123  thousands of them
                text = file.read()
        except OSError:
            return None  # it ended meanwhile
        # The name stands in brackets and may hold blanks and brackets itself.
        fields = text.rpartition(b")")[2].split(maxsplit=20)
        user, system, waited_user, waited_system = (int(field) / _TICK for field in fields[11:15])
        return _Member(int(fields[1]), int(fields[3]), fields[19], user + system, waited_user + waited_system)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  thousands of names, no need of paths
    except OSError:
        return []


def _between(then: dict[int, _Member], now: dict[int, _Member]) -> float:
    """Time spent between two looks. What a member that has ended had spent comes back in the time for which its parent
    waited, if that waited for it, and must not count twice.
    """
    stayed = {pid for pid, member in now.items() if pid in then and then[pid].start == member.start}
    spent = sum(now[pid].spent - then[pid].spent for pid in stayed)
    new = sum(now[pid].spent + now[pid].waited for pid in now.keys() - stayed)
    waited = sum(now[pid].waited - then[pid].waited for pid in stayed)
    gone = sum(then[pid].spent + then[pid].waited for pid in then.keys() - stayed)
    return spent + new + max(0.0, waited - gone)
