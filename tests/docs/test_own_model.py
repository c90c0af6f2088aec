"""docs/own-model.md is followed literally, with real environments, which are there already."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.axs_command import AxsCommand
from support.docs_pages import DOCS, follow


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_page_does_what_it_says(axs: AxsCommand, tmp_path: Path) -> None:
    axs.apart(tmp_path, "loadgen_output,framework=onnxrt,loadgen_scenario=Offline")
    assert follow(DOCS / "own-model.md", tmp_path) == 12
