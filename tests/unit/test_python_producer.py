"""The producer `python`: what a function of code.py gives, and how its errors are told."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from axs_core.errors import AxsError, DoesNotApply, EntryError, ProduceError, Refused
from axs_core.producers.base import Job, Made
from axs_core.producers.python import Python
from axs_core.reporter import Reporter

CODE = """
def fine():
    return {"version": "1.2", "file": "data/one.bin"}

def nothing():
    return None

def number():
    return 42

def deep():
    return inner({})

def inner(values):
    return values["missing"]

def library():
    import json
    return json.loads("{")
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Made]:
    """Runs the producer with a function of CODE."""
    file = tmp_path / "code.py"
    file.write_text(CODE)
    spec = importlib.util.spec_from_file_location("toy_code", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(function: str) -> Made:
        return Python().make(job(tmp_path, function, lambda name: getattr(module, name)()))

    return run


def job(folder: Path, function: str, call: Callable[[str], Any] | None) -> Job:
    return Job({"function": function}, folder, folder / "log.txt", Reporter(), folder, call=call)


def test_found_attributes_and_main_file(make: Callable[[str], Made]) -> None:
    assert make("fine") == Made(file="data/one.bin", found={"version": "1.2"})


def test_nothing_found_is_fine(make: Callable[[str], Made]) -> None:
    assert make("nothing") == Made()


def test_only_mappings_are_understood(make: Callable[[str], Made], tmp_path: Path) -> None:
    with pytest.raises(EntryError) as error:
        make("number")
    assert str(error.value) == f"{tmp_path / 'code.py'}: number must return a mapping of attributes or None, not int"


def test_an_exception_is_told_with_its_place(make: Callable[[str], Made], tmp_path: Path) -> None:
    with pytest.raises(ProduceError) as error:
        make("deep")
    line = CODE.splitlines().index('    return values["missing"]') + 1
    assert str(error.value) == f"{tmp_path / 'code.py'}:{line}: in inner: KeyError: 'missing'"
    assert isinstance(error.value.__cause__, KeyError)


def test_the_place_is_not_in_a_library(make: Callable[[str], Made], tmp_path: Path) -> None:
    with pytest.raises(ProduceError) as error:
        make("library")
    line = CODE.splitlines().index('    return json.loads("{")') + 1
    assert str(error.value).startswith(f"{tmp_path / 'code.py'}:{line}: in library: JSONDecodeError: ")


def test_an_exception_from_elsewhere(tmp_path: Path) -> None:
    def fail(name: str) -> None:
        raise ValueError("toy")

    with pytest.raises(ProduceError) as error:
        Python().make(job(tmp_path, "some", fail))
    assert str(error.value) == f"{tmp_path / 'code.py'}: in some: ValueError: toy"


@pytest.mark.parametrize("error", [DoesNotApply("not here"), Refused("invalid"), AxsError("own"), KeyboardInterrupt()])
def test_passed_through(tmp_path: Path, error: BaseException) -> None:
    def fail(name: str) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        Python().make(job(tmp_path, "some", fail))
    assert raised.value is error


def test_without_code(tmp_path: Path) -> None:
    with pytest.raises(EntryError) as error:
        Python().make(job(tmp_path, "some", None))
    assert str(error.value) == f"{tmp_path / 'code.py'}: there is no code.py with a function 'some'"
    assert Python().check(tmp_path, {}) is None
