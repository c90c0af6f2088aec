"""The producer `python`: what a function of code.py gives, and how its errors are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from axs_core.base.errors import AxsError, DoesNotApply, EntryError, Refused
from axs_core.base.reporter import Reporter
from axs_core.entry.functions import call, functions_of
from axs_core.entry.model import Entry
from axs_core.producers.base import Job, Made
from axs_core.producers.python import Python

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
    """Runs the producer with a function of CODE, called as the engine calls it."""
    (tmp_path / "code.py").write_text(CODE)
    functions = functions_of(Entry("toy", tmp_path, {"make": {"python": {}}}))

    def run(function: str) -> Made:
        return Python().make(job(tmp_path, function, lambda name: call(functions[name], {}.__getitem__)))

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
    with pytest.raises(EntryError) as error:
        make("deep")
    line = CODE.splitlines().index('    return values["missing"]') + 1
    assert str(error.value) == f"{tmp_path / 'code.py'}:{line}: function 'deep' raised KeyError: 'missing'"
    assert isinstance(error.value.__cause__, KeyError)


def test_the_place_is_not_in_a_library(make: Callable[[str], Made], tmp_path: Path) -> None:
    with pytest.raises(EntryError) as error:
        make("library")
    line = CODE.splitlines().index('    return json.loads("{")') + 1
    expected = f"{tmp_path / 'code.py'}:{line}: function 'library' raised JSONDecodeError: "
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize("error", [DoesNotApply("not here"), Refused("invalid"), AxsError("own"), KeyboardInterrupt()])
def test_passed_through(tmp_path: Path, error: BaseException) -> None:
    def fail(name: str) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        Python().make(job(tmp_path, "some", fail))
    assert raised.value is error


def test_the_main_file_may_stand_in_the_recipe(tmp_path: Path) -> None:
    spec = {"function": "some", "file": "out.txt"}
    made = Python().make(Job(spec, tmp_path, tmp_path / "log.txt", Reporter(), tmp_path, call=lambda name: {"n": 1}))
    assert made == Made(file="out.txt", found={"n": 1})


def test_without_code(tmp_path: Path) -> None:
    with pytest.raises(EntryError) as error:
        Python().make(job(tmp_path, "some", None))
    assert str(error.value) == f"{tmp_path / 'code.py'}: there is no code.py with a function 'some'"
    assert Python().check(tmp_path, {}) is None
