"""The files that axs keeps in an entry's folder: nothing else knows their names, reads or writes them.

``meta.yaml`` makes it an entry, ``record.json`` says how it came about. In :data:`PRIVATE` lie the list of its files, a
copy of the meta that is quick to read, what was noted while it was made, and when a user asked for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from axs_core.base.digest import of_tree, of_value
from axs_core.entry.form import TEXT, mismatch
from axs_core.entry.load import META
from axs_core.entry.record import RECORD, Record
from axs_core.store.content import NOT_CONTENT
from axs_core.store.layout import PRIVATE

DESCRIBING = (META, RECORD)
"""Files that every entry has which axs made. They are in no list of files."""
RESERVED = frozenset({META, RECORD, PRIVATE})
"""Names at the top of an entry's folder that no file of its content may have."""

_FILES, _META_COPY = "files.json", "meta.json"
_MAKING, _FAILED, _LOG, _PARAMETERS = "making.json", "failed.json", "log.txt", "parameters.json"
_ASKED, _USED = "asked", "used"
_FILES_FORM = {...: {"size": int, "sha256": TEXT, "link": TEXT}}
_DAY = 86400.0


# what is noted while it is made


def private(folder: Path) -> Path:
    """The engine's own folder in the entry's."""
    return folder / PRIVATE


def log_of(folder: Path) -> Path:
    """The log of its making."""
    return folder / PRIVATE / _LOG


def failure_of(folder: Path) -> Path:
    """How the last attempt at making it failed (see :class:`axs_core.store.Failure`)."""
    return folder / PRIVATE / _FAILED


def parameters_of(folder: Path) -> Path:
    """What a program reads that makes it: parameters, attributes, needs, output_path."""
    return folder / PRIVATE / _PARAMETERS


def note_making(folder: Path, who: Mapping[str, Any]) -> None:
    """Who makes it, for people who look into a folder that was left. Raises OSError."""
    import json

    (folder / PRIVATE).mkdir(exist_ok=True)  # an empty folder was there
    _replace(folder / PRIVATE / _MAKING, json.dumps(who, indent=1))


def forget_making(folder: Path) -> None:
    """Nobody makes it any more. Raises OSError."""
    (folder / PRIVATE / _MAKING).unlink(missing_ok=True)


def is_begun(folder: Path) -> bool:
    """Did axs begin to make something in the folder, whether or not it is finished?"""
    return (folder / PRIVATE).is_dir()


def is_recorded(folder: Path) -> bool:
    """Is there a record, so that axs made it?"""
    return (folder / RECORD).is_file()


# what describes it


def describe(folder: Path, meta: Mapping[str, Any], record: Mapping[str, Any], files: Mapping[str, Any]) -> str:
    """Write all that describes an entry but ``meta.yaml``, whose text comes back: it finishes the entry, so it is put
    there last. Raises OSError.
    """
    text = dump_yaml(meta)
    write_lists(folder, files, meta, text)
    _write_record(folder, record)
    return text


def write_lists(folder: Path, files: Mapping[str, Any], meta: Mapping[str, Any], text: str) -> None:
    """Write the list of its files, and the copy of its ``meta``, which is in its ``meta.yaml`` as ``text``. Raises
    OSError.
    """
    import json

    (folder / PRIVATE).mkdir(exist_ok=True)
    (folder / PRIVATE / _FILES).write_text(json.dumps(files), encoding="utf-8")
    (folder / PRIVATE / _META_COPY).write_text(_meta_copy(meta, text), encoding="utf-8")


def replace_meta(folder: Path, meta: Mapping[str, Any]) -> None:
    """Replace its ``meta.yaml`` by another one, in one step. Raises OSError."""
    text = dump_yaml(meta)
    copy = folder / PRIVATE / _META_COPY
    if copy.is_file():
        _replace(copy, _meta_copy(meta, text))
    _replace(folder / META, text)


def change_files(folder: Path, files: Mapping[str, Any], **more: Any) -> None:
    """The files are other ones now, and the record says so, with ``more``; all else of it stays. Raises OSError, and
    EntryError for a damaged record.
    """
    import json

    record = {**Record.read(folder).data, "files": summary(files), **more}
    _replace(folder / PRIVATE / _FILES, json.dumps(files))
    _replace(folder / RECORD, _record_text(record))


