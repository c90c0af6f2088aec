"""docs/own-model.md is followed literally, with real environments."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.docs_pages import DOCS, follow


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    assert follow(DOCS / "own-model.md", tmp_path) == 12
