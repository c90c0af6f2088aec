"""``program``: run a program in the entry's folder.

Options: ``run`` (its arguments, a list), ``env`` (added to the environment), ``timeout`` in seconds (without it
``AXS_PROGRAM_TIMEOUT``, else a day), ``found_file`` (a
JSON object it writes; its keys become attributes), ``outputs`` (files it must have made), ``file`` (the main file).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axs_core.base.errors import EntryError, ProduceError, ProgramFailed
from axs_core.base.settings import Settings
from axs_core.entry import META
from axs_core.plugins.shipped import TRAITS
from axs_core.process import run
from axs_core.producers.base import Job, Made, Producer
from axs_core.producers.paths import inside, seconds

_SECONDS = 24 * 3600.0
SUSPENDED = "suspended_seconds"
"""For how long a program was suspended (Ctrl-Z) while it ran; only where it was."""


class Program(Producer):
    """Runs a child; its exit code, the files it had to make and what it found decide whether that worked."""

    name = "program"
    traits = TRAITS["program"]

    def make(self, job: Job) -> Made:
        """Found: what the program wrote into ``found_file``."""
        argv = _argv(job.spec.get("run"))
        names = _list(job.spec.get("outputs"), "outputs")
        outputs = [inside(job.folder, name, "make.program.outputs") for name in names]
        main, found = job.spec.get("file"), job.spec.get("found_file")
        if main:
            outputs.append(inside(job.folder, main, "make.program.file"))
        found_file = inside(job.folder, found, "make.program.found_file") if found else None
        try:
            ended = run(
                argv,
                cwd=job.folder,
                log=job.log,
                env={**job.environ, **_environment(job.spec.get("env"))},
                timeout=_patience(job),
                reporter=job.reporter,
                name=called(argv),
            )
        except ProgramFailed as failed:
            if failed.returncode is None:
                failed.hint = (
                    f"how long it may take: make.program.timeout in {job.recipe_path / META}, or AXS_PROGRAM_TIMEOUT"
                )
            raise
        missing = [path.relative_to(job.folder).as_posix() for path in outputs if not path.exists()]
        if missing:
            raise ProduceError(f"{called(argv)} ended well but did not make {', '.join(missing)}", log=job.log)
        told = _found(found_file, job.log) if found_file else {}
        if ended.suspended:
            job.reporter.warn(f"{called(argv)} was suspended for {ended.suspended:.1f} s: its times include that")
            told[SUSPENDED] = round(ended.suspended, 3)
        return Made(file=str(main) if main else None, found=told)


def _patience(job: Job) -> float:
    """How long the program may take, in seconds: no child is waited for without end."""
    said = seconds(job.spec.get("timeout"), "make.program.timeout")
    return said or Settings(job.environ).program_timeout or _SECONDS


def called(argv: list[str]) -> str:
    """What messages call a program: its script where an interpreter runs one.

    >>> called(["/usr/bin/python3", "/recipe/classify.py", "--n=3"]), called(["/usr/bin/git", "clone"])
    ('classify.py', 'git')
    """
    is_script = len(argv) > 1 and Path(argv[1]).suffix in (".py", ".sh", ".pl")
    return Path(argv[1 if is_script else 0]).name


def _argv(given: Any) -> list[str]:
    words = _list(given, "run")
    if not words:
        raise EntryError("expected the arguments of a program, a list", key="make.program.run")
    for place, word in enumerate(words):
        if word is None or isinstance(word, (dict, list)):
            raise EntryError(f"expected a word, got {json.dumps(word)}", key=f"make.program.run[{place}]")
    return [str(word) for word in words]


def _list(given: Any, key: str) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        raise EntryError(f"expected a list, got {given!r}", key=f"make.program.{key}")
    return list(given)


def _environment(given: Any) -> dict[str, str]:
    """A value of null leaves the variable as it is."""
    if not isinstance(given or {}, Mapping):
        raise EntryError(f"expected names and values, got {given!r}", key="make.program.env")
    return {str(name): str(value) for name, value in (given or {}).items() if value is not None}


def _found(file: Path, log: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProduceError(f"the program did not write {file.name} (found_file)", log=log) from None
    except (OSError, ValueError) as error:
        raise ProduceError(f"{file}: not JSON: {error}", log=log) from error
    if not isinstance(found, dict):
        raise ProduceError(f"{file}: expected a JSON object, got {type(found).__name__}", log=log)
    return found
