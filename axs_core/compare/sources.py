"""The files and folders of the user that an entry was made from: where they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axs_core.base.errors import NotFound, UsageError
from axs_core.base.value import replace
from axs_core.entry import Entry, Parameter, Record
from axs_core.query import Condition, Query
from axs_core.resolver import LOCATED, World


@dataclass(frozen=True)
class Sources:
    """Where each of them was, and where it is now, by the parameter that named it; absolute paths."""

    then: Mapping[str, str] = field(default_factory=dict)
    now: Mapping[str, str] = field(default_factory=dict)

    def in_query(self, query: Query) -> Query:
        """The query of the record with the paths of now: as a user typed them once, they may be relative."""
        return query.map_values(lambda condition: _at(condition, self.now.get(condition.key)))

    def in_query_of_need(self, query: Query) -> Query:
        """The same for a need's, which was given these paths, under whatever name."""
        moved = {old: self.now[name] for name, old in self.then.items()}
        return query.map_values(
            lambda condition: _at(condition, moved.get(condition.value) if isinstance(condition.value, str) else None)
        )


def _at(condition: Condition, path: str | None) -> Condition:
    if path is None or condition.is_tag() or not condition.sets():
        return condition
    return replace(condition, value=path, quoted=True).canonical()


def sources(
    entry: Entry, record: Record, declared: Mapping[str, Parameter], said: Mapping[str, str], world: World
) -> Sources:
    """What the record names and ``said`` puts elsewhere; ``declared`` are the recipe's parameters.

    Raises UsageError for a name in ``said`` that is no file or folder of the record, or for a file that is not the same
    by its digest; NotFound that lists what is missing.
    """
    kept = {
        name: item
        for name, item in record.parameters.items()
        if name in declared and declared[name].type in LOCATED and not declared[name].how
    }
    _refuse_unknown(entry, said, kept)
    then = {name: str(item["value"]) for name, item in kept.items()}
    found = Sources(then, {**then, **{name: world.absolute(path) for name, path in said.items()}})
    missing = [name for name, path in found.now.items() if not _is_there(path, declared[name])]
    if missing:
        listed = "".join(f"\n    {name}: {found.now[name]}{_digest(kept[name], declared[name])}" for name in missing)
        options = " ".join(f"--{name}=PATH" for name in missing)
        what = f"what {entry.name} was made from is not here:{listed}"
        raise NotFound(what, hint=f"say where it is: axs byname {entry.name} , replay {options}")
    for name in said:
        if declared[name].type == "file":
            _refuse_another(name, found.now[name], kept[name].get("digest"), world)
    return found


def _refuse_unknown(entry: Entry, said: Mapping[str, str], kept: Mapping[str, Any]) -> None:
    for name in said:
        if name not in kept:
            what = f"{entry.name} was made from no file or folder that is called {name}"
            raise UsageError(what, hint=f"it was made from: {', '.join(kept)}" if kept else None)


def _refuse_another(name: str, path: str, digest: str | None, world: World) -> None:
    now = world.content(path, "file")
    if digest is not None and now != digest:
        raise UsageError(f"{name}: {path} is another file: its SHA-256 is {now}, not {digest}")


def _is_there(path: str, parameter: Parameter) -> bool:
    return Path(path).is_file() if parameter.type == "file" else Path(path).is_dir()


def _digest(item: Mapping[str, Any], parameter: Parameter) -> str:
    """How a file is known again; a folder's digest holds times, and says nothing elsewhere."""
    return f" (SHA-256 {item['digest']})" if "digest" in item and parameter.type == "file" else ""
