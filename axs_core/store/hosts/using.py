"""Which processes are at work, and what they depend on: so that nobody removes it from under them.

A process that makes something keeps a beacon in ``using/``. It adds the name of every entry that it is going to depend
on, *then* looks whether the entry is there. Who removes an entry takes its ``meta.yaml`` away, *then* looks whether
somebody depends on it, and puts it back if so. One of the two sees the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from axs_core.base.host import Process
from axs_core.store.hosts.beacon import Beacon, Heart, Seen, light, new_token, read


class Using:
    """The processes that work in the work collection at ``root``, each with a beacon in ``folder``."""

    def __init__(self, root: Path, folder: Path, heart: Heart) -> None:
        self.root, self.folder, self.heart = root, folder, heart
        self._own: Beacon | None = None

    @contextmanager
    def working(self, keep: Path) -> Iterator[None]:
        """This process is at work, and what it depends on is noted. While ``keep`` exists (somebody collects garbage)
        its notes stay when it ends: what it has made may not have been seen yet. Raises OSError.
        """
        if self._own is not None:
            yield
            return
        file = self.folder / new_token()
        self.folder.mkdir(parents=True, exist_ok=True)
        own = self._own = light(file, "at work", self.heart.every)
        assert own is not None
        self.heart.start(own.beat)
        try:
            yield
        finally:
            self.heart.stop(own.beat)
            self._own = None
            _end(own, file, keep)

    def note(self, entry: Path) -> None:
        """This process depends on the entry in that folder, or is about to. Raises OSError."""
        if self._own is not None and entry.is_relative_to(self.root):
            self._own.add(str(entry.relative_to(self.root)))

    def forget(self, who: Process | None) -> None:
        """That process is dead: what it has noted counts no more."""
        for file, seen in self.everyone():
            if seen.who is not None and seen.who == who:
                file.unlink(missing_ok=True)

    def everyone(self) -> Iterator[tuple[Path, Seen]]:
        """All others who are, or were, at work."""
        try:
            names = sorted(file.name for file in self.folder.iterdir())
        except FileNotFoundError:
            return
        for name in names:
            seen = None if name.startswith(".") else read(self.folder / name)
            if seen is not None and (self._own is None or seen.token != self._own.token):
                yield self.folder / name, seen

    def of(self, entry: Path) -> Iterator[Seen]:
        """Who depends on the entry in that folder, or did."""
        name = str(entry.relative_to(self.root))
        return (seen for _, seen in self.everyone() if name in seen.names)


def _end(own: Beacon, file: Path, keep: Path) -> None:
    with suppress(OSError):
        if keep.exists():
            own.add(None)
        else:
            file.unlink(missing_ok=True)
    own.close()


def has_ended(seen: Seen) -> bool:
    """Whether its process has said that its work is done."""
    return None in seen.names
