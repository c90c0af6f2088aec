"""docs/coming-from.md: each command in a right-hand column is planned (what byquery would make) or run."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from support.docs_pages import DOCS

from axs_core import Workspace
from axs_core.__main__ import main

PAGE = (DOCS / "coming-from.md").read_text(encoding="utf-8")
TOY = {
    "meta.yaml": """
title: A run that takes no time
provides: [[loadgen_output, toy]]
attributes: {accuracy: 98.4}
make: {python: {function: make_it, file: out.txt}}
""",
    "code.py": "def make_it(path):\n    (path / 'out.txt').write_text('made')\n",
}


def commands() -> list[str]:
    """What stands in the right-hand columns, each once."""
    rows = [line.rstrip(" |").rpartition(" | ")[2] for line in PAGE.splitlines() if line.startswith("| ")]
    found = [code for cell in rows for code in re.findall(r"`([^`]+)`", cell)]
    return list(dict.fromkeys(code for code in found if code.startswith("axs ")))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a collection that makes something that looks like a run, and a clone."""
    for file, text in TOY.items():
        (tmp_path / "mine" / "toy").mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / "toy" / file).write_text(text, encoding="utf-8")
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@localhost", "-C", str(tmp_path / "origin")]
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "origin")], check=True)
    (tmp_path / "origin" / "README").write_text("entries", encoding="utf-8")
    subprocess.run([*git, "add", "README"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "begin"], check=True)
    monkeypatch.setenv("AXS_COLLECTIONS", str(tmp_path / "mine"))
    monkeypatch.setenv("AXS_WORK_COLLECTION", str(tmp_path / "work"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepare(here: Path) -> None:
    """What the page calls NAME and CLONE, made anew where a command has removed it."""
    for query, name in (("loadgen_output,toy", "NAME"), (f"git_repo,collection,url=file://{here}/origin", "CLONE")):
        entry = Workspace().byquery(query)
        if entry.get("name") != name:
            entry.edit(name=name)


def planned(query: str, rest: list[str]) -> None:
    """The query can be planned, and what is asked of the answer is something that it will know."""
    match = Workspace().plan(query).match
    assert match is not None
    if rest[:2] == [",", "get"]:
        recipe = match.recipe
        assert rest[2] in {*recipe.results, *recipe.finds, *recipe.attributes, *recipe.parameters}


def test_there_are_commands() -> None:
    assert len(commands()) > 50


@pytest.mark.parametrize("command", commands())
def test_a_command(command: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command)[1:]
    if words[0] == "byquery" and "submission" not in words[1]:
        return planned(words[1], words[2:])
    prepare(here)
    if words[0] == "unzip":
        assert main(["zip", "loadgen_output", "--output=results.zip"]) == 0
    assert main(["plan" if words[0] == "byquery" else words[0], *words[1:]]) == 0, capsys.readouterr().err
    return None


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (DOCS / target).is_file(), target
