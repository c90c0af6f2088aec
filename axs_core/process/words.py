"""How a child's end is told, and the last of its talk."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from axs_core.base.credentials import without_credentials

TAIL_LINES = 15
_TAIL_BYTES = 32768


def last_lines(talk: int, begin: int, end: int) -> list[str]:
    """The last of what an open file holds from ``begin`` to ``end``; the place that others write to stays where it
    is.
    """
    begin = max(begin, end - _TAIL_BYTES)
    return tail_of(os.pread(talk, max(end - begin, 0), begin).decode(errors="replace"))


def tail_of(text: str) -> list[str]:
    """The last lines that say something; of a progress bar that redraws itself with carriage returns its last state."""
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
    return [without_credentials(line) for line in lines if line][-TAIL_LINES:]


def ending(returncode: int | None, timeout: float | None) -> str:
    """``exit code 1``, ``killed by signal 11 (SIGSEGV)``, ``timed out after 10 s`` (None)."""
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


def not_started(error: OSError, program: str, cwd: Path | None) -> str:
    """Why a program cannot be started."""
    if cwd is not None and not cwd.is_dir():
        return f"cannot be started: no such folder: {cwd}"
    if not isinstance(error, FileNotFoundError):
        return f"cannot be started: {(error.strerror or str(error)).lower()}: {program}"
    if "/" in program and ((cwd or Path()) / program).exists():
        return f"cannot be started: the interpreter in its first line does not exist: {program}"
    return f"cannot be started: {f'no such file: {program}' if '/' in program else 'there is no such program on PATH'}"
