"""Other programs as children: their talk goes to a log, and none of them outlives us.

A child is the leader of its own session and process group, so a Ctrl-C on the terminal reaches axs alone, which then
ends the whole group: SIGTERM, a grace, SIGKILL. For the case that axs itself is killed (SIGKILL, out of memory) a tiny
watcher process holds one end of a pipe; when the pipe breaks without a word it kills the group. That serves
grandchildren too, and needs no code between fork and exec, which PR_SET_PDEATHSIG would (unsafe once there are threads,
and it is sent when the starting *thread* ends).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from axs_core.errors import ProgramFailed
from axs_core.reporter import Progress, Reporter

CHILD_FILE = "child"
GRACE = 5.0  # seconds between SIGTERM and SIGKILL
TAIL_LINES = 15
_TAIL_BYTES = 32768
_AFTER_KILL = 5.0  # seconds to see a killed group off; only a process stuck in a driver takes longer
_SILENT = Reporter()
_WATCHER = 'read -r group || exit 0; read -r word || kill -s KILL -- "-$group"'
_USERINFO = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]*)://([^/\s'\"]*)@")


@dataclass(frozen=True)
class Completed:
    """A child that ended with ``returncode`` 0 after ``seconds``; ``output`` is its stdout where that was asked for."""

    returncode: int
    seconds: float
    output: str | None = None


def without_credentials(text: str) -> str:
    """``text`` with ``user:token@`` taken out of every URL in it.

    The user name stays for ssh, where it is part of the address.

    >>> without_credentials("https://me:secret@host/x and ssh://git:pw@host/y")
    'https://host/x and ssh://git@host/y'
    """

    def bare(match: re.Match[str]) -> str:
        scheme, user = match[1], match[2].partition(":")[0]
        return f"{scheme}://{user}@" if scheme.endswith("ssh") else f"{scheme}://"

    return _USERINFO.sub(bare, text)


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    reporter: Reporter = _SILENT,
    name: str | None = None,
    capture: bool = False,
    grace: float = GRACE,
) -> Completed:
    """Run ``argv`` in ``cwd`` to its end; its talk is appended to ``log`` while it runs.

    ``env`` is the whole environment (None: ours). ``timeout`` and ``grace`` are in seconds; messages call it ``name``.
    With ``capture`` its stdout comes back as text, and goes to the log when it has ended; stderr goes there at once.
    While it runs, ``child`` beside the log says which process it is (see :func:`end_leftover`).
    Whatever else it started in its group is ended with it. Raises :class:`ProgramFailed` unless its exit code is 0.
    """
    words = [os.fspath(word) for word in argv]
    called = name or Path(words[0]).name
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as talk, contextlib.ExitStack() as stack:
        out: IO[bytes] = stack.enter_context(tempfile.TemporaryFile()) if capture else talk
        _say(talk, f"$ {without_credentials(shlex.join(words))}")
        begin, started = talk.tell(), time.monotonic()
        bar = stack.enter_context(reporter.progress(called, None, unit="s"))
        try:
            returncode = _supervise(words, cwd, env, out, talk, log.parent / CHILD_FILE, timeout, grace, bar)
        except OSError as error:
            ending = _not_started(error, words[0], cwd)
            _say(talk, f"# {ending}")
            code = 127 if isinstance(error, FileNotFoundError) else 126
            raise ProgramFailed(f"{called}: {ending}", argv=_bare(words), returncode=code, log=log) from error
        seconds, ending = time.monotonic() - started, _ending(returncode, timeout)
        tail = _last_lines(log, begin)
        output = _captured(out, talk) if capture else None
        _say(talk, f"# {ending} after {seconds:.2f} s")
    if returncode == 0:
        return Completed(0, seconds, output)
    tail = tail or _tail_of(output or "")
    raise ProgramFailed(f"{called}: {ending}", argv=_bare(words), returncode=returncode, tail=tail, log=log)


def end_leftover(folder: Path, *, grace: float = GRACE) -> bool:
    """End the process group that a dead axs left running, as ``child`` in ``folder`` tells; says whether there was one.

    Nothing is touched unless a process with that number, that start time and of this boot of the machine lives:
    numbers are used again, and other machines may share the disk. The caller holds the lock of the entry.
    """
    file = folder / CHILD_FILE
    try:
        told = json.loads(file.read_text())
        pid = int(told["pid"])
        same = bool(told == _identity(pid))
    except (OSError, ValueError, TypeError, KeyError):
        pid, same = 0, False
    if same:
        _end_group(pid, grace, lambda: None)
    file.unlink(missing_ok=True)
    return same


def _supervise(
    words: Sequence[str],
    cwd: Path,
    env: Mapping[str, str] | None,
    out: IO[bytes],
    talk: IO[bytes],
    child_file: Path,
    timeout: float | None,
    grace: float,
    bar: Progress,
) -> int | None:
    """Start the child and see it, and all of its group, to the end; None when it ran past its time-out."""
    with _watcher() as tell, contextlib.ExitStack() as stack:
        with _interrupts_deferred():
            child = subprocess.Popen(
                words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=talk, start_new_session=True
            )
            stack.callback(child_file.unlink, missing_ok=True)
            stack.callback(_end_group, child.pid, grace, child.poll)
            tell(child.pid)
            child_file.write_text(json.dumps(_identity(child.pid)))
        return _wait(child, timeout, bar)


def _wait(child: subprocess.Popen[bytes], timeout: float | None, bar: Progress) -> int | None:
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = 1.0 if deadline is None else min(1.0, deadline - time.monotonic())
        if left <= 0:
            return None
        _until_ended(child, left)
        if (code := child.poll()) is not None:
            return code
        bar.advance(1)


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
def _watcher() -> Iterator[Callable[[int], None]]:
    """A shell that kills the group it was told of when we die without a last word; it costs a millisecond."""
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", _WATCHER],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        bufsize=0,
    )
    pipe = watcher.stdin
    assert pipe is not None

    def tell(word: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed the watcher: the child is still ours to end
            pipe.write(f"{word}\n".encode())

    try:
        yield tell
    finally:
        tell("done")
        tell("done")  # the second one is for the case that it was never told of a group
        pipe.close()
        watcher.wait()


@contextlib.contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the child is known: an exception just after the fork would lose it."""
    arrived: list[int] = []
    replaced: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(signal.getsignal(number)):  # an ignored signal stays ignored, in the child too
                replaced[number] = signal.signal(number, lambda received, _: arrived.append(received))
    try:
        yield
    finally:
        for replaced_number, handler in replaced.items():
            signal.signal(replaced_number, handler)
        if arrived:
            signal.raise_signal(arrived[0])


