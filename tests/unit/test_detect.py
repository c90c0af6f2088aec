"""Detecting tools: toy programs in tmp_path that answer, fail, or hang."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from axs_core.base.errors import DoesNotApply, EntryError
from axs_core.base.reporter import Reporter
from axs_core.producers.base import Job, Made
from axs_core.producers.detect import Detect


class Warnings(Reporter):
    """Keeps what was warned of."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warn(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def tool(tmp_path: Path) -> Callable[..., Path]:
    """Makes a program from a line of shell."""

    def make(name: str, script: str, folder: str = "bin") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def warnings() -> Warnings:
    return Warnings()


@pytest.fixture
def detect(tmp_path: Path, warnings: Warnings) -> Callable[..., Made]:
    """Runs the producer with tmp_path/bin before the usual PATH."""

    def run(call: Callable[[str], Any] | None = None, **spec: Any) -> Made:
        environ = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
        return Detect().make(
            Job(spec, tmp_path, tmp_path / "log.txt", warnings, tmp_path, environ=environ, call=call),
        )

    return run


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("git version 2.39.5", "2.39.5"),
        ("git version 2.39.5 (Apple Git-154)", "2.39.5"),
        ("toy (GNU toys) 9.1\nCopyright 2024", "9.1"),
        ("ninja 1.11.1.git.kitware", "1.11.1.git.kitware"),
        ("Toy 3.0.0-rc1, built 2026", "3.0.0-rc1"),
        ("v22.11.0", "22.11.0"),
        ("less version 590 (GNU)", "590"),
    ],
)
def test_version(tool: Callable[..., Path], detect: Callable[..., Made], says: str, version: str) -> None:
    path = str(tool("toy", f"echo '{says}'"))
    assert detect(tool="toy") == Made(file=path, found={"tool_path": path, "version": version})


def test_a_version_on_stderr(tool: Callable[..., Path], detect: Callable[..., Made]) -> None:
    tool("toy", '[ "$1" = -version ] && echo \'openjdk version "17.0.9" 2023-10-17\' >&2')
    assert detect(tool="toy", version_command=["-version"]).found["version"] == "17.0.9"


def test_a_pattern_of_its_own_counts_even_if_the_tool_fails(
    tool: Callable[..., Path], detect: Callable[..., Made]
) -> None:
    tool("toy", "echo 'Toy release 7 build 1.2'; exit 1")
    assert detect(tool="toy", version_pattern=r"release (\d+)").found["version"] == "7"
    assert detect(tool="toy", version_pattern=r"1\.\d").found["version"] == "1.2"


@pytest.mark.parametrize("script", ["echo 'unknown option; see 1.2.3.4'; exit 1", "echo toy", "sleep 60", "kill -9 $$"])
def test_no_version(tool: Callable[..., Path], detect: Callable[..., Made], warnings: Warnings, script: str) -> None:
    path = str(tool("toy", script))
    assert detect(tool="toy", timeout=0.3).found == {"tool_path": path}
    assert warnings.said == [f"{path} --version tells no version"]


def test_not_asked(tool: Callable[..., Path], detect: Callable[..., Made], tmp_path: Path) -> None:
    path = str(tool("toy", "touch was_run"))
    assert detect(tool="toy", version_command=[]).found == {"tool_path": path}
    assert not (tmp_path / "was_run").exists()


def test_the_first_name_that_is_there(tool: Callable[..., Path], detect: Callable[..., Made]) -> None:
    tool("gmake", "echo 4.4")
    assert detect(tool=["no-such-tool", "gmake"]).found["version"] == "4.4"


@pytest.mark.process
def test_folders_to_search_come_first(tool: Callable[..., Path], detect: Callable[..., Made], tmp_path: Path) -> None:
    tool("toy", "echo 1.0")
    path = tool("toy", "echo 2.0", folder="opt")
    assert detect(tool="toy", search=[tmp_path / "none", path.parent]).found["version"] == "2.0"
    assert detect(tool="toy", search=str(path.parent)).found["version"] == "2.0"
    assert detect(tool=str(path)).found == {"tool_path": str(path), "version": "2.0"}


def test_links_are_kept(tool: Callable[..., Path], detect: Callable[..., Made], tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "toy").symlink_to(tool("toy-1.0", "echo 1.0", folder="opt"))
    assert detect(tool="toy").file == str(tmp_path / "bin" / "toy")


def test_not_there(detect: Callable[..., Made], tmp_path: Path) -> None:
    with pytest.raises(DoesNotApply) as error:
        detect(tool=["no-such-tool", "no-such-either"], search=["/no/where"], install_hint="apt install toy")
    assert str(error.value) == "no-such-tool or no-such-either is not on PATH or in /no/where"
    assert error.value.hint == "apt install toy"
    with pytest.raises(DoesNotApply) as error:
        detect(tool="no-such-tool")
    assert (str(error.value), error.value.hint) == ("no-such-tool is not on PATH", None)


def test_there_but_not_able_to_start(tool: Callable[..., Path], detect: Callable[..., Made]) -> None:
    path = tool("toy", "echo 'toy: command not found; there is 3.1.0' >&2; exit 127")
    with pytest.raises(DoesNotApply) as error:
        detect(tool="toy")
    assert str(error.value) == f"{path} does not run: toy: command not found; there is 3.1.0"


def test_bad_recipes(tool: Callable[..., Path], detect: Callable[..., Made], tmp_path: Path) -> None:
    meta = tmp_path / "meta.yaml"
    with pytest.raises(EntryError) as error:
        detect()
    assert str(error.value) == f"{meta}: make.detect: detect needs a tool or a function"
    tool("toy", "echo 1.0")
    with pytest.raises(EntryError) as error:
        detect(tool="toy", version_pattern="(")
    assert str(error.value).startswith(f"{meta}: make.detect.version_pattern: not a regular expression: ")


def test_a_function_detects(detect: Callable[..., Made]) -> None:
    answers = {"accelerators": {"count": 2}, "library": {"tool_path": "/x/y", "version": "1"}, "data": {"file": "/d"}}
    assert detect(answers.__getitem__, function="accelerators") == Made(found={"count": 2})
    assert detect(answers.__getitem__, function="library") == Made(file="/x/y", found=answers["library"])
    assert detect(answers.__getitem__, function="data") == Made(file="/d")


def test_a_function_does_not_find(detect: Callable[..., Made]) -> None:
    def call(name: str) -> None:
        raise DoesNotApply("no accelerator")

    with pytest.raises(DoesNotApply, match=r"^no accelerator$"):
        detect(call, function="accelerators")


def test_check(tool: Callable[..., Path], tmp_path: Path) -> None:
    path = tool("toy", "echo 1.0")
    found = {"tool_path": str(path)}
    assert Detect().check(tmp_path, found) is None
    assert Detect().check(tmp_path, {}) is None
    path.chmod(0o644)
    assert Detect().check(tmp_path, found) == f"it is not executable any more: {path}"
    path.unlink()
    assert Detect().check(tmp_path, found) == f"it is not there any more: {path}"


def test_check_what_a_function_found_outside_the_entry(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    assert Detect().check(tmp_path, {"file": str(images)}) is None
    assert Detect().check(tmp_path, {"file": "images"}) is None
    images.rmdir()
    assert Detect().check(tmp_path, {"file": str(images)}) == f"it is not there any more: {images}"
