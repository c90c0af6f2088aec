"""All actions, registered in the order in which help and the reference page show them."""

from __future__ import annotations

from importlib import import_module

from axs_core.cli.action import ACTIONS, NAMES, Action

for _module in ("actions", "comparisons", "upkeep", "bundles"):
    import_module(f"axs_core.cli.{_module}")

__all__ = ["ACTIONS", "NAMES", "Action"]
