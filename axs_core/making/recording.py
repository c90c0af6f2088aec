"""Making the record of how an entry came about: enough to make it again and to see what is different elsewhere."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from axs_core import __version__
from axs_core.base import machine
from axs_core.base.settings import Settings
from axs_core.base.value import Value
from axs_core.entry import Entry, Record
from axs_core.entry.record import FORMAT
from axs_core.resolver import Match
from axs_core.store.content import of_folder
from axs_core.store.entry_files import summary


class Needed(Value):
    """A need as it was met: under which name, by which entry; None where ``when`` left it out."""

    name: str
    entry: Entry


def now() -> str:
    """The time in UTC, to the millisecond: ``2026-11-21T23:40:12.345Z``. As text it sorts as time does."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
    settings: Settings,
    replays: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The record of one production. ``typed`` is the query as the user wrote it; ``made`` is what the producers found
    out; ``direct``: a user asked for it, not another recipe; ``replays``: which entry this was made again from;
    ``settings`` may give this machine a name.
    """

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
        "machine": machine.facts(settings),
        **({"environment": dict(found.surroundings.variables)} if found.recipe.environment else {}),
        "started": started,
        "finished": now(),
        "exit_code": 0,
        "asked": "directly" if direct else "as a need",
        "files": summary(files),
        "again": f"{found.surroundings} axs byquery {shlex.quote(query)} --fresh".lstrip(),
    }


def _content(found: Match, name: str) -> dict[str, str]:
    """The digest of the file or folder that a parameter names, so that it is known again elsewhere."""
    return {"digest": found.contents[name]} if name in found.contents else {}


def _need(need: Needed) -> dict[str, Any]:
    produced = need.entry.produced
    told: dict[str, Any] = {"need": need.name, "entry": need.entry.name, "kind": need.entry.kind}
    if produced:
        record = Record.read(need.entry.path)
        told.update(
            recipe=produced.get("recipe"),
            key=produced.get("key"),
            query=record.query or None,
            digest=record.files_digest,
            recipes={name: there["digest"] for name, there in record.recipes.items()},
            stamps={name: there["stamp"] for name, there in record.recipes.items()},
            python=record.packages,
            **({"archives": record.archives} if record.archives else {}),
            needs=[each.data for each in record.needs],
        )
    return told
