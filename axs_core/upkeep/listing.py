"""All folders of all collections, for ``axs list``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from axs_core.base.errors import brief
from axs_core.base.reporter import Reporter
from axs_core.making.session import Session

SHOWN = 4
"""How many names, or collections, a warning lists."""
LONGEST = 400
"""Characters of such a list."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A folder of a collection as ``list`` shows it; ``state`` is ``present``, ``producing``, ``broken`` or
    ``unreadable``.
    """

    name: str
    kind: str
    state: str
    title: str
    collection: str


def rows(session: Session) -> list[EntryRow]:
    """All entries, in the order in which collections are asked; a warning names those whose name is there several
    times.
    """
    store = session.store
    found = []
    for row in session.index.rows():
        kind, state, path, title = row["kind"], "present", Path(row["path"]), row["error"] or row["title"]
        if kind == "error":
            kind, state = "", "unreadable"
        elif kind == "pending":
            kind, state = "produced", store.state(path)
            if state == "absent" or path.parent != store.root:
                continue  # a folder without meta.yaml in a collection of somebody's is no entry
            title = str(store.maker(path)) if state == "producing" else title
        found.append(EntryRow(row["name"], kind, state, title, row["collection"]))
    _note_doubles(found, session.reporter)
    return found


def _note_doubles(rows: Sequence[EntryRow], reporter: Reporter) -> None:
    """Say which names are there several times: only the first of them goes by its name."""
    names = sorted(row.name for row in rows)
    several = sorted({name for name, following in pairwise(names) if name == following})
    for name in several[:SHOWN]:
        where = [row.collection for row in rows if row.name == name]
        places = brief(f"{', '.join(where[:SHOWN])}{_more(where)}", LONGEST)
        reporter.warn(f"{name} is in several collections: {places}; the first goes by the name")
    if len(several) > SHOWN:
        reporter.warn(f"so are {len(several) - SHOWN} more names")


def _more(items: Sequence[str]) -> str:
    return f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
