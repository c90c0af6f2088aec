"""Real virtual environments and real pip: from the index, from a folder of wheels, and what goes wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from axs_core.base.errors import ProgramFailed
from axs_core.base.reporter import Reporter
from axs_core.producers.base import Job, Made
from axs_core.producers.python_env.producer import PythonEnv

pytestmark = pytest.mark.venv


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "entry"
    folder.mkdir()
    return folder


@pytest.fixture
def make(folder: Path) -> Callable[..., Made]:
    """Runs the producer, isolated; ``environ`` is added to ours, None removes."""

    def run(*requirements: str, environ: Mapping[str, str | None] | None = None, **spec: Any) -> Made:
        given = {**os.environ, "AXS_INSTALLER": "pip", **(environ or {})}
        settings = {name: value for name, value in given.items() if value is not None}
        spec = {"requirements": list(requirements), "isolated": True, **spec}
        return PythonEnv().make(Job(spec, folder, folder / "log.txt", Reporter(), folder, environ=settings))

    return run


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """Settings under which pip sees a few toy packages and nothing else."""
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "toy_base", "1.0")
    wheel(folder, "toy_base", "2.0")
    wheel(folder, "toy_old", "1.0", ["toy-base<2"])
    wheel(folder, "toy_new", "1.0", ["toy-base>=2"])
    (folder / "toy_broken-1.0-py3-none-any.whl").write_bytes(b"no zip file")
    own = {"PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": None, "PIP_INDEX_URL": None}
    return {**own, "PIP_FIND_LINKS": str(folder), "AXS_OFFLINE": "1"}


def wheel(folder: Path, name: str, version: str, requires: Sequence[str] = ()) -> None:
    """Writes the smallest wheel that pip takes: a module with a version, and metadata."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}/__init__.py": f"__version__ = {version!r}\n",
        f"{name}-{version}.dist-info/METADATA": metadata + "".join(f"Requires-Dist: {each}\n" for each in requires),
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{name}-{version}.dist-info/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [*files, record])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def test_from_the_index(make: Callable[..., Made], folder: Path) -> None:
    made = make("six==1.16.0", "packaging>=24", environ={"PYTHONPATH": "/no/where", "PIP_USER": "1"})
    assert made.found["packages"]["six"] == "1.16.0"
    assert sorted(made.found["packages"]) == ["packaging", "six"]
    assert made.found["frozen"] == [f"{name}=={version}" for name, version in made.found["packages"].items()]
    assert made.found["installer_version"].startswith("pip ")
    argv = [folder / made.found["interpreter"], "-I", "-c", "import packaging, six; print(six.__file__)"]
    imported = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    assert Path(imported).resolve().is_relative_to(folder.resolve())
    assert PythonEnv().check(folder, made.found) is None
    shutil.rmtree(folder / "venv" / "bin")
    assert PythonEnv().check(folder, made.found) == f"its interpreter is gone: {folder / 'venv/bin/python'}"


def test_no_such_package_in_the_index(make: Callable[..., Made], folder: Path) -> None:
    with pytest.raises(ProgramFailed) as error:
        make("no-such-package-of-axs==1.0")
    assert str(error.value) == (
        "pip could not install no-such-package-of-axs==1.0\n"
        "    ERROR: Could not find a version that satisfies the requirement no-such-package-of-axs==1.0 "
        "(from versions: none)\n"
        "    ERROR: No matching distribution found for no-such-package-of-axs==1.0"
    )
    assert error.value.hint == "check the name and the version, or ask for another Python: python=3.11"
    assert error.value.log == folder / "log.txt"


def test_from_a_folder_of_wheels(make: Callable[..., Made], folder: Path, wheels: Mapping[str, str | None]) -> None:
    made = make("toy-old", environ=wheels, package="toy_base")
    assert made.found["packages"] == {"toy-base": "1.0", "toy-old": "1.0"}
    assert (made.found["version"], made.found["import_names"]) == ("1.0", ["toy_base"])
    assert made.file is not None and made.file.startswith("venv/")
    assert (folder / made.file / "__init__.py").read_text() == "__version__ = '1.0'\n"


def test_all_are_resolved_together(make: Callable[..., Made], wheels: Mapping[str, str | None]) -> None:
    with pytest.raises(ProgramFailed) as error:
        make("toy-old", "toy-new", environ=wheels)
    talk = str(error.value).splitlines()
    assert talk[0] == "pip could not install toy-old, toy-new"
    assert "        toy-old 1.0 depends on toy-base<2" in talk
    assert "        toy-new 1.0 depends on toy-base>=2" in talk
    assert error.value.hint == "loosen or leave out one of the versions that exclude each other"


def test_versions_that_exist_are_told(make: Callable[..., Made], wheels: Mapping[str, str | None]) -> None:
    with pytest.raises(ProgramFailed) as error:
        make("toy-base==3", environ=wheels)
    assert str(error.value) == (
        "pip could not install toy-base==3\n"
        "    ERROR: Could not find a version that satisfies the requirement toy-base==3 (from versions: 1.0, 2.0)\n"
        "    ERROR: No matching distribution found for toy-base==3"
    )
    expected = "AXS_OFFLINE=1 keeps pip from the index: set PIP_FIND_LINKS=FOLDER_OF_WHEELS, or unset AXS_OFFLINE"
    assert error.value.hint == expected


def test_another_try_begins_from_nothing(
    make: Callable[..., Made], folder: Path, wheels: Mapping[str, str | None]
) -> None:
    with pytest.raises(ProgramFailed) as error:
        make("toy-base", "toy-broken", environ=wheels)
    assert str(error.value).startswith("pip could not install toy-base, toy-broken\n    ERROR: ")
    (folder / "venv" / "leftover").write_text("")
    assert make("toy-new", environ=wheels).found["packages"] == {"toy-base": "2.0", "toy-new": "1.0"}
    assert not (folder / "venv" / "leftover").exists()


def test_no_index_and_no_password_in_the_log(
    make: Callable[..., Made], folder: Path, wheels: Mapping[str, str | None]
) -> None:
    closed = "http://somebody:very-secret@127.0.0.1:9/simple"
    environ = {**wheels, "AXS_OFFLINE": None, "PIP_FIND_LINKS": None, "PIP_INDEX_URL": closed, "PIP_RETRIES": "1"}
    with pytest.raises(ProgramFailed) as error:
        make("toy-base", environ=environ)
    assert error.value.hint == (
        "set PIP_INDEX_URL to an index that can be reached, or AXS_OFFLINE=1 and PIP_FIND_LINKS=FOLDER_OF_WHEELS"
    )
    written = "".join(path.read_text() for path in folder.glob("*.txt"))
    assert "127.0.0.1:9" in written
    assert "very-secret" not in written + str(error.value) + str(error.value.argv)


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not on PATH")
def test_with_uv(make: Callable[..., Made], wheels: Mapping[str, str | None]) -> None:
    made = make("toy-old", environ={**wheels, "AXS_INSTALLER": "uv"})
    assert made.found["packages"] == {"toy-base": "1.0", "toy-old": "1.0"}
    assert made.found["installer_version"].startswith("uv ")
