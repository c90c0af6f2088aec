"""docs/tutorial.md is followed literally."""

from __future__ import annotations

from pathlib import Path

from support.docs_pages import DOCS, follow


def test_the_tutorial_is_true(tmp_path: Path) -> None:
    assert follow(DOCS / "tutorial.md", tmp_path) > 20
