"""Ctrl-Z: who is suspended takes its children along, and looks at what it holds before they go on.

The children of axs have sessions of their own, so that a Ctrl-C reaches axs alone; so does a Ctrl-Z, and a program that
ran on would write into what another host, which sees no life of this process, has taken over.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

Check = Callable[[], bool]
"""Says whether what this process holds is still its own."""

_groups: set[int] = set()
_stopped: set[int] = set()
_checks: list[Check] = []
_asleep = 0.0


def respect() -> None:
    """Have SIGTSTP and SIGCONT of this process handled from now on, unless they are ignored; for a whole program, in
    its main thread.
    """
    for number, handler in ((signal.SIGTSTP, _suspend), (signal.SIGCONT, _wake)):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, handler)


def seconds() -> float:
    """For how long this process has been suspended, with its children, since its start."""
    return _asleep


@contextlib.contextmanager
def along(group: int) -> Iterator[None]:
    """This group of processes is suspended with us, and goes on with us."""
    _groups.add(group)
    try:
        yield
    finally:
        _groups.discard(group)
        _stopped.discard(group)


def on_waking(check: Check) -> None:
    """Have ``check`` called, in the main thread, when this process goes on; where one says no, the children that were
    suspended with it do not go on but end. A check must not wait for a lock that the main thread may hold.
    """
    _checks.append(check)


def no_more(check: Check) -> None:
    """Have it called no more."""
    _checks.remove(check)


def _suspend(*_: object) -> None:
    global _asleep
    began = time.monotonic()
    for group in list(_groups):
        _send(group, signal.SIGSTOP)
        _stopped.add(group)
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTSTP)  # here we stand, until somebody sends SIGCONT
    signal.signal(signal.SIGTSTP, before)
    _asleep += time.monotonic() - began
    _wake()  # also where nobody is there to wake us, so that the system has not let us sleep


def _wake(*_: object) -> None:
    ours = all([check() for check in list(_checks)])
    while _stopped:
        _send(_stopped.pop(), signal.SIGCONT if ours else signal.SIGKILL)


def _send(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
