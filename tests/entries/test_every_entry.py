"""Every shipped entry is loaded, and every question that one answers is planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from axs_core import Workspace
from axs_core.cli.entries_page import read
from axs_core.collections.folders import shipped
from axs_core.entry import Alternative, Entry
from axs_core.entry.validate import schema

ENTRIES = read(shipped())
QUESTIONS = [
    pytest.param(entry, alternative, id=f"{entry.name}: {alternative.query}")
    for entry in ENTRIES
    for alternative in entry.alternatives
]


@pytest.fixture
def said(tmp_path: Path) -> dict[str, str]:
    """Something for every parameter that a query has to name."""
    for name in ("net.onnx", "net.pt"):
        (tmp_path / name).write_bytes(b"network")
    (tmp_path / "folder").mkdir()
    return {
        "collection_name": "mine",
        "convert_to": "onnx",
        "division": "open",
        "dataset_name": "sample_photos",
        "folder": str(tmp_path / "folder"),
        "images_dir": str(tmp_path / "folder"),
        "model_file": str(tmp_path / "net.onnx"),
        "package_name": "six",
        "repo_name": "entries",
        "submitter": "us",
        "system": "here",
        "tool_name": "git",
        "url": "https://example.org/entries.git",
        "url_prefix": "https://example.org",
    }


def question(entry: Entry, alternative: Alternative, said: dict[str, str]) -> str:
    """A query for an alternative: its tags and values, and all that has to be said."""
    words = [*sorted(alternative.tags), *map(str, alternative.required)]
    stated = {condition.key for condition in alternative.required}
    names = {condition.key for condition in alternative.restrictions}
    names |= {name for name, parameter in entry.parameters.items() if parameter.required}
    return ",".join([*words, *(f"{name}={said[name]}" for name in sorted(names - stated))])


def test_there_are_entries() -> None:
    assert len(ENTRIES) > 40


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_what_an_entry_says_of_itself(entry: Entry) -> None:
    """A title, what has to be said for each parameter that a query must name, and producers and parents that exist."""
    assert entry.meta.get("title")
    required = [parameter for parameter in entry.declared.values() if parameter.required]
    assert [parameter.name for parameter in required if not (parameter.help or parameter.choices)] == []
    assert [name for name in entry.result_parents if not (shipped() / name).is_dir()] == []
    assert set(entry.make) <= set(schema()["$defs"]["make"]["properties"])


@pytest.mark.parametrize(("entry", "alternative"), QUESTIONS)
def test_every_question_is_planned(entry: Entry, alternative: Alternative, said: dict[str, str]) -> None:
    space = Workspace()
    if any(condition.key == "convert_to" and not condition.sets() for condition in alternative.query.named):
        said["model_file"] = said["model_file"].replace(".onnx", ".pt")  # what can be converted to ONNX
    query = question(entry, alternative, said)
    step = space.plan(query)
    assert entry.name in {found.recipe.name for found in space.session.resolver.matches(step.match.query)}  # type: ignore[union-attr]
