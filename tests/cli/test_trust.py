"""Trust as it is typed and asked for."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pexpect
import pytest
from support.foreign import Repository, git
from support.toy import Toys
from support.typed import axs

pytestmark = pytest.mark.process

SHIPPED = Path(__file__).parents[2] / "entries"


@pytest.fixture
def theirs(toys: Toys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A collection from git that is there already; the command line sees it."""
    shutil.copytree(SHIPPED / "git_repo", toys.recipes / "git_repo")
    repository = Repository(tmp_path / "theirs", tmp_path / "ran")
    repository.recipe("their_recipe", "thing")
    repository.commit()
    for name, value in toys.environ().items():
        monkeypatch.setenv(name, value)
    toys.space().byquery(repository.query)
    return repository


def test_without_a_terminal(toys: Toys, theirs: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    clone = next(item for item in toys.work.iterdir() if item.name.startswith("git_repo"))
    who = f"{clone.name} ({theirs.url}, commit {git(theirs.folder, 'rev-parse', 'HEAD')[:12]})"
    code, out, said = axs("byquery thing", capsys)
    assert (code, out) == (2, "")
    assert said == (
        f"error: {who} is not trusted; this would make thing with its recipe their_recipe\n"
        f"\nhint: look into {clone}/repo, then: axs byname {clone.name} , trust; or --trust with the query"
    )
    assert axs(f"byname {clone.name} , trust", capsys) == (0, "", f"{who} is trusted from now on")
    assert axs("byquery thing , get_path", capsys)[0] == 0
    rows = [line.split() for line in axs("collections", capsys)[1].splitlines()]
    assert (rows[0][5], rows[-1][5]) == ("trusted", "yes")
    assert axs(f"byname {clone.name} , distrust", capsys) == (0, "", f"{who} is not trusted any more")
    assert axs("byquery thing --fresh", capsys)[0] == 2
    assert axs("byquery thing --fresh --trust", capsys)[0] == 0
    assert axs("byquery thing --fresh", capsys)[0] == 0


def test_an_action_that_is_code(toys: Toys, theirs: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, said = axs("byname their_recipe , make_it /tmp", capsys)
    assert code == 2 and "this would call functions of " in said
    code, _, said = axs("byname their_recipe , mak_it /tmp", capsys)
    assert code == 2 and "has no action 'mak_it'" in said  # a slip of the finger is no reason to ask
    assert theirs.loaded() == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_on_a_terminal(toys: Toys, theirs: Repository, answer: str, code: int) -> None:
    """``axs`` on a real pseudo-terminal."""
    child = pexpect.spawn(
        sys.executable, ["-m", "axs_core", "byquery", "thing"], env=toys.environ(), encoding="utf-8", timeout=60,
        dimensions=(24, 400),
    )  # fmt: skip
    child.expect_exact("Shall its code run here, with all that you may do?")
    child.expect_exact("[y/N] ")
    assert theirs.loaded() == []
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code
    assert theirs.loaded() == (["their_recipe"] if code == 0 else [])
