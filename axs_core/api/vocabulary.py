"""The words that queries are made of, for completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axs_core.base.errors import AxsError
from axs_core.entry import Entry
from axs_core.index import Index
from axs_core.making.session import Session


@dataclass(frozen=True)
class Vocabulary:
    """The words that queries are made of."""

    names: Sequence[str]
    tags: Sequence[str]
    values: Mapping[str, Sequence[Any]]


def vocabulary(session: Session) -> Vocabulary:
    """Names, tags, keys and values of all collections; what cannot be read is left out."""
    index = session.index
    tags, keys = index.words()
    values: dict[str, list[Any]] = {key: [] for key in keys}
    for recipe in _readable_recipes(index):
        for name, parameter in recipe.parameters.items():
            values.setdefault(name, []).extend(parameter.choices)
        for alternative in recipe.alternatives:
            for condition in alternative.required:
                values.setdefault(condition.key, []).append(condition.value)
    names = [row["name"] for row in index.rows() if row["kind"] != "pending"]
    return Vocabulary(names, tags, {key: list(dict.fromkeys(map(str, items))) for key, items in values.items()})


def _readable_recipes(index: Index) -> list[Entry]:
    try:
        return index.all_recipes()
    except AxsError:
        return []
