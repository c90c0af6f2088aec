"""The manifest of an archive: every file in it with size and digest. Its form is version 1:

``{"format": 1, "title", "identifier", "authors", "license", "files": {path: {"size", "sha256"}}}``, with
``"executable": true`` where a file is that.

Paths are those in the archive; the manifest itself is the only member that it does not list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from axs_core.base.digest import of_value
from axs_core.base.errors import AxsError

FORMAT = 1
"""Version of the archive's form."""
MANIFEST = "manifest.json"
CRATE = "ro-crate-metadata.json"
ENTRIES = "entries"
"""Folder in the archive for entries that axs made: they answer where the archive is opened."""
SOURCES = "sources"
"""Folder in the archive for recipes and files that persons wrote: to be read; nothing there is ever run or asked."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


class BadArchive(AxsError):
    """An archive that must not be opened. ``member`` is the file in it, where it is about one."""

    exit_code = 1

    def __init__(self, why: str, member: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(f"{member!r}: {why}" if member is not None else why, hint=hint)
        self.member = member


@dataclass(frozen=True)
class Shipped:
    """One file: its size in bytes, the SHA-256 of its bytes, and whether it may be executed."""

    size: int
    sha256: str
    executable: bool = False

    def as_data(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {"size": self.size, "sha256": self.sha256, **({"executable": True} if self.executable else {})}


@dataclass(frozen=True)
class About:
    """What an archive says of itself: ``identifier`` is a DOI, URL or URN, ``license`` an SPDX expression."""

    title: str
    identifier: str
    authors: tuple[str, ...] = ()
    license: str = ""


@dataclass(frozen=True)
class Manifest:
    """What an archive holds."""

    about: About
    files: Mapping[str, Shipped]

    def text(self) -> str:
        """The same manifest gives the same text."""
        data = {
            "format": FORMAT,
            "title": self.about.title,
            "identifier": self.about.identifier,
            "authors": list(self.about.authors),
            "license": self.about.license,
            "files": {name: self.files[name].as_data() for name in sorted(self.files)},
        }
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def in_words(count: int) -> str:
    """How many entries."""
    return "1 entry" if count == 1 else f"{count:,} entries"


def content_digest(files: Mapping[str, Shipped]) -> str:
    """One digest of all files with their names."""
    return of_value({name: file.as_data() for name, file in files.items()})


def read_manifest(text: bytes) -> Manifest:
    """The manifest in ``text``; raises BadArchive for anything that is not of the form above."""
    data = strict_json(text, MANIFEST)
    if not isinstance(data, dict):
        raise BadArchive("is no mapping", MANIFEST)
    if data.get("format") != FORMAT:
        raise BadArchive(
            f"has format {data.get('format')!r}; this axs reads format {FORMAT}", MANIFEST, hint="use a newer axs"
        )
    texts = {key: data.get(key) for key in ("title", "identifier", "license")}
    authors, files = data.get("authors"), data.get("files")
    for key, value in texts.items():
        if not isinstance(value, str):
            raise BadArchive(f"{key} must be text", MANIFEST)
        refuse_template(value, MANIFEST)
    if not isinstance(authors, list) or not all(isinstance(author, str) for author in authors):
        raise BadArchive("authors must be a list of texts", MANIFEST)
    for author in authors:
        refuse_template(author, MANIFEST)
    if not isinstance(files, dict):
        raise BadArchive("files must be a mapping", MANIFEST)
    about = About(authors=tuple(authors), **{key: str(value) for key, value in texts.items()})
    return Manifest(about, {name: _shipped(name, item) for name, item in files.items()})


def _shipped(name: str, item: Any) -> Shipped:
    """One item of ``files``."""
    good = (
        isinstance(item, dict)
        and set(item) <= {"size", "sha256", "executable"}
        and type(item.get("size")) is int
        and item["size"] >= 0
        and isinstance(item.get("sha256"), str)
        and _DIGEST.fullmatch(item["sha256"])
        and type(item.get("executable", False)) is bool
    )
    if not good:
        raise BadArchive(f"its item for {name!r} is not a size and a SHA-256", MANIFEST)
    return Shipped(item["size"], item["sha256"], item.get("executable", False))


def strict_json(text: bytes, member: str) -> Any:
    """JSON in UTF-8 without a key that is said twice; raises BadArchive naming ``member``."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise BadArchive("a key stands there twice", member)
        return found

    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise BadArchive(f"is not JSON: {error}", member) from None


def refuse_template(value: Any, member: str) -> None:
    """Texts from elsewhere are data: one that would be rendered when asked for is refused, on any level."""
    if isinstance(value, str):
        if any(mark in value for mark in ("{{", "{%", "{#")):
            raise BadArchive(f"holds a template: {value[:60]!r}", member)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            refuse_template(key, member)
            refuse_template(item, member)
    elif isinstance(value, (list, tuple)):
        for item in value:
            refuse_template(item, member)
