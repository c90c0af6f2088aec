"""Digests of bytes as they pass, and what was expected of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axs_core.base.errors import EntryError
from axs_core.producers.paths import whole_number

ALGORITHMS = {"sha256": 64, "sha512": 128, "sha1": 40, "md5": 32}
"""Algorithm and its number of hexadecimal digits; the first one that is given names the file in the download cache."""

_ALWAYS = "sha256"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Expected:
    """What must be true of the bytes: ``checksums`` by algorithm, ordered as :data:`ALGORITHMS`; ``size`` in bytes."""

    checksums: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None

    @staticmethod
    def of(spec: Mapping[str, Any]) -> Expected:
        """What a ``fetch`` section says; an :class:`EntryError` names the key that is wrong."""
        given = {name: str(spec[name]).strip().lower() for name in ALGORITHMS if spec.get(name) is not None}
        for name, value in given.items():
            if not re.fullmatch(f"[0-9a-f]{{{ALGORITHMS[name]}}}", value):
                raise EntryError(f"{value!r} is not {ALGORITHMS[name]} hexadecimal digits", key=f"make.fetch.{name}")
        size = spec.get("size")
        return Expected(given, None if size is None else whole_number(size, "make.fetch.size", default=0))

    def difference(self, seen: Digests) -> tuple[str, str, str] | None:
        """What does not agree: its name, what was expected, what came. None when all does."""
        if self.size is not None and self.size != seen.size:
            return "size", f"{self.size:,} bytes", f"{seen.size:,} bytes"
        got = seen.values()
        return next(((name, value, got[name]) for name, value in self.checksums.items() if got[name] != value), None)


class Digests:
    """The digests of what was passed to :meth:`update`: those that ``expected`` names, and sha256 in any case."""

    def __init__(self, expected: Expected) -> None:
        names = dict.fromkeys((_ALWAYS, *expected.checksums))
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in names}
        self.size = 0

    def update(self, block: bytes) -> None:
        self.size += len(block)
        for each in self._hashes.values():
            each.update(block)

    def update_from(self, file: Path) -> None:
        """All bytes of ``file``."""
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                self.update(block)

    def values(self) -> dict[str, str]:
        """Hexadecimal digests by algorithm."""
        return {name: each.hexdigest() for name, each in self._hashes.items()}
