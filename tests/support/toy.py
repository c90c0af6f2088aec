"""Toy collections: entries of a few lines in a temporary folder, and a workspace that sees nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from axs_core import Workspace
from axs_core.base.reporter import Progress, Reporter

SOURCES = Path(__file__).parents[2]
"""The folder that axs_core is imported from, for children."""


class Listening(Reporter):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.steps: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def step(self, text: str) -> None:
        self.steps.append(text)

    @contextmanager
    def progress(self, text: str, total: int | None, unit: str = "B") -> Iterator[Progress]:
        yield Progress()


class Toys:
    """A collection of toy entries at ``recipes``, a work collection at ``work``; the fixture ``toys`` takes the shipped
    entries away.
    """

    def __init__(self, root: Path) -> None:
        self.recipes = root / "recipes"
        self.work = root / "work"
        self.recipes.mkdir()
        self.reporter = Listening()
        self.settings: dict[str, str] = {"AXS_SYSTEM": "toy machine"}
        self.children: list[subprocess.Popen[str]] = []

    def add(
        self, name: str, meta: str | Mapping[str, Any], code: str = "", folder: Path | None = None, **files: str
    ) -> Path:
        """Write an entry: ``meta`` as YAML or data, ``code`` its code.py, other files by name; returns its folder."""
        path = (folder or self.recipes) / name
        path.mkdir(parents=True, exist_ok=True)
        text = dedent(meta) if isinstance(meta, str) else yaml.safe_dump(dict(meta), sort_keys=False)
        (path / "meta.yaml").write_text(text, encoding="utf-8")
        if code:
            (path / "code.py").write_text(dedent(code), encoding="utf-8")
        for file, content in files.items():
            (path / file).write_text(content, encoding="utf-8")
        return path

    def maker(self, name: str, tag: str, body: str = "", **meta: Any) -> Path:
        """A recipe with a python producer that counts its makings and writes ``out.txt``; ``body`` is more code of
        the function (its arguments are ``path`` and ``parameters``).
        """
        code = f"""
            def make_it(path, parameters):
                with open({str(self.count_file(name))!r}, "a") as stream:
                    stream.write("made\\n")
                (path / "out.txt").write_text(repr(sorted(parameters.items())))
        """
        code = dedent(code) + "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
        data = {"provides": [[tag]], "make": {"python": {"function": "make_it", "file": "out.txt"}}, **meta}
        return self.add(name, data, code)

    def count_file(self, name: str) -> Path:
        """Where :meth:`maker` counts."""
        return self.recipes.parent / f"{name}.count"

    def made(self, name: str) -> int:
        """How often a :meth:`maker` recipe has made something."""
        file = self.count_file(name)
        return len(file.read_text().splitlines()) if file.exists() else 0

    def environ(self) -> dict[str, str]:
        """The environment that sees the toys, for this process and for children."""
        return {
            **os.environ,
            "AXS_COLLECTIONS": str(self.recipes),
            "AXS_WORK_COLLECTION": str(self.work),
            "PYTHONPATH": str(SOURCES),
            **self.settings,
        }

    def space(self, **settings: str) -> Workspace:
        """A new workspace, as a new process would have; what it says goes to ``reporter``."""
        self.reporter = Listening()
        return Workspace(environ={**self.environ(), **settings}, reporter=self.reporter)

    def child(self, code: str, within: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Another Python process that sees the toys; ``space`` is its workspace. It ends with the test. ``within``:
        words before the command, as those of :class:`support.hosts.Hosts`.
        """
        start = """
            import json, sys
            from pathlib import Path
            from axs_core import Workspace
            from axs_core.collections import folders as collection
            collection.shipped = lambda: Path("/nothing/is/shipped")
            space = Workspace()
        """
        child = subprocess.Popen(
            [*within, sys.executable, "-c", dedent(start) + dedent(code)],
            env=self.environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children.append(child)
        return child

    def close(self) -> None:
        """End the children."""
        for child in self.children:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream is not None:
                    stream.close()

    def broken_folder(self, name: str) -> Path:
        """A folder as a maker leaves it that was killed."""
        folder = self.work / name
        (folder / ".axs").mkdir(parents=True)
        (folder / ".axs" / "making.json").write_text(json.dumps({"pid": 1}))
        (folder / "half.txt").write_text("half")
        return folder
