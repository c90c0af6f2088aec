"""The record of how an entry came about: kept inside it as ``record.json``, enough to make it again and to see what
is different elsewhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from axs_core import __version__
from axs_core.base import machine
from axs_core.base.digest import of_tree, of_value, walk
from axs_core.base.errors import AxsError
from axs_core.base.value import Value
from axs_core.entry import Entry, read_record
from axs_core.resolver import Match

FORMAT = 1
"""Version of the record's form."""
NOT_CONTENT = frozenset({"__pycache__", ".axs", ".git"})
"""Names that are no part of a folder's content."""


class Needed(Value):
    """A need as it was met: under which name, by which entry; None where ``when`` left it out."""

    name: str
    entry: Entry


def now() -> str:
    """The time in UTC, to the millisecond: ``2026-11-21T23:40:12.345Z``. As text it sorts as time does."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def of_folder(folder: Path) -> dict[str, Any]:
    """A folder's content as one digest, and a quick stamp (names, sizes, times) that tells that nothing changed."""
    return {"digest": of_value(of_tree(folder, NOT_CONTENT)), "stamp": _stamp(folder)}


def _stamp(folder: Path) -> str:
    rows = [
        (name, item.stat(follow_symlinks=False).st_size, item.stat(follow_symlinks=False).st_mtime_ns)
        for name, item in walk(folder, NOT_CONTENT)
    ]
    return of_value(sorted(rows))


def recipes_used(found: Match, needed: Iterable[Needed]) -> dict[str, Any]:
    """The recipe, its ancestors and what was used of the needs that a person wrote, each with its digest, by name."""
    entries = {entry.name: entry for entry in found.recipe.lineage}
    for need in needed:
        if need.entry.kind != "produced":
            entries.update({entry.name: entry for entry in need.entry.lineage})
    return {name: of_folder(entry.path) for name, entry in sorted(entries.items())}


