"""Taking in results made elsewhere: recipes with the tag ``ingested`` and a parameter ``folder`` are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from axs_core.base.errors import NotFound
from axs_core.entry import Entry
from axs_core.exchange.edits import edit
from axs_core.exchange.naming import by_name
from axs_core.making.asking import ask
from axs_core.making.session import Session
from axs_core.query import Condition, Query

TAG, FOLDER = "ingested", "folder"


def ingest(
    session: Session, folder: Path, values: Mapping[str, Any], *, tags: Sequence[str] = (), name: str | None = None
) -> Entry:
    """Take in what lies in ``folder``; ``values`` say what the files do not, ``name`` and ``tags`` are given to what
    comes of it.

    Raises NotFound that says what is missing where nothing knows what lies there.
    """
    reasons: list[NotFound] = []
    for query in questions(session.index.all_recipes(), folder, values):
        try:
            made = ask(session, str(query)).entry
        except NotFound as error:
            reasons.append(error)
            continue
        if name or tags:
            edit(session, made, name=name, tags=tags or None)
        return by_name(session.index, made.name)
    if len(reasons) == 1:
        raise reasons[0]
    told = "".join(f"\n    {error.message}" for error in reasons)
    raise NotFound(f"nothing knows how to take in {folder}{told}")


def questions(recipes: Iterable[Entry], folder: Path, values: Mapping[str, Any]) -> list[Query]:
    """What to ask so that ``folder`` is taken in: one query for each recipe that may know how; ``values`` say what the
    files do not.
    """
    said = [Condition("=", FOLDER, str(folder), True)]
    said += [Condition("=", name, value, isinstance(value, str)) for name, value in values.items()]
    found: dict[frozenset[str], Query] = {}
    for recipe in recipes:
        for alternative in recipe.alternatives:
            if TAG in alternative.tags and FOLDER in recipe.parameters:
                tags = tuple(Condition("tag", tag) for tag in sorted(alternative.tags))
                found[alternative.tags] = Query((*tags, *said))
    return list(found.values())
