"""What a person sees while axs works, on standard error: notes, warnings, steps, bars, errors.

Colour and bars appear on a terminal only; ``NO_COLOR`` (https://no-color.org) and ``TERM=dumb`` are honoured.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from axs_core.base.credentials import secrets_in, without_credentials
from axs_core.base.errors import AxsError, brief
from axs_core.base.reporter import Progress, Reporter

if TYPE_CHECKING:
    from tqdm import tqdm

WIDEST = 600
"""Characters of one line of an error: bad input may be as long as it likes."""
RED, YELLOW, CYAN, DIM, BOLD = "1;31", "1;33", "1;36", "2", "1"


def has_colour(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether text written to ``stream`` may be coloured."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def styled(text: str, style: str, colour: bool) -> str:
    """``text`` in an ANSI style (``"1;31"``), or as it is."""
    return f"\x1b[{style}m{text}\x1b[0m" if colour else text


class _Bar(Progress):
    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar

    def advance(self, amount: int) -> None:
        self._bar.update(amount)


class ConsoleReporter(Reporter):
    """Writes lines to ``stream``; bars once work takes longer than ``bar_after`` seconds, if it is a terminal.

    ``quiet`` leaves the warnings only.
    """

    def __init__(
        self, stream: TextIO, *, environ: Mapping[str, str] = os.environ, quiet: bool = False, bar_after: float = 1.0
    ) -> None:
        self._stream, self._quiet, self._bar_after = stream, quiet, bar_after
        self._colour = has_colour(stream, environ)
        self._bars = 0
        self._secrets = secrets_in(environ)

    def note(self, text: str) -> None:
        """A line, dimmed."""
        if not self._quiet:
            self._line(styled(text, DIM, self._colour))

    def warn(self, text: str) -> None:
        """A line that begins with ``warning:``."""
        self._line(f"{styled('warning:', YELLOW, self._colour)} {text}")

    def step(self, text: str) -> None:
        """A line that begins with an arrow."""
        if not self._quiet:
            self._line(styled(f"-> {text}", BOLD, self._colour))

    def ask(self, question: str) -> bool | None:
        """The question and ``[y/N]``, where a person sits at a terminal."""
        if self._quiet or not self._stream.isatty() or sys.stdin is None or not sys.stdin.isatty():
            return None
        self._line(styled(question, BOLD, self._colour))
        print("[y/N] ", end="", file=self._stream, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    @contextmanager
    def progress(self, text: str, total: int | None, unit: str = "B") -> Iterator[Progress]:
        """A bar that vanishes when the work is done."""
        if self._quiet or not self._stream.isatty():
            yield Progress()
            return
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # its thread would be there when children are forked
        bar = tqdm(
            desc=text,
            total=total,
            unit=unit,
            unit_scale=unit == "B",
            file=self._stream,
            leave=False,
            delay=self._bar_after,
            dynamic_ncols=True,
        )
        self._bars += 1
        try:
            with bar:
                yield _Bar(bar)
        finally:
            self._bars -= 1

    def _line(self, text: str) -> None:
        text = without_credentials(text, self._secrets)
        if self._bars:
            from tqdm import tqdm

            tqdm.write(text, file=self._stream)  # above the bar, not into it
        else:
            say(text, self._stream)


def say(text: str, stream: TextIO) -> None:
    """Print a line of talk. That nobody listens any more (``2>&1 | head``), or that it cannot be kept (a full disk), is
    no reason to stop working.
    """
    try:
        print(text, file=stream, flush=True)
    except OSError:
        into_nothing(stream)


def into_nothing(stream: TextIO) -> None:
    """What is written to ``stream`` from now on, or waits in it for the interpreter's end, is lost silently."""
    with suppress(OSError, ValueError):  # not a file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_error(
    error: AxsError, stream: TextIO, *, subject: str | None = None, environ: Mapping[str, str] = os.environ
) -> None:
    """Print an error: what happened, for whom it was needed (the nearest first), the log; then the hint.

    ``subject`` names the one of several things that it happened to.
    """
    colour = has_colour(stream, environ)
    about = f"{subject}: " if subject else ""
    lines = [f"{styled('error:', RED, colour)} {about}{error}"]
    lines += [f"  needed by: {asked}" for asked in reversed(error.needed_by)]
    if error.log is not None:
        lines.append(f"  log: {error.log}")
    if error.hint:
        lines += ["", f"{styled('hint:', CYAN, colour)} {error.hint}"]
    said = without_credentials("\n".join(lines), secrets_in(environ))
    say("\n".join(brief(line, WIDEST) for line in said.splitlines()), stream)
