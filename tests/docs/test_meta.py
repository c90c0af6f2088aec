"""The reference page of meta.yaml: its tables are those of the schema, its examples can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from axs_core.entry import reference
from axs_core.entry.load import read_meta
from axs_core.entry.validate import schema
from axs_core.plugins.shipped import PLACES

PAGE = Path(__file__).parents[2] / "docs" / "meta.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_up_to_date() -> None:
    assert reference.with_tables(TEXT) == TEXT, "python -m axs_core.entry.reference docs/meta.md"


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
def test_examples_can_be_read(tmp_path: Path, example: str) -> None:
    (tmp_path / "meta.yaml").write_text(example)
    assert read_meta(tmp_path / "meta.yaml")["title"]


def test_every_key_is_explained() -> None:
    sections = [schema(), *(schema()["$defs"][name] for name in ("parameter", "need"))]
    sections += schema()["$defs"]["make"]["properties"].values()
    silent = [
        key
        for section in sections
        for key, value in section["properties"].items()
        if not value.get("description") and key != "when"
    ]
    assert silent == []


def test_every_producer_is_in_the_schema() -> None:
    assert set(schema()["$defs"]["make"]["properties"]) == set(PLACES)


def test_every_key_is_in_the_prose() -> None:
    """Each key of the top level is spoken of before the tables."""
    prose = TEXT.partition(reference.BEGIN)[0]
    assert [key for key in schema()["properties"] if f"`{key}`" not in prose and f"{key}:" not in prose] == []


def test_the_mistake_that_the_page_shows(tmp_path: Path) -> None:
    from axs_core.base.errors import EntryError

    (tmp_path / "meta.yaml").write_text("title: toy\nparameters:\n  n:\n    defualt: 1\n")
    with pytest.raises(EntryError) as caught:
        read_meta(tmp_path / "meta.yaml")
    shown = str(caught.value).replace(str(tmp_path), "/home/me/entries/toy")
    assert f"    {shown}\n\n    hint: {caught.value.hint}\n" in TEXT
