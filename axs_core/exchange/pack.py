"""``zip``: results with their records and digests in one file that can be checked."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from axs_core.base.errors import StoreError, UsageError
from axs_core.base.paths import absolute
from axs_core.base.reporter import Reporter
from axs_core.exchange.archive import ArchiveWriter, size_of
from axs_core.exchange.crate import crate_text
from axs_core.exchange.manifest import CRATE, MANIFEST, About, Manifest, Shipped, content_digest, in_words
from axs_core.exchange.naming import for_archive
from axs_core.exchange.selection import Selection, select
from axs_core.making.session import Session
from axs_core.query.near import closest
from axs_core.store.durable import replacing

_NAMESPACE = uuid.UUID("7d3c1f6e-0c0e-5a86-9f0a-3f5d0a3ab1e4")


@dataclass(frozen=True)
class Labels:
    """What the maker of an archive says of it; what is empty is filled in from the content."""

    title: str = ""
    identifier: str = ""
    authors: Sequence[str] = ()
    license: str = ""


SEVERAL = frozenset({"authors"})
"""Labels that are a list of texts; the others are a text each."""


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise UsageError for a name that no label has."""
    known = [each.name for each in fields(Labels)]
    for name in names:
        if name not in known:
            near = closest(name, known)
            raise UsageError(f"'zip' has no option --{name}", hint=f"--{near}" if near else "axs help zip")


def read_labels(given: Mapping[str, Any]) -> Labels:
    """Labels by their names. Raises UsageError for other names, and for what is no text."""
    refuse_unknown(given)
    read: dict[str, Any] = {}
    for name, value in given.items():
        texts = tuple(value) if name in SEVERAL and isinstance(value, (list, tuple)) else (value,)
        if not all(isinstance(text, str) for text in texts):
            raise UsageError(f"{name} has to be text, not {value!r}")
        read[name] = texts if name in SEVERAL else value
    return Labels(**read)


def write_archive(
    session: Session, what: str | Sequence[str] | None, output: Path | str, *, with_needs: bool = False, **labels: Any
) -> Path:
    """Write the archive ``output``, whole or not at all; returns it, absolute. ``what``: see :func:`for_archive`;
    ``labels``: those of :class:`Labels`.

    Raises NotFound for nothing to write, UsageError where the file is there already, ProduceError for an entry that is
    not what was recorded.
    """
    file, said = absolute(output), read_labels(labels)
    if os.path.lexists(file):
        raise UsageError(f"{file} is there already", hint=f"another name, or: rm {file}")
    index, reporter = session.index, session.reporter
    selection = select(for_archive(index, what), index, reporter, with_needs=with_needs)
    try:
        with replacing(file) as fresh:
            digest = _fill(fresh, file, selection, reporter, said)
    except OSError as error:
        raise not_written(file, error) from None
    reporter.note(f"{file.name}: {in_words(len(selection.entries))}, content {digest}")
    return file


def _fill(fresh: Path, output: Path, selection: Selection, reporter: Reporter, labels: Labels) -> str:
    members = list(selection.members())
    total = sum(map(size_of, members))
    with (
        reporter.progress(f"writing {output.name}", total) as bar,
        ArchiveWriter(fresh, bar) as archive,
    ):
        files = archive.add(members)
        about = _about(selection, files, labels)
        files[CRATE] = archive.add_text(CRATE, crate_text(about, selection.entries))
        archive.add_text(MANIFEST, Manifest(about, files).text())
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    return content_digest(files)


def _about(selection: Selection, files: dict[str, Shipped], labels: Labels) -> About:
    """Nothing here depends on the name of the archive: the same content has the same bytes under any name."""
    licenses = sorted({item.entry.meta.get("license") or "" for item in selection.entries} - {""})
    return About(
        title=labels.title or _title(selection),
        identifier=labels.identifier or f"urn:uuid:{uuid.uuid5(_NAMESPACE, content_digest(files))}",
        authors=tuple(labels.authors),
        license=labels.license or " AND ".join(licenses),
    )


def _title(selection: Selection) -> str:
    titles = {str(item.entry.meta.get("title", item.name)) for item in selection.entries}
    if len(titles) == 1:
        return titles.pop()
    tags = sorted(frozenset.intersection(*(item.entry.tags for item in selection.entries)))
    return in_words(len(selection.entries)) + (f": {', '.join(tags)}" if tags else "")


def not_written(output: Path, error: OSError) -> StoreError:
    """The error for a file that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"the disk is full: {output}", hint="--output=FILE on another disk")
    return StoreError(f"{output} cannot be written: {error.strerror or error}", hint="--output=FILE somewhere else")
