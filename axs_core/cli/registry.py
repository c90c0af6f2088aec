"""All actions, registered in the order in which help and the reference page show them, and those of installed packages.

A package names its actions in its entry points (``axs.verbs``: the name that is typed, and the module in which it is
registered). Its module is imported when such an action is typed, and for help and completion.
"""

from __future__ import annotations

from importlib import import_module

from axs_core.base.errors import AxsError, UsageError
from axs_core.cli.action import ACTIONS, NAMES, Action
from axs_core.plugins import installed

for _module in ("actions", "comparisons", "upkeep", "bundles"):
    import_module(f"axs_core.cli.{_module}")

__all__ = ["ACTIONS", "NAMES", "Action", "of_packages", "register_all", "register_named"]

GROUP = "axs.verbs"
_SHIPPED = frozenset(NAMES)


def of_packages() -> tuple[str, ...]:
    """The names of the actions that installed packages bring."""
    return tuple(name for name in installed.names(GROUP) if name not in _SHIPPED)


def register_named(name: str) -> None:
    """Register the action of a package that is called so; nothing where there is none. Raises UsageError, with the
    package's name, where that fails.
    """
    if name in NAMES or name not in of_packages():
        return
    installed.loaded(GROUP, name)
    if name not in NAMES:
        by = installed.one(GROUP, name)
        raise UsageError(
            f"the package {by.package} says that it brings the action {name!r}, and {by.value} registers none",
            hint=f'@action("workspace") above the function {name} registers it',
        )


def register_all() -> dict[str, str]:
    """Register the actions of all packages; those that fail by name, with the reason: no package breaks the help."""
    failed = {}
    for name in of_packages():
        try:
            register_named(name)
        except AxsError as error:
            failed[name] = error.message
    return failed
