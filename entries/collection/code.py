"""A collection of one's own in the work collection."""

from __future__ import annotations

from pathlib import Path


def make_folder(path: Path, entries_path: str) -> None:
    """The folder for its entries."""
    (path / entries_path).mkdir()
