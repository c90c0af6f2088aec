"""The page of what code may import names what ``axs_core.sdk`` has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from axs_core import errors, sdk
from axs_core.base.errors import AxsError

ROOT = Path(__file__).parents[2]


def test_the_page_names_all_of_it() -> None:
    page = (ROOT / "docs" / "sdk.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == sorted(sdk.__all__)


def test_each_name_is_what_type_checkers_take_it_for() -> None:
    source = (ROOT / "axs_core" / "sdk.py").read_text(encoding="utf-8")
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    named = {alias.name: node.module for node in imports if node.module for alias in node.names}
    for name in sdk.__all__:
        value = getattr(sdk, name)
        module = __import__(str(named[name]), fromlist=[name])
        assert getattr(module, name) is value, name
    assert set(sdk.__all__) == set(named) - {"annotations", "import_module", "TYPE_CHECKING", "Any"}


def test_errors_stay_where_they_were() -> None:
    for name in sdk.__all__:
        value = getattr(sdk, name)
        if isinstance(value, type) and issubclass(value, AxsError):
            assert getattr(errors, name) is value


def test_shipped_entries_import_nothing_else() -> None:
    wrong = []
    for file in (ROOT / "entries").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name and name.split(".")[0] == "axs_core" and name not in ("axs_core", "axs_core.sdk"):
                    wrong.append(f"{file.relative_to(ROOT)}:{node.lineno}: {name}")
    assert wrong == []
