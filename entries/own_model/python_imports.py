"""What a Python file imports from its own folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def beside(file: Path) -> list[str]:
    """The files that ``file`` imports from its folder, and that these import, as relative paths; without ``file``."""
    folder, found, waiting = file.parent, set[Path](), [file]
    while waiting:
        for name in _imported(folder, waiting.pop()):
            new = {path for path in _files(folder, name) if path != file} - found
            found |= new
            waiting += new
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _imported(folder: Path, file: Path) -> Iterator[str]:
    """Names of modules as ``folder`` has them, with dots; ``from a import b`` may mean the module ``a.b``."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # told by who runs it
        return
    package = file.parent.relative_to(folder).parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: max(0, len(package) - node.level + 1)] if node.level else ()
            module = ".".join((*above, *([node.module] if node.module else [])))
            yield from (f"{module}.{alias.name}" if module else alias.name for alias in node.names)


def _files(folder: Path, name: str) -> set[Path]:
    """All files that importing ``name`` reads, as far as they lie in ``folder``."""
    found, place = set(), folder
    for part in name.split("."):
        found |= {path for path in (place / f"{part}.py", place / part / "__init__.py") if path.is_file()}
        place /= part
    return found
