"""Running a child.

A child is the leader of its own session and process group, so a Ctrl-C on the terminal reaches axs alone, which then
ends the whole group: SIGTERM, a grace, SIGKILL; and then whatever left the group (a daemon, ``setsid``) but still has
the child's log as its standard output or error. For the case that axs itself is killed (SIGKILL, out of memory) a tiny
watcher process holds one end of a pipe; when the pipe breaks without a word it does the same. That serves
grandchildren too, and needs no code between fork and exec, which PR_SET_PDEATHSIG would (unsafe once there are threads,
and it is sent when the starting *thread* ends).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from axs_core.base import suspension
from axs_core.base.credentials import mask_log, secrets_in, without_credentials
from axs_core.base.errors import ProgramFailed
from axs_core.base.reporter import Progress, Reporter
from axs_core.process.group import end_group, end_holders, identity
from axs_core.process.watcher import watcher
from axs_core.process.words import ending, last_lines, not_started, tail_of

CHILD_FILE = "child"
GRACE = 5.0  # seconds between SIGTERM and SIGKILL
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end axs."""
_SILENT = Reporter()


@dataclass(frozen=True)
class Completed:
    """A child that ended with ``returncode`` 0 after ``seconds``, of which it was ``suspended`` for some; ``output`` is
    its stdout where that was asked for.
    """

    returncode: int
    seconds: float
    suspended: float = 0.0
    output: str | None = None


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None,
    log: Path | None,
    timeout: float | None,
    env: Mapping[str, str] | None = None,
    reporter: Reporter = _SILENT,
    name: str | None = None,
    capture: bool = False,
    grace: float = GRACE,
) -> Completed:
    """Run ``argv`` in ``cwd`` (None: where we are) to its end; its talk is appended to ``log`` while it runs (None: it
    is kept until it ends).

    ``env`` is the whole environment (None: ours). ``timeout`` (None: it may take for ever; while we are suspended it
    does not run) and ``grace`` are in seconds; messages call it ``name``.
    With ``capture`` its stdout comes back as text, and goes to the log when it has ended; stderr goes there at once.
    While it runs, ``child`` beside the log says which process it is (see :func:`end_leftover`).
    Whatever else it started is ended with it. Raises :class:`ProgramFailed` unless its exit code is 0.
    """
    words = [os.fspath(word) for word in argv]
    called = name or Path(words[0]).name
    with contextlib.ExitStack() as stack:
        talk = stack.enter_context(_opened(log))
        out: IO[bytes] = stack.enter_context(tempfile.TemporaryFile()) if capture else talk
        _say(talk, f"$ {without_credentials(shlex.join(words))}")
        begin, started, asleep = os.fstat(talk.fileno()).st_size, time.monotonic(), suspension.seconds()
        bar = stack.enter_context(reporter.progress(called, None, unit="s"))
        child_file = log.parent / CHILD_FILE if log else None
        try:
            returncode = _supervise(words, cwd, env, out, talk, child_file, timeout, grace, bar)
        except OSError as error:
            why = not_started(error, words[0], cwd)
            _say(talk, f"# {why}")
            code = 127 if isinstance(error, FileNotFoundError) else 126
            raise ProgramFailed(f"{called}: {why}", argv=_bare(words), returncode=code, log=log) from error
        seconds, end = time.monotonic() - started, ending(returncode, timeout)
        suspended = suspension.seconds() - asleep
        own = os.fstat(talk.fileno()).st_size
        output = _captured(out, talk) if capture else None
        if log is not None:
            mask_log(log, begin, secrets_in(os.environ if env is None else env))
        tail = last_lines(talk.fileno(), begin, own)
        _say(talk, f"# {end} after {seconds:.2f} s" + (f", {suspended:.2f} s of them suspended" if suspended else ""))
    if returncode == 0:
        return Completed(0, seconds, suspended, output)
    tail = tail or tail_of(output or "")
    raise ProgramFailed(f"{called}: {end}", argv=_bare(words), returncode=returncode, tail=tail, log=log)


