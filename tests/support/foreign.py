"""A git repository of entries, as somebody else publishes it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

WHO = ("-c", "user.name=Other", "-c", "user.email=other@example.org", "-c", "init.defaultBranch=main")


def git(folder: Path, *words: str) -> str:
    """What git prints."""
    done = subprocess.run(["git", *WHO, "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Repository:
    """Entries are added and committed; every ``code.py`` that is loaded leaves a line in ``ran``."""

    def __init__(self, folder: Path, ran: Path) -> None:
        self.folder, self.ran = folder, ran
        folder.mkdir(parents=True)
        git(folder, "init", "-q")

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    @property
    def query(self) -> str:
        """What brings it as a collection."""
        return f"git_repo,collection,url={self.url}"

    def add(self, name: str, meta: Mapping[str, Any], code: str | None = None) -> Path:
        """Write an entry; ``code`` is more of its ``code.py``."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "meta.yaml").write_text(yaml.safe_dump(dict(meta), sort_keys=False))
        if code is not None:
            note = f"with open({str(self.ran)!r}, 'a') as stream: stream.write({name!r} + '\\n')\n"
            (folder / "code.py").write_text(note + dedent(code))
        return folder

    def recipe(self, name: str, tag: str, **meta: Any) -> Path:
        """A recipe whose ``code.py`` makes a file."""
        data = {"provides": [[tag]], "make": {"python": {"function": "make_it", "file": "out.txt"}}, **meta}
        return self.add(
            name, data, "def make_it(path):\n    'Makes it.'\n    (path / 'out.txt').write_text('theirs')\n"
        )

    def commit(self) -> str:
        """The new commit."""
        git(self.folder, "add", "-A", "-f")
        git(self.folder, "commit", "-q", "-m", "more")
        return git(self.folder, "rev-parse", "HEAD")

    def loaded(self) -> list[str]:
        """The entries whose code was loaded since the last call."""
        lines = self.ran.read_text().splitlines() if self.ran.exists() else []
        self.ran.unlink(missing_ok=True)
        return lines
