"""The functions of a shipped entry, without an entry that has them."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

from axs_core import Workspace
from axs_core.entry.functions import functions_of


def functions(name: str) -> Any:
    """They are attributes of what is given: ``functions("loadgen_experiment").accuracy``."""
    return SimpleNamespace(**functions_of(Workspace().byname(name).entry))


def module(entry: str, name: str) -> Any:
    """A module that lies beside the ``code.py`` of a shipped entry, or of one of its parents."""
    package = f"shipped_{entry}"
    if package not in sys.modules:
        folders = [str(each.path) for each in Workspace().byname(entry).entry.lineage]
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = folders  # as packages have it
    return importlib.import_module(f"{package}.{name}")
