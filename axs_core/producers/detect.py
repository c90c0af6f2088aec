"""What is on this machine already: a tool on PATH with its version, or whatever a function of the recipe finds."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from axs_core.base.errors import DoesNotApply, EntryError, ProgramFailed
from axs_core.base.paths import absolute
from axs_core.plugins.shipped import TRAITS
from axs_core.process import run
from axs_core.producers.base import Job, Made, Packing, Producer, Used
from axs_core.producers.python import call_function
from axs_core.producers.talk import size_of, talk_since

# `git version 2.39.5 (Apple Git-154)`, `cmake version 3.25.1`, `ninja 1.11.1.git.kitware`, `openjdk 17.0.9 2023-10-17`
_VERSION = r"\d+(?:\.\d+)+(?:[-+._]?\w+)*|(?<=version )\d+"
_SECONDS = 10
_CANNOT_START = (126, 127)  # the shell's codes; version switchers (pyenv) use them for what is not installed


class Detect(Producer):
    """Either ``tool``, a name or several of which the first that is there is taken, or ``function``, a name in
    ``code.py``.

    With ``tool``: ``search`` are folders looked in before PATH; ``version_command`` the arguments that make the tool
    tell its version (default ``[--version]``, an empty list asks nothing); ``version_pattern`` a regular expression,
    its first group or all of it is the version; ``timeout`` in seconds; ``install_hint`` what to tell who does not
    have the tool.

    Found: ``tool_path`` (absolute) and ``version`` where the tool told one. A function's mapping is taken as it is;
    ``tool_path`` or ``file`` in it name the main file.
    """

    name = "detect"
    traits = TRAITS["detect"]

    def make(self, job: Job) -> Made:
        """Look; :class:`DoesNotApply` where it is not on this machine, so that the next recipe is tried."""
        if job.spec.get("function"):
            found = call_function(job, str(job.spec["function"]))
            file = found.pop("file", None) or found.get("tool_path")
            return Made(file=None if file is None else str(file), found=found)
        path = _find(job)
        version = _version(job, path)
        return Made(file=path, found={"tool_path": path} | ({"version": version} if version else {}))

    def check(self, folder: Path, attributes: Mapping[str, Any]) -> str | None:
        """Whether the tool, or what a function found outside the entry, is still there; versions are not asked
        again.
        """
        tool = attributes.get("tool_path")
        path = tool or attributes.get("file")
        if path is None or not Path(path).is_absolute():
            return None
        if not Path(path).exists():
            return f"it is not there any more: {path}"
        if tool and not os.access(tool, os.X_OK):
            return f"it is not executable any more: {path}"
        return None

    def pack(self, used: Used, bundle: Packing) -> None:
        """It has to be on the other machine too."""
        bundle.add_tool(used.query)


def _find(job: Job) -> str:
    """The absolute path, links kept: what a link in PATH points to may change its name with every update."""
    names = _list(job.spec.get("tool"))
    if not names:
        raise EntryError("detect needs a tool or a function", file=job.recipe_path / "meta.yaml", key="make.detect")
    search = [str(absolute(folder)) for folder in _list(job.spec.get("search"))]
    folders = os.pathsep.join([*search, job.environ.get("PATH", os.defpath)])
    for name in names:
        path = shutil.which(os.path.expanduser(name), path=folders)  # noqa: PTH111 (a Path would make a bare name a relative path)
        if path:
            return os.path.abspath(path)
    where = f" or in {', '.join(search)}" if search else ""
    raise DoesNotApply(f"{' or '.join(names)} is not on PATH{where}", hint=job.spec.get("install_hint"))


def _version(job: Job, path: str) -> str | None:
    """What the tool says it is. Some say it on stderr (java), some with an exit code of 1: with a pattern of its own
    that counts too.
    """
    command, pattern = job.spec.get("version_command"), job.spec.get("version_pattern")
    arguments = ["--version"] if command is None else _list(command)
    if not arguments:
        return None
    ended_well, said = _ask(job, path, arguments)
    match = _compiled(job, pattern or _VERSION).search(said) if ended_well or pattern else None
    if match is None:
        job.reporter.warn(f"{path} {' '.join(arguments)} tells no version")
        return None
    return match[1] if match.re.groups else match[0]


def _ask(job: Job, path: str, arguments: Sequence[str]) -> tuple[bool, str]:
    """Whether the tool ended well, and all that it said; :class:`DoesNotApply` where it cannot even start."""
    timeout, begin = job.spec.get("timeout") or _SECONDS, size_of(job.log)
    name = Path(path).name
    try:
        run([path, *arguments], cwd=job.folder, log=job.log, env=job.environ, timeout=timeout, name=name)
    except ProgramFailed as error:
        if error.returncode in _CANNOT_START:
            why = (error.tail or [error.message])[0]
            raise DoesNotApply(f"{path} does not run: {why}", hint=job.spec.get("install_hint")) from None
        return False, "\n".join(talk_since(job.log, begin))
    return True, "\n".join(talk_since(job.log, begin))


def _compiled(job: Job, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        file, key = job.recipe_path / "meta.yaml", "make.detect.version_pattern"
        raise EntryError(f"not a regular expression: {error}", file=file, key=key) from None


def _list(value: Any) -> list[str]:
    """A name or a list of them, as a list; a null and an empty text mean nothing."""
    values = [value] if value is None or isinstance(value, (str, Path)) else value
    return [str(item) for item in values if item not in (None, "")]
