"""What the recipes of the trained ResNet50 have in common."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any


def bring_class(path: Path, needs: dict[str, Any]) -> None:
    """Put the file of the network's class beside its weights, so that the model answers for itself."""
    network = needs["network"]
    file = str(network["attributes"]["class_file"])
    shutil.copyfile(Path(network["path"]) / file, Path(path) / file)
