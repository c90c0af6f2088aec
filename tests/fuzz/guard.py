"""What is watched while bad input is tried: what is written and started, how long it takes, what is said."""

from __future__ import annotations

import io
import os
import re
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from axs_core.base.console import print_error
from axs_core.base.errors import AxsError

SECONDS = 10
"""Of processor time that one input may take; a hundred times what any should need, on a busy machine too."""
BYTES = 2 << 30
"""Of memory that may be asked for beyond what the process has."""
LONGEST = 4000
"""Characters of a message: a screen or two, whatever the input."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.mkdir": 0,
    "os.rename": 1,
    "os.remove": 0,
    "os.rmdir": 0,
    "os.link": 1,
    "os.symlink": 1,
    "os.truncate": 0,
    "os.chmod": 0,
    "os.chown": 0,
    "os.utime": 0,
    "sqlite3.connect": 0,
}
_STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "socket.connect")


class Fault(AssertionError):
    """Bad input did what it must not do."""


class Hang(BaseException):
    """It took too long; nobody catches this on the way."""


class _Watch:
    """Writes below ``root`` are let through while it is set, all else is refused and noted."""

    def __init__(self) -> None:
        self.root: str | None = None
        self.noted: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.root is None:
            return
        if event in _STARTS:
            self._refuse(f"{event} {arguments[:2]!r}")
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
            self._check(event, arguments[0], -1)
        elif event in _CHANGES:
            place = _CHANGES[event]
            folders = [each for each in arguments[place + 1 :] if type(each) is int] if event != "os.chmod" else []
            self._check(event, arguments[place], folders[-1] if folders else -1)

    def _check(self, event: str, path: Any, folder: int) -> None:
        if isinstance(path, int) or path in (":memory:", "/dev/null", b"/dev/null"):
            return
        text = os.fsdecode(path)
        if event == "sqlite3.connect":  # a path, or a URI of one
            text = unquote(text.removeprefix("file:").partition("?")[0])
        before = Path(f"/proc/self/fd/{folder}").readlink() if folder >= 0 else Path.cwd()
        whole = before / text
        real = (
            Path(os.path.realpath(whole.parent)) / whole.name
        )  # a link at the end is what is changed, not where it leads
        assert self.root is not None
        if not f"{real}/".startswith(f"{self.root}/"):
            self._refuse(f"{event} {real}")

    def _refuse(self, what: str) -> None:
        self.noted.append(what)
        raise PermissionError(1, f"the watch refuses {what}")


_watch = _Watch()


def _install() -> None:
    if not hasattr(sys, "_axs_fuzz_watch"):
        sys._axs_fuzz_watch = _watch  # type: ignore[attr-defined]
        sys.addaudithook(_watch)


@contextmanager
def guarded(root: Path) -> Iterator[None]:
    """Watch what happens inside: raises Fault for a write outside of ``root``, a process, a connection, a hang."""
    _install()

    def ring(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, ring)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + BYTES, limits[1]))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    _watch.noted.clear()
    _watch.root = os.path.realpath(root)
    try:
        yield
    except Hang:
        raise Fault(f"it takes more than {SECONDS} s of processor time") from None
    except Exception:
        if not _watch.noted:
            raise
    finally:
        _watch.root = None
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)
    if _watch.noted:
        raise Fault(f"it touches what lies outside: {_watch.noted[0]}")


def told(error: AxsError) -> str:
    """The outcome that an error is, after a look at its words: some, and not too many."""
    stream = io.StringIO()
    print_error(error, stream, environ={})
    said = stream.getvalue()
    said.encode("utf-8", "backslashreplace")
    if not re.search(r"\w", str(error)):
        raise Fault(f"{type(error).__name__} says nothing")
    if len(said) > LONGEST:
        raise Fault(f"{type(error).__name__} says {len(said)} characters: {said[:300]}")
    if "Traceback (most recent" in said or " raised " in str(error):
        raise Fault(f"{type(error).__name__} says how Python failed: {said[:500]}")
    return f"{type(error).__name__}: {in_general(str(error).splitlines()[0])}"


def in_general(text: str) -> str:
    """A message without what is particular to one input: the same for all that were refused for the same reason."""
    return _SPECIFIC.sub("..", text)[:80]


_SPECIFIC = re.compile(r"'[^']*'|\"[^\"]*\"|\S*/\S*|\d+|[^\x00-\x7f]+")
