"""Made entries, changed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def rewrite(folder: Path, name: str, value: Any) -> None:
    """Change a value of the entry in ``folder``; ``machine`` is the one it was made on."""
    file = folder / "meta.yaml"
    meta = yaml.safe_load(file.read_text(encoding="utf-8"))
    meta["produced" if name == "machine" else "attributes"][name] = value
    file.write_text(yaml.safe_dump(meta, sort_keys=False), encoding="utf-8")
