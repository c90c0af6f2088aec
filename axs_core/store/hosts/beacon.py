"""Small files by which processes on several hosts see that another one lives.

A beacon holds a counter, which its process moves up every few seconds, and what that process says of itself. Who looks
on notes by its own clock for how long the counter stood still: no clocks are compared, and no times of files, which
network file systems keep for a while. What is written is flushed, and what is read is read anew with each opening.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from axs_core.base import suspension
from axs_core.base.host import Process, read_process, this_process
from axs_core.base.value import Value

BEATS = 6
"""How often a beacon beats within the time after which it counts as dead."""
LOOK = 0.25
"""Seconds between two looks at a beacon of another host."""
_DIGITS = 12
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})


class Seen(Value):
    """A beacon as others read it. ``who`` is None where its text is not (yet) whole; ``names``: what was added to it;
    ``every``: seconds between its beats; ``domain``: that of the lock which its process holds with it.
    """

    token: str
    beat: int = -1
    who: Process | None = None
    doing: str = ""
    since: str = ""
    command: str = ""
    every: float = 0.0
    domain: str | None = None
    names: tuple[str | None, ...] = ()

    def __str__(self) -> str:
        if self.who is None:
            return "another process is at work"
        return f"{self.who} is {self.doing} since {self.since} ({self.command})"


class Beacon:
    """A beacon of this process, in the file that :func:`light` made. Several threads may use it."""

    def __init__(self, token: str, handle: int, size: int) -> None:
        self.token, self.handle, self.size = token, handle, size
        self.beats = 0
        self._one = threading.RLock()  # it beats also in a handler of a signal

    def beat(self) -> None:
        """Show that this process lives. Raises OSError where that cannot be written."""
        with self._one:
            self.beats += 1
            self._write(f"{self.beats:0{_DIGITS}d}".encode(), 0)

    def add(self, name: str | None) -> None:
        """Add a name to what it says. Raises OSError where that cannot be written."""
        line = json.dumps(name).encode() + b"\n"
        with self._one:
            self._write(line, self.size)
            self.size += len(line)

    def close(self) -> None:
        """No more beats; the file stays."""
        with self._one:
            handle, self.handle = self.handle, -1
            if handle >= 0:
                os.close(handle)

    def _write(self, data: bytes, position: int) -> None:
        """By the open file, not by its name: under that another host may have put its own meanwhile. Closing a handle
        is what flushes on network file systems, and costs nothing elsewhere.
        """
        if self.handle < 0:
            return
        os.pwrite(self.handle, data, position)
        os.close(os.dup(self.handle))


def light(file: Path, doing: str, every: float, domain: str | None = None) -> Beacon | None:
    """Make a beacon at ``file``; None where there is one already: of several hosts one succeeds. Raises OSError."""
    token = new_token()
    about = {
        "token": token,
        "who": dict(vars(this_process())),
        "doing": doing,
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": command_line(),
        "every": every,
        "domain": domain,
    }
    text = f"{0:0{_DIGITS}d}\n{json.dumps(about)}\n".encode()
    fresh = file.with_name(f".{token}")
    handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        os.pwrite(handle, text, 0)
        os.close(os.dup(handle))
        os.link(fresh, file)
    except OSError as error:
        os.close(handle)
        if error.errno in _NO_LINKS:
            return _light_at(file, token, text)
        beacon = read(file) if error.errno == errno.EEXIST else None
        if beacon is not None and beacon.token == token:  # done, but the server's answer was lost on the way
            return Beacon(token, os.open(file, os.O_RDWR | os.O_CLOEXEC), len(text))
        if error.errno == errno.EEXIST:
            return None
        raise
    finally:
        fresh.unlink(missing_ok=True)
    return Beacon(token, handle, len(text))


def _light_at(file: Path, token: str, text: bytes) -> Beacon | None:
    """Where there are no hard links: exclusive as well, but for a moment others see it empty."""
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        return None
    os.pwrite(handle, text, 0)
    os.close(os.dup(handle))
    return Beacon(token, handle, len(text))


def new_token() -> str:
    """A name that nothing else has, on whatever host."""
    return os.urandom(8).hex()


def command_line() -> str:
    """What was typed to start this process."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:500]


