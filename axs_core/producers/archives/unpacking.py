"""A folder that is filled from somebody else's archive: nothing leaves it, and it does not grow without limit.

The rules are those of Python's ``data`` filter for tar files (PEP 706) and some more, applied to every kind of archive
and on every Python (3.10.0 to 3.10.11 have no such filter). Every member is written by this module; nothing is ever
written *through* a link, so that a chain of links cannot lead out; and where links lead is looked at again at the end.
"""

from __future__ import annotations

import os
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from axs_core.producers.paths import write_all

_BLOCK = 1 << 20
_SMALL = 64 << 20  # bytes that any archive may grow to: of small files the ratio says nothing


class Refused(Exception):
    """A member that must not be extracted; ``str()`` says which and why."""

    def __init__(self, member: str, why: str) -> None:
        super().__init__(f"{member!r}: {why}")


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: bytes in all, bytes for each byte of the archive, members."""

    size: int = 1 << 40
    ratio: int = 500
    members: int = 5_000_000


class Unpacking:
    """Members go below ``root``, an empty folder; their first ``strip`` parts are left out.

    ``packed`` is the size of the archive in bytes.
    """

    def __init__(self, root: Path, packed: int, strip: int, limits: Limits) -> None:
        self.root, self.strip, self.limits = root, strip, limits
        self.most = min(limits.size, max(_SMALL, packed * limits.ratio))
        self.size = self.members = 0
        self._spelt: dict[str, str] = {}
        self._files: set[str] = set()
        self._links: list[tuple[str, Path]] = []

    def directory(self, member: str) -> None:
        """A folder, which may come more than once."""
        self._count(member)
        if target := self._target(member):
            self._folder(member, target)

    def file(self, member: str, source: IO[bytes], size: int | None, mode: int = 0o644) -> None:
        """A regular file of ``size`` bytes (None: as many as come). Set-user-id and write for others are dropped."""
        self._count(member)
        target = self._target(member)
        if target is None:
            return
        self._grow(member, size or 0)
        self._new(member, target)
        written = self._copy(member, source, target, counted=size is not None)
        if size is not None and written != size:
            raise Refused(member, f"{written:,} of {size:,} bytes are there; the archive is cut off")
        target.chmod(mode & 0o755 | 0o600)

    def symlink(self, member: str, leads_to: str) -> None:
        """A symbolic link, to something inside."""
        self._count(member)
        target = self._target(member)
        if target is None:
            return
        place = PurePosixPath(os.path.normpath(target.relative_to(self.root).parent / leads_to))
        if leads_to.startswith("/") or ".." in place.parts or "\0" in leads_to:
            raise Refused(member, f"a link that leads out of the folder, to {leads_to!r}")
        self._new(member, target)
        target.symlink_to(leads_to)
        self._links.append((member, target))

    def hardlink(self, member: str, other: str) -> None:
        """Another name for a file that was extracted before."""
        self._count(member)
        target, source = self._target(member), self._target(other)
        if target is None:
            return
        if source is None or self._key(source) not in self._files or source.is_symlink():
            raise Refused(member, f"a hard link to {other!r}, which is no file that came before it")
        self._new(member, target)
        os.link(source, target)

    def finish(self) -> None:
        """Look where the links really lead, now that all is there: a chain of them may leave though none does alone."""
        root = self.root.resolve()
        for member, link in self._links:
            try:
                end = link.resolve()
                with suppress(FileNotFoundError):  # a link to what is not there leads nowhere
                    link.stat()
            except (OSError, RuntimeError):  # a circle (the latter up to Python 3.12), or a name that is too long
                raise Refused(member, "a link that cannot be followed") from None
            if not end.is_relative_to(root):
                raise Refused(member, "a link that leads out of the folder through other links")

    def _count(self, member: str) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise Refused(member, f"the archive holds more than {self.limits.members:,} members (max_members)")

    def _grow(self, member: str, size: int) -> None:
        self.size += size
        if self.size > self.most:
            raise Refused(member, f"the archive grows to more than {self.most:,} bytes (max_size, max_ratio)")

    def _target(self, member: str) -> Path | None:
        """Where a member goes; None for one that is stripped away."""
        if not member or "\0" in member:
            raise Refused(member, "not a name")
        if member.startswith("/"):
            raise Refused(member, "an absolute path")
        parts = PurePosixPath(member).parts
        if ".." in parts:
            raise Refused(member, "a path with '..'")
        kept = parts[self.strip :]
        return self.root.joinpath(*kept) if kept else None

    def _new(self, member: str, target: Path) -> None:
        """Claim a name for a file or a link; its folders are made."""
        self._folder(member, target.parent)
        key = self._claim(member, target)
        if key in self._files or os.path.lexists(target):
            raise Refused(member, "the name is there twice")
        self._files.add(key)

    def _folder(self, member: str, folder: Path) -> None:
        if folder == self.root:
            return
        self._folder(member, folder.parent)
        if self._claim(member, folder) in self._files:
            raise Refused(member, "below something that is not a folder")
        folder.mkdir(exist_ok=True)

    def _claim(self, member: str, target: Path) -> str:
        """Names that differ in case or in the coding of accents only are one name on some file systems."""
        key, spelt = self._key(target), target.relative_to(self.root).as_posix()
        before = self._spelt.setdefault(key, spelt)
        if before != spelt:
            raise Refused(member, f"on some file systems the same name as {before!r}")
        return key

    def _key(self, target: Path) -> str:
        """Some file systems drop dots and blanks at the end of a name, too."""
        parts = (part.rstrip(". ") or part for part in target.relative_to(self.root).parts)
        return unicodedata.normalize("NFC", "/".join(parts)).casefold()

    def _copy(self, member: str, source: IO[bytes], target: Path, *, counted: bool) -> int:
        written = 0
        with target.open("xb", buffering=0) as file:
            while block := source.read(_BLOCK):
                if not counted:
                    self._grow(member, len(block))
                write_all(block, file, target)
                written += len(block)
        return written