def ask(argv: Sequence[str], *, env: Mapping[str, str], timeout: float) -> str:
    """What a program that only answers a question writes to stdout; nothing is kept of its talk. Raises
    :class:`ProgramFailed`.
    """
    return run(argv, cwd=None, log=None, env=env, timeout=timeout, capture=True).output or ""


def end_leftover(log: Path, *, grace: float = GRACE) -> bool:
    """End what a dead axs left running: the process group that ``child`` beside its log tells of, and whoever writes
    to that log; says whether there was one.

    A group is not touched unless a process with that number, that start time and of this boot of the machine lives:
    numbers are used again, and other machines may share the disk. The caller holds the lock of the entry.
    """
    file = log.parent / CHILD_FILE
    try:
        told = json.loads(file.read_text())
        pid = int(told["pid"])
        same = bool(told == identity(pid))
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        pid, same = 0, False
    if same:
        end_group(pid, grace, lambda: None)
    file.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        return end_holders(log.stat(), grace) or same
    return same


def _supervise(
    words: Sequence[str],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    out: IO[bytes],
    talk: IO[bytes],
    child_file: Path | None,
    timeout: float | None,
    grace: float,
    bar: Progress,
) -> int | None:
    """Start the child and see it, and all of its family, to the end; None when it ran past its time-out."""
    with watcher(talk.fileno()) as tell, contextlib.ExitStack() as stack:
        with _interrupts_deferred():
            child = subprocess.Popen(
                words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=talk, start_new_session=True
            )
            stack.callback(end_holders, os.fstat(talk.fileno()), grace)
            stack.callback(end_group, child.pid, grace, child.poll)
            stack.enter_context(suspension.along(child.pid))
            tell(child.pid)
            if child_file is not None:
                stack.callback(child_file.unlink, missing_ok=True)
                with contextlib.suppress(OSError):  # a full disk: the log tells of the child, too
                    child_file.write_text(json.dumps(identity(child.pid)))
        return _wait(child, timeout, bar)


@contextlib.contextmanager
def _opened(log: Path | None) -> Iterator[IO[bytes]]:
    """A file without a buffer, so that what it holds can be read by anybody at any moment."""
    if log is None:
        with tempfile.TemporaryFile(buffering=0) as talk:
            yield talk
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab+", buffering=0) as talk:
        yield talk


def _wait(child: subprocess.Popen[bytes], timeout: float | None, bar: Progress) -> int | None:
    deadline = None if timeout is None else _awake() + timeout
    while True:
        left = 1.0 if deadline is None else min(1.0, deadline - _awake())
        if left <= 0:
            return None
        _until_ended(child, left)
        if (code := child.poll()) is not None:
            return code
        bar.advance(1)


def _awake() -> float:
    """A clock that stands still while we are suspended."""
    return time.monotonic() - suspension.seconds()


def _until_ended(child: subprocess.Popen[bytes], seconds: float) -> None:
    """Return when the child ended, or after so many seconds. Python itself looks only every 50 ms."""
    try:
        handle = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # no Linux, or an old one
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
        return
    try:
        ended = select.poll()  # select() knows no handle beyond 1023
        ended.register(handle, select.POLLIN)
        ended.poll(seconds * 1000)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Ctrl-C, Ctrl-Z and waking wait until the child is known: an exception just after the fork would lose it."""
    arrived: list[int] = []
    replaced: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (*ENDING, signal.SIGTSTP, signal.SIGCONT):
            if callable(signal.getsignal(number)):  # an ignored signal stays ignored, in the child too
                replaced[number] = signal.signal(number, lambda received, _: arrived.append(received))
    try:
        yield
    finally:
        for replaced_number, handler in replaced.items():
            signal.signal(replaced_number, handler)
        for arrived_number in arrived:
            signal.raise_signal(arrived_number)


def _say(talk: IO[bytes], line: str) -> None:
    talk.write(f"{line}\n".encode(errors="backslashreplace"))


def _bare(words: Sequence[str]) -> list[str]:
    return [without_credentials(word) for word in words]


def _captured(out: IO[bytes], talk: IO[bytes]) -> str:
    out.seek(0)
    data = out.read()
    talk.write(data)
    return data.decode(errors="replace")
