"""One Python environment for all requirements of a program, resolved together so that versions cannot conflict."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axs_core.base.errors import ProduceError, ProgramFailed
from axs_core.base.settings import Settings
from axs_core.plugins.shipped import TRAITS
from axs_core.process import run
from axs_core.producers.base import Download, Job, Made, Packing, Producer, Used
from axs_core.producers.bundled import WHEELS, Wheels
from axs_core.producers.paths import texts
from axs_core.producers.python_env import interpreter as interpreters
from axs_core.producers.python_env.installer import Installer, choose, install
from axs_core.producers.python_env.interpreter import Interpreter
from axs_core.producers.python_env.lock import archives_of, exact_requirements, read_lock, refuse_unmet
from axs_core.producers.python_env.package import locate
from axs_core.producers.python_env.requirements import (
    canonical,
    installed,
    look,
    own_paths,
    parse_requirements,
    versions,
)
from axs_core.producers.talk import shortened

if TYPE_CHECKING:
    from packaging.requirements import Requirement

VENV = "venv"
REQUIREMENTS = "requirements.txt"
REPORT = "installed.json"
_VENV_SECONDS = 900  # ten seconds on a local disk
_TOOLS = {"pip", "setuptools", "wheel"}  # what `venv` puts in, of whatever version the base Python carries


class PythonEnv(Producer):
    """``requirements`` in a virtual environment inside the entry, or the calling interpreter where that has them
    already.

    ``lock_file`` (a ``pylock.toml``, PEP 751) says exactly which archives are installed, and they must satisfy the
    requirements. The calling interpreter is taken unless a lock file is given, ``isolated`` is set or
    ``AXS_PYTHON_ENV=isolated``; ``AXS_PYTHON_ENV=calling`` (containers, air-gapped machines) allows no other.
    ``python`` asks for a version (``3.11``), a name on PATH or a path. ``package`` names the one that all this is
    for: the folder it is imported from becomes the main file, and its ``version`` and ``import_names`` are found.

    Found: ``interpreter`` (relative to the entry's folder, absolute for the calling one), ``python_version``,
    ``platform_tag``, ``calling_interpreter``, ``frozen`` (sorted ``name==version`` of all that it can import, without
    pip, setuptools and wheel unless they were asked for), ``packages`` (name to version, of what the requirements
    lead to), ``installer_version`` (``pip 23.2.1``) where one was used, ``archives`` (name, version, URL and hashes of
    what pip installed; a lock file is written from it), and for the calling interpreter
    ``site_packages``, the folders its packages lie in.
    """

    name = "python_env"
    traits = TRAITS["python_env"]

    def make(self, job: Job) -> Made:
        """Install, or take the calling interpreter; nothing of an earlier try is kept."""
        requirements = parse_requirements(job.spec.get("requirements"))
        _remove_earlier(job.folder)
        policy = Settings(job.environ).python_env
        if job.spec.get("lock_file"):
            why_not: Sequence[str] = ["exactly what a lock file holds is asked for"]
        elif policy == "isolated" or job.spec.get("isolated"):
            why_not = ["an environment of its own is asked for (isolated)"]
        else:
            made, why_not = _calling(job, requirements)
            if made:
                return made
        if policy == "calling":
            raise _only_calling(why_not, requirements)
        return _own(job, requirements)

    def check(self, folder: Path, attributes: Mapping[str, Any]) -> str | None:
        """Looks at a few files, and for the calling interpreter at the versions of its packages; starts nothing."""
        interpreter = folder / attributes.get("interpreter", f"{VENV}/bin/python")
        if not interpreter.exists():
            return f"its interpreter is gone: {interpreter}"
        if not os.access(interpreter, os.X_OK):
            return f"its interpreter is not executable: {interpreter}"
        wrong = _wrong_base(interpreter, attributes.get("python_version"))
        if wrong:
            return wrong
        if attributes.get("calling_interpreter"):
            return _changed(attributes.get("packages") or {}, attributes.get("site_packages") or ())
        return None

    def downloads(self, spec: Mapping[str, Any]) -> Iterator[Download]:
        """Its requirements; what those lead to, the index knows."""
        for requirement in texts(spec.get("requirements") or (), "make.python_env.requirements"):
            yield Download("python", requirement)

    def pack(self, used: Used, bundle: Packing) -> None:
        """The wheels of all that is installed."""
        bundle.add_environment(used)


def _calling(job: Job, requirements: Sequence[Requirement]) -> tuple[Made | None, Sequence[str]]:
    """The calling interpreter, or why it will not do."""
    wanted = job.spec.get("python")
    if not sys.executable:
        return None, ["axs runs in a Python without an interpreter of its own"]
    version = ".".join(map(str, sys.version_info[:3]))
    if wanted and not _is_calling(str(wanted), version, job.environ):
        return None, [f"python={wanted} is wanted and this is Python {version}"]
    paths = own_paths(job.environ)
    answer = look(requirements, paths)
    if answer.missing:
        return None, answer.missing
    job.reporter.note(f"using {sys.executable}, which has all that is needed")
    this = interpreters.this(installed(paths), _folders(paths))
    own = {"interpreter": sys.executable, "calling_interpreter": True, "site_packages": this.site_packages}
    own["packages"] = dict(sorted(answer.packages.items()))
    return _made(job, this, requirements, own), ()


@dataclass(frozen=True)
class Wanted:
    """What is installed for a ``make`` section: into an environment of the interpreter ``base``, the ``lines`` of a
    requirements file with ``options`` of the installer; messages call it ``texts``.
    """

    base: str
    lines: tuple[str, ...]
    options: tuple[str, ...]
    texts: tuple[str, ...]


def wanted(spec: Mapping[str, Any], environ: Mapping[str, str]) -> Wanted:
    """What an environment of its own would hold; :class:`UsageError` for what is no requirement, ProduceError for a
    lock file that cannot be had here, NotFound for an interpreter that is not here.
    """
    requirements = parse_requirements(spec.get("requirements"))
    python, lock_file = spec.get("python"), spec.get("lock_file")
    base = interpreters.find(str(python), environ).executable if python else sys.executable
    if lock_file:
        locked = _locked(Path(str(lock_file)), requirements, base)
        return Wanted(base, tuple(locked.values()), ("--require-hashes", "--no-deps"), (str(lock_file),))
    texts = tuple(str(requirement) for requirement in requirements)
    return Wanted(base, texts, (), texts)


def _own(job: Job, requirements: Sequence[Requirement]) -> Made:
    """A virtual environment in the entry's folder."""
    content = wanted(job.spec, job.environ)
    installer = choose(str(job.spec.get("installer") or "auto"), job.environ, content.base)
    environment = job.folder / VENV
    _create(job, content.base, environment, installer)
    interpreter = interpreters.own_interpreter(environment)
    version = installer.version(environment, job.environ)
    archives: list[dict[str, Any]] = []
    if content.lines:
        report = job.folder / REPORT
        archives = _fill(job, installer, content, report if installer.can_report(version) else None)
        report.unlink(missing_ok=True)
    this = interpreters.ask(interpreter, job.environ)
    own = {"interpreter": interpreter.relative_to(job.folder).as_posix(), "calling_interpreter": False}
    own |= {"installer_version": version} | ({"archives": archives} if archives else {})
    return _made(job, this, requirements, own)


def _fill(job: Job, installer: Installer, content: Wanted, report: Path | None) -> list[dict[str, Any]]:
    """Install: from a bundle that was opened here where one has exactly this, else from wherever pip finds it. Returns
    the archives, where they are known.
    """
    reporting = ["--report", str(report)] if report else []
    environment, requirements = job.folder / VENV, job.folder / REQUIREMENTS
    for wheels in _brought(job, content):
        requirements.write_text("".join(f"{line}\n" for line in wheels.lines), encoding="utf-8")
        only = ["--no-index", "--find-links", wheels.folder.as_uri(), "--require-hashes", "--no-deps"]
        job.reporter.note(f"wheels from the bundle {wheels.bundle}")
        try:
            install(job, installer, environment, requirements, content.texts, [*only, *reporting])
        except ProgramFailed as error:
            job.reporter.warn(f"going on without the bundle {wheels.bundle}: {error}")
            continue
        return _archives(report, wheels.urls)
    requirements.write_text("".join(f"{line}\n" for line in content.lines), encoding="utf-8")
    folders = [bundle.folder / WHEELS for bundle in job.bundles]
    links = [word for folder in folders if folder.is_dir() for word in ("--find-links", folder.as_uri())]
    install(job, installer, environment, requirements, content.texts, [*content.options, *links, *reporting])
    return _archives(report, {})


def _brought(job: Job, content: Wanted) -> Iterator[Wheels]:
    if not job.bundles:
        return
    this = interpreters.ask(interpreters.own_interpreter(job.folder / VENV), job.environ)
    for bundle in job.bundles:
        if (wheels := bundle.wheels(content.lines, this.version, this.platform)) is not None:
            yield wheels


def _archives(report: Path | None, urls: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the installer's report says; of wheels from a bundle with the addresses that they once came from."""
    if report is None or not report.exists():
        return []
    archives = archives_of(json.loads(report.read_text(encoding="utf-8")))
    return [{**each, "url": urls.get(each["hashes"].get("sha256", ""), each["url"])} for each in archives]


def _locked(file: Path, requirements: Sequence[Requirement], base: str) -> dict[str, str]:
    """What to install for a lock file, a line a package."""
    lock = read_lock(file)
    refuse_unmet(requirements, lock, file)
    return exact_requirements(lock, file, own=base == sys.executable)


def _create(job: Job, base: str, environment: Path, installer: Installer) -> None:
    argv = [base, "-m", "venv", *(["--without-pip"] if installer.name != "pip" else []), str(environment)]
    environ = interpreters.clean_environ(job.environ)
    name = "python -m venv"
    try:
        run(argv, cwd=job.folder, log=job.log, env=environ, timeout=_VENV_SECONDS, reporter=job.reporter, name=name)
    except ProgramFailed as error:
        talk = "\n".join(error.tail)
        if "ensurepip" in talk:
            error.hint = "Debian and Ubuntu keep a part of Python aside: apt install python3-venv"
        elif "No space left" in talk or "Errno 28" in talk:
            error.hint = "free some space there, or set AXS_WORK_COLLECTION to a folder with more room"
        raise


def _made(job: Job, this: Interpreter, requirements: Sequence[Requirement], own: Mapping[str, Any]) -> Made:
    """What both ways have in common."""
    hidden = _TOOLS - {canonical(requirement.name) for requirement in requirements}
    packages = {name: version for name, version in sorted(this.packages.items()) if name not in hidden}
    frozen = [f"{name}=={version}" for name, version in packages.items()]
    facts = {"python_version": this.version, "platform_tag": this.platform, "frozen": frozen, "packages": packages}
    if not job.spec.get("package"):
        return Made(found=facts | dict(own))
    package = locate(str(job.spec["package"]), this.site_packages)
    facts |= {"version": package.version, "import_names": list(package.import_names)}
    file = _inside(package.path, job.folder) if package.path else None
    return Made(file=file, found=facts | dict(own))


def _inside(path: Path, folder: Path) -> str:
    """Relative to the entry's folder, so that the entry can be moved; absolute where the calling interpreter has it."""
    whole, base = path.resolve(), folder.resolve()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else str(path)


def _is_calling(wanted: str, version: str, environ: Mapping[str, str]) -> bool:
    if interpreters.looks_like_version(wanted):
        return interpreters.is_version(version, wanted)
    path = shutil.which(wanted, path=environ.get("PATH"))
    # Not resolved: an environment's interpreter is a link to its base, which is another interpreter.
    return path is not None and os.path.abspath(path) == os.path.abspath(sys.executable)


def _only_calling(why_not: Sequence[str], requirements: Sequence[Requirement]) -> ProduceError:
    texts = " ".join(f"'{requirement}'" for requirement in requirements)
    return ProduceError(
        f"AXS_PYTHON_ENV=calling allows only {sys.executable}, which will not do: {shortened(why_not)}",
        hint=f"{sys.executable} -m pip install {texts}, or unset AXS_PYTHON_ENV" if texts else "unset AXS_PYTHON_ENV",
    )


def _remove_earlier(folder: Path) -> None:
    if (folder / VENV).is_symlink():  # somebody moved it to another disk; what it points to is not ours to empty
        (folder / VENV).unlink()
    elif (folder / VENV).exists():
        shutil.rmtree(folder / VENV)
    for name in (REQUIREMENTS, REPORT):
        (folder / name).unlink(missing_ok=True)


def _folders(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if Path(path).is_dir() and any(Path(path).glob("*.*-info"))]


def _wrong_base(interpreter: Path, recorded: str | None) -> str | None:
    """An environment breaks when the Python it was made from goes away, or becomes another version under its name."""
    settings = interpreter.parent.parent / "pyvenv.cfg"
    text = settings.read_text(encoding="utf-8") if settings.is_file() else ""
    home = re.search(r"^home\s*=\s*(.+?)\s*$", text, re.MULTILINE)
    if home and not Path(home[1]).is_dir():
        return f"the Python it was made from is gone: {home[1]}"
    now = re.fullmatch(r"python(\d+\.\d+)", interpreter.resolve().name)
    if now and recorded and not interpreters.is_version(recorded, now[1]):
        return f"it was made with Python {recorded} and {interpreter} is Python {now[1]} now"
    return None


def _changed(recorded: Mapping[str, str], paths: Sequence[str]) -> str | None:
    now = versions(recorded, paths)
    changes = [f"{name} was {old} and is {now[name] or 'gone'}" for name, old in recorded.items() if now[name] != old]
    return f"packages of the interpreter changed: {shortened(changes)}" if changes else None