def make_record(
    found: Match,
    needed: list[Needed],
    started: str,
    files: Mapping[str, Any],
    *,
    typed: str | None,
    direct: bool,
    made: Mapping[str, Any],
    replays: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The record of one production. ``typed`` is the query as the user wrote it; ``made`` is what the producers found
    out; ``direct``: a user asked for it, not another recipe; ``replays``: which entry this was made again from.
    """
    import shlex

    query = str(found.anywhere)
    archives = {need.name: known for need in needed if (known := need.entry.values.get("archives"))}
    return {
        "format": FORMAT,
        "axs": __version__,
        "query": query,
        "typed": typed,
        **({"replays": dict(replays)} if replays else {}),
        "recipe": {
            "name": found.recipe.name,
            "tags": sorted(found.alternative.tags),
            "producers": list(found.recipe.make),
        },
        "recipes": recipes_used(found, needed),
        "parameters": {
            name: {"value": value, "origin": found.origins.get(name, "default"), **_content(found, name)}
            for name, value in found.values.items()
            if value is not None
        },
        "needs": [_need(need) for need in needed],
        "python": {need.name: frozen for need in needed if (frozen := need.entry.values.get("frozen"))},
        **({"archives": archives} if archives else {}),
        "found": dict(made),
        "machine": machine.facts(),
        **({"environment": dict(found.surroundings.variables)} if found.recipe.environment else {}),
        "started": started,
        "finished": now(),
        "exit_code": 0,
        "asked": "directly" if direct else "as a need",
        "files": {
            "count": len(files),
            "bytes": sum(item.get("size", 0) for item in files.values()),
            "digest": of_value(files),
        },
        "again": f"{found.surroundings} axs byquery {shlex.quote(query)} --fresh".lstrip(),
    }


def _content(found: Match, name: str) -> dict[str, str]:
    """The digest of the file or folder that a parameter names, so that it is known again elsewhere."""
    return {"digest": found.contents[name]} if name in found.contents else {}


def _need(need: Needed) -> dict[str, Any]:
    produced = need.entry.produced
    summary: dict[str, Any] = {"need": need.name, "entry": need.entry.name, "kind": need.entry.kind}
    if produced:
        record = read_record(need.entry)
        summary.update(
            recipe=produced.get("recipe"),
            key=produced.get("key"),
            query=record.get("query"),
            digest=record.get("files", {}).get("digest"),
            recipes={name: there["digest"] for name, there in record.get("recipes", {}).items()},
            stamps={name: there["stamp"] for name, there in record.get("recipes", {}).items()},
            python=record.get("python", {}),
            **({"archives": record["archives"]} if record.get("archives") else {}),
            needs=record.get("needs", []),
        )
    return summary


class Changed(Value):
    """Names of recipes whose files are not those that something was made with: ``own`` ones (with what it used of
    hand-written needs), and those of made ``needs`` and needs of needs.
    """

    own: tuple[str, ...]
    needs: tuple[str, ...]

    def __str__(self) -> str:
        """What to tell, and what to type; empty where nothing changed."""
        how = "--fresh=all makes it and its needs again" if self.needs else "--fresh makes it again"
        names = ", ".join((*self.own, *self.needs))
        return f"{names} changed since; {how}" if names else ""


def changed_since(entry: Entry, locate: Callable[[str], Entry]) -> Changed:
    """Which recipes behind a produced entry have changed; ``locate(name)`` gives an entry or raises AxsError."""
    record, now_there = read_record(entry), _Recipes(locate)
    own = {name for name, then in record.get("recipes", {}).items() if now_there.differs(name, then)}
    behind = {name for name, then in _recipes_of_needs(record, locate) if now_there.differs(name, then)}
    return Changed(tuple(sorted(own)), tuple(sorted(behind - own)))


def _recipes_of_needs(made: Mapping[str, Any], locate: Callable[[str], Entry]) -> Iterator[tuple[str, dict[str, str]]]:
    """The recipes of made needs, of their needs and so on: name, digest, and stamp where that is known."""
    for need in made.get("needs", ()):
        stamps = need.get("stamps") or _stamps_of(need, locate)
        for name, digest in need.get("recipes", {}).items():
            yield name, {"digest": digest, "stamp": stamps.get(name, "")}
        yield from _recipes_of_needs(need, locate)


def _stamps_of(need: Mapping[str, Any], locate: Callable[[str], Entry]) -> dict[str, str]:
    """The stamps that its own record has, where it is there still: older records of what needed it have none."""
    if not need.get("recipes"):
        return {}
    try:
        kept = read_record(locate(need["entry"])).get("recipes", {})
    except AxsError:
        return {}
    return {name: then["stamp"] for name, then in kept.items() if then["digest"] == need["recipes"].get(name)}


class _Recipes:
    """Recipes as they are now; each folder is looked at once."""

    def __init__(self, locate: Callable[[str], Entry]) -> None:
        self._locate = locate
        self._folders: dict[str, Path | None] = {}
        self._stamps: dict[str, str] = {}
        self._digests: dict[str, str] = {}

    def differs(self, name: str, then: Mapping[str, str]) -> bool:
        """Has it other files than then? Not where it is not here."""
        folder = self._folder(name)
        if folder is None:
            return False
        if name not in self._stamps:
            self._stamps[name] = _stamp(folder)
        if self._stamps[name] == then["stamp"]:
            return False
        if name not in self._digests:
            self._digests[name] = of_value(of_tree(folder, NOT_CONTENT))
        return self._digests[name] != then["digest"]

    def _folder(self, name: str) -> Path | None:
        if name not in self._folders:
            try:
                self._folders[name] = self._locate(name).path
            except AxsError:
                self._folders[name] = None
        return self._folders[name]


def read_files(folder: Path) -> dict[str, dict[str, Any]] | None:
    """The list of a made entry's files, by name: ``size`` and ``sha256``, or ``link``; None where it is missing or
    damaged.
    """
    import json

    from axs_core.entry.form import FILES_FORM, mismatch

    try:
        files: dict[str, dict[str, Any]] = json.loads((folder / ".axs" / "files.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    whole = mismatch(files, FILES_FORM) is None and all(
        "link" in item or {"size", "sha256"} <= item.keys() for item in files.values()
    )
    return files if whole else None


def asked_directly(entry: Entry) -> bool:
    """Was it asked for by a user, then or later, and not only needed by something?"""
    return read_record(entry).get("asked") == "directly" or asked_later(entry.path)


def asked_later(folder: Path) -> bool:
    """Has a user asked for what was made as a need, after it was made?"""
    return (folder / ".axs" / "asked").exists()


USED = "used"
"""In an entry's private folder: its time says when a user last asked for the entry, to the day."""
_DAY = 86400.0


def last_used(folder: Path) -> float:
    """When a user last asked for what is in this folder, in seconds since 1970, a day's error allowed; 0 where nobody
    did since it was made.
    """
    try:
        return (folder / ".axs" / USED).stat().st_mtime
    except OSError:
        return 0.0


def note_used(entry: Entry) -> None:
    """A user asked for the entry, and it was there; written once a day at most."""
    if time.time() - last_used(entry.path) > _DAY and os.access(entry.path / ".axs", os.W_OK):
        with suppress(OSError):
            (entry.path / ".axs" / USED).touch()


def note_asked(entry: Entry) -> None:
    """A user asked for an entry that was made as a need: keep it when its dependants go."""
    if not asked_directly(entry) and os.access(entry.path, os.W_OK):
        with suppress(OSError):  # a full disk, or removed just now
            (entry.path / ".axs").mkdir(exist_ok=True)
            (entry.path / ".axs" / "asked").touch()