def read(file: Path) -> Seen | None:
    """The beacon at ``file``; None where there is none (any more)."""
    try:
        first, _, rest = file.read_text(encoding="utf-8", errors="replace").partition("\n")
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ESTALE, errno.ENOTDIR):
            return None
        raise
    try:
        head, *lines = rest.splitlines()
        about: Mapping[str, Any] = json.loads(head)
        return Seen(
            token=str(about["token"]),
            beat=int(first) if first.isdigit() else -1,  # read while it was written: no reason to take it for another
            who=read_process(about["who"]),
            doing=str(about["doing"]),
            since=str(about["since"]),
            command=str(about["command"]),
            every=float(about["every"]),
            domain=about["domain"],
            names=tuple(_names(lines)),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Seen(token=f"{file.name}:{first[:_DIGITS]}")  # half written, or damaged


def _names(lines: list[str]) -> list[str | None]:
    found = []
    for line in lines:
        with suppress(ValueError, RecursionError):  # the last one may be half written: it is not relied upon yet
            found.append(json.loads(line))
    return found


class _Looked:
    """What was seen of one beacon: its counter, when it was last looked at, for how long it stood still."""

    def __init__(self, beat: int, at: float) -> None:
        self.beat, self.at = beat, at
        self.silent, self.moved = 0.0, False


class Watch:
    """Tells by one's own clock for how long a beacon has stood still, as far as one looked: what passes between two
    looks counts for little, so that an outage of the network folder, or one's own sleep, counts for nothing.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._looks: dict[str, _Looked] = {}

    def look(self, seen: Seen) -> None:
        """Note how the beacon stands now."""
        now = time.monotonic()
        before = self._looks.setdefault(seen.token, _Looked(seen.beat, now))
        if before.beat == seen.beat:
            before.silent += min(now - before.at, 4 * LOOK)
        else:
            before.beat, before.silent, before.moved = seen.beat, 0.0, True
        before.at = now

    def has_moved(self, seen: Seen) -> bool:
        """Whether it beat since it was first looked at."""
        return seen.token in self._looks and self._looks[seen.token].moved

    def is_silent(self, seen: Seen) -> bool:
        """Whether it stood still for so long that its process counts as dead."""
        before = self._looks.get(seen.token)
        if before is None or before.beat != seen.beat:
            return False
        return before.silent >= max(self.patience, seen.every * (BEATS - 1))


Beat = Callable[[], bool | None]
"""Shows that this process lives; False: what the main thread works on is lost. Raises OSError where it cannot."""


class Heart:
    """Beats for all that this process has lit, in a thread of its own while there is something to beat for."""

    def __init__(self, every: float) -> None:
        self.every = every
        self._beats: list[Beat] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self, beat: Beat) -> None:
        """Call ``beat`` every few seconds from now on, and when this process was suspended and goes on."""
        with self._changed:
            self._beats.append(beat)
            if len(self._beats) == 1:
                suspension.on_waking(self.beat)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="axs heart", daemon=True)
                self._thread.start()

    def stop(self, beat: Beat) -> None:
        """Call it no more."""
        with self._changed:
            self._beats.remove(beat)
            if not self._beats:
                suspension.no_more(self.beat)
            self._changed.notify()

    def beat(self) -> bool:
        """Beat now; says whether nothing is lost, as far as that can be known."""
        with self._changed:
            due = list(self._beats)
        kept = True
        for beat in due:
            with suppress(OSError):  # a full disk, a server that is away: others see that it stands still
                kept &= beat() is not False
        return kept

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._beats:
                    self._thread = None
                    return
                self._changed.wait(self.every)
            self.beat()
