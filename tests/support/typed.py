"""A command line in this process, as it is typed."""

from __future__ import annotations

import pytest

from axs_core.__main__ import main


def axs(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, answer and talk of a command line without quotes."""
    code = main(line.split())
    said = capsys.readouterr()
    return code, said.out.rstrip("\n"), said.err.rstrip("\n")
