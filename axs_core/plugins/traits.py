"""What the engine knows of a producer without running it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from axs_core.base.value import Value, field


class Traits(Value):
    """A producer in facts. All that the engine decides by the kind of producer it decides by these, never by a name.

    ``schema``: its section of ``make``, a JSON schema of type object (or the file that holds one); ``description`` in
    it goes into the docs. It may use ``{"$ref": "#/$defs/names"}`` and ``scalars`` of meta.yaml's schema.

    ``fetches``: it gets things from outside, which its method ``downloads`` lists and ``pack`` puts into bundles.

    ``brings``: whose content an entry holds. ``files``: somebody else's; a collection that it made needs the user's
    trust. ``git``: the same, as a clone that is the entry's main file. ``nothing``: what a recipe computes.

    ``runs``: code of the recipe: a ``program``, or the ``function`` that its section names. What only runs is made
    again on another machine, from what its needs bring.

    ``bound``: what it makes is of use on this machine, at this path only; no archive takes it along.

    ``checked``: what it makes depends on what lies outside of the entry; ``check`` looks before it is used again.

    ``may_not_apply``: it may find that it does not serve on this machine (DoesNotApply); the next recipe is tried.
    """

    schema: Mapping[str, Any] | Path = field(default_factory=dict)
    fetches: bool = False
    brings: Literal["nothing", "files", "git"] = "nothing"
    runs: Literal["nothing", "program", "function"] = "nothing"
    bound: bool = False
    checked: bool = False
    may_not_apply: bool = False

    def section(self) -> dict[str, Any]:
        """The schema of its section of ``make``."""
        if isinstance(self.schema, Path):
            import json

            read: dict[str, Any] = json.loads(self.schema.read_text(encoding="utf-8"))
            return read
        return dict(self.schema)
