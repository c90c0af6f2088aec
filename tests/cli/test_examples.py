"""Examples in help and hints come from the shipped entries; without those they are neutral."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from axs_core.cli.help import help_on, overview
from axs_core.cli.pipeline import parse_pipeline
from axs_core.cli.registry import ACTIONS
from axs_core.collections import examples
from axs_core.collections.folders import shipped

GIVEN: dict[str, Any] = yaml.safe_load((shipped() / examples.FILE).read_text(encoding="utf-8"))
LINES = [
    (target, name, line)
    for target, table in GIVEN["actions"].items()
    for name, lines in table.items()
    for line in lines
]


@pytest.fixture
def nothing_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(examples, "shipped", lambda: tmp_path)
    examples._read.cache_clear()
    yield
    examples._read.cache_clear()


def test_every_hint_has_one() -> None:
    assert set(GIVEN["hints"]) == set(examples.HINTS)


@pytest.mark.parametrize(("target", "name", "line"), LINES, ids=[line for _, _, line in LINES])
def test_an_example_is_of_the_action_that_it_shows(target: Any, name: str, line: str) -> None:
    calls = parse_pipeline(shlex.split(line)[1:])
    assert name in ACTIONS[target] and name in [call.action for call in calls]
    assert f"\n    {line}\n" in help_on(name) + "\n"


def test_the_examples_of_help_are_real() -> None:
    assert f"    {GIVEN['actions']['workspace']['byquery'][0]}\n" in overview()
    assert "QUERY , get NAME" not in help_on("byquery")


@pytest.mark.usefixtures("nothing_shipped")
def test_without_shipped_entries_they_are_neutral() -> None:
    assert "    axs byquery QUERY , get NAME\n" in overview()
    assert help_on("plan").endswith("\n    axs plan QUERY")
    assert examples.hint("entries") == "axs all_byquery QUERY lists some"
