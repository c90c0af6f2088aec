"""The Python part of docs/compare.md works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.axs_command import AxsCommand
from support.docs_pages import DOCS

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_example_is_true(
    axs: AxsCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    axs = axs.apart(tmp_path, "loadgen_output,framework=onnxrt,loadgen_scenario=Offline")
    monkeypatch.setenv("AXS_WORK_COLLECTION", str(axs.collection))
    cells = FENCE.findall((DOCS / "compare.md").read_text(encoding="utf-8"))
    assert len(cells) == 3
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, "docs/compare.md", "exec"), names)
    printed = capsys.readouterr().out
    assert re.match(r"batches of 32 instead of single images: \d+\.\d times as fast\n", printed)
    assert "PerformanceOnly    2.0" in printed
