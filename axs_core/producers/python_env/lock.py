"""Lock files (PEP 751, ``pylock.toml``): which archive each package of an environment was installed from."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from axs_core.base.credentials import without_credentials
from axs_core.base.errors import NotFound, ProduceError, UsageError
from axs_core.producers.python_env.requirements import canonical

if TYPE_CHECKING:
    from packaging.pylock import Pylock
    from packaging.requirements import Requirement

FILE = "pylock.toml"


def archives_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What pip installed, from its installation report: name, version, URL and hashes of each archive, sorted by name.

    ``direct`` marks what was asked for by its address. What came from a folder or a repository has no hashes.
    """
    found = []
    for item in report["install"]:
        source = item["download_info"]
        archive = source.get("archive_info", {})
        hashes = archive.get("hashes") or dict([archive["hash"].split("=", 1)] if archive.get("hash") else [])
        found.append(
            {
                "name": canonical(item["metadata"]["name"]),
                "version": item["metadata"]["version"],
                "url": without_credentials(source["url"]),
                "hashes": hashes,
                **({"direct": True} if item.get("is_direct") else {}),
            }
        )
    return sorted(found, key=lambda each: str(each["name"]))


def lock_text(archives: Sequence[Mapping[str, Any]], frozen: Iterable[str], python_version: str) -> str:
    """A ``pylock.toml`` for an environment that holds ``frozen`` (``name==version`` each) in a Python of that version.

    Raises NotFound that names every package whose archive is not known.
    """
    import tomli_w
    from packaging.pylock import Pylock, PylockValidationError

    known = {(each["name"], each["version"]): each for each in archives}
    wanted = [tuple(line.partition("==")[::2]) for line in frozen]
    missing = [f"{name} {version}" for name, version in wanted if not known.get((name, version), {}).get("hashes")]
    if missing:
        raise NotFound(
            f"the archives are not known of {', '.join(missing)}: only what pip installed from archives, into an "
            "environment of axs's own, can be locked",
            hint="axs byquery python_env,requirements:=...,isolated+,installer=pip makes one whose archives are known",
        )
    minor = ".".join(python_version.split(".")[:2])
    data = {
        "lock-version": "1.0",
        "requires-python": f"=={minor}.*",
        "created-by": "axs",
        "packages": [_package(known[name, version]) for name, version in wanted],
    }
    try:
        Pylock.from_dict(data)
    except PylockValidationError as error:
        raise UsageError(f"what is known of the archives makes no lock file (PEP 751): {error}") from None
    return tomli_w.dumps(data)


def _package(archive: Mapping[str, Any]) -> dict[str, Any]:
    name = file_name(archive["url"])
    file = {"name": name, "url": archive["url"], "hashes": dict(archive["hashes"])}
    package: dict[str, Any] = {"name": archive["name"], "version": archive["version"]}
    if archive.get("direct"):
        return {**package, "archive": {key: value for key, value in file.items() if key != "name"}}
    return {**package, "wheels": [file]} if name.endswith(".whl") else {**package, "sdist": file}


def file_name(url: str) -> str:
    """The name of the file that a URL leads to."""
    return unquote(PurePosixPath(urlsplit(url).path).name)


def read_lock(file: Path) -> Pylock:
    """The content of a ``pylock.toml``. Raises UsageError for what is none."""
    tomllib: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    from packaging.pylock import Pylock, PylockValidationError

    try:
        return Pylock.from_dict(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, PylockValidationError) as error:
        raise UsageError(f"{file} is no lock file (PEP 751): {error}") from None


def exact_requirements(lock: Pylock, file: Path, own: bool) -> dict[str, str]:
    """Lines for ``pip install --require-hashes --no-deps``, by package name: what the lock holds for this machine.

    With ``own`` the target is the running Python's version, and what has no archive for it is named; otherwise the
    installer will say. Raises ProduceError where an archive cannot be had here, naming each.
    """
    from packaging.tags import sys_tags

    tags = list(sys_tags()) if own else None
    lines: dict[str, str] = {}
    problems = []
    if own and lock.requires_python and not lock.requires_python.contains(_own_version(), prereleases=True):
        problems.append(f"it is for Python {lock.requires_python}, and this is Python {_own_version()}")
    for package in lock.packages:
        if package.marker is not None and not package.marker.evaluate(context="lock_file"):
            continue
        name = f"{package.name} {package.version}" if package.version else package.name
        if package.vcs is not None or package.directory is not None:
            problems.append(f"{name}: it is no archive, but {'a repository' if package.vcs else 'a folder'}")
            continue
        if package.archive is not None:
            lines[package.name] = f"{package.name} @ {package.archive.url}{_hashes([package.archive])}"
            continue
        files = [*(package.wheels or ()), *([package.sdist] if package.sdist else ())]
        if tags is not None and package.sdist is None and not any(_fits(each.filename, tags) for each in files):
            problems.append(
                f"{name}: no wheel for this Python and machine, only {', '.join(e.filename for e in files)}"
            )
        lines[package.name] = f"{package.name}=={package.version}{_hashes(files)}"
    if problems:
        listed = "".join(f"\n    {problem}" for problem in problems)
        raise ProduceError(f"{file} cannot be had here:{listed}", hint="the same Python version on such a machine can")
    return lines


def refuse_unmet(requirements: Sequence[Requirement], lock: Pylock, file: Path) -> None:
    """Raise ProduceError for requirements that the lock's versions do not satisfy."""
    there = {package.name: package.version for package in lock.packages}
    unmet = []
    for requirement in requirements:
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        version = there.get(canonical(requirement.name))  # type: ignore[call-overload]
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            unmet.append(f"{requirement} ({f'it has {version}' if version else 'it does not have it'})")
    if unmet:
        raise ProduceError(f"{file} does not hold what is asked for: {', '.join(unmet)}")


def _own_version() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _fits(wheel: str, tags: Sequence[Any]) -> bool:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        return not parse_wheel_filename(wheel)[3].isdisjoint(tags)
    except InvalidWheelFilename:
        return False


def _hashes(files: Iterable[Any]) -> str:
    found = [(algorithm, value) for each in files for algorithm, value in sorted(each.hashes.items())]
    return "".join(f" --hash={algorithm}:{value}" for algorithm, value in dict.fromkeys(found))
