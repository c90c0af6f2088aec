"""Why an attempt at making something failed: for the user, and kept in its folder for those who waited for it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from axs_core.base.credentials import scrubbed, secrets_in
from axs_core.base.errors import AxsError, EntryError, ProduceError, StoreError
from axs_core.base.value import Value
from axs_core.entry.form import OPTIONAL_TEXT, TEXT, mismatch

_FORM = {
    "attempt!": TEXT, "who!": TEXT, "reason!": TEXT, "message!": TEXT, "hint": OPTIONAL_TEXT, "exit_code": int,
}  # fmt: skip
_MORE_ROOM = "free some room (axs gc removes what nobody needs) and ask again"
_FULL = 1 << 20  # with fewer bytes than that what fails has most likely failed for it: a child, or what it has written


class Failure(Value):
    """``attempt`` is different for every attempt; ``who`` is the process that made it; the rest is the error."""

    attempt: str
    who: str
    reason: str
    message: str
    hint: str | None = None
    exit_code: int = 1

    @staticmethod
    def of(error: BaseException, who: str) -> Failure:
        """What is kept of an error."""
        reason = f"{type(error).__name__}: {error}"
        hint = error.hint if isinstance(error, AxsError) else None
        code = error.exit_code if isinstance(error, AxsError) else 1
        return Failure(os.urandom(8).hex(), who, reason, str(error), hint, code)

    @staticmethod
    def read(file: Path) -> Failure | None:
        """What ``file`` tells; None where there is none, or none that can be read."""
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            return Failure(**told) if mismatch(told, _FORM) is None else None
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def write(self, file: Path) -> None:
        """Keep it. Raises OSError."""
        told = scrubbed(vars(self), secrets_in(os.environ))
        file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    def error(self, log: Path | None) -> AxsError:
        """The error for somebody who waited for that attempt."""
        error = ProduceError(f"{self.message}\n    (in {self.who}, which this one waited for)", hint=self.hint, log=log)
        error.exit_code = self.exit_code
        return error


def explained(error: BaseException, folder: Path, log: Path) -> BaseException:
    """The error with which making something in ``folder`` ended, in words for the user: a full disk is named, whatever
    it did first, and an error of the system becomes one of ours.
    """
    full = _full_disk(error)
    if full is not None and not isinstance(error, ProduceError):
        return StoreError(f"the disk is full: {full.filename or folder}", hint=_MORE_ROOM)
    if isinstance(error, OSError):
        return ProduceError(f"{folder.name}: {error.strerror or error}: {error.filename or ''}", log=log)
    if isinstance(error, (ProduceError, EntryError)) and error.hint is None and _is_full(folder):
        error.hint = f"the disk is full: {_MORE_ROOM}"
    if isinstance(error, ProduceError) and error.log is None and log.exists():
        error.log = log
    return error


def _is_full(folder: Path) -> bool:
    with suppress(OSError):
        return shutil.disk_usage(folder).free < _FULL
    return False


def _full_disk(error: BaseException | None) -> OSError | None:
    """The error that says so, if that is behind it. A chain of causes may run in a circle; each is looked at once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return error
        seen.add(id(error))
        error = error.__cause__
    return None
