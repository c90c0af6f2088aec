"""Reading archives: what kind a file is, by its bytes, and its members one by one into an :class:`Unpacking`."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Literal

from axs_core.base.reporter import Progress
from axs_core.producers.archives.unpacking import Refused, Unpacking

Kind = Literal["tar", "zip", "gz", "bz2", "xz"]
SUFFIXES: dict[str, Kind] = {".gz": "gz", ".bz2": "bz2", ".xz": "xz"}
DAMAGES = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, NotImplementedError, UnicodeDecodeError, MemoryError),
)
"""What the readers raise for bytes that they cannot make sense of (and OSError without a number)."""

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_LONGEST_LINK = 4096
_LONGEST_HEADER = 1 << 20  # bytes of a long name, or of a member's further attributes
_LONG = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)
_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}


def kind_of(archive: Path) -> Kind | None:
    """What ``archive`` is, whatever its name; ``gz``, ``bz2`` and ``xz`` are single files. None: nothing known here."""
    with archive.open("rb") as file:
        kind = _by_magic(file)
        return "tar" if kind != "zip" and _holds_tar(file, kind) else kind


def said(damage: Exception) -> str:
    """One of :data:`DAMAGES` in words."""
    return str(damage) if not isinstance(damage, MemoryError) else "it needs more memory than there is"


def _by_magic(file: IO[bytes]) -> Kind | None:
    begin = file.read(8)
    file.seek(0)
    return next((kind for magic, kind in _MAGIC if begin.startswith(magic)), None)


def _tar_mode(kind: Kind | None) -> str:
    """Which compression tarfile has to expect. It would try all: an old form of lzma begins with hardly anything, and
    four bytes of it ask for four gigabytes of memory.
    """
    return f"r:{kind or ''}"


def _holds_tar(file: IO[bytes], kind: Kind | None) -> bool:
    """Whether a first member can be read; for tarfile a file of zeros is an empty archive, for us it is data."""
    try:
        with tarfile.open(fileobj=file, mode=_tar_mode(kind)) as tar:  # type: ignore[call-overload]
            return tar.next() is not None
    except (*DAMAGES, OSError):
        return False


def unpack(archive: Path, kind: Kind, to: Unpacking, single: str, bar: Progress) -> None:
    """All members of ``archive`` into ``to``; a single compressed file gets the name ``single``.

    ``bar`` advances by the bytes of the archive. Raises :class:`Refused`, or one of :data:`DAMAGES`.
    """
    with _Metered(archive, bar) as raw, io.BufferedReader(raw, 1 << 20) as stream:
        if kind == "tar":
            _tar(stream, to)
        elif kind == "zip":
            _zip(stream, to)
        else:
            with _OPENERS[kind](stream) as source:
                to.file(single, source, None)
    to.finish()


class _Metered(io.FileIO):
    """A file that tells how far it was read."""

    def __init__(self, path: Path, bar: Progress) -> None:
        super().__init__(path)
        self._bar, self._seen = bar, 0

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        count = super().readinto(buffer)
        ahead = self.tell() - self._seen
        if ahead > 0:  # readers jump back and forth
            self._seen += ahead
            self._bar.advance(ahead)
        return count


def _tar(stream: IO[bytes], to: Unpacking) -> None:
    header, mode = _headers(), _tar_mode(_by_magic(stream))
    with tarfile.open(fileobj=stream, mode=mode, tarinfo=header) as tar:  # type: ignore[call-overload]
        while (member := tar.next()) is not None:
            _tar_member(tar, member, to)
            tar.members.clear()  # of millions of members it would keep them all
    if header.wrong:  # tarfile takes it for the end
        raise tarfile.ReadError(header.wrong)


def _tar_member(tar: tarfile.TarFile, member: tarfile.TarInfo, to: Unpacking) -> None:
    if member.isdir():
        to.directory(member.name)
    elif member.issym():
        to.symlink(member.name, member.linkname)
    elif member.islnk():
        to.hardlink(member.name, member.linkname)
    elif member.isreg() and (source := tar.extractfile(member)) is not None:
        with source:
            to.file(member.name, source, member.size, member.mode)
    else:
        raise Refused(member.name, "a device, a pipe or something else that is no file, folder or link")


class _Header(tarfile.TarInfo):
    """A member's header. ``wrong`` says why one in the middle could not be read."""

    wrong: str | None = None


def _headers() -> type[_Header]:
    """A class of headers for one archive: what tarfile would read into the memory as a whole has a bound, and what it
    would take for the end is noticed.
    """

    class Header(_Header):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Any:
            try:
                member = super().frombuf(buf, encoding, errors)
            except tarfile.HeaderError as error:
                if buf != bytes(tarfile.BLOCKSIZE):
                    cls.wrong = f"it ends where more should come ({error})"
                raise
            if member.type in _LONG and member.size > _LONGEST_HEADER:
                raise Refused(member.name, f"a header of {member.size:,} bytes")
            return member

    return Header


def _zip(stream: IO[bytes], to: Unpacking) -> None:
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            _zip_member(archive, member, to)


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, to: Unpacking) -> None:
    mode = member.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if not member.filename:
        raise Refused(member.filename, "not a name")
    if member.flag_bits & 1:
        raise Refused(member.filename, "it is encrypted")
    if "\\" in member.filename:
        raise Refused(member.filename, "a path with backslashes")
    if member.is_dir():
        return to.directory(member.filename)
    if kind == stat.S_IFLNK:
        with archive.open(member) as source:
            return to.symlink(member.filename, source.read(_LONGEST_LINK).decode("utf-8", "surrogateescape"))
    if kind not in (0, stat.S_IFREG):
        raise Refused(member.filename, "a device, a pipe or something else that is no file, folder or link")
    with archive.open(member) as source:
        return to.file(member.filename, source, member.file_size, stat.S_IMODE(mode) or 0o644)
