"""What installed packages bring, as their entry points say it: ``axs.producers``, ``axs.collections``, ``axs.verbs``.

Every ask wants to know which collections there are, so this must cost next to nothing. What a folder of packages holds
is kept in the user's cache folder beside the time of the folder's last change, which an installation, an upgrade and a
removal alter: as a rule a few times are compared, and no package is looked at. Nothing is imported before it is used.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from axs_core.base.errors import AxsError, UsageError
from axs_core.base.paths import user_cache
from axs_core.base.value import Value

COLLECTIONS = "axs.collections"
_PREFIX = "axs."
_SETTLED_NS = 2_000_000_000
"""What changed less than this ago may change again without getting another time: it is not kept."""
_MOST = 200
"""Folders kept at most."""


class Brought(Value):
    """One line of a package's entry points. The ``value`` of a collection is its folder, where that was found."""

    group: str
    name: str
    value: str
    package: str


def names(group: str) -> tuple[str, ...]:
    """What installed packages bring of a kind."""
    return tuple(dict.fromkeys(each.name for each in brought() if each.group == group))


def mark(group: str) -> int:
    """A number that is another one when packages bring something else of this kind; 0 where they bring nothing."""
    found = sorted(f"{each.name}={each.value}" for each in brought() if each.group == group)
    import zlib

    return zlib.crc32("\n".join(found).encode()) if found else 0


def collections() -> list[Path]:
    """Folders of entries that installed packages bring, by name."""
    found = sorted((each.name, each.value) for each in brought() if each.group == COLLECTIONS)
    return list(dict.fromkeys(Path(folder) for _, folder in found if os.path.isabs(folder)))  # noqa: PTH117


def lost() -> list[str]:
    """Collections that a package names and does not have, in words."""
    return [
        f"the package {each.package} brings a collection {each.name!r}, and {each.value} is no folder of it"
        for each in brought()
        if each.group == COLLECTIONS and not os.path.isdir(each.value)  # noqa: PTH112
    ]


def one(group: str, name: str) -> Brought:
    """Who brings it. Raises UsageError where two packages bring different things under one name."""
    found = {each.value: each for each in brought() if (each.group, each.name) == (group, name)}
    if len(found) != 1:
        packages = sorted(each.package for each in found.values())
        raise UsageError(
            f"{' and '.join(packages) or 'no package'} bring{'' if found else 's'} {name!r} ({group})",
            hint=f"pip uninstall {packages[-1]}" if packages else None,
        )
    return next(iter(found.values()))


def loaded(group: str, name: str) -> Any:
    """The object that a package brings under a name. Raises UsageError with its name where that fails."""
    by = one(group, name)
    try:
        return load(by.value)
    except AxsError:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise UsageError(
            f"{name!r} of the package {by.package} cannot be loaded: {told}", hint=f"pip uninstall {by.package}"
        ) from error


def load(value: str) -> Any:
    """The object at ``module:name``, or the module."""
    from importlib import import_module

    module, _, name = value.partition(":")
    found: Any = import_module(module)
    for part in name.split(".") if name else ():
        found = getattr(found, part)
    return found


def brought() -> tuple[Brought, ...]:
    """All of it, in the order in which Python looks for packages."""
    return _brought(tuple(dict.fromkeys(folder for folder in sys.path if folder)))


@lru_cache(maxsize=4)
def _brought(folders: tuple[str, ...]) -> tuple[Brought, ...]:
    kept = _read()
    now: dict[str, Any] = {}
    for folder in folders:
        with suppress(OSError):
            stamp = os.stat(folder).st_mtime_ns
            there = kept.get(folder)
            if there is None or there[0] != stamp:
                settled = time.time_ns() - stamp > _SETTLED_NS
                there = [stamp if settled else 0, list(_scan(folder))]
            now[folder] = there
    if any(kept.get(folder) != there for folder, there in now.items()):
        _keep({**kept, **now})
    return tuple(Brought(*each) for folder in now for each in now[folder][1])


def _file() -> Path:
    return user_cache() / "packages.json"


def _read() -> dict[str, Any]:
    """What was kept; nothing where it cannot be read, or is of another form."""
    import json

    try:
        kept = json.loads(_file().read_bytes())
        good = all(len(there) == 2 and all(map(_is_brought, there[1])) for there in kept.values())
    except (OSError, UsageError, ValueError, TypeError, AttributeError, KeyError):
        return {}
    return kept if good else {}


def _is_brought(each: Any) -> bool:
    return len(each) == 4 and all(isinstance(text, str) for text in each)


def _keep(found: Mapping[str, Any]) -> None:
    """Best effort: who cannot write looks again next time."""
    import json

    with suppress(OSError, UsageError):
        file = _file()
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{os.getpid()}")
        part.write_text(json.dumps(dict(list(found.items())[-_MOST:])), encoding="utf-8")
        part.replace(file)


def _scan(folder: str) -> Iterator[list[str]]:
    """What the packages in one folder say: the fields of :class:`Brought`."""
    with os.scandir(folder) as items:
        about = sorted(item.name for item in items if item.name.endswith((".dist-info", ".egg-info")))
    for name in about:
        try:
            text = Path(folder, name, "entry_points.txt").read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
        package = name.rpartition(".")[0].partition("-")[0]
        for group, key, value in _lines(text):
            yield [group, key, _folder(folder, value) if group == COLLECTIONS else value, package]


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line.strip("[] ")
        elif group.startswith(_PREFIX) and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield group, name.strip(), value.partition("[")[0].strip()


def _folder(folder: str, value: str) -> str:
    """The folder that a package's module name means, found without importing it; ``value`` where there is none."""
    from importlib.util import find_spec

    top, *inner = value.replace(":", ".").split(".")
    places = [Path(folder, top)]
    with suppress(ImportError, ValueError):  # one that is installed to be edited lies elsewhere
        spec = find_spec(top)
        places += map(Path, spec.submodule_search_locations or () if spec else ())
    found = (place.joinpath(*inner) for place in places)
    return next((str(each.absolute()) for each in found if each.is_dir()), value)
