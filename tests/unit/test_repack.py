"""A wheel made of an installed package is that package."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from axs_core.base.errors import ProduceError
from axs_core.exchange.bundle.repack import repack


def installed(
    site: Path, wheel: str = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
) -> Distribution:
    """A package with a module, data, a program and what Python and pip write beside."""
    info = site / "toy_pkg-1.5.dist-info"
    texts = {
        "toy_pkg/__init__.py": "name = 'toy'\n",
        "toy_pkg/data.bin": "data",
        "toy_pkg/__pycache__/x.pyc": "compiled",
        "../bin/toy": "#!/usr/bin/python",
        f"{info.name}/METADATA": "Metadata-Version: 2.1\nName: toy-pkg\nVersion: 1.5\n",
        f"{info.name}/INSTALLER": "pip",
        **({f"{info.name}/WHEEL": wheel} if wheel else {}),
    }
    for name, text in texts.items():
        file = site / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in [*texts, f"{info.name}/RECORD"]))
    return Distribution.at(info)


def test_what_was_in_it(tmp_path: Path) -> None:
    site = tmp_path / "env" / "site"
    wheel = repack(installed(site), tmp_path)
    assert wheel.name == "toy_pkg-1.5-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert sorted(archive.namelist()) == [
            "toy_pkg-1.5.dist-info/METADATA",
            "toy_pkg-1.5.dist-info/RECORD",
            "toy_pkg-1.5.dist-info/WHEEL",
            "toy_pkg/__init__.py",
            "toy_pkg/data.bin",
        ]
    first = wheel.read_bytes()
    assert repack(installed(site), tmp_path).read_bytes() == first


@pytest.mark.process
def test_pip_takes_it(tmp_path: Path) -> None:
    wheel = repack(installed(tmp_path / "env" / "site"), tmp_path)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "v")], check=True)
    python = tmp_path / "v" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", str(wheel)], check=True, capture_output=True)
    said = subprocess.run([python, "-c", "import toy_pkg; print(toy_pkg.name)"], capture_output=True, text=True)
    assert said.stdout == "toy\n"


def test_what_came_without_a_wheel(tmp_path: Path) -> None:
    with pytest.raises(ProduceError, match="toy-pkg was not installed from a wheel"):
        repack(installed(tmp_path / "env" / "site", wheel=""), tmp_path)
