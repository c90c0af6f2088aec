"""docs/python.md is true: its entries are written, its lines are typed, and its tables name every method."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from support.docs_pages import DOCS, FENCE

from axs_core.api import WorkCollection, Workspace, WorkspaceEntry

PAGE = (DOCS / "python.md").read_text(encoding="utf-8")


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = []
    for language, file, body in FENCE.findall(PAGE):
        if file:
            target = tmp_path / file.removeprefix("~/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(body, encoding="utf-8")
        elif language == "pycon":
            typed.append(body)
    monkeypatch.setenv("AXS_COLLECTIONS", str(tmp_path / "my_entries"))
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest("\n".join(typed), {}, "docs/python.md", None, 0)
    result = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert result.attempted > 30
    assert not said, "".join(said)


@pytest.mark.parametrize("kind", [Workspace, WorkspaceEntry, WorkCollection])
def test_its_table_names_every_method_and_nothing_else(kind: type) -> None:
    table = PAGE.partition(f"| `{kind.__name__}` | |\n|---|---|\n")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    own = [name for name in vars(kind) if not name.startswith("_")]
    assert sorted(named) == sorted(own)


def test_every_error_is_named() -> None:
    from axs_core.base import errors

    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.AxsError)]
    assert [kind.__name__ for kind in kinds if f"`{kind.__name__}`" not in PAGE and kind is not errors.NoSuchName] == []
