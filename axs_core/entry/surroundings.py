"""Which variables of a process's environment change what a recipe makes: they are recorded, and most are part of its
identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axs_core.base.accelerators import counted
from axs_core.base.value import Value, field

DEVICES, LIBRARY = "devices", "library"
"""Classes of variables that do not count by their values: devices count by model and number, what a site loads into
every program does not count.
"""


class Surroundings(Value):
    """``variables`` are those that are set, with their values; ``identity`` is what of them is part of what is made:
    empty where none is set.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Those that count, as a shell takes them: ``KMP_BLOCKTIME=0 OMP_NUM_THREADS=1``."""
        import shlex

        return " ".join(f"{name}={shlex.quote(self.variables[name])}" for name in self.identity)


def surroundings(declared: Mapping[str, Sequence[str]], environ: Mapping[str, str]) -> Surroundings:
    """What ``environ`` sets of the variables that a recipe declares: by class names, and patterns that end in ``*``.

    A variable that is set to nothing is as good as not set, but for devices.
    """
    variables: dict[str, str] = {}
    identity: dict[str, Any] = {}
    beginnings = tuple(name.removesuffix("*") for names in declared.values() for name in names)
    for name in sorted(name for name in environ if name.startswith(beginnings)):
        kind, value = kind_of(declared, name), environ[name]
        if kind is None or not (value or kind == DEVICES):
            continue
        variables[name] = value
        counts = counted(name, value, environ) if kind == DEVICES else value
        if kind != LIBRARY and counts is not None:
            identity[name] = counts
    return Surroundings(variables, identity)


def kind_of(declared: Mapping[str, Sequence[str]], name: str) -> str | None:
    """The class of a variable; None where it is not declared. A name goes before patterns.

    >>> kind_of({"threads": ["OMP_*"], "library": ["OMP_TOOL_LIBRARIES"]}, "OMP_TOOL_LIBRARIES")
    'library'
    """
    named = (kind for kind, names in declared.items() if name in names)
    meant = (kind for kind, names in declared.items() if name.startswith(_beginnings(names)))
    return next(named, None) or next(meant, None)


def _beginnings(patterns: Sequence[str]) -> tuple[str, ...]:
    return tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))


def restored(
    declared: Mapping[str, Sequence[str]], environ: Mapping[str, str], then: Mapping[str, str]
) -> dict[str, str]:
    """``environ`` with the variables that a recipe declares as they were ``then``, the others of them removed.

    Devices stay those that are visible now where they are as many of the same models, and where those of ``then`` are
    not here.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if (kind := kind_of(declared, name)) is None or (kind == DEVICES and _as_good(name, environ, then))
    }
    gone = {name for name in then if kind_of(declared, name) == DEVICES and _as_good(name, environ, then)}
    return {**kept, **{name: value for name, value in then.items() if name not in gone}}


def _as_good(name: str, environ: Mapping[str, str], then: Mapping[str, str]) -> bool:
    """Are the devices that are visible now as good as those that were visible then?"""
    now, before = (counted(name, each[name], environ) if name in each else None for each in (environ, then))
    absent = before == {} and then[name].strip() not in ("", "-1")
    return now == before or absent
