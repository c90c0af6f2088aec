"""Paths as people type them, and users without a home folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.toy import Toys
from support.typed import axs

from axs_core.base import paths
from axs_core.base.errors import UsageError

NOBODY = 54321  # no account has this number


def test_typed_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert paths.absolute("~/a/../b") == Path("/home/me/b")
    assert paths.absolute("a/./b") == tmp_path / "a" / "b"
    assert paths.absolute("~nosuchuser/a") == tmp_path / "~nosuchuser" / "a"  # as a shell leaves it


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("zip thing --output=~nosuchuser/x.zip", 1),
        ("bundle thing --output=~nosuchuser/x.tar", 1),
        ("unzip ~nosuchuser/x.zip", 3),
        ("unbundle ~nosuchuser/x.tar", 3),
        ("ingest ~nosuchuser/x", 3),
        ("all_byquery thing , report --output=~nosuchuser/x/y.html", 2),
        ("work_collection , move --to=~nosuchuser/x", 2),
        ("--work-collection=~nosuchuser list", 0),
    ],
)
def test_a_user_that_is_not_known(
    line: str,
    code: int,
    toys: Toys,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    toys.maker("toy", "thing")
    toys.space().byquery("thing")
    monkeypatch.chdir(tmp_path)
    for name, value in toys.environ().items():
        monkeypatch.setenv(name, value)
    ended, _, said = axs(line, capsys)
    assert (ended, "internal error" in said) == (code, False), said


def test_a_folder_that_was_deleted_under_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    with pytest.raises(UsageError, match="a/b: the folder that you are in was deleted"):
        paths.absolute("a/b")
    assert paths.absolute("/a/b") == Path("/a/b")


@pytest.mark.parametrize("folder", [paths.home, paths.user_cache, paths.user_config])
def test_no_home_folder(folder: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``Path.home`` tells it, or that of an older Python does not."""
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.setattr(Path, "home", lambda: Path("~"))  # before Python 3.11 it keeps its own expanduser()
    assert callable(folder)
    with pytest.raises(UsageError, match="this user has no home folder: HOME is not set"):
        folder()


@pytest.fixture
def for_all() -> Iterator[Path]:
    """A folder that every user reaches and may write to; those of pytest are for one."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="cannot become another user")
def test_the_command_line_of_a_user_without_a_home_folder(for_all: Path) -> None:
    """As in a container that runs as any number."""
    words = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    environ = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH")}
    tried = subprocess.run([*words, sys.executable, "-c", "import axs_core"], env=environ, cwd="/", check=False)
    if tried.returncode:
        pytest.skip("another user may not read this Python")
    argv = [*words, sys.executable, "-m", "axs_core", "list"]
    for more in ({}, {"AXS_WORK_COLLECTION": str(for_all / "w")}):
        done = subprocess.run(argv, env=environ | more, cwd="/", capture_output=True, text=True, check=False)
        told = "error: this user has no home folder: HOME is not set\n\nhint: export HOME=FOLDER\n"
        assert (done.returncode, done.stderr) == (2, told)
    own = {"HOME": str(for_all), "AXS_WORK_COLLECTION": str(for_all / "w")}
    assert subprocess.run(argv, env=environ | own, cwd="/", capture_output=True, check=False).returncode == 0
