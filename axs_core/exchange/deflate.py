"""Deflate and its checksums, quickly: by ISA-L (the package ``isal``), which compresses four times as fast as zlib and
a little smaller, else by zlib. Both write and read the same format.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from axs_core.exchange.manifest import BadArchive

try:
    from isal import isal_zlib
except ImportError:  # no wheel for this processor
    _engine: Any = zlib
    _ERRORS: tuple[type[Exception], ...] = (zlib.error,)
else:
    _engine, _ERRORS = isal_zlib, (isal_zlib.IsalError, zlib.error)  # type: ignore[assignment]

LEVEL = 1
"""Level of deflate: logs shrink to 5 to 20 %; zlib's level 6 would save a sixth more and take ten times as long."""
BLOCK = 1 << 17
"""Bytes read at a time; blocks that stay in the processor's cache take half the time of those of a megabyte."""
_SAMPLE = 64 << 10
_WORTH = 0.95
"""What shrinks by less than this is stored as it is: weights, images."""
_HEADER = struct.Struct("<4s5H3L2H")


def compressor() -> Any:
    """A new stream of raw deflate: ``compress(data)`` and ``flush()``."""
    return _engine.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)


def crc32(data: bytes, value: int = 0) -> int:
    """The checksum of zip archives."""
    return int(_engine.crc32(data, value))


def shrinks(data: bytes) -> bool:
    """Is it worth the time to compress? The first bytes tell; whoever writes the same file decides the same way."""
    sample = data[:_SAMPLE]
    return len(_engine.compress(sample, LEVEL)) < _WORTH * len(sample)


def contents(archive: int, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member of the open file ``archive``, block by block; several threads may read at once.

    Raises BadArchive where they are not of the size and checksum that the archive's directory says.
    """
    blocks = _packed(archive, member)
    size, crc = 0, 0
    for block in blocks if member.compress_type == zipfile.ZIP_STORED else _inflated(blocks, member):
        size += len(block)
        if size > member.file_size:
            raise BadArchive(f"is longer than its {member.file_size:,} bytes", member.filename)
        crc = crc32(block, crc)
        yield block
    if size != member.file_size:
        raise BadArchive(f"ends after {size:,} of {member.file_size:,} bytes", member.filename)
    if crc != member.CRC:
        raise _damaged(member, "its checksum is another")


def _inflated(blocks: Iterator[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    state = _engine.decompressobj(-zlib.MAX_WBITS)
    try:
        for block in blocks:
            while block:
                yield state.decompress(block, BLOCK)
                block = state.unconsumed_tail
        yield state.flush()
    except _ERRORS as error:
        raise _damaged(member, str(error)) from None
    if not state.eof or state.unused_data:
        raise _damaged(member, "something follows its data" if state.eof else "its data are cut off")


def _packed(archive: int, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The member's bytes as they stand in the archive."""
    place, left = _begin(archive, member), member.compress_size
    while left:
        block = os.pread(archive, min(BLOCK, left), place)
        if not block:
            raise _damaged(member, "its data are cut off")
        place, left = place + len(block), left - len(block)
        yield block


def _begin(archive: int, member: zipfile.ZipInfo) -> int:
    """Where its data begin: behind its own header, which must name it as the directory does."""
    header = os.pread(archive, _HEADER.size, member.header_offset)
    if len(header) < _HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise _damaged(member, "its header is not where the directory says")
    *_, name_length, extra_length = _HEADER.unpack(header)
    at = member.header_offset + _HEADER.size
    if os.pread(archive, name_length, at) != _name_bytes(member):
        raise _damaged(member, "its header has another name than the directory")
    return int(at + name_length + extra_length)


def _name_bytes(member: zipfile.ZipInfo) -> bytes:
    return member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437")


def _damaged(member: zipfile.ZipInfo, why: str) -> BadArchive:
    return BadArchive(f"it is damaged: {member.filename!r}: {why}")
