"""What bad input is tried on, by name."""

from __future__ import annotations

from importlib import import_module

from fuzz.target import Target

NAMES = ("query", "pipeline", "meta", "templates", "records", "archives", "logs")


def load(name: str) -> Target:
    """The target of that name."""
    target: Target = import_module(f"fuzz.targets.{name}").TARGET
    return target
