"""docs/tutorial.md is followed literally."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.docs_pages import DOCS, follow

pytestmark = pytest.mark.process


def test_the_tutorial_is_true(tmp_path: Path) -> None:
    assert follow(DOCS / "tutorial.md", tmp_path) > 20
