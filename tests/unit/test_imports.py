"""Imports go one way, and an ask that hits is light."""

from __future__ import annotations

import ast
import graphlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.toy import SOURCES, Toys

from axs_core.plugins.shipped import PLACES

PACKAGE = SOURCES / "axs_core"
ORDER = (
    "base",
    "query",
    "process",
    "plugins",
    "entry",
    "resolver",
    "store",
    "collections",
    "index",
    "producers",
    "making",
    "upkeep",
    "compare",
    "exchange",
    "report",
    "api",
    "sdk",
    "errors",
    "cli",
    "testing",
    "__main__",
)
HEAVY = ("yaml", "jinja2", "requests", "jsonschema", "tqdm", "filelock", "packaging", "tenacity")


def room(module: str) -> str:
    """``axs_core.entry.load`` lives in the room ``entry``."""
    return module.split(".")[1] if "." in module else ""


def modules() -> list[Path]:
    return sorted(file for file in PACKAGE.rglob("*.py") if "entries" not in file.relative_to(PACKAGE).parts)


def imported(file: Path) -> list[tuple[int, str]]:
    """Line and full name of each thing of axs that a file imports, wherever in it; not what only its annotations
    need.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    guarded = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    for_types = {id(inner) for node in guarded for inner in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "axs_core":
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names if alias.name.startswith("axs_core")]
    return found


def test_imports_go_left_only() -> None:
    wrong = []
    for file in modules():
        here = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if here == "__init__":
            continue
        for line, name in imported(file):
            there = room(name)
            if there.startswith("__version") or not there:
                continue
            if ORDER.index(there) > ORDER.index(here):
                wrong.append(f"{file.relative_to(SOURCES)}:{line}: {here} imports {there}")
    assert wrong == []


def test_no_files_need_each_other() -> None:
    """Imports within functions count too."""
    names = {".".join(file.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__") for file in modules()}
    needs: dict[str, set[str]] = {}
    for file in modules():
        here = ".".join(file.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")
        whole = {name for _, name in imported(file) if not name.endswith("__version__")}
        needs[here] = {name if name in names else name.rpartition(".")[0] for name in whole} - {here}
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_pytest_is_imported_by_the_conformance_suite_alone() -> None:
    wanted = [
        file.relative_to(PACKAGE).as_posix()
        for file in modules()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import) and any(alias.name == "pytest" for alias in node.names)
    ]
    assert wanted == ["testing.py"]


def test_what_knows_a_producer_asks_its_traits() -> None:
    """Its name stands where it is declared, and where its own code is."""
    wrong = []
    for file in modules():
        here = file.relative_to(PACKAGE)
        if here.parts[0] == "producers" or here.as_posix() == "plugins/shipped.py":
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        names = set(PLACES) - {"git", "program", "python"}  # words of other meanings too
        wrong += [f"{here}:{node.lineno}: {node.value}" for node in constants if node.value in names]
        compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
        wrong += [
            f"{here}:{node.lineno}: {ast.unparse(node)}"
            for node in compared
            if isinstance(node.left, ast.Constant)
            and node.left.value in PLACES
            and ("make" in ast.unparse(node.comparators[0]) or "by" in ast.unparse(node.comparators[0]))
        ]
    assert wrong == []


def test_every_room_has_its_place() -> None:
    rooms = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in modules()} - {"__init__"}
    assert rooms == set(ORDER)


def loaded_by(toys: Toys, code: str) -> set[str]:
    child = toys.child(code + "\nprint(*sorted(name.partition('.')[0] for name in sys.modules))")
    out, err = child.communicate()
    assert child.returncode == 0, err
    return set(out.split())


@pytest.mark.process
def test_an_ask_that_hits_imports_nothing_heavy(toys: Toys) -> None:
    toys.add("reports", {}, "def figure(n): return n + 1")
    toys.maker(
        "toy",
        "thing",
        parameters={"n": {"default": 2, "type": "int", "minimum": 0}},
        results=["figure"],
        result_parents=["reports"],
    )
    ask = "assert space.byquery('thing,n=3')['figure'] == 4"
    assert set(HEAVY) & loaded_by(toys, ask)  # the first one makes it
    assert sorted(set(HEAVY) & loaded_by(toys, ask)) == []
    assert sorted(set(HEAVY) & loaded_by(toys, "assert len(list(space.all_byquery('thing,n>2'))) == 1")) == []
    listing = "from axs_core.api.vocabulary import vocabulary; space.entries(); space.byname('toy'); "
    assert sorted(set(HEAVY) & loaded_by(toys, f"{listing}vocabulary(space.session)")) == []


@pytest.mark.process
def test_a_command_that_hits_imports_nothing_heavy(toys: Toys) -> None:
    toys.maker("toy", "thing", attributes={"n": 3})
    toys.space().byquery("thing")
    command = [sys.executable, "-X", "importtime", "-m", "axs_core", "byquery", "thing,n>2", ",", "get", "n"]
    for _ in range(2):  # the first one takes the shipped entries into the index
        run = subprocess.run(command, env=toys.environ(), capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines() if "|" in line}
    assert run.stdout == "3\n"
    assert {"axs_core", "sqlite3"} <= loaded
    assert sorted(set(HEAVY) & loaded) == []


LIGHT = (
    "query",
    "entry",
    "store",
    "collections.folders",
    "index",
    "resolver",
    "making.recording",
    "making.fulfil",
    "api",
)


@pytest.mark.process
@pytest.mark.parametrize("module", LIGHT)
def test_a_module_alone_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, axs_core.{module}\nprint(*{set(HEAVY)!r} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == []
