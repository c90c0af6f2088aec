"""axs: a declarative workflow and package manager for reproducible ML benchmarking.

>>> from axs_core import Workspace                              # doctest: +SKIP
>>> Workspace().byquery("speed,engine=fast,mode=steady")["figure"]  # doctest: +SKIP
98.6
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axs_core.api import Workspace

__all__ = ["Workspace", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import :class:`Workspace` when it is first asked for, so that ``import axs_core`` costs nothing."""
    if name == "Workspace":
        from axs_core.api import Workspace

        return Workspace
    raise AttributeError(f"module 'axs_core' has no attribute {name!r}")
