"""The shipped entries python_env, python_package and shell_tool, asked for as a user does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from axs_core import Workspace
from axs_core.base.errors import AxsError


@pytest.fixture
def toy_tool(tmp_path: Path) -> Path:
    tool = tmp_path / "opt" / "toy"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho toy release 7, built with 1.2\n")
    tool.chmod(0o755)
    return tool


def test_a_tool_on_path(toy_tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(toy_tool.parent), prepend=":")
    tool = Workspace().byquery("shell_tool,tool_name=toy")
    assert (tool["version"], tool["tool_path"]) == ("1.2", str(toy_tool))
    assert tool.get_path() == toy_tool


def test_a_tool_elsewhere(toy_tool: Path) -> None:
    where = f"search_dir={toy_tool.parent},version_pattern===release (\\d+)"
    assert Workspace().byquery(f"shell_tool,tool_name=toy,{where}")["version"] == "7"


def test_a_tool_that_is_gone_is_looked_for_again(toy_tool: Path) -> None:
    query = f"shell_tool,tool_name=toy,search_dir={toy_tool.parent}"
    assert Workspace().byquery(query)["version"] == "1.2"
    toy_tool.unlink()
    with pytest.raises(AxsError) as error:
        Workspace().byquery(query)
    assert f"toy is not on PATH or in {toy_tool.parent}" in str(error.value)
    assert error.value.hint == (
        "install it with the system's package manager (apt, dnf, brew), or say where it is: search_dir=FOLDER"
    )


@pytest.mark.parametrize("query", ["python_env", "python_env,requirements:=packaging:pytest"])
def test_the_calling_interpreter(query: str) -> None:
    environment = Workspace().byquery(query)
    assert environment["interpreter"] == sys.executable
    assert environment["calling_interpreter"] is True


def test_a_wrong_requirement() -> None:
    with pytest.raises(AxsError) as error:
        Workspace().byquery("python_env,requirements:=pack aging")
    assert str(error.value).startswith("'pack aging' is not a Python requirement: ")
    assert error.value.exit_code == 2


@pytest.mark.slow
def test_a_package() -> None:
    package = Workspace().byquery("python_package,package_name=six,package_version=1.16.0")
    assert (package["version"], package["import_names"]) == ("1.16.0", ["six"])
    assert package.get_path().name == "six.py"
    assert package.get_path().is_relative_to(package.path)
    assert Path(package["interpreter"]).is_relative_to(package.path)
