"""Archives of results made by hand, byte for byte as one likes: good ones, and ones that must be refused."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from axs_core.base.digest import of_value

META = """\
title: A result
tags: [result]
attributes: {accuracy: 97.5, file: out.txt}
produced:
  recipe: maker
  by: [program]
  key: %s
  machine: far away
  at: '2026-01-02T03:04:05+00:00'
""" % ("ab" * 32)
E = "entries/result_1/"


@dataclass
class HandMade:
    """An archive in the making. ``files`` are its members with their bytes (the manifest is made from them, unless it
    is given); ``change`` may alter the zip directory's items, ``keep_record`` leaves the record as it is.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    manifest: dict[str, Any] | bytes | None = None
    change: Callable[[zipfile.ZipInfo], None] = lambda item: None
    extra: list[tuple[str, bytes]] = field(default_factory=list)
    keep_record: bool = False
    order: Callable[[str], Any] = str

    @classmethod
    def good(cls) -> HandMade:
        """One entry with one file besides its own two."""
        files = {f"{E}meta.yaml": META.encode(), f"{E}out.txt": b"97.5\n" * 100, "ro-crate-metadata.json": b"{}"}
        return cls(files)

    def record(self) -> bytes:
        """The record of the entry as its files are."""
        own = (f"{E}meta.yaml", f"{E}record.json")
        listed = {
            name.removeprefix(E): {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(self.files.items())
            if name.startswith(E) and name not in own
        }
        return json.dumps({"format": 1, "files": {"digest": of_value(listed)}}).encode()

    def listing(self) -> dict[str, Any]:
        """The manifest of the files as they are."""
        return {
            "format": 1,
            "title": "Results",
            "identifier": "urn:x",
            "authors": [],
            "license": "MIT",
            "files": {
                name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for name, data in sorted(self.files.items())
            },
        }

    def settle(self) -> HandMade:
        """Complete it: the record, then the manifest."""
        if not self.keep_record:
            self.files[f"{E}record.json"] = self.record()
        if self.manifest is None:
            self.manifest = self.listing()
        return self

    def bytes(self) -> bytes:
        """The archive."""
        self.settle()
        text = self.manifest if isinstance(self.manifest, bytes) else json.dumps(self.manifest).encode()
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w") as archive:
            for name, data in [*self.files.items(), ("manifest.json", text), *self.extra]:
                self._write(archive, name, data)
        return output.getvalue()

    def _write(self, archive: zipfile.ZipFile, name: str, data: bytes) -> None:
        item = zipfile.ZipInfo(name)
        item.compress_type = zipfile.ZIP_DEFLATED
        item.create_system = 3
        item.external_attr = (stat.S_IFREG | 0o644) << 16
        self.change(item)
        archive.writestr(item, data)


def patched(data: bytes, name: str, offset: int, value: bytes, *, local: bool = False, central: bool = True) -> bytes:
    """``data`` with ``value`` at ``offset`` of the headers of the member ``name`` (offsets as in the zip specification
    for the local header; in the central directory they are two more).
    """
    changed = bytearray(data)
    for magic, length, shift, wanted in ((b"PK\x03\x04", 30, 0, local), (b"PK\x01\x02", 46, 2, central)):
        at = changed.find(magic)
        while at >= 0:
            if changed[at + length : at + length + len(name)] == name.encode() and wanted:
                changed[at + offset + shift : at + offset + shift + len(value)] = value
            at = changed.find(magic, at + 4)
    return bytes(changed)


def end_of(data: bytes, offset: int, value: bytes) -> bytes:
    """``data`` with ``value`` at ``offset`` of its end record."""
    at = len(data) - 22 + offset
    return data[:at] + value + data[at + len(value) :]


def short(number: int) -> bytes:
    """Two bytes."""
    return struct.pack("<H", number)


def long(number: int) -> bytes:
    """Four bytes."""
    return struct.pack("<L", number)
