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
MINE = {
    "toy/meta.yaml": """
title: A run that takes no time
provides: [[loadgen_output, toy]]
attributes: {accuracy: 98.4}
make: {python: {function: make_it, file: out.txt}}
""",
    "toy/code.py": "def make_it(path):\n    (path / 'out.txt').write_text('made')\n",
    "iterative/meta.yaml": "tags: [qq]\nattributes: {n: 4, d: {k: 1}}\n",
    "iterative/code.py": "import math\ndef factorial(n): return math.factorial(n)\ndef f(x): return x + 1\n",
    "other/meta.yaml": "tags: [qq, french]\nattributes: {x: 1, d: 5}\n",
}
HOSTS = ("github.com/krai", "github.com/mlcommons", "github.com/ctuning", "github.com/ens-lg4", "example.org")
REPOSITORIES = ("axs2mlperf", "inference", "ck-mlops", "ck-env", "counting_collection", "entries")
"""Each of them lies on each of the hosts, as far as git knows."""
PRINTED = {
    "axs all_byquery qq,d.k=1 , get name": "iterative",
    "axs all_byquery qq,d.k. , get name": "iterative",
    "axs all_byquery qq,-french": "iterative",
    "axs all_byquery qq,x!=1": "iterative",
    "axs byname NAME , get mood unknown": "unknown",
    "axs e: byname iterative , x: factorial 3 , :e: f": "7",
    "axs si: byname iterative , , dig si.d.k": "1",
    "axs e: byname iterative , n: get n , :e: factorial ^n": "24",
    "axs byname iterative , factorial 5": "120",
    "axs byname axs2mlperf , get branch": "main",
    "axs all_byquery loadgen_output , get accuracy": "98.4",
}
"""What some of the commands print."""


def commands() -> list[str]:
    """What stands in the right-hand columns, each once."""
    rows = [line.rstrip(" |").rpartition(" | ")[2] for line in PAGE.splitlines() if line.startswith("| ")]
    found = [code for cell in rows for code in re.findall(r"`([^`]+)`", cell)]
    return list(dict.fromkeys(code for code in found if code.startswith("axs ")))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a collection that makes something that looks like a run, and a repository."""
    for name, text in MINE.items():
        file = tmp_path / "mine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@localhost", "-C", str(tmp_path / "origin")]
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "origin")], check=True)
    (tmp_path / "origin" / "README").write_text("entries", encoding="utf-8")
    subprocess.run([*git, "add", "README"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "begin"], check=True)
    for branch in ("stable", "r1.0", "r1.1"):
        subprocess.run([*git, "branch", branch], check=True)
    for host in HOSTS:
        (tmp_path / host).mkdir(parents=True)
        for name in REPOSITORIES:
            (tmp_path / host / name).symlink_to(tmp_path / "origin")
    monkeypatch.setenv("AXS_MIRRORS", " ".join(f"https://{host}/=file://{tmp_path}/{host}/" for host in HOSTS))
    monkeypatch.setenv("AXS_COLLECTIONS", str(tmp_path / "mine"))
    monkeypatch.setenv("AXS_WORK_COLLECTION", str(tmp_path / "work"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepare(here: Path, command: str) -> None:
    """What the page calls NAME and CLONE, and clones that it takes for being there."""
    Workspace().byquery("loadgen_output,toy").edit(name="NAME")
    if "CLONE" in command:
        Workspace().byquery(f"git_repo,collection,url=file://{here}/origin").edit(name="CLONE")
    if "axs2mlperf" in command or "pull" in command:
        Workspace().byquery("git_repo,collection,repo_name=axs2mlperf")
        Workspace().byquery("git_repo,collection,repo_name=axs2mlperf,checkout=stable")
    if "unzip" in command:
        Workspace().zip("loadgen_output", "results.zip")


def planned(query: str, rest: list[str]) -> None:
    """The query can be planned, and what is asked of the answer is something that it will know."""
    match = Workspace().plan(query).match
    assert match is not None
    if rest[:2] == [",", "get"]:
        recipe = match.recipe
        assert rest[2] in {*recipe.results, *recipe.finds, *recipe.attributes, *recipe.parameters}


def test_there_are_commands() -> None:
    assert len(commands()) > 50


@pytest.mark.process
@pytest.mark.parametrize("command", commands())
def test_a_command(command: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command)[1:]
    cheap = words[0] != "byquery" or words[1].startswith(("git_repo", "--"))
    if not cheap and "submission" not in words[1]:
        return planned(words[1], words[2:])
    prepare(here, command)
    capsys.readouterr()
    assert main(["byquery" if cheap else "plan", *words[1:]] if words[0] == "byquery" else words) == 0, command
    if command in PRINTED:
        assert capsys.readouterr().out == PRINTED[command] + "\n"
    return None


def test_all_that_is_said_to_be_printed_is_on_the_page() -> None:
    assert set(PRINTED) - set(commands()) == set()


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (DOCS / target).is_file(), target
