"""A function of the recipe's ``code.py``, run in the axs process: for small things only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axs_core.base.errors import EntryError
from axs_core.plugins.shipped import TRAITS
from axs_core.producers.base import Job, Made, Producer


class Python(Producer):
    """``function``: its name. It returns a mapping of what was found, or None. ``file`` names the main file, as does
    the key ``file`` in the mapping.
    """

    name = "python"
    traits = TRAITS["python"]

    def make(self, job: Job) -> Made:
        """Call the function; :class:`EntryError` with file and line where it raises, errors of axs pass through."""
        found = call_function(job, str(job.spec["function"]))
        file = found.pop("file", job.spec.get("file"))
        return Made(file=None if file is None else str(file), found=found)


def call_function(job: Job, function: str) -> dict[str, Any]:
    """Call a function of the recipe by name and take what it found, as a new dict.

    Whatever the function raises is told with its file and line by ``job.call``.
    """
    code = job.recipe_path / "code.py"
    if job.call is None:
        raise EntryError(f"there is no code.py with a function {function!r}", file=code)
    found = job.call(function)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        what = f"{function} must return a mapping of attributes or None, not {type(found).__name__}"
        raise EntryError(what, file=code)
    return dict(found)
