"""Where things lie in a work collection, and the version of that layout."""

from __future__ import annotations

import re
from pathlib import Path

from axs_core.base.errors import StoreError

LAYOUT = 1
"""Version of the layout; a work collection of another version is refused, never half-read."""

PRIVATE = ".axs"
"""Folder for the engine's own files: in the collection (locks, layout) and in each entry (log, making, files)."""

INCOMING = ".unzip"
"""Hidden folder in :data:`PRIVATE` in which archives are extracted, under a lock of that name."""

BUNDLING = ".bundle"
"""The same for what is gathered for a bundle."""


def safe_name(text: str) -> str:
    """``text`` as a folder's name: letters, digits, ``_ . -``; at most 80 characters."""
    cleaned = re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("._-")
    return cleaned[:80] or "entry"


def open_root(root: Path) -> None:
    """Make the work collection's folders where they are missing and check its layout version.

    Raises StoreError when it is not writable, is no folder, or has another layout; nothing is written there then.
    """
    check_layout(root)
    try:
        for name in ("locks", "claims", "trash"):
            (root / PRIVATE / name).mkdir(parents=True, exist_ok=True)
        _note_layout(root / PRIVATE / "layout")
    except OSError as error:
        raise not_writable(root, error) from None


def check_layout(root: Path) -> None:
    """Raise StoreError where there is a work collection of another layout than this axs reads. Writes nothing."""
    file = root / PRIVATE / "layout"
    try:
        text = file.read_bytes().decode("ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror or error}") from None
    if text == str(LAYOUT):
        return
    elsewhere = "another folder: AXS_WORK_COLLECTION=FOLDER axs ..."
    if not text.isdecimal():
        message, hint = (
            f"{file} is damaged: {text[:40]!r}",
            f"if this axs made it: echo {LAYOUT} > {file}; or {elsewhere}",
        )
    elif int(text) > LAYOUT:
        message = f"the work collection {root} has layout {text}, of a newer axs; this one reads layout {LAYOUT}"
        hint = f"install a newer axs; or {elsewhere}"
    else:
        message = f"the work collection {root} has layout {text}, of an older axs; this one reads layout {LAYOUT}"
        hint = f"axs zip of the older one takes results along; {elsewhere}"
    raise StoreError(message, hint=hint)


def not_writable(root: Path, error: OSError) -> StoreError:
    """The error for a work collection that cannot be written to."""
    return StoreError(
        f"the work collection {root} cannot be written: {error.strerror or error}",
        hint="name another folder: AXS_WORK_COLLECTION=FOLDER axs ...",
    )


def _note_layout(file: Path) -> None:
    if not file.exists():
        from axs_core.store.durable import replacing

        with replacing(file) as fresh:
            fresh.write_text(f"{LAYOUT}\n", encoding="ascii")
