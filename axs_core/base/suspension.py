"""Ctrl-Z: who is suspended takes its children along, and looks at what it holds before they go on.

The children of axs have sessions of their own, so that a Ctrl-C reaches axs alone; so does a Ctrl-Z, and a program that
ran on would write into what another host, which sees no life of this process, has taken over.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

Check = Callable[[], bool]
"""Says whether what the main thread works on is still its own."""

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
    """Have ``check`` called, in the main thread, when this process goes on. Where one says no, the children that were
    suspended with it do not go on but end, and the main thread gets a KeyboardInterrupt on the spot: a signal would
    come one call later. A check must not wait for a lock that the main thread may hold.
    """
    _checks.append(check)


def no_more(check: Check) -> None:
    """Have it called no more."""
    _checks.remove(check)


def look_again() -> bool:
    """From another thread: have the main one call its checks, or where that is not handled here (:func:`respect`) end
    as by a Ctrl-C; says whether they will be called.
    """
    if signal.getsignal(signal.SIGCONT) is _wake:
        _thread.interrupt_main(signal.SIGCONT)
        return True
    for number in (signal.SIGINT, signal.SIGTERM):  # one of them may be ignored, as in a job in the background
        if callable(signal.getsignal(number)):
            _thread.interrupt_main(number)
            break
    return False


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
    if not ours:
        raise KeyboardInterrupt


def _send(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
