"""Entries from an archive: only what axs made, with its record; nothing that would run, or make a recipe of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from axs_core.base.digest import of_value
from axs_core.base.errors import EntryError
from axs_core.entry import META, RECORD
from axs_core.entry.load import read_meta
from axs_core.exchange.manifest import ENTRIES, BadArchive, Shipped, refuse_template, strict_json
from axs_core.plugins.producers import bound
from axs_core.store.entry_files import DESCRIBING, write_lists

_KEYS = frozenset({"title", "license", "tags", "parents", "paths", "attributes", "produced"})
"""What axs writes into what it made. ``provides``, ``make`` and their kin would make a recipe of it."""
_KEY = re.compile(r"[0-9a-f]{64}")


def by_entry(files: Mapping[str, Shipped]) -> dict[str, dict[str, Shipped]]:
    """The files of each entry, by its name and by their paths inside it."""
    found: dict[str, dict[str, Shipped]] = {}
    for path, shipped in files.items():
        top, _, rest = path.partition("/")
        if top == ENTRIES:
            name, _, relative = rest.partition("/")
            found.setdefault(name, {})[relative] = shipped
    return found


def admit(folder: Path, files: Mapping[str, Shipped]) -> None:
    """Check an extracted entry, and write what axs keeps inside of one: the list of its files and a copy of its meta
    that is quick to read. Raises BadArchive.
    """
    where = f"{ENTRIES}/{folder.name}"
    for own in DESCRIBING:
        if own not in files:
            raise BadArchive(f"has no {own}", where)
    meta = _checked_meta(folder, f"{where}/{META}")
    listed = _as_recorded(files)
    _check_record(folder, listed, f"{where}/{RECORD}")
    write_lists(folder, listed, meta, (folder / META).read_text(encoding="utf-8"))


def _as_recorded(files: Mapping[str, Shipped]) -> dict[str, Any]:
    """The list of files that axs keeps of what it made: all but ``meta.yaml`` and the record."""
    return {
        name: {"size": files[name].size, "sha256": files[name].sha256}
        for name in sorted(files)
        if name not in DESCRIBING
    }


def _checked_meta(folder: Path, member: str) -> dict[str, Any]:
    try:
        meta = read_meta(folder / META)
    except EntryError as error:
        at = f"{error.key}: " if error.key else ""
        raise BadArchive(f"{at}{error.message}", member) from None
    produced = meta.get("produced")
    if produced is None:
        raise BadArchive("was not made by axs: it has no section 'produced'", member)
    if unknown := sorted(set(meta) - _KEYS):
        raise BadArchive(f"has {', '.join(unknown)}: a recipe does not come in with results", member)
    if "collection" in meta.get("tags", ()):
        raise BadArchive("is a collection itself", member)
    by = produced.get("by")
    if not isinstance(by, list) or not _KEY.fullmatch(str(produced.get("key"))) or "at" not in produced:
        raise BadArchive("its section 'produced' says neither how nor when it was made", member)
    if fixed := bound(by):
        raise BadArchive(f"was made by {', '.join(fixed)}: that is worth nothing on another machine", member)
    refuse_template(meta, member)
    _check_paths(meta, member)
    return meta


def _check_paths(meta: Mapping[str, Any], member: str) -> None:
    """Its main file and its other files lie inside of it."""
    attributes = meta.get("attributes", {})
    for name in ("file", *meta.get("paths", ())):
        value = attributes.get(name)
        if value is None:
            continue
        path = PurePosixPath(str(value))
        if path.is_absolute() or ".." in path.parts:
            raise BadArchive(f"its {name} lies outside of it: {value!r}", member)


def _check_record(folder: Path, listed: Mapping[str, Any], member: str) -> None:
    record = strict_json((folder / RECORD).read_bytes(), member)
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
        raise BadArchive("is not a record", member)
    if record["files"].get("digest") != of_value(listed):
        raise BadArchive("its files are not those of its record", member)
