"""Run the command line as a user does: another process, its own work collection."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AxsCommand:
    """``axs`` with the work collection ``collection``. Environments are installed by pip, not borrowed from the tests'
    own, so that they are the same wherever the tests run.
    """

    collection: Path

    def run(
        self, *words: str, expect: int | None = 0, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``axs WORDS`` with these environment variables besides; the exit code must be ``expect`` (None: any)."""
        settings = {"AXS_PYTHON_ENV": "isolated", "AXS_INSTALLER": "pip", "AXS_WORK_COLLECTION": str(self.collection)}
        environment = {**os.environ, **settings, **(variables or {})}
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

    def python(self, *queries: str) -> str:
        """The interpreter of the environment that has what these entries require, in this order."""
        wanted = [line for query in queries for line in json.loads(self.ask(query, "get", "requirements"))]
        return self.ask(f"python_env,requirements:={':'.join(wanted)}", "get", "interpreter")

    def python_of(self, framework: str) -> str:
        """The interpreter in which runs of this engine happen. Take it for all that needs a part of it: installing
        another environment takes longer than most tests.
        """
        return self.python("loadgen_harness", f"loadgen_backend,framework={framework}")

    def apart(self, home: Path, *queries: str) -> AxsCommand:
        """The work collection that is the default in ``home``, with nothing in it but links to the environments that
        this one has once ``queries`` are answered: installing them takes longer than most tests.
        """
        for query in queries:
            self.ask(query, "get_path")
        made = home / "work_collection"
        made.mkdir()
        for path in map(Path, self.run("find", "python_env", ",", "get", "path").stdout.splitlines()):
            (made / path.name).symlink_to(path)
        return AxsCommand(made)
