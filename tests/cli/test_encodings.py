"""Locales and streams that are not UTF-8: the same answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from support.toy import Toys

pytestmark = pytest.mark.process

NO_UTF8 = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
"""What Python sees in a locale such as de_DE.ISO-8859-1, which not every machine has."""


@pytest.fixture
def world(toys: Toys) -> Iterator[Toys]:
    toys.settings["HOME"] = str(toys.recipes.parent)
    toys.settings.pop("AXS_INDEX", None)
    toys.add("gemälde", {"title": "Größe", "tags": ["thing"], "attributes": {"painter": "北斎"}})
    toys.add("program", {"provides": [["made"]], "make": {"program": {"run": ["echo", "Größe"]}}})
    yield toys


def axs(toys: Toys, *words: str, **settings: str) -> tuple[int, bytes, str]:
    environ = {key: value for key, value in toys.environ().items() if not key.startswith(("LC_", "LANG", "PYTHONIO"))}
    environ.pop("AXS_INDEX", None)
    argv = [sys.executable, "-m", "axs_core", *words]
    done = subprocess.run(argv, env={**environ, **settings}, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


@pytest.mark.parametrize("settings", [{"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}, NO_UTF8])
def test_answers_are_utf8(world: Toys, settings: dict[str, str]) -> None:
    assert axs(world, "find", "thing", ",", "get", "painter", **settings) == (0, "北斎\n".encode(), "")
    asked = axs(world, "find", "thing", ",", "table", "--columns=painter", "--format=csv", **settings)
    assert asked == (0, "painter\n北斎\n".encode(), "")


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", rb"\u5317\u658e"), ("latin-1", rb"\u5317\u658e")])
def test_a_stream_that_has_no_such_characters(world: Toys, encoding: str, shown: bytes) -> None:
    asked = axs(world, "find", "thing", ",", "get", "painter", PYTHONIOENCODING=encoding)
    assert asked == (0, shown + b"\n", "")


def test_arguments_of_programs(world: Toys) -> None:
    for settings in (NO_UTF8, {"LC_ALL": "C.UTF-8"}):
        code, _, said = axs(world, "byquery", "made", "--fresh", **settings)
        assert code == 0, said
    logs = [log.read_text(encoding="utf-8") for log in world.work.glob("program_*/.axs/log.txt")]
    assert [log.count("\nGröße\n") for log in logs] == [1, 1]


def test_what_one_locale_cannot_read_another_one_finds(world: Toys) -> None:
    """From Python, where axs does not choose the mode."""
    code = "from axs_core import Workspace; print(len(Workspace().all_byquery('thing')))"
    environ = {key: value for key, value in world.environ().items() if key != "AXS_INDEX"}
    found = [
        subprocess.run([sys.executable, "-c", code], env=environ | more, capture_output=True, text=True, check=True)
        for more in (NO_UTF8, {"LC_ALL": "C.UTF-8"})
    ]
    assert [each.stdout for each in found] == ["0\n", "1\n"]
