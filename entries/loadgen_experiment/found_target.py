"""How a target was found: the attempts of a search, as they were kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from axs_core.sdk import Inapplicable, Refused

SEARCH = "search.json"


def target_search_in(path: Path) -> dict[str, Any]:
    """``{unit, chosen, attempts}``; see target_search in code.py."""
    file = path / SEARCH
    if not file.is_file():
        raise Inapplicable("its target was not searched", hint="add until_valid+ or find_target_qps+ to the query")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        streams = data["units"]["figure"] == "ns"
        attempts = [_attempt(number, each, 1e6 if streams else 1) for number, each in enumerate(data["attempts"], 1)]
        chosen = next(each["target"] for each in attempts if each["entry"] == data["confirmed_by"])
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        raise Refused(f"{SEARCH} is cut short or was changed, so the search cannot be shown") from None
    return {"unit": "ms" if streams else "samples/s", "chosen": chosen, "attempts": attempts}


def _attempt(number: int, said: dict[str, Any], scale: float) -> dict[str, Any]:
    """One attempt of a search; its figure is divided by ``scale``, to be in the unit of its target."""
    kept = {name: said[name] for name in ("entry", "purpose", "target", "valid", "verdict")}
    return {"number": number, **kept, "figure": None if said["figure"] is None else said["figure"] / scale}
