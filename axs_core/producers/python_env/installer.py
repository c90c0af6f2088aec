"""Installing requirements into a virtual environment with pip or uv, and saying well why that failed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from axs_core.base.errors import ProduceError, ProgramFailed, UsageError
from axs_core.base.settings import Settings, is_on
from axs_core.process import run
from axs_core.producers.base import Job
from axs_core.producers.paths import seconds
from axs_core.producers.python_env.interpreter import answer, clean_environ, own_interpreter
from axs_core.producers.python_env.requirements import refuse_credentials
from axs_core.producers.talk import hint_for, reasons, shortened, size_of, talk_since

# These would send the packages elsewhere than into the environment.
_ELSEWHERE = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_REQUIREMENT", "PIP_DRY_RUN")
_QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_PROGRESS_BAR": "off", "NO_COLOR": "1"}
# What uv calls the settings that pip users have; uv does not read pip's.
_UV_NAMES = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CONSTRAINT": "UV_CONSTRAINT",
    "PIP_CERT": "SSL_CERT_FILE",
}
_LISTS_WITH_COMMAS = ("UV_FIND_LINKS",)  # pip separates all its lists with blanks


_SECONDS = 4 * 3600.0  # for those who say nothing: large wheels come in minutes, what has to be built takes hours
_LONGER = "timeout=SECONDS in the query of the environment, or make.python_env.timeout, allows more"
REPORTS_SINCE = (22, 2)  # pip's option --report


@dataclass(frozen=True)
class Installer:
    """``name`` is pip or uv; ``program`` the path of uv, None for pip, which lives in the environment itself."""

    name: str
    program: str | None = None

    def command(self, environment: Path) -> list[str]:
        """What to type before the requirements, to install into this virtual environment."""
        interpreter = str(own_interpreter(environment))
        if self.program:
            return [self.program, "pip", "install", "--python", interpreter]
        return [interpreter, "-m", "pip", "install"]

    def can_report(self, version: str) -> bool:
        """Does it (``pip 23.2.1``) write down which archives it installed?"""
        number = version.removeprefix("pip ").split(".")
        return self.name == "pip" and tuple(map(int, filter(str.isdigit, number[:2]))) >= REPORTS_SINCE

    def version(self, environment: Path, environ: Mapping[str, str]) -> str:
        """``pip 23.2.1``."""
        argv = [self.program] if self.program else [str(own_interpreter(environment)), "-m", "pip"]
        return " ".join(answer([*argv, "--version"], environ).split()[:2])


def choose(wanted: str, environ: Mapping[str, str], python: str) -> Installer:
    """The installer meant by ``auto``, ``pip`` or ``uv``.

    ``auto`` (``AXS_INSTALLER`` can say which) is uv where it is on PATH, except where a configuration file of pip
    names an index or a folder of wheels: uv would not read it, and packages would come from elsewhere. ``python`` is
    an interpreter that may have pip.
    """
    name = Settings(environ).installer if wanted == "auto" else wanted
    if name not in ("auto", "pip", "uv"):
        raise UsageError(f"there is no installer {name!r}", hint="AXS_INSTALLER or installer= is one of auto, pip, uv")
    program = shutil.which("uv", path=environ.get("PATH")) if name != "pip" else None
    if name == "uv" and program is None:
        raise ProduceError("uv is wanted as installer but is not on PATH", hint="pip install uv, or installer=pip")
    if name == "auto" and program is not None and _pip_files_name_sources(python, environ):
        program = None
    return Installer("uv", program) if program else Installer("pip")


def install(
    job: Job,
    installer: Installer,
    environment: Path,
    requirements: Path,
    texts: Sequence[str],
    options: Sequence[str] = (),
) -> None:
    """Install the file of requirements in one go, so that they are resolved together; raise :class:`ProgramFailed`
    with the installer's own reasons. ``options`` are further ones of the installer.
    """
    environ = environment_for(installer, job.environ, job.spec.get("index_options") or ())
    no_index = ["--no-index"] if is_on(environ, "PIP_NO_INDEX") else []  # uv has no variable for it
    argv = [*installer.command(environment), *no_index, *options, "-r", str(requirements)]
    begin, what = size_of(job.log), shortened(texts)
    job.reporter.step(f"installing {what} with {installer.name}")
    called = f"installing {what}"
    timeout = seconds(job.spec.get("timeout"), "make.python_env.timeout") or _SECONDS
    try:
        run(argv, cwd=job.folder, log=job.log, env=environ, timeout=timeout, reporter=job.reporter, name=called)
    except ProgramFailed as error:
        if error.returncode is None:
            error.hint = _LONGER
        if error.returncode is None or error.returncode < 0:  # a time-out or a signal: the message says all
            raise
        talk = talk_since(job.log, begin)
        message, tail = f"{installer.name} could not install {what}", reasons(talk) or error.tail
        hint = hint_for(talk, offline=Settings(environ).offline)
        code = error.returncode
        raise ProgramFailed(message, argv=argv, returncode=code, tail=tail, log=job.log, hint=hint) from None


def environment_for(installer: Installer, environ: Mapping[str, str], options: Sequence[str]) -> dict[str, str]:
    """The installer's environment: the user's, with ``options`` (``--index-url URL`` ...) put in as variables.

    ``AXS_OFFLINE=1`` keeps pip from every index that is not a ``file:`` URL; wheels in PIP_FIND_LINKS are still
    found. uv can use its cache then.
    """
    result = {name: value for name, value in clean_environ(environ).items() if name not in _ELSEWHERE} | _QUIET
    result |= _variables(options)
    if Settings(environ).offline:
        result["UV_OFFLINE"] = "1"
        if not result.get("PIP_INDEX_URL", "").startswith("file:") and installer.name == "pip":
            result["PIP_NO_INDEX"] = "1"
    if installer.name == "uv":
        for pip_name, uv_name in _UV_NAMES.items():
            if pip_name in result:
                separator = "," if uv_name in _LISTS_WITH_COMMAS else " "
                result.setdefault(uv_name, separator.join(result[pip_name].split()))
    return result


def _variables(options: Sequence[str]) -> dict[str, str]:
    """``--index-url URL`` as ``PIP_INDEX_URL=URL``: a command line is seen by everybody, and is logged."""
    result: dict[str, str] = {}
    words = [word for option in options for word in option.split()]
    name = ""
    for word in words:
        refuse_credentials(word, "index_options")
        if word.startswith("--"):
            option, _, value = word[2:].partition("=")
            name = "PIP_" + option.upper().replace("-", "_")
            result[name] = value if value else result.get(name, "")
        elif name:
            result[name] = f"{result[name]} {word}".strip()
        else:
            raise UsageError(
                f"index_options: {word!r} is not an option", hint="write --index-url URL, --find-links FOLDER ..."
            )
    return {name: value or "1" for name, value in result.items()}


def _pip_files_name_sources(python: str, environ: Mapping[str, str]) -> bool:
    try:
        settings = answer([python, "-m", "pip", "config", "list"], environ)
    except ProduceError:  # a Python without pip
        return False
    return bool(re.search(r"^(?!:env:).*\.(extra-index-url|index-url|find-links|no-index)=", settings, re.MULTILINE))
