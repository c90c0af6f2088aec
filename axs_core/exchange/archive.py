"""Writing an archive: the same content gives the same bytes, whatever its size, on however many cores.

Members come sorted by name, all with the time 1980-01-01 00:00, permissions 644 or 755 and deflate at one level (the
bytes that it makes differ between versions of its library; the manifest's digests never do). Files up to
:data:`WHOLE` bytes are compressed side by side, larger ones as a stream, so that memory does not grow with the archive.
ZIP64 where needed.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from axs_core.base.errors import ProduceError
from axs_core.base.machine import cores
from axs_core.base.reporter import Progress
from axs_core.exchange.deflate import BLOCK, LEVEL, compressor, crc32, shrinks
from axs_core.exchange.manifest import Shipped

WHOLE = 8 << 20
"""Files up to so many bytes are held in memory, as many as there are cores (and as many again, waiting)."""
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Member:
    """A file that goes into the archive under ``name``; ``sha256`` is what its digest must be, where that is known."""

    name: str
    path: Path
    sha256: str | None = None


@dataclass(frozen=True)
class _Packed:
    """A file read, digested and compressed."""

    member: Member
    shipped: Shipped
    crc: int
    data: bytes
    stored: bool


class _Packing:
    """Digests, counts and compresses a file block by block."""

    def __init__(self, *, stored: bool) -> None:
        self.stored, self.crc, self.size = stored, 0, 0
        self._digest, self._state = hashlib.sha256(), compressor()

    def take(self, block: bytes) -> bytes:
        """What of the archive can be written after ``block``."""
        self._digest.update(block)
        self.crc = crc32(block, self.crc)
        self.size += len(block)
        return block if self.stored else cast(bytes, self._state.compress(block))

    def end(self) -> bytes:
        """The rest."""
        return b"" if self.stored else cast(bytes, self._state.flush())

    def shipped(self, executable: bool) -> Shipped:
        """What the manifest says of it."""
        return Shipped(self.size, self._digest.hexdigest(), executable)


class ArchiveWriter:
    """Fills ``file``, a new file; use it as a context. ``bar`` advances by the bytes read."""

    def __init__(self, file: Path, bar: Progress) -> None:
        self.file, self.bar = file, bar
        self._zip = zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=LEVEL)

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, members: Iterable[Member]) -> dict[str, Shipped]:
        """Put these files into the archive, sorted by name; returns their digests.

        Raises ProduceError for a file that is not what was recorded, or that cannot be read.
        """
        shipped: dict[str, Shipped] = {}
        ordered = sorted(members, key=lambda member: member.name)
        with ThreadPoolExecutor(max_workers=cores()) as pool:
            for result in _side_by_side(pool, ordered):
                found = self._stream(result) if isinstance(result, Member) else self._whole(result)
                member = result if isinstance(result, Member) else result.member
                if member.sha256 is not None and member.sha256 != found.sha256:
                    raise ProduceError(
                        f"{member.path} is not what was recorded when it was made", hint="axs verify lists such files"
                    )
                shipped[member.name] = found
        return shipped

    def add_text(self, name: str, text: str) -> Shipped:
        """A member with this text."""
        return self._whole(_pack(Member(name, Path(name)), io.BytesIO(text.encode("utf-8")), executable=False))

    def _whole(self, packed: _Packed) -> Shipped:
        """A member that is compressed already."""
        entry = _entry(packed.member.name, packed.shipped.executable, packed.stored)
        entry.CRC, entry.compress_size, entry.file_size = packed.crc, len(packed.data), packed.shipped.size
        begin = self._begin(entry, zip64=False)
        self._output().write(packed.data)
        self._end(entry, begin + len(packed.data))
        self.bar.advance(packed.shipped.size)
        return packed.shipped

    def _stream(self, member: Member) -> Shipped:
        """A large member, a block at a time."""
        with _reading(member) as source:
            first = source.read(BLOCK)
            executable = bool(os.fstat(source.fileno()).st_mode & stat.S_IXUSR)
            packing = _Packing(stored=not shrinks(first))
            entry = _entry(member.name, executable, packing.stored)
            output, begin = self._output(), self._begin(entry, zip64=True)
            for block in _blocks(first, source):
                output.write(packing.take(block))
                self.bar.advance(len(block))
            output.write(packing.end())
        end = output.tell()
        entry.CRC, entry.compress_size, entry.file_size = packing.crc, end - begin, packing.size
        output.seek(entry.header_offset)
        output.write(entry.FileHeader(zip64=True))
        self._end(entry, end)
        return packing.shipped(executable)

    def _output(self) -> BinaryIO:
        assert self._zip.fp is not None
        return cast(BinaryIO, self._zip.fp)

    def _begin(self, entry: zipfile.ZipInfo, *, zip64: bool) -> int:
        """Write the header of the next member; returns where its data begin."""
        output = self._output()
        entry.header_offset = self._zip.start_dir
        output.seek(self._zip.start_dir)
        output.write(entry.FileHeader(zip64=zip64))
        return output.tell()

    def _end(self, entry: zipfile.ZipInfo, place: int) -> None:
        """The member ends at ``place``."""
        self._zip.start_dir = place
        self._zip.filelist.append(entry)
        self._zip.NameToInfo[entry.filename] = entry


def _side_by_side(pool: ThreadPoolExecutor, members: list[Member]) -> Iterator[_Packed | Member]:
    """Small files packed, large ones as they are, in their order; few are in memory at any time."""
    waiting: deque[Member | Future[_Packed]] = deque()
    ahead = 2 * cores()
    for member in members:
        waiting.append(member if size_of(member) > WHOLE else pool.submit(_read_and_pack, member))
        while len(waiting) > ahead:
            yield _finished(waiting.popleft())
    while waiting:
        yield _finished(waiting.popleft())


def _finished(item: Member | Future[_Packed]) -> _Packed | Member:
    return item if isinstance(item, Member) else item.result()


def size_of(member: Member) -> int:
    """Its bytes. Raises ProduceError where it is gone."""
    try:
        return member.path.stat().st_size
    except OSError as error:
        raise _unreadable(member, error) from None


def _read_and_pack(member: Member) -> _Packed:
    with _reading(member) as source:
        executable = bool(os.fstat(source.fileno()).st_mode & stat.S_IXUSR)
        return _pack(member, source, executable=executable)


def _pack(member: Member, source: io.FileIO | io.BytesIO, *, executable: bool) -> _Packed:
    first = source.read(BLOCK)
    packing = _Packing(stored=not shrinks(first))
    data = b"".join(map(packing.take, _blocks(first, source))) + packing.end()
    return _Packed(member, packing.shipped(executable), packing.crc, data, packing.stored)


def _entry(name: str, executable: bool, stored: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.create_system = 3  # Unix, on whatever system: it says how to read the permissions
    entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    entry.CRC = 0
    return entry


def _blocks(first: bytes, source: io.FileIO | io.BytesIO) -> Iterator[bytes]:
    yield first
    while block := source.read(BLOCK):
        yield block


def _reading(member: Member) -> io.FileIO:
    try:
        return io.FileIO(member.path)
    except OSError as error:
        raise _unreadable(member, error) from None


def _unreadable(member: Member, error: OSError) -> ProduceError:
    return ProduceError(f"{member.path} cannot be read: {error.strerror or error}", hint="axs verify lists such files")