def summary(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What a record says of a list of files: how many, their bytes, and the digest of the list."""
    return {
        "count": len(files),
        "bytes": sum(item.get("size", 0) for item in files.values()),
        "digest": of_value(files),
    }


def present_files(folder: Path) -> dict[str, dict[str, Any]]:
    """The list of the files that are there now, as :func:`read_files`; all of them are read."""
    files = of_tree(folder, NOT_CONTENT)
    return {name: item for name, item in files.items() if name not in DESCRIBING}


def read_files(folder: Path) -> dict[str, dict[str, Any]] | None:
    """The list of a made entry's files, by name: ``size`` and ``sha256``, or ``link``; None where it is missing or
    damaged.
    """
    import json

    try:
        files: dict[str, dict[str, Any]] = json.loads((folder / PRIVATE / _FILES).read_text(encoding="utf-8"))
        whole = mismatch(files, _FILES_FORM) is None and all(
            "link" in item or {"size", "sha256"} <= item.keys() for item in files.values()
        )
    except (OSError, ValueError, RecursionError):
        return None
    return files if whole else None


def kept_meta(folder: Path) -> dict[str, Any] | None:
    """Its meta from the copy; None where there is none, or where somebody has edited ``meta.yaml`` since. One that was
    cut off is written again from it.

    Parsing YAML takes a hundred times longer than reading JSON; with 100,000 entries that is the difference.
    """
    import json

    try:
        copy = json.loads((folder / PRIVATE / _META_COPY).read_bytes())
        text = (folder / META).read_text(encoding="utf-8")
        meta: dict[str, Any] = copy["meta"]
        if copy["of"] == of_value(text) or _written_again(folder / META, text, meta, copy["of"]):
            return meta if isinstance(meta, dict) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def _written_again(file: Path, text: str, meta: dict[str, Any], digest: str) -> bool:
    """Was only the end of what axs wrote lost (or became zeros)? Then write the whole again."""
    beginning = text.rstrip("\0")
    whole = dump_yaml(meta)
    if not whole.startswith(beginning) or of_value(whole) != digest:
        return False
    with suppress(OSError):  # a disk that is read-only: the copy answers
        _replace(file, whole)
    return True


def _replace(file: Path, text: str) -> None:
    """Write the whole file, in one step. Raises OSError."""
    from axs_core.store.durable import write_atomic  # who only asks writes nothing

    write_atomic(file, text)


def _meta_copy(meta: Mapping[str, Any], text: str) -> str:
    import json

    return json.dumps({"of": of_value(text), "meta": meta}, default=str)


def _write_record(folder: Path, record: Mapping[str, Any]) -> None:
    (folder / RECORD).write_text(_record_text(record), encoding="utf-8")


def _record_text(record: Mapping[str, Any]) -> str:
    import json

    return json.dumps(record, indent=1, default=str) + "\n"


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Plain data as YAML, keys in the order given."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(dict(data), Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


# what is noted afterwards


def asked_later(folder: Path) -> bool:
    """Has a user asked for what was made as a need, after it was made?"""
    return (folder / PRIVATE / _ASKED).exists()


def note_asked(folder: Path, record: Record) -> None:
    """A user asked for an entry that was made as a need: keep it when its dependants go."""
    if not (record.directly or asked_later(folder)) and os.access(folder, os.W_OK):
        with suppress(OSError):  # a full disk, or removed just now
            (folder / PRIVATE).mkdir(exist_ok=True)
            (folder / PRIVATE / _ASKED).touch()


def last_used(folder: Path) -> float:
    """When a user last asked for what is in this folder, in seconds since 1970, a day's error allowed; 0 where nobody
    did since it was made.
    """
    try:
        return (folder / PRIVATE / _USED).stat().st_mtime
    except OSError:
        return 0.0


def note_used(folder: Path) -> None:
    """A user asked for the entry, and it was there; written once a day at most."""
    if time.time() - last_used(folder) > _DAY and os.access(folder / PRIVATE, os.W_OK):
        with suppress(OSError):
            (folder / PRIVATE / _USED).touch()
