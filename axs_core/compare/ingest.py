"""Taking in results made elsewhere: recipes with the tag ``ingested`` and a parameter ``folder`` are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from axs_core.entry import Entry
from axs_core.query import Condition, Query

TAG, FOLDER = "ingested", "folder"


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
