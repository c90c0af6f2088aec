"""Nothing outside of axs is waited for without end: every child and every request has a time-out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.toy import SOURCES

FILES = [
    file
    for folder in ("axs_core", "entries")
    for file in sorted((SOURCES / folder).rglob("*.py"))
    if "entries" not in file.relative_to(SOURCES / folder).parts
]
STARTERS = frozenset(["run", "ask", "call", "check_call", "check_output"])
OWN = ("axs_core/process/child.py", "axs_core/process/watcher.py")
"""Where children are started, and ended, for all others."""


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Calls with the name that is called, ``module.name`` where it is said so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def names_of_children(tree: ast.Module) -> set[str]:
    """What ``run`` and the like are called in a file."""
    names = {f"{module}.{name}" for module in ("subprocess", "process") for name in STARTERS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("subprocess", "axs_core.process"):
            names |= {alias.asname or alias.name for alias in node.names if alias.name in STARTERS}
    return names


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCES)))
def test_every_call_has_one(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    here = file.relative_to(SOURCES).as_posix()
    children = names_of_children(tree)
    for node, name in calls(tree):
        given = {keyword.arg for keyword in node.keywords}
        where = f"{here}:{node.lineno}: {name}"
        if name in children or (name.startswith(("requests.", "session.")) and name.endswith((".get", ".request"))):
            assert "timeout" in given, where
        if name.endswith(("Popen", "urlopen")) or name in ("os.system", "os.popen", "os.spawnv"):
            assert here in OWN, where


def test_the_rule_sees_what_it_is_for() -> None:
    tree = ast.parse("from axs_core.process import run as start\nimport subprocess\nstart(x)\nsubprocess.run(y)")
    assert [name for _, name in calls(tree) if name in names_of_children(tree)] == ["start", "subprocess.run"]
