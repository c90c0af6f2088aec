"""What the directory of a zip archive may say, before a byte of it is extracted.

Only what :mod:`axs_core.exchange.archive` writes is let in: plain files with plain names, stored or deflated, one after
the other, and nothing else in the file. Each rule has its own words.
"""

from __future__ import annotations

import os
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from axs_core.exchange.manifest import CRATE, ENTRIES, MANIFEST, SOURCES, BadArchive
from axs_core.producers.archives.unpacking import Limits
from axs_core.store import PRIVATE

_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _END_64_SIZE, _LOCATOR_SIZE, _HEADER = 22, 56, 20, 30
_ROW_LIMIT = 1024
"""Bytes of the archive's directory for each member that is let in: memory stays bounded before it is read."""
_SMALL = 64 << 20
"""Bytes that any archive may grow to: of small files the ratio says nothing."""
_LONGEST_PART = 255
_KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def check_frame(archive: Path, limits: Limits) -> None:
    """Does the file begin and end as an archive, and is its directory of a bearable size? Raises BadArchive."""
    with archive.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            raise BadArchive("the file is empty")
        file.seek(0)
        if file.read(4) not in (b"PK\x03\x04", _END):
            raise BadArchive("it is not a zip archive")
        file.seek(max(0, size - _END_SIZE))
        end = file.read(_END_SIZE)
        if len(end) < _END_SIZE or not end.startswith(_END):
            raise BadArchive("its end is missing, or something follows it: it is cut off or was changed")
        _, disk, first_disk, here, count, length, start, comment = struct.unpack("<4s4H2LH", end)
        if comment:
            raise BadArchive("its end is missing, or something follows it: it is cut off or was changed")
        if disk or first_disk or here != count:
            raise BadArchive("it is one part of an archive in several parts")
        position = size - _END_SIZE
        if count == 0xFFFF or length == 0xFFFFFFFF or start == 0xFFFFFFFF:
            count, length, start, position = _end_64(file, size)
    if count == 0:
        raise BadArchive("nothing is in it")
    if count > limits.members:
        raise BadArchive(f"it holds more than {limits.members:,} files (max_members)")
    if length > count * _ROW_LIMIT:
        raise BadArchive("its directory is larger than its files call for")
    if start + length != position:
        raise BadArchive("its directory is not where its end says")


def _end_64(file: BinaryIO, size: int) -> tuple[int, int, int, int]:
    """Members, bytes and place of the directory as the end record for large archives says them, and its own place."""
    place = size - _END_SIZE - _LOCATOR_SIZE - _END_64_SIZE
    if place < 0:
        raise BadArchive("its end for large archives is missing")
    file.seek(place)
    record, locator = file.read(_END_64_SIZE), file.read(_LOCATOR_SIZE)
    if not record.startswith(_END_64) or not locator.startswith(_LOCATOR_64):
        raise BadArchive("its end for large archives is missing")
    _, _, _, _, disk, first_disk, here, count, length, start = struct.unpack("<4sQ2H2L4Q", record)
    if disk or first_disk or here != count:
        raise BadArchive("it is one part of an archive in several parts")
    return count, length, start, place


def check_members(members: Sequence[zipfile.ZipInfo], packed: int, limits: Limits) -> None:
    """Raise BadArchive for the first member that must not be extracted. ``packed`` is the archive's size in bytes."""
    seen = Names()
    most, total = min(limits.size, max(_SMALL, packed * limits.ratio)), 0
    for member in members:
        _check_kind(member)
        check_name(member.orig_filename)
        _check_place(member.orig_filename, member.orig_filename.split("/"))
        seen.take(member.filename)
        total += member.file_size
        if total > most:
            raise BadArchive(f"it grows to more than {most:,} bytes (max_size, max_ratio)", member.filename)
    _check_places(members, packed)


def _check_kind(member: zipfile.ZipInfo) -> None:
    name, mode = member.filename, member.external_attr >> 16
    if not name:
        raise BadArchive("not a name", name)
    if member.flag_bits & 0x1 or member.flag_bits & 0x40:
        raise BadArchive("it is encrypted", name)
    if member.compress_type not in _KNOWN:
        raise BadArchive(f"it is compressed in a way that is not read here (method {member.compress_type})", name)
    if member.is_dir() or stat.S_ISDIR(mode):
        raise BadArchive("a folder as a member", name)
    if stat.S_ISLNK(mode):
        raise BadArchive("a link", name)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise BadArchive("a device, a pipe or something else that is no file", name)
    if mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
        raise BadArchive("a file that runs with the rights of another user", name)
    if member.compress_type == zipfile.ZIP_STORED and member.compress_size != member.file_size:
        raise BadArchive("stored in another size than its own", name)


def check_name(name: str) -> None:
    """Raise BadArchive for what is no plain path below the folder that it will lie in."""
    parts = name.split("/")
    if "\0" in name or not name:
        raise BadArchive("not a name", name)
    if "\\" in name:
        raise BadArchive("a path with backslashes", name)
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        raise BadArchive("an absolute path", name)
    if ".." in parts:
        raise BadArchive("a path with '..'", name)
    if "" in parts or "." in parts:
        raise BadArchive("a path with empty parts", name)
    if not name.isprintable():
        raise BadArchive("a name with characters that do not print", name)
    if any(len(part.encode("utf-8", "surrogateescape")) > _LONGEST_PART for part in parts):
        raise BadArchive(f"a name of more than {_LONGEST_PART} bytes", name[:40])


def _check_place(name: str, parts: list[str]) -> None:
    """Only these: the manifest, the crate, files of entries and of sources."""
    if name in (MANIFEST, CRATE):
        return
    if parts[0] not in (ENTRIES, SOURCES) or len(parts) < 3:
        raise BadArchive("nothing of that name belongs into an archive of results", name)
    if parts[1].startswith((".", "_")):
        raise BadArchive("not a name for an entry", name)
    if PRIVATE in (part.casefold() for part in parts[2:]):
        raise BadArchive(f"{PRIVATE} is a name that axs keeps for itself", name)


class Names:
    """All names so far; those that differ in case or in the coding of accents only are one name on some file
    systems.
    """

    def __init__(self) -> None:
        self._spelt: dict[str, str] = {}
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, name: str) -> None:
        """A further file. Raises BadArchive where it would meet another one."""
        parts = name.split("/")
        *folders, key = [self._key("/".join(parts[:depth]), name) for depth in range(1, len(parts) + 1)]
        if key in self._files:
            raise BadArchive("the name is there twice", name)
        if key in self._folders:
            raise BadArchive("a file where others have a folder", name)
        if any(folder in self._files for folder in folders):
            raise BadArchive("below something that is not a folder", name)
        self._files.add(key)
        self._folders.update(folders)

    def _key(self, spelt: str, name: str) -> str:
        key = unicodedata.normalize("NFKC", spelt).casefold()
        before = self._spelt.setdefault(key, spelt)
        if before != spelt:
            raise BadArchive(f"on some file systems the same name as {before!r}", name)
        return key


def _check_places(members: Sequence[zipfile.ZipInfo], packed: int) -> None:
    """Members follow each other from the first byte on; none lies in another."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    if ordered[0].header_offset != 0:
        raise BadArchive("something stands before its first file")
    for member, after in zip(ordered, [*ordered[1:], None], strict=True):
        limit = after.header_offset if after is not None else packed
        if member.header_offset + _HEADER + len(member.orig_filename) + member.compress_size > limit:
            raise BadArchive("it overlaps with another one, or reaches beyond the end", member.filename)
