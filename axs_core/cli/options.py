"""The options that stand before the first action, and the environment variables that say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from axs_core.base.errors import UsageError
from axs_core.base.paths import absolute
from axs_core.base.settings import SWITCHES as VARIABLES
from axs_core.base.value import Value

SWITCHES = {f"--{variable.removeprefix('AXS_').lower()}": variable for variable in VARIABLES}
"""Those that are on or off, and the variables that they set."""
WORK_COLLECTION = "AXS_WORK_COLLECTION"
INSTEAD = {"--help": "help", "-h": "help", "--version": "version", "-V": "version"}


class Options(Value):
    """``settings``: environment variables that the options stand for; ``rest``: what begins with the first action."""

    settings: Mapping[str, str]
    rest: tuple[str, ...]


def read_options(arguments: Sequence[str]) -> Options:
    """Take the global options from the front of a command line.

    >>> read_options(["--offline", "byname", "numpy"])
    Options(settings={'AXS_OFFLINE': '1'}, rest=('byname', 'numpy'))
    """
    settings: dict[str, str] = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] not in INSTEAD:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in SWITCHES and not equals:
            settings[SWITCHES[name]] = "1"
        elif name == "--work-collection":
            if not equals:
                value = rest.pop(0) if rest else ""
            if not value:
                raise UsageError(f"{word!r} does not say which folder", hint="axs --work-collection=FOLDER ACTION")
            settings[WORK_COLLECTION] = str(absolute(value))
        else:
            known = ", ".join([*SWITCHES, "--work-collection=FOLDER", "--help", "--version"])
            raise UsageError(
                f"{word!r} is not an option of axs (it has {known})",
                hint="options of an action stand after it: axs ACTION --name=value",
            )
    if rest and rest[0] in INSTEAD:
        rest[0] = INSTEAD[rest[0]]
    return Options(settings, tuple(rest))
