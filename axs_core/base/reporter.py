"""How the engine talks while it works. Talk goes to stderr; answers never pass through here.

The default :class:`Reporter` says nothing. ``console`` has the one that writes to a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Counts work that was done; the silent default."""

    def advance(self, amount: int) -> None:
        """``amount`` more units (bytes, files, samples) are done."""


class Reporter:
    """Receives what happens. All methods may be left as they are."""

    def note(self, text: str) -> None:
        """Something worth a line: what answered, what is waited for."""

    def warn(self, text: str) -> None:
        """Something that is probably not what the user wants."""

    def step(self, text: str) -> None:
        """A piece of work begins: ``installing numpy==2.2.6``."""

    def ask(self, question: str) -> bool | None:
        """A question that is answered with yes or no; None where nobody is there to answer."""
        return None

    @contextmanager
    def progress(self, text: str, total: int | None, unit: str = "B") -> Iterator[Progress]:
        """A bar for work of known (or None: unknown) size; on a terminal only."""
        yield Progress()
