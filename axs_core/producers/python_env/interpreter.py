"""Python interpreters: finding one, and asking it what it is."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from axs_core import process
from axs_core.base.errors import NotFound, ProduceError, ProgramFailed

# Runs in the other interpreter, so plain enough for any Python 3.8 or later. The first of two packages with one name
# wins, as for an import.
_QUESTION = """
import importlib.metadata as m, json, platform, re, sys, sysconfig
packages = {}
for d in m.distributions():
    if "Name" in d.metadata and "Version" in d.metadata:
        packages.setdefault(re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower(), d.version)
print(json.dumps({"executable": sys.executable, "version": platform.python_version(),
                  "platform": sysconfig.get_platform(), "packages": packages,
                  "site_packages": sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})}))
"""
_VERSION = re.compile(r"\d+(\.\d+){0,2}")
_SECONDS = 60  # an answer takes 0.1 s; a cold network file system takes longer
_NOT_FOR_CHILDREN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PYTHONSTARTUP")


@dataclass(frozen=True)
class Interpreter:
    """What an interpreter says of itself; ``packages`` maps canonical names to versions of all that it can import, and
    ``site_packages`` are the folders where they lie."""

    executable: str
    version: str
    platform: str
    packages: Mapping[str, str]
    site_packages: Sequence[str] = ()


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for an interpreter's children: nothing that would make it another interpreter."""
    return {name: value for name, value in environ.items() if name not in _NOT_FOR_CHILDREN}


def ask(executable: str | Path, environ: Mapping[str, str]) -> Interpreter:
    """Start an interpreter and have it describe itself; :class:`ProduceError` where it does not answer."""
    try:
        return Interpreter(**json.loads(answer([str(executable), "-I", "-c", _QUESTION], environ)))
    except (ProduceError, ValueError, TypeError) as error:
        raise ProduceError(f"{executable} does not work as a Python interpreter: {error}") from None


def answer(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """What a program that only answers a question writes to stdout; :class:`ProduceError` with its last line where it
    fails.
    """
    try:
        return process.ask(argv, env=clean_environ(environ), timeout=_SECONDS)
    except ProgramFailed as error:
        raise ProduceError(error.tail[-1] if error.tail else error.message) from None


def this(packages: Mapping[str, str], site_packages: Sequence[str]) -> Interpreter:
    """The interpreter that runs this, as it would describe itself."""
    return Interpreter(sys.executable, platform.python_version(), sysconfig.get_platform(), packages, site_packages)


def looks_like_version(wanted: str) -> bool:
    """Whether ``3.11`` or ``3.11.7`` is meant, and not a program."""
    return _VERSION.fullmatch(wanted) is not None


def find(wanted: str, environ: Mapping[str, str]) -> Interpreter:
    """The interpreter meant by ``3.11`` (or ``3.11.7``), a name on PATH or a path.

    A version is looked for under all of its usual names in every folder of PATH: version switchers (pyenv) put
    programs there that only print why they do not run. The calling interpreter is preferred where it is of that
    version.
    """
    if not looks_like_version(wanted):
        path = shutil.which(wanted, path=environ.get("PATH"))
        if path is None:
            raise NotFound(f"no interpreter {wanted!r} on PATH or at that path", hint=_HINT)
        return ask(path, environ)
    other = []
    for candidate in _candidates(wanted, environ):
        try:
            interpreter = ask(candidate, environ)
        except ProduceError:
            continue
        if is_version(interpreter.version, wanted):
            return interpreter
        other.append(f"{interpreter.version} ({candidate})")
    there = f"; there are {', '.join(other)}" if other else ""
    raise NotFound(f"no Python {wanted} on PATH{there}", hint=_HINT)


_HINT = "install it, or give the path of an interpreter: python=/path/to/bin/python3"


def is_version(version: str, wanted: str) -> bool:
    """Whether a version is the wanted one or one of its kind.

    >>> is_version("3.11.7", "3.11"), is_version("3.11.7", "3.1")
    (True, False)
    """
    return f"{version}.".startswith(f"{wanted}.")


def bin_folder(environment: Path) -> Path:
    """Where a virtual environment keeps its programs."""
    return environment / ("Scripts" if os.name == "nt" else "bin")


def own_interpreter(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return bin_folder(environment) / ("python.exe" if os.name == "nt" else "python")


def _candidates(wanted: str, environ: Mapping[str, str]) -> Iterator[str]:
    major, *rest = wanted.split(".")
    names = [f"python{major}.{rest[0]}"] if rest else []
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    seen = {os.path.realpath(sys.executable)}
    if sys.executable:
        yield sys.executable
    for name in (*names, f"python{major}", "python"):
        for folder in folders:
            path = shutil.which(name, path=folder)
            if path and os.path.realpath(path) not in seen:
                seen.add(os.path.realpath(path))
                yield path
