"""Made entries, changed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def rewrite(folder: Path, name: str, value: Any) -> None:
    """Change a value of the entry in ``folder``; None takes it away. ``machine`` and ``environment`` are where it was
    made.
    """
    file = folder / "meta.yaml"
    meta = yaml.safe_load(file.read_text(encoding="utf-8"))
    part = meta["produced" if name in ("machine", "environment") else "attributes"]
    part.pop(name, None)
    if value is not None:
        part[name] = value
    file.write_text(yaml.safe_dump(meta, sort_keys=False), encoding="utf-8")
