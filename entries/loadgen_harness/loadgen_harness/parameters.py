"""The parameters file: what a program is told by the tool that starts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class HarnessError(Exception):
    """A run that cannot be done as it was asked for; the message is for the user, without a traceback. ``exit_code`` is
    what the program ends with.
    """

    exit_code = 2


@dataclass(frozen=True)
class Need:
    """What a need turned out to be: its folder, its main file (None where it has none) and all that is known about
    it.
    """

    name: str
    path: Path
    file_path: Path | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """One run as it was asked for. Logs and results go to ``output_path``."""

    parameters: Mapping[str, Any]
    attributes: Mapping[str, Any]
    needs: Mapping[str, Need]
    output_path: Path

    @classmethod
    def read(cls, file: Path) -> Job:
        """Read the JSON file ``{parameters, attributes, needs: {name: {name, path, file_path, attributes}},
        output_path}``.

        Needs that are lists (a query for several entries) are left out: no program here uses them.
        """
        content = json.loads(file.read_text(encoding="utf-8"))
        needs = {
            name: Need(
                name=need.get("name", name),
                path=Path(need["path"]),
                file_path=Path(need["file_path"]) if need.get("file_path") else None,
                attributes=need.get("attributes", {}),
            )
            for name, need in content["needs"].items()
            if isinstance(need, dict)
        }
        return cls(content["parameters"], content.get("attributes", {}), needs, Path(content["output_path"]))

    def value(self, name: str, default: Any = None) -> Any:
        """A parameter, else an attribute of the program, else ``default``; null counts as absent."""
        for known in (self.parameters, self.attributes):
            if known.get(name) is not None:
                return known[name]
        return default

    def need(self, name: str) -> Need:
        """The need called ``name``; raises :class:`HarnessError` when the program's recipe does not have it."""
        try:
            return self.needs[name]
        except KeyError:
            raise HarnessError(f"the parameters file has no need '{name}', only: {', '.join(self.needs)}") from None
