"""Paths as people type them, and the folders of the user."""

from __future__ import annotations

import os
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
    from platformdirs import user_cache_path

    return _of_user(lambda: user_cache_path("axs"))


def user_config() -> Path:
    """The folder for what a user has decided. Raises UsageError as :func:`home`."""
    from platformdirs import user_config_path

    return _of_user(lambda: user_config_path("axs"))


def _of_user(find: Callable[[], Path]) -> Path:
    try:
        folder = find()
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():
        raise UsageError("this user has no home folder: HOME is not set", hint="export HOME=FOLDER")
    return folder
