"""Python requirements as PEP 508 writes them, and whether what is installed somewhere satisfies them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from axs_core.base.credentials import has_credentials, without_credentials
from axs_core.base.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import Distribution

    from packaging.requirements import Requirement


def refuse_credentials(text: str, where: str) -> None:
    """Raise :class:`UsageError` for a URL with a password: it would be stored in the entry."""
    if has_credentials(text):
        raise UsageError(
            f"{where} holds a user name or a password, which would be stored: {without_credentials(text)}",
            hint="set PIP_INDEX_URL in the environment, or use ~/.netrc, or write ${NAME} for a variable",
        )


def parse_requirements(texts: str | Iterable[object] | None) -> list[Requirement]:
    """The requirements, in the order given and without repetitions; :class:`UsageError` names the one that is wrong."""
    from packaging.requirements import InvalidRequirement, Requirement

    given = [texts] if isinstance(texts, str) else [str(text) for text in texts or () if text is not None]
    parsed: dict[str, Requirement] = {}
    for text in filter(None, map(str.strip, given)):
        refuse_credentials(text, "a requirement")
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            hint = "write it as in numpy==2.2.6, numpy>=2,<3, 'name[extra]' or 'name @ https://host/file.whl' (PEP 508)"
            raise UsageError(f"{text!r} is not a Python requirement: {reason}", hint=hint) from None
        parsed.setdefault(str(requirement), requirement)
    return list(parsed.values())


@dataclass(frozen=True)
class Satisfied:
    """What a look at installed packages gave: ``packages`` are those that the requirements lead to, name to version;
    ``missing`` says for each requirement that is not met why: ``numpy>=3 (2.2.6 is there)``."""

    packages: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def look(requirements: Sequence[Requirement], paths: Sequence[str]) -> Satisfied:
    """Follow the requirements, and those of what they name, through the packages installed in the folders ``paths``.

    Markers are evaluated for the running interpreter; extras are followed; a pre-release that is there counts. A
    requirement by URL is never met: where a package came from is not always known.
    """
    packages: dict[str, str] = {}
    missing: dict[str, None] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting: list[tuple[Requirement, frozenset[str], str]] = [(item, frozenset(), "") for item in requirements]
    while waiting:
        requirement, extras_of_parent, parent = waiting.pop(0)
        if not _applies(requirement, extras_of_parent):
            continue
        name, extras = canonical(requirement.name), frozenset(requirement.extras)
        there = distribution(name, paths)
        why = _why_not(requirement, there)
        if why:
            missing[f"{_bare(requirement)} ({why}{f'; {parent} needs it' if parent else ''})"] = None
        elif there is not None and (name, extras) not in seen:
            seen.add((name, extras))
            packages[name] = there.version
            waiting += [(further, extras, name) for further in _requires(there)]
    return Satisfied(packages, tuple(missing))


def versions(names: Iterable[str], paths: Sequence[str]) -> dict[str, str | None]:
    """The installed version of each name in the folders ``paths``, None where it is not there."""
    there = {name: distribution(name, paths) for name in names}
    return {name: found.version if found else None for name, found in there.items()}


def installed(paths: Sequence[str]) -> dict[str, str]:
    """Every package in the folders ``paths``, name to version; the first of two with one name, as for an import."""
    from importlib.metadata import distributions

    there = [each for each in distributions(path=list(paths)) if {"Name", "Version"} <= set(each.metadata)]
    return {canonical(each.metadata["Name"]): each.version for each in reversed(there)}


def canonical(name: str) -> str:
    """The one spelling of a package's name (PEP 503).

    >>> canonical("Ruamel.YAML_clib")
    'ruamel-yaml-clib'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def own_paths(environ: Mapping[str, str]) -> list[str]:
    """Where the running interpreter finds packages, less what only PYTHONPATH adds: programs are started without it."""
    added = set(filter(None, environ.get("PYTHONPATH", "").split(":" if sys.platform != "win32" else ";")))
    return [path for path in sys.path if path and path not in added]


def _bare(requirement: Requirement) -> str:
    return str(requirement).split(";", maxsplit=1)[0].strip()


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in extras or {""})


def _why_not(requirement: Requirement, there: Distribution | None) -> str | None:
    if there is None:
        return "not installed"
    if requirement.url:
        return "asked for by its address"
    if not requirement.specifier.contains(there.version, prereleases=True):
        return f"{there.version} is there"
    return None


def distribution(name: str, paths: Sequence[str]) -> Distribution | None:
    """The metadata of an installed package by its canonical name; None where it is not in the folders ``paths``."""
    from importlib.metadata import Distribution

    found: Any = Distribution.discover(name=name, path=list(paths))
    return next((each for each in found if "Version" in each.metadata), None)  # half-removed ones have no version


def _requires(package: Distribution) -> list[Requirement]:
    """What a package declares; what old packages write against PEP 508 is passed over, as pip only warns of it too."""
    from packaging.requirements import InvalidRequirement, Requirement

    parsed = []
    for text in package.requires or ():
        try:
            parsed.append(Requirement(text))
        except InvalidRequirement:
            continue
    return parsed
