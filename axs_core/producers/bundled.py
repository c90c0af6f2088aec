"""What ``axs unbundle`` brought, as producers see it: files, wheels and repositories that need no network.

A bundle is an entry of the work collection; its contents stand in :data:`CONTENTS`. Wheels are kept by what was to be
installed: the same lines for the same kind of Python get exactly the archives that they got where the bundle was made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from axs_core.entry import Entry
from axs_core.plugins.shipped import BROUGHT_BY
from axs_core.producers.fetch.cache import link_or_copy
from axs_core.producers.fetch.checksums import Digests, Expected

CONTENTS = "bundle.json"
TAG = "bundle"
WHEELS, REPOSITORIES = "wheels", "repositories"
"""Folders in a bundle."""


@dataclass(frozen=True)
class Wheels:
    """Exactly what to install: lines for ``pip install --require-hashes --no-deps``, found in ``folder``; ``urls`` says
    where an archive came from, by the SHA-256 of its bytes.
    """

    bundle: str
    folder: Path
    lines: tuple[str, ...]
    urls: Mapping[str, str]


@dataclass(frozen=True)
class Bundle:
    """A bundle that was opened into ``folder``."""

    folder: Path

    @cached_property
    def contents(self) -> dict[str, Any]:
        """What is in it; it was checked when it came in."""
        data: dict[str, Any] = json.loads((self.folder / CONTENTS).read_text(encoding="utf-8"))
        return data

    def take(self, urls: Sequence[str], expected: Expected, target: Path) -> Digests | None:
        """Put the file of these checksums (without any: of one of these addresses) at ``target`` if it is here and its
        bytes are right; says its digests.
        """
        for item in self.contents["downloads"]:
            if expected.checksums:
                same = all(item["checksums"].get(name) == value for name, value in expected.checksums.items())
            else:
                same = not set(urls).isdisjoint(item["urls"])
            file = self.folder / item["file"]
            if not same or not file.is_file():
                continue
            seen = Digests(expected)
            seen.update_from(file)
            if expected.difference(seen) is None and seen.values()["sha256"] == item["checksums"]["sha256"]:
                link_or_copy(file, target)
                return seen
        return None

    def wheels(self, lines: Iterable[str], python: str, platform: str) -> Wheels | None:
        """What to install for these lines in a Python of this version and platform."""
        asked, minor = sorted(lines), minor_of(python)
        for item in self.contents["environments"]:
            if (sorted(item["lines"]), item["python"], item["platform"]) == (asked, minor, platform):
                files = {name: self.contents["files"][f"{WHEELS}/{name}"]["sha256"] for name in item["wheels"]}
                exact = tuple(f"{_pinned(name)} --hash=sha256:{digest}" for name, digest in sorted(files.items()))
                urls = {files[name]: url for name, url in self.contents["urls"].items() if name in files}
                return Wheels(self.folder.name, self.folder / WHEELS, exact, urls)
        return None

    @property
    def repositories(self) -> dict[str, Path]:
        """Bare repositories by the addresses that they stand for."""
        return {item["url"]: self.folder / item["folder"] for item in self.contents["repositories"]}


def bundles_among(entries: Iterable[Entry], root: Path) -> tuple[Bundle, ...]:
    """The bundles that were opened into the work collection at ``root``, the newest first; what only says that it is
    one (a result from an archive, with such a tag) is none.
    """
    there = [entry for entry in entries if entry.path.parent == root and BROUGHT_BY in entry.produced.get("by", ())]
    there.sort(key=lambda entry: str(entry.produced.get("at", "")), reverse=True)
    return tuple(Bundle(entry.path) for entry in there if (entry.path / CONTENTS).is_file())


def minor_of(version: str) -> str:
    """``3.11`` of ``3.11.7``: wheels fit every Python of that kind.

    >>> minor_of("3.11.7")
    '3.11'
    """
    return ".".join(version.split(".")[:2])


def _pinned(wheel: str) -> str:
    from packaging.utils import parse_wheel_filename

    name, version, _, _ = parse_wheel_filename(wheel)
    return f"{name}=={version}"
