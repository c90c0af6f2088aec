"""The functions of a shipped entry, without an entry that has them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from axs_core import Workspace
from axs_core.entry.functions import functions_of


def functions(name: str) -> Any:
    """They are attributes of what is given: ``functions("loadgen_experiment").accuracy``."""
    return SimpleNamespace(**functions_of(Workspace().byname(name).entry))