def _end_group(group: int, grace: float, reap: Callable[[], object]) -> None:
    """SIGTERM, a grace, SIGKILL; an interrupt during the grace (a second Ctrl-C) goes straight to SIGKILL."""
    reap()
    try:
        if _send(group, signal.SIGTERM):
            _await_end(group, grace, reap)
    finally:
        if _send(group, signal.SIGKILL):
            _await_end(group, _AFTER_KILL, reap)
        reap()


def _send(group: int, number: signal.Signals) -> bool:
    """Whether there was somebody to receive it."""
    if not _lives(group):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    return True


def _await_end(group: int, seconds: float, reap: Callable[[], object]) -> None:
    deadline, pause = time.monotonic() + seconds, 0.001
    while _lives(group) and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
        reap()


def _lives(group: int) -> bool:
    """Whether the group has a member that is not a zombie (in a container nobody may collect those)."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stats = [stat for entry in os.scandir("/proc") if entry.name.isdigit() and (stat := _stat(entry.name))]
    return not stats or any(stat[2] == str(group) and stat[0] not in "ZX" for stat in stats)


def _stat(pid: int | str) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on (proc(5)): 0 state, 2 process group, 19 start time in ticks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _identity(pid: int) -> dict[str, Any]:
    stat = _stat(pid)
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = None
    return {"pid": pid, "pgid": pid, "start": stat and stat[19], "boot": boot}


def _say(talk: IO[bytes], line: str) -> None:
    talk.write(f"{line}\n".encode(errors="backslashreplace"))
    talk.flush()


def _bare(words: Sequence[str]) -> list[str]:
    return [without_credentials(word) for word in words]


def _captured(out: IO[bytes], talk: IO[bytes]) -> str:
    out.seek(0)
    data = out.read()
    talk.write(data)
    return data.decode(errors="replace")


def _last_lines(log: Path, begin: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(max(begin, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
        return _tail_of(file.read().decode(errors="replace"))


def _tail_of(text: str) -> list[str]:
    """The last lines that say something; of a progress bar that redraws itself with carriage returns its last state."""
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
    return [without_credentials(line) for line in lines if line][-TAIL_LINES:]


def _ending(returncode: int | None, timeout: float | None) -> str:
    if returncode is None:
        return f"timed out after {timeout:g} s"
    if returncode >= 0:
        return f"exit code {returncode}"
    if returncode == -signal.SIGKILL:
        return "killed by signal 9 (out of memory?)"
    try:
        return f"killed by signal {-returncode} ({signal.Signals(-returncode).name})"
    except ValueError:
        return f"killed by signal {-returncode}"


def _not_started(error: OSError, program: str, cwd: Path) -> str:
    if not cwd.is_dir():
        return f"cannot be started: no such folder: {cwd}"
    if not isinstance(error, FileNotFoundError):
        return f"cannot be started: {(error.strerror or str(error)).lower()}: {program}"
    if "/" in program and (cwd / program).exists():
        return f"cannot be started: the interpreter in its first line does not exist: {program}"
    return f"cannot be started: {f'no such file: {program}' if '/' in program else 'there is no such program on PATH'}"
