"""Run the command line as a user does: another process, its own work collection."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AxsCommand:
    """``axs`` with the work collection ``collection``."""

    collection: Path

    def run(self, *words: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run ``axs WORDS``; the exit code must be ``expect`` (None: any)."""
        environment = {**os.environ, "AXS_WORK_COLLECTION": str(self.collection)}
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
