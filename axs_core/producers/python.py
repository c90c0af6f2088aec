"""A function of the recipe's ``code.py``, run in the axs process: for small things only."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axs_core.errors import AxsError, EntryError, ProduceError
from axs_core.producers.base import Job, Made


class Python:
    """``function``: its name. It returns a mapping of what was found, or None; the key ``file`` names the main file."""

    name = "python"

    def make(self, job: Job) -> Made:
        """Call the function; its errors become :class:`ProduceError` with file and line, those of axs pass through."""
        found = call_function(job, str(job.spec["function"]))
        file = found.pop("file", None)
        return Made(file=None if file is None else str(file), found=found)

    def check(self, folder: Path, attributes: Mapping[str, Any]) -> str | None:
        """There is nothing that could go stale by itself."""
        return None


def call_function(job: Job, function: str) -> dict[str, Any]:
    """Call a function of the recipe by name and take what it found, as a new dict."""
    if job.call is None:
        raise EntryError(f"there is no code.py with a function {function!r}", file=job.recipe_path / "code.py")
    try:
        found = job.call(function)
    except AxsError:
        raise
    except Exception as error:
        raise ProduceError(f"{_place(error, job.recipe_path, function)}: {type(error).__name__}: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        what = f"{function} must return a mapping of attributes or None, not {type(found).__name__}"
        raise EntryError(what, file=job.recipe_path / "code.py")
    return dict(found)


def _place(error: Exception, recipe_path: Path, function: str) -> str:
    """``/path/code.py:12: in name``: the innermost frame in a ``code.py``, the recipe's or a parent's, not a
    library's.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == "code.py"]
    if not frames:
        return f"{recipe_path / 'code.py'}: in {function}"
    return f"{frames[-1].filename}:{frames[-1].lineno}: in {frames[-1].name}"
