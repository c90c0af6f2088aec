"""What can go wrong, as values: attributes first, a sentence in ``str()``, a hint that can be typed.

Every error that a user can cause derives from :class:`AxsError`. ``exit_code`` is what the command line returns:
1 a program, download or build failed; 2 bad usage or a bad entry; 3 nothing found, or not resolvable.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def brief(text: str, most: int = 400) -> str:
    """``text``, with a piece of its middle left out where it is longer than ``most`` characters.

    >>> brief("one two three", 9), brief("one", 9)
    ('on .. ree', 'one')
    """
    kept = max(most - 4, 2)
    return text if len(text) <= most else f"{text[: kept // 2]} .. {text[-(kept - kept // 2) :]}"


class AxsError(Exception):
    """An error with a remedy.

    ``hint`` is one line that says what to type instead; ``needed_by`` is the chain of what was asked for,
    outermost first; ``log`` is the file that holds the whole story, where there is one.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = log
        self.needed_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.message

    def needed_for(self, what: str) -> AxsError:
        """Put ``what`` in front of the chain that says for whom this was needed; returns the error itself."""
        if what not in self.needed_by:
            self.needed_by = (what, *self.needed_by)
        return self


class UsageError(AxsError):
    """The command line, a query or a parameter cannot be understood."""

    exit_code = 2


class EntryError(AxsError):
    """An entry's ``meta.yaml`` or ``code.py`` is wrong; ``file``, ``line`` and ``key`` say where."""

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        file: Path | None = None,
        line: int | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.file, self.line, self.key = file, line, key

    def __str__(self) -> str:
        where = f"{self.file}" if self.file else ""
        if where and self.line is not None:
            where += f":{self.line}"
        if self.key:
            where = f"{where}: {self.key}" if where else self.key
        return f"{where}: {self.message}" if where else self.message


class NotFound(AxsError):
    """Nothing answers to a name or a query, or the needs cannot be met."""

    exit_code = 3


class NoSuchName(NotFound):
    """Something has no value of the ``name`` that was asked for (and not: of one that it is computed from)."""

    def __init__(self, message: str, *, name: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.name = name


class ProduceError(AxsError):
    """A download, an installation, a program or a check on what was made has failed."""

    exit_code = 1


class ProgramFailed(ProduceError):
    """A child process ended badly; ``returncode`` is negative for a signal, None for a time-out; ``tail`` is the
    last of its talk.
    """

    def __init__(
        self,
        message: str,
        *,
        argv: Sequence[str],
        returncode: int | None,
        tail: Sequence[str] = (),
        log: Path | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, log=log)
        self.argv, self.returncode, self.tail = tuple(argv), returncode, tuple(tail)

    def __str__(self) -> str:
        lines = [self.message, *(f"    {line}" for line in self.tail)]
        return "\n".join(lines)


class DoesNotApply(AxsError):
    """A producer says that it cannot serve here (a tool is not on this machine); the next recipe is tried."""

    exit_code = 3


class Refused(AxsError):
    """A value exists but must not be given out as it is (the figure of a run that is not valid)."""

    exit_code = 1


class Inapplicable(Refused):
    """What the entry is has no such value: a figure that its kind of run does not measure. Of several entries, the
    others answer.
    """


class NotTrusted(AxsError):
    """Code of a collection that came from elsewhere would run, and nobody said that it may."""

    exit_code = 2


class StoreError(AxsError):
    """The work collection cannot be used: not writable, disk full, another layout."""

    exit_code = 1
