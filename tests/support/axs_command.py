"""Run the command line as a user does: another process, its own work collection."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AxsCommand:
    """``axs`` with the work collection ``collection``, and what is in the folder ``given`` besides."""

    collection: Path
    given: Path | None = None

    def run(
        self, *words: str, expect: int | None = 0, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``axs WORDS`` with these environment variables besides; the exit code must be ``expect`` (None: any)."""
        environment = {**os.environ, "AXS_WORK_COLLECTION": str(self.collection), **(variables or {})}
        if self.given is not None:
            named = os.environ.get("AXS_COLLECTIONS")
            environment["AXS_COLLECTIONS"] = os.pathsep.join([*([named] if named else []), str(self.given)])
        command = [sys.executable, "-m", "axs_core", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert expect in (None, done.returncode), (
            f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def ask(self, query: str, *action: str) -> str:
        """What ``axs byquery QUERY , ACTION`` prints, without the end of line."""
        return self.run("byquery", query, ",", *action).stdout.removesuffix("\n")

    def folder(self, query: str) -> Path:
        """The folder of the entry that answers ``query``."""
        return Path(self.ask(query, "get", "path"))

    def apart(self, folder: Path, *queries: str) -> AxsCommand:
        """An empty work collection below ``folder``, with the environments that this one has once ``queries`` are
        answered: installing them takes longer than most tests.
        """
        for query in queries:
            self.ask(query, "get_path")
        given = folder / "given"
        given.mkdir()
        for path in map(Path, self.run("find", "python_env", ",", "get", "path").stdout.splitlines()):
            (given / path.name).symlink_to(path)
        return AxsCommand(folder / "work", given)
