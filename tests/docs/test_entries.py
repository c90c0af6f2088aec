"""The page of shipped entries is made from the entries."""

from __future__ import annotations

from support.docs_pages import DOCS

from axs_core.cli.entries_page import page, read
from axs_core.collections.folders import listing, shipped

PAGE = DOCS / "entries.md"


def test_the_page_is_up_to_date() -> None:
    made = page(read(shipped()))
    assert PAGE.read_text(encoding="utf-8") == made, "python -m axs_core.cli.entries_page > docs/entries.md"


def test_every_entry_is_on_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in listing(shipped()) if f"\n### {name}\n" not in text] == []
