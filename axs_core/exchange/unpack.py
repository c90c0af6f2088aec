"""``unzip``: an archive of results becomes a collection in the work collection, all of it or nothing.

Its directory is checked first, then it is extracted into a hidden folder, every digest is compared, every entry looked
at; only then the folder gets its name, by one rename. Nothing of it is run, neither now nor later: its entries use
functions of the user's own collections only, and answer ``byquery`` only where that says ``machine=``, or where the
user trusts the archive.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axs_core.base.errors import NotFound, UsageError
from axs_core.base.machine import cores
from axs_core.base.reporter import Progress
from axs_core.exchange.admission import admit, by_entry
from axs_core.exchange.arrival import called, disk, incoming, make_entry, opener, settle
from axs_core.exchange.deflate import contents
from axs_core.exchange.manifest import (
    CRATE,
    ENTRIES,
    MANIFEST,
    BadArchive,
    Manifest,
    Shipped,
    content_digest,
    in_words,
    read_manifest,
    strict_json,
)
from axs_core.exchange.members import check_frame, check_members
from axs_core.making.recording import now
from axs_core.making.session import Session
from axs_core.plugins.shipped import IMPORTED_BY
from axs_core.producers.archives.reading import DAMAGES, said
from axs_core.producers.archives.unpacking import Limits
from axs_core.query.units import plain
from axs_core.store import INCOMING
from axs_core.store.durable import sync_tree

_LARGEST_TEXT = 1 << 28
"""Bytes that the manifest or the crate may have: they are read as a whole."""


@dataclass(frozen=True)
class Unzipper:
    """Opens archives into the work collection."""

    session: Session
    limits: Limits = field(default_factory=Limits)

    def open(self, archive: Path, name: str | None = None) -> Path:
        """The folder of the new collection, named ``name`` or as the archive; ``_2`` if that is taken.

        Raises BadArchive for what must not be opened; nothing is left behind then.
        """
        if not os.path.isfile(archive):  # noqa: PTH113 - however long its name
            raise NotFound(f"there is no file {archive}")
        base = called(name, archive.name.removesuffix(".zip"))
        self.session.store.open()
        with self.session.store.held(INCOMING, "opening an archive"), incoming(self.session.store) as fresh:
            try:
                manifest = self._extract(archive, fresh)
                self._describe(archive, fresh, manifest, base)
                sync_tree(fresh)
                folder = settle(self.session.store, self.session.index, fresh, base)
            except BadArchive as error:
                message = f"{archive.name} is refused: {error.message}"
                raise BadArchive(message, hint=error.hint or "ask for it again where it came from") from error
            except OSError as error:
                raise disk(error, fresh) from error
        self.session.index.refresh()
        count = len(by_entry(manifest.files))
        self.session.reporter.note(f"{folder.name}: {in_words(count)}, content {content_digest(manifest.files)}")
        return folder

    def _extract(self, archive: Path, fresh: Path) -> Manifest:
        check_frame(archive, self.limits)
        try:
            with archive.open("rb") as file, zipfile.ZipFile(file) as source:
                members = source.infolist()
                check_members(members, archive.stat().st_size, self.limits)
                manifest = _manifest(source, members)
                _compare(manifest, members)
                with self.session.reporter.progress(
                    f"reading {archive.name}", sum(item.file_size for item in members)
                ) as bar:
                    _write_all(file.fileno(), members, manifest, fresh, bar)
        except DAMAGES as error:
            raise BadArchive(f"it is damaged: {said(error)}") from error
        except (
            ValueError,
            struct.error,
            RuntimeError,
            OverflowError,
        ) as error:  # zipfile's own, for nonsense in headers
            raise BadArchive(f"it is damaged: {error}") from error
        strict_json((fresh / CRATE).read_bytes(), CRATE)
        for name, files in by_entry(manifest.files).items():
            admit(fresh / ENTRIES / name, files)
        return manifest

    def _describe(self, archive: Path, fresh: Path, manifest: Manifest, name: str) -> None:
        """Make it an entry: a collection that says where it comes from."""
        about, digest = manifest.about, content_digest(manifest.files)
        attributes = {
            "collection_name": name,
            "entries_path": ENTRIES,
            "archive": archive.name,
            "identifier": about.identifier,
            "authors": list(about.authors),
            "count": len(by_entry(manifest.files)),
            "content_digest": digest,
        }
        meta = {
            "title": about.title,
            **({"license": about.license} if about.license else {}),
            "tags": ["collection"],
            "attributes": attributes,
            "produced": {"by": [IMPORTED_BY], "key": digest, "at": now()},
        }
        text = (fresh / MANIFEST).read_bytes()
        others: dict[str, dict[str, Any]] = {MANIFEST: {"size": len(text), "sha256": hashlib.sha256(text).hexdigest()}}
        for path, file in manifest.files.items():
            if not path.startswith(f"{ENTRIES}/"):
                others[path] = {"size": file.size, "sha256": file.sha256}
        make_entry(fresh, archive.name, meta, others)


def _manifest(source: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Manifest:
    found = {member.filename: member for member in members}
    for name in (MANIFEST, CRATE):
        if name not in found:
            raise BadArchive(f"it has no {name}, so it is no archive of results")
        if found[name].file_size > _LARGEST_TEXT:
            raise BadArchive(f"is larger than {_LARGEST_TEXT:,} bytes", name)
    return read_manifest(source.read(found[MANIFEST]))


def _compare(manifest: Manifest, members: list[zipfile.ZipInfo]) -> None:
    """Exactly the files of the manifest are there, each of its size."""
    there = {member.filename: member for member in members if member.filename != MANIFEST}
    for name in manifest.files:
        if name not in there:
            raise BadArchive("is in the manifest, but not in the archive", name)
    for name, member in there.items():
        if name not in manifest.files:
            raise BadArchive("is in the archive, but not in its manifest", name)
        if member.file_size != manifest.files[name].size:
            raise BadArchive(f"has {member.file_size:,} bytes, not {manifest.files[name].size:,}", name)
    if not by_entry(manifest.files):
        raise BadArchive("there is no entry in it")


def _write_all(archive: int, members: list[zipfile.ZipInfo], manifest: Manifest, fresh: Path, bar: Progress) -> None:
    """Extract side by side; the first file that is wrong ends it."""
    folders = {(fresh / member.filename).parent for member in members}
    for folder in sorted(folders):
        folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        jobs = [
            pool.submit(_write, archive, member, manifest.files.get(member.filename), fresh / member.filename)
            for member in members
        ]
        try:
            for job in jobs:
                bar.advance(job.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write(archive: int, member: zipfile.ZipInfo, shipped: Shipped | None, target: Path) -> int:
    """One file, with its digest compared; ``shipped`` is None for the manifest. Returns its size in bytes."""
    digest = hashlib.sha256()
    mode = 0o777 if shipped is not None and shipped.executable else 0o666
    with open(target, "xb", buffering=0, opener=opener(mode)) as file:
        for block in contents(archive, member):
            digest.update(block)
            left = memoryview(block)
            while left:
                left = left[file.write(left) :]
    if shipped is not None and digest.hexdigest() != shipped.sha256:
        raise BadArchive(f"has other content than its manifest says (SHA-256 {digest.hexdigest()})", member.filename)
    return member.file_size


def read_limits(given: Mapping[str, int]) -> Limits:
    """``max_size``, ``max_ratio`` and ``max_members`` as limits. Raises UsageError for what is no whole number."""
    words = {"max_size": "size", "max_ratio": "ratio", "max_members": "members"}
    for name, value in given.items():
        if name not in words:
            raise UsageError(f"'unzip' has no option --{name}", hint=f"bounds are --{', --'.join(words)}")
        if type(value) is not int or value < 1:
            number = plain(value, "bytes" if name == "max_size" else None)
            hint = f"--{name}={number}" if number else None
            raise UsageError(f"{name} must be a whole number above 0, not {value!r}", hint=hint)
    return Limits(**{words[name]: value for name, value in given.items()})
