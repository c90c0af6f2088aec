"""The tar file around a bundle: one way to write it, and nothing else is read.

Plain files only, each with the header that :func:`header` gives and no other: no links, devices, sparse files or
extensions. A reader therefore compares a header with its own, byte for byte, before it believes it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from axs_core.base.errors import ProduceError, UsageError
from axs_core.base.reporter import Progress
from axs_core.exchange.manifest import BadArchive, Shipped

BLOCK = 512
READ = 1 << 20
"""Bytes read at a time."""
_END = bytes(2 * BLOCK)
_LONG = tarfile.GNUTYPE_LONGNAME
"""Kind of the record that a name of more than 100 bytes has before its header."""


def header(name: str, size: int, executable: bool) -> bytes:
    """The header of a file in a bundle: no owner, no time. Raises UsageError for a name of 512 bytes or more."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o755 if executable else 0o644, 0
    if len(name.encode("utf-8")) >= BLOCK:
        raise UsageError(f"{name!r} is too long a path for a bundle", hint="move the file to where its path is shorter")
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def look(path: Path, bar: Progress) -> Shipped:
    """Size, digest and permission of a file. Raises ProduceError where it cannot be read."""
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb", buffering=0) as stream:
            executable = bool(os.fstat(stream.fileno()).st_mode & stat.S_IXUSR)
            while block := stream.read(READ):
                digest.update(block)
                size += len(block)
                bar.advance(len(block))
    except OSError as error:
        raise ProduceError(f"{path} cannot be read: {error.strerror or error}") from None
    return Shipped(size, digest.hexdigest(), executable)


class TarWriter:
    """Fills ``stream``, a new file, from its beginning to its end."""

    def __init__(self, stream: BinaryIO, bar: Progress) -> None:
        self.stream, self.bar = stream, bar

    def add(self, name: str, path: Path, shipped: Shipped) -> None:
        """A file as it was when ``shipped`` was found out; ProduceError where it is another one now."""
        digest, size = hashlib.sha256(), 0
        self.stream.write(header(name, shipped.size, shipped.executable))
        with path.open("rb", buffering=0) as source:
            while size <= shipped.size and (block := source.read(READ)):
                digest.update(block)
                self.stream.write(block)
                size += len(block)
                self.bar.advance(len(block))
        if size != shipped.size or digest.hexdigest() != shipped.sha256:
            raise ProduceError(f"{path} was changed while it was packed", hint="ask again")
        self._pad(size)

    def add_text(self, name: str, text: str) -> None:
        """A file with this text."""
        data = text.encode("utf-8")
        self.stream.write(header(name, len(data), executable=False))
        self.stream.write(data)
        self._pad(len(data))

    def end(self) -> None:
        """Nothing follows."""
        self.stream.write(_END)

    def _pad(self, size: int) -> None:
        self.stream.write(bytes(-size % BLOCK))


@dataclass(frozen=True)
class TarMember:
    """A file that comes next in the stream: the caller reads its ``size`` bytes, all of them, by :meth:`blocks`."""

    name: str
    size: int
    executable: bool
    stream: BinaryIO

    def blocks(self) -> Iterator[bytes]:
        """Its bytes, then what fills up the last block."""
        left = self.size
        while left:
            block = self.stream.read(min(left, READ))
            if not block:
                raise BadArchive(
                    f"ends after {self.size - left:,} of {self.size:,} bytes: the bundle is cut off", self.name
                )
            left -= len(block)
            yield block
        padding = self.stream.read(-self.size % BLOCK)
        if padding != bytes(-self.size % BLOCK):
            raise BadArchive("is followed by something that no bundle has", self.name)

    def whole(self, most: int) -> bytes:
        """All of its bytes, where they are not more than ``most``."""
        if self.size > most:
            raise BadArchive(f"is larger than {most:,} bytes", self.name)
        return b"".join(self.blocks())


def members(stream: BinaryIO) -> Iterator[TarMember]:
    """The files in a bundle, one after the other. Raises BadArchive for whatever :class:`TarWriter` does not write."""
    first = True
    while True:
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            raise BadArchive("it is no bundle" if first else "its end is missing: it is cut off")
        if block == bytes(BLOCK):
            if stream.read(BLOCK + 1) != bytes(BLOCK):
                raise BadArchive("its end is missing, or something follows it: it is cut off or was changed")
            return
        yield _member(block, stream, first)
        first = False


def _member(block: bytes, stream: BinaryIO, first: bool) -> TarMember:
    long = block[156:157] == _LONG
    if long:
        block += stream.read(2 * BLOCK)
    try:
        info = tarfile.TarInfo.frombuf(block[-BLOCK:], "utf-8", "strict")
        if long:
            info.name = block[BLOCK : 2 * BLOCK].rstrip(b"\0").decode("utf-8")
        executable = info.mode == 0o755
        same = header(info.name, info.size, executable) == block
    except (tarfile.HeaderError, UnicodeDecodeError, UsageError, ValueError, OverflowError):
        raise BadArchive("it is no bundle" if first else "what follows is no file: it is damaged") from None
    if not same:
        raise BadArchive("is a link, a device or something else that no bundle has", info.name)
    return TarMember(info.name, info.size, executable, stream)
