"""Our own check of a submission's tree: it names what spoils a tree, and passes what is harmless."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import fake_loadgen
from support.spoilt_trees import DETAIL, GARBAGE, HARMLESS, MISSED_BY_MLPERF, SPOILT, Spoilt, Way
from support.submission_runs import CLOSED, SAID, SCENARIOS, compliance, run_all
from support.toy import Toys

from axs_core.api import WorkspaceEntry

pytestmark = pytest.mark.process

CHECKOUT = os.environ.get("AXS_TEST_MLPERF_INFERENCE")
"""A checkout of mlcommons/inference at b66003e1."""
ASKED = f"{CLOSED},{SAID}".replace("system_type=edge", "system_type=both")
_SOUND: list[WorkspaceEntry] = []


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    toys = Toys(tmp_path)
    fake_loadgen.add_to(toys.recipes)
    return toys


@pytest.fixture
def sound(toys: Toys) -> WorkspaceEntry:
    """A submission that nothing is wrong with, made once for all tests that spoil a copy of it."""
    if not _SOUND:
        space = toys.space()
        run_all(space, *SCENARIOS)
        compliance(space, *SCENARIOS)
        _SOUND.append(space.byquery(ASKED))
    return _SOUND[0]


@pytest.fixture
def report(sound: WorkspaceEntry, tmp_path: Path) -> Callable[..., list[str]]:
    """What is said of a copy that was spoilt in a way: without and with the digests of what was written."""

    def check(way: Way, *, digests: bool = False) -> list[str]:
        entry = tmp_path / ("known" if digests else "found")
        shutil.copytree(sound.path / "tree", entry / "tree", ignore=_in_src)
        if digests:
            shutil.copy(sound.path / "tree_digests.json", entry)
        way(entry / "tree" / "closed" / "ORG")
        values = {name: sound[name] for name in ("round", "division", "submitter", "system")}
        return str(sound.call("check_report", entry, **values)).splitlines()

    return check


def _in_src(folder: str, names: list[str]) -> list[str]:
    """The sources are not looked into; they are most of a tree."""
    return names if Path(folder).name == "src" else []


@pytest.mark.parametrize("spoilt", SPOILT, ids=lambda spoilt: spoilt.name)
def test_what_spoils_a_tree_is_named(report: Callable[..., list[str]], spoilt: Spoilt) -> None:
    by_content, by_digests = report(spoilt.way), report(spoilt.way, digests=True)
    if spoilt.by_digests:
        assert by_content[0].startswith("OK: ")
        assert f" * {spoilt.said}" in by_digests
    else:
        assert [line for line in by_content if line.startswith(f" * {spoilt.said}")]
        assert set(by_content[1:]) <= set(by_digests)


@pytest.mark.parametrize("way", HARMLESS.values(), ids=HARMLESS)
def test_what_is_harmless_passes(report: Callable[..., list[str]], way: Way) -> None:
    ok = ["OK: nothing in this tree is against the rules of v6.1 that are checked here"]
    assert report(way) == ok
    assert report(way, digests=True) == ok


ODD = (None, True, -1, 0, 1e999, 10**400, "", "VALID", "x" * 500, "\x00", [], [[1]], {}, {"value": 1})
"""What a value may be instead of what it should be."""


def odd_values(file: Path, odd: object) -> None:
    """Each value of a file is another: in an object of JSON, in a detailed log, after `=` or `:` of other text."""
    text, value = file.read_text(encoding="utf-8"), json.dumps(odd)
    if file.suffix == ".json" and text.startswith("{"):
        file.write_text(json.dumps(dict.fromkeys(json.loads(text), odd)), encoding="utf-8")
    elif file.name == DETAIL:
        rows = [json.loads(line.removeprefix(":::MLLOG ")) for line in text.splitlines()]
        file.write_text("".join(f":::MLLOG {json.dumps({**row, 'value': odd})}\n" for row in rows), encoding="utf-8")
    else:
        file.write_text(re.sub(r"(?<=[=:] )\S+|(?<==)\S+", lambda _: value, text), encoding="utf-8")


@pytest.mark.parametrize("odd", [*ODD, GARBAGE, b"", b"{", b"[" * 100_000], ids=lambda odd: f"{odd!r:.20}")
def test_whatever_lies_in_a_tree_is_told_in_words(report: Callable[..., list[str]], odd: object) -> None:
    def each_file(home: Path) -> None:
        for folder in ("results", "systems"):
            for file in (item for item in (home / folder).rglob("*") if item.is_file()):
                if isinstance(odd, bytes):
                    file.write_bytes(odd)
                else:
                    odd_values(file, odd)

    lines = report(each_file, digests=True)
    assert re.fullmatch(r"Not as the rules of v6\.1 want it \(\d+\):", lines[0])
    assert all(len(line) < 400 for line in lines)


@pytest.fixture
def passes_officially(sound: WorkspaceEntry, tmp_path: Path) -> Callable[[Way], bool]:
    """Does MLPerf's own checker pass a copy that was spoilt in a way?"""

    def check(way: Way) -> bool:
        tree = tmp_path / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(sound.path / "tree", tree)
        way(tree / "closed" / "ORG")
        command = [sys.executable, "-m", "submission_checker.main", "--input", str(tree), "--version", "v6.1"]
        folder = Path(str(CHECKOUT)) / "tools" / "submission"
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*command, "--csv", str(tmp_path / "summary.csv")],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode == 0

    return check


with_checkout = pytest.mark.skipif(CHECKOUT is None, reason="AXS_TEST_MLPERF_INFERENCE names no checkout")


@with_checkout
def test_with_a_checkout_mlperfs_scripts_judge_the_runs_and_its_checker_the_tree(toys: Toys) -> None:
    pytest.importorskip("numpy")
    python = {
        "provides": [["python_env"]],
        "parameters": {"requirements": {"type": "list"}},
        "attributes": {"interpreter": sys.executable},
    }
    toys.add("python_env", python)
    space = toys.space()
    run_all(space, *SCENARIOS)
    compliance(space, *SCENARIOS)
    made = space.byquery(f"{ASKED},checker_dir={CHECKOUT}")
    for scenario in SCENARIOS:
        folder = made.path / "tree" / "closed" / "ORG" / "results" / "SYS" / "resnet50" / scenario
        for name in ("TEST01/verify_performance.txt", "TEST04/verify_performance.txt", "TEST01/verify_accuracy.txt"):
            told = (folder / name).read_text().split("\n")
            assert told[0].startswith("Verifying ")
            assert "TEST PASS" in told
    assert made["check_report"].startswith("OK: ")
    assert made["official_check_passed"] is True


@pytest.mark.slow
@pytest.mark.timeout(1800)
@with_checkout
def test_what_mlperfs_checker_says(passes_officially: Callable[[Way], bool]) -> None:
    assert [name for name, way in HARMLESS.items() if not passes_officially(way)] == []
    missed = [spoilt.name for spoilt in SPOILT if passes_officially(spoilt.way)]
    assert missed == [spoilt.name for spoilt in SPOILT if spoilt.name in MISSED_BY_MLPERF]
