"""Where things lie in a work collection, and the version of that layout."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from axs_core.errors import StoreError, UsageError

LAYOUT = 1
"""Version of the layout; a work collection of another version is refused, never half-read."""

PRIVATE = ".axs"
"""Folder for the engine's own files: in the collection (locks, layout) and in each entry (log, making, files)."""

LEASE = 30.0
"""Seconds after which a process on another host that shows no life counts as dead, unless ``$AXS_LEASE`` says."""

INCOMING = ".unzip"
"""Hidden folder in :data:`PRIVATE` in which archives are extracted, under a lock of that name."""

BUNDLING = ".bundle"
"""The same for what is gathered for a bundle."""


def default_root(environ: Mapping[str, str] = os.environ) -> Path:
    """``$AXS_WORK_COLLECTION`` or ``~/work_collection``, absolute."""
    named = environ.get("AXS_WORK_COLLECTION")
    return Path(os.path.abspath(Path(named).expanduser())) if named else Path.home() / "work_collection"


def lease(environ: Mapping[str, str] = os.environ) -> float:
    """``$AXS_LEASE`` or :data:`LEASE`, in seconds. Raises UsageError for what is no number of seconds, or under one."""
    text = environ.get("AXS_LEASE") or str(LEASE)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86400:
        raise UsageError(f"AXS_LEASE must be a number of seconds from 1 to 86400, not {text!r}", hint="AXS_LEASE=30")
    return seconds


def safe_name(text: str) -> str:
    """``text`` as a folder's name: letters, digits, ``_ . -``; at most 80 characters."""
    cleaned = re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("._-")
    return cleaned[:80] or "entry"


def open_root(root: Path) -> None:
    """Make the work collection's folders where they are missing and check its layout version.

    Raises StoreError when it is not writable, is no folder, or has another layout.
    """
    try:
        for name in ("locks", "claims", "trash"):
            (root / PRIVATE / name).mkdir(parents=True, exist_ok=True)
        _check_layout(root / PRIVATE / "layout")
    except OSError as error:
        raise not_writable(root, error) from None


def not_writable(root: Path, error: OSError) -> StoreError:
    """The error for a work collection that cannot be written to."""
    return StoreError(
        f"the work collection {root} cannot be written: {error.strerror or error}",
        hint="name another folder: AXS_WORK_COLLECTION=FOLDER axs ...",
    )


def _check_layout(file: Path) -> None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        fresh = file.with_name(f"layout.{os.urandom(8).hex()}")
        fresh.write_text(f"{LAYOUT}\n", encoding="ascii")
        fresh.replace(file)
        return
    if text != str(LAYOUT):
        raise StoreError(
            f"the work collection {file.parent.parent} has layout {text!r}; this axs reads layout {LAYOUT}",
            hint="use another folder (AXS_WORK_COLLECTION=FOLDER) or the axs that made it",
        )
