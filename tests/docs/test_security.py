"""The page on security: each test that it names as holding a promise is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests/\w+/test_\w+\.py)?(?:::)?(?:test_\w+)?)`", PAGE)) - {""})
TESTS = {file: file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py")}


def test_it_names_some() -> None:
    assert len(NAMED) > 30


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_is_there(name: str) -> None:
    file, _, test = name.partition("::") if name.startswith("tests/") else ("", "", name)
    places = [ROOT / file] if file else list(TESTS)
    assert all(place.is_file() for place in places)
    assert not test or any(f"def {test}(" in TESTS[place] for place in places)
