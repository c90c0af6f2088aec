"""Paths as people type them, and the folders of the user."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from axs_core.base.errors import UsageError


def absolute(typed: Path | str) -> Path:
    """As seen from the folder that the user is in; ``~`` and ``~user`` as shells read them (a user that is not known
    is a name like others). Links stay as they are: ``resolve()`` would follow them. Raises UsageError where that folder
    was deleted.
    """
    expanded = os.path.expanduser(typed)  # noqa: PTH111 - Path.expanduser() fails for unknown users
    try:
        return Path(os.path.abspath(expanded))
    except FileNotFoundError:
        raise UsageError(f"{typed}: the folder that you are in was deleted", hint="cd to another one") from None


def home() -> Path:
    """The user's home folder. Raises UsageError for a user without one, as in some containers."""
    return _of_user(Path.home)


def user_cache() -> Path:
    """The folder for what axs can make again. Raises UsageError as :func:`home`."""
    return _of_user(lambda: _own_folder("XDG_CACHE_HOME", "Library/Caches", ".cache"))


def user_config() -> Path:
    """The folder for what a user has decided. Raises UsageError as :func:`home`."""
    return _of_user(lambda: _own_folder("XDG_CONFIG_HOME", "Library/Application Support", ".config"))


def _own_folder(variable: str, on_a_mac: str, elsewhere: str) -> Path:
    """Where the variable says, as the XDG Base Directory Specification has it (a path that is not absolute counts as
    none), else where the system keeps such things.
    """
    named = Path(os.environ.get(variable, ""))
    return (named if named.is_absolute() else home() / (on_a_mac if sys.platform == "darwin" else elsewhere)) / "axs"


def _of_user(find: Callable[[], Path]) -> Path:
    try:
        folder = find()
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():
        raise UsageError("this user has no home folder: HOME is not set", hint="export HOME=FOLDER")
    return folder
