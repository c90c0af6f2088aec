"""A package as pip installs it: its wheel is made here (no build tool, no network), pip does the rest."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def install(source: Path, target: Path) -> None:
    """Install the package of the ``pyproject.toml`` in ``source`` (plain files, no build step) into ``target``."""
    wheel = _wheel(source, target.parent)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*command, "--upgrade", "--target", str(target), str(wheel)], check=True, timeout=300)


def _wheel(source: Path, folder: Path) -> Path:
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    about = f"{name}-{version}.dist-info"
    lines = [
        text
        for group, points in project.get("entry-points", {}).items()
        for text in (f"[{group}]", *(f"{key} = {value}" for key, value in points.items()))
    ]
    files = {
        str(file.relative_to(source)): file.read_bytes()
        for file in sorted((source / name).rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    files[f"{about}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{about}/entry_points.txt"] = "\n".join([*lines, ""]).encode()
    files[f"{about}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"]).encode()
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel
