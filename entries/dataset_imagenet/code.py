"""By its name, the data set is what `dataset,imagenet,val` is."""

from __future__ import annotations

from typing import Any


def refer(needs: dict[str, Any]) -> dict[str, Any]:
    """Where the images and labels of the other entry are."""
    known = needs["val"]["attributes"]
    return {**{name: known[name] for name in ("images_dir", "labels_file", "count")}, "file": known["images_dir"]}
