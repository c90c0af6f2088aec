"""The page of all actions is made from the actions."""

from __future__ import annotations

from pathlib import Path

from axs_core.cli.actions_page import reference

PAGE = Path(__file__).parents[2] / "docs" / "actions.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "python -m axs_core.cli.actions_page > docs/actions.md"
