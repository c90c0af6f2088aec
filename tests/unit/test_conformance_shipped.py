"""The shipped producers pass the suite that those of packages must pass."""

# ruff: noqa: RUF012 (facts of a test class, written as an author of a package writes them)
from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from axs_core.testing import ProducerTests

_KEPT = tempfile.TemporaryDirectory(prefix="axs-conformance-")
ROOM = Path(_KEPT.name)
TOOLS = ROOM / "tools"
(ROOM / "here.txt").write_text("hello\n")
with tarfile.open(ROOM / "here.tar", "w") as _tar:
    _tar.add(ROOM / "here.txt", "here.txt")


def _tool() -> None:
    TOOLS.mkdir(exist_ok=True)
    (TOOLS / "toytool").write_text("#!/bin/sh\necho toytool 1.2.3\n")
    (TOOLS / "toytool").chmod(0o755)


class TestFetch(ProducerTests):
    producer = "fetch"
    section = {"urls": (ROOM / "here.txt").as_uri(), "file": "here.txt"}
    failing = {"urls": (ROOM / "gone.txt").as_uri(), "file": "gone.txt"}


class TestExtract(ProducerTests):
    producer = "extract"
    section = {"archive": str(ROOM / "here.tar")}
    failing = {"archive": str(ROOM / "here.txt")}


@pytest.mark.process
class TestGit(ProducerTests):
    producer = "git"
    section = {"url": f"file://{ROOM}/repository"}
    failing = {"url": f"file://{ROOM}/repository", "checkout": "no_such_branch"}

    @classmethod
    def setup_class(cls) -> None:
        super().setup_class()
        (ROOM / "repository").mkdir(exist_ok=True)
        who = {f"GIT_{role}_{what}": "toy" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        for words in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "first")):
            subprocess.run(["git", *words], cwd=ROOM / "repository", env={**os.environ, **who}, check=True)


class TestDetect(ProducerTests):
    producer = "detect"
    section = {"tool": "toytool", "search": [str(TOOLS)]}
    failing = {"tool": "no_such_tool_anywhere"}

    @classmethod
    def setup_class(cls) -> None:
        super().setup_class()
        _tool()

    def spoil(self, folder: Path, found: Mapping[str, Any]) -> None:
        (TOOLS / "toytool").unlink()

    def teardown_method(self) -> None:
        _tool()


@pytest.mark.process
class TestProgram(ProducerTests):
    producer = "program"
    section = {"run": [sys.executable, "-c", "open('out.txt', 'w').write('hello')"], "file": "out.txt"}
    failing = {"run": [sys.executable, "-c", "raise SystemExit(3)"]}


class TestPython(ProducerTests):
    producer = "python"
    code = "def good(path): (path / 'out.txt').write_text('hello')\ndef bad(): 1 / 0\n"
    section = {"function": "good", "file": "out.txt"}
    failing = {"function": "bad"}
