"""Command lines to type, with queries that the shipped entries answer: the engine itself knows none.

``examples.yaml`` beside the shipped entries has them: under ``hints`` by the names in :data:`HINTS`, under
``actions`` by what an action is applied to and its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from axs_core.collections.folders import shipped

FILE = "examples.yaml"
HINTS = {
    "entries": "axs all_byquery QUERY lists some",
    "report": "axs all_byquery QUERY , report --output=report.html",
}
"""What is said where no entries are shipped."""


def hint(name: str) -> str:
    """One of the :data:`HINTS`, with a query that the shipped entries answer."""
    return str(_read().get("hints", {}).get(name, HINTS[name]))


def of_action(target: str, name: str) -> Sequence[str]:
    """Command lines that show an action; none where the shipped entries give none."""
    return tuple(map(str, _read().get("actions", {}).get(target, {}).get(name, ())))


@cache
def _read() -> Mapping[str, Any]:
    import yaml

    try:
        text = (shipped() / FILE).read_text(encoding="utf-8")
    except OSError:
        return {}
    found: Mapping[str, Any] = yaml.safe_load(text) or {}
    return found
