"""Why the last attempt at making something failed: kept in its folder, for those who waited for it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from axs_core.credentials import scrubbed, secrets_in
from axs_core.entry.form import OPTIONAL_TEXT, TEXT, mismatch
from axs_core.errors import AxsError, ProduceError

FAILED = "failed.json"
_FORM = {
    "attempt!": TEXT, "who!": TEXT, "reason!": TEXT, "message!": TEXT, "hint": OPTIONAL_TEXT, "exit_code": int,
}  # fmt: skip


@dataclass(frozen=True)
class Failure:
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
