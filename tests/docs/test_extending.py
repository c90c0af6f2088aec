"""docs/extending.md is followed literally; then the package that it makes is asked for all that it promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.docs_pages import DOCS, FENCE, HOME, Shell, steps
from support.package import install

from axs_core.entry.reference import tables

PAGE = DOCS / "extending.md"
SOURCES = DOCS.parent


pytestmark = pytest.mark.venv


@dataclass
class Followed:
    """What came of following the page: each command with what it should say and said."""

    home: Path
    answers: list[tuple[str, str, str]]
    environ: dict[str, str]

    def axs(self, *words: str, **settings: str) -> str:
        """What one more command says, on both streams; the answer comes first."""
        command = [sys.executable, "-m", "axs_core", *words]
        environ = {**self.environ, **settings}
        done = subprocess.run(command, env=environ, cwd=self.home, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """The page's files are written and its commands run; pip installs into a folder of its own."""
    home = tmp_path_factory.mktemp("home")
    packages = home / "packages"
    shell = Shell(home)
    shell.environ |= {
        "PYTHONPATH": f"{packages}{os.pathsep}{SOURCES}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AXS_MIRRORS": f"https://books.example/=file://{home}/mirror/",
    }
    shell.exports.append(f"cd {home}")
    answers = []
    for language, file, body in FENCE.findall(PAGE.read_text(encoding="utf-8")):
        if file:
            target = home / file.removeprefix("~/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(body, encoding="utf-8")
        for command, expected in steps(body) if language == "console" else ():
            if command.startswith("pip install"):
                install(home / command.rpartition("./")[2], packages)
            else:
                answers.append((command, expected, shell.run(command).replace(str(home), HOME)))
    return Followed(home, answers, shell.environ)


def test_the_page_does_what_it_says(followed: Followed) -> None:
    assert [(command, said) for command, _, said in followed.answers] == [
        (command, expected) for command, expected, _ in followed.answers
    ]
    assert len(followed.answers) > 5


def test_help_and_completion_know_the_action(followed: Followed) -> None:
    assert re.search(r"^  books \[LEAST\] +The books that are here, the longest first\.$", followed.axs("help"), re.M)
    assert "books" in followed.axs("complete", "axs boo").splitlines()
    assert "axs has no action 'bookss'" in (said := followed.axs("bookss"))
    assert "hint: axs books" in said


def test_plan_and_collections_know_the_entries(followed: Followed) -> None:
    assert "by book_text, book: not there yet" in followed.axs("plan", "book_text,book_number=12")
    assert re.search(r"^2 +entries +package ", followed.axs("collections"), re.M)


def test_a_bundle_takes_what_its_producer_fetches(followed: Followed, tmp_path: Path) -> None:
    bundle = tmp_path / "books.axsbundle"
    query = "book_text,book_number=11"
    followed.axs("bundle", query, f"--output={bundle}")
    assert bundle.is_file()
    there = {
        "AXS_WORK_COLLECTION": str(tmp_path / "work"),
        "AXS_OFFLINE": "1",
        "AXS_MIRRORS": "",
        "AXS_DOWNLOAD_CACHE": str(tmp_path / "cache"),
    }
    assert "could not be fetched" in followed.axs("byquery", query, ",", "get", "lines", **there)
    followed.axs("unbundle", str(bundle), **there)
    assert followed.axs("byquery", query, ",", "get", "lines", **there).splitlines()[0] == "2"


def test_the_table_of_producers_has_it(followed: Followed) -> None:
    code = "from axs_core.entry.reference import tables; print(tables())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=followed.environ, capture_output=True, text=True, check=True
    )
    own = done.stdout.partition("#### book\n")[2]
    assert "| `number` | whole number or text | Its number there. Required. |" in own
    assert "#### book\n" not in tables()


def test_a_recipe_read_before_the_package_came_is_good_afterwards(followed: Followed) -> None:
    mine = followed.home / "early"
    (mine / "early").mkdir(parents=True)
    text = "provides: [[early]]\nmake:\n  book: {number: 11}\n"
    (mine / "early" / "meta.yaml").write_text(text, encoding="utf-8")
    settings = {"AXS_COLLECTIONS": str(mine)}
    assert "known" in followed.axs("plan", "early", PYTHONPATH=str(SOURCES), **settings)
    assert "by early, book: not there yet" in followed.axs("plan", "early", **settings)


def test_what_was_made_can_be_read_without_the_package(followed: Followed) -> None:
    said = followed.axs("all_byquery", "book_text", ",", "get", "lines", PYTHONPATH=str(SOURCES))
    assert said.splitlines()[0] == "2"
