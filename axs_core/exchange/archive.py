"""Writing an archive: the same content gives the same bytes, whatever its size, on however many cores.

Members come sorted by name, all with the time 1980-01-01 00:00, permissions 644 or 755 and deflate at one level (the
bytes that zlib makes differ between its versions; the manifest's digests never do). Files up to :data:`WHOLE` bytes are
compressed side by side, larger ones as a stream, so that memory does not grow with the archive. ZIP64 where needed.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from axs_core.errors import ProduceError
from axs_core.exchange.manifest import Shipped
from axs_core.machine import cores
from axs_core.reporter import Progress

LEVEL = 1
"""Level of deflate: logs shrink to 5 to 20 %; level 6 saves a sixth more and takes twice the time."""
WHOLE = 8 << 20
"""Files up to so many bytes are held in memory, as many as there are cores (and as many again, waiting)."""
BLOCK = 1 << 17
"""Bytes read at a time; blocks that stay in the processor's cache take half the time of those of a megabyte."""
_SAMPLE = 64 << 10
_WORTH = 0.95
"""What shrinks by less than this is stored as it is: weights, images."""
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
        output = self._zip.fp
        assert output is not None
        entry.header_offset = self._zip.start_dir
        output.seek(self._zip.start_dir)
        output.write(entry.FileHeader(zip64=False))
        output.write(packed.data)
        self._zip.start_dir = output.tell()
        self._zip.filelist.append(entry)
        self._zip.NameToInfo[entry.filename] = entry
        self.bar.advance(packed.shipped.size)
        return packed.shipped

    def _stream(self, member: Member) -> Shipped:
        """A large member, a block at a time."""
        digest, size = hashlib.sha256(), 0
        with _reading(member) as source:
            first = source.read(BLOCK)
            executable = bool(os.fstat(source.fileno()).st_mode & stat.S_IXUSR)
            entry = _entry(member.name, executable, not _shrinks(first))
            with self._zip.open(entry, "w", force_zip64=True) as target:
                for block in _blocks(first, source):
                    digest.update(block)
                    target.write(block)
                    size += len(block)
                    self.bar.advance(len(block))
        return Shipped(size, digest.hexdigest(), executable)


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
    stored = not _shrinks(first)
    digest, crc, size = hashlib.sha256(), 0, 0
    state = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed: list[bytes] = []
    for block in _blocks(first, source):
        digest.update(block)
        crc = zlib.crc32(block, crc)
        size += len(block)
        packed.append(block if stored else state.compress(block))
    if not stored:
        packed.append(state.flush())
    return _Packed(member, Shipped(size, digest.hexdigest(), executable), crc, b"".join(packed), stored)


def _shrinks(data: bytes) -> bool:
    """Is it worth the time to compress? The first bytes tell; whoever writes the same file decides the same way."""
    sample = data[:_SAMPLE]
    return len(zlib.compress(sample, LEVEL)) < _WORTH * len(sample)


def _entry(name: str, executable: bool, stored: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.create_system = 3  # Unix, on whatever system: it says how to read the permissions
    entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    entry._compresslevel = LEVEL  # type: ignore[attr-defined]  # ZipFile's own does not count for a given entry
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
