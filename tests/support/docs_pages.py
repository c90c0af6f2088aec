"""Pages of docs/ that are followed literally: their files are written, their commands run, their answers compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HOME = "/home/you"
"""The home folder that the page shows."""


def follow(page: Path, home: Path) -> int:
    """Do what a page says in one shell session; compare each answer. Returns the number of commands."""
    commands = 0
    shell = Shell(home)
    for language, file, body in FENCE.findall(page.read_text(encoding="utf-8")):
        if file:
            target = home / file.removeprefix("~/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(body, encoding="utf-8")
        elif language == "console":
            for command, expected in steps(body):
                assert shell.run(command).replace(str(home), HOME) == expected, command
                commands += 1
    return commands


def steps(body: str) -> list[tuple[str, str]]:
    """``$ command`` lines, each with the output that follows it."""
    found: list[tuple[str, str]] = []
    for line in body.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((line[2:].rstrip("\n"), ""))
        else:
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


class Shell:
    """Runs commands one after the other with what the earlier ones exported."""

    def __init__(self, home: Path) -> None:
        self.exports: list[str] = []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        unset = ("AXS_WORK_COLLECTION", "XDG_CACHE_HOME")
        self.environ = {key: value for key, value in os.environ.items() if key not in unset}
        self.environ |= {"HOME": str(home), "PATH": path}

    def run(self, command: str) -> str:
        """Standard output of one command, and what it says on standard error where the page redirects it."""
        if command.startswith("export "):
            self.exports.append(command)
            return ""
        script = "\n".join([*self.exports, command])
        done = subprocess.run(["bash", "-c", script], env=self.environ, capture_output=True, text=True, check=False)
        return done.stdout or (f"<failed>\n{done.stderr}" if done.returncode else "")
