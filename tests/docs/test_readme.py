"""The README's commands work as they stand; the slow tests run those of the first tour for real."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.axs_command import AxsCommand

from axs_core import Workspace

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REMOVE = "axs work_collection , remove"
FIGURE = re.compile(r"\d+(\.\d+)?\n")


def tour() -> list[str]:
    """The ``axs`` lines of the first tour."""
    block = README.partition("## A first tour")[2].partition("```sh\n")[2].partition("```")[0]
    return [line for line in block.splitlines() if line.startswith("axs ")]


def queries() -> list[str]:
    """What the page asks for, without the lines that name files of the reader's own."""
    lines = [line for line in README.splitlines() if line.startswith("axs byquery ") and "=/x/" not in line]
    return [shlex.split(line)[2] for line in lines]


def answers(axs: AxsCommand, line: str) -> str:
    """What a line of the tour prints on standard output; its exit code is 0.

    A busy machine can make a performance run INVALID, which gives out no figure: the run itself is what counts then.
    """
    words = shlex.split(line)[1:]
    done = axs.run(*words, expect=None)
    if done.returncode == 1 and words[-1] == "performance" and "this run is INVALID" in done.stderr:
        return axs.run(words[0], f"{words[1]},allow_invalid+", *words[2:]).stdout
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout


def test_the_tour_is_found() -> None:
    assert len(tour()) > 12
    assert REMOVE in tour()


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(((?:docs|CHANGELOG)[^)#]*)\)", README):
        assert (ROOT / target).is_file(), target


def test_every_setting_is_explained() -> None:
    """Those that are read anywhere, in the README's table or on a page."""
    sources = [*ROOT.glob("axs_core/**/*.py"), *ROOT.glob("entries/**/*.py"), *ROOT.glob("entries/**/*.yaml")]
    read = {name for file in sources for name in re.findall(r"\bAXS_[A-Z_]+[A-Z]\b", file.read_text(encoding="utf-8"))}
    told = README + "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    assert len(read) > 12
    assert {name for name in read if not re.search(rf"\b{name}\b", told)} == set()


def test_the_first_command_is_the_one_that_the_page_begins_with() -> None:
    first = re.search(r"pip install \. && (axs .*)\n```", README)
    assert first
    assert f"$ {first[1]}\n" in README


@pytest.mark.parametrize("query", queries())
def test_every_query_can_be_planned(query: str) -> None:
    assert Workspace().plan(query).match


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_first_tour(axs: AxsCommand) -> None:
    first = axs.ask("loadgen_output,framework=onnxrt,loadgen_scenario=Offline", "get", "accuracy")
    assert 96 < float(first) < 100
    for line in tour():
        if line == REMOVE:
            continue  # other tests use what is there
        printed = answers(axs, line)
        if line.endswith(("get accuracy", "get performance")):
            assert all(FIGURE.fullmatch(figure) for figure in printed.splitlines(keepends=True)), line
        assert printed or line in ("axs gc", "axs verify"), line  # what is in order needs no words


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_lines_of_python(axs: AxsCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code) == 1
    monkeypatch.setenv("AXS_WORK_COLLECTION", str(axs.collection))
    done = subprocess.run([sys.executable, "-c", code[0]], capture_output=True, text=True, check=True)
    accuracy, folder = done.stdout.split()
    assert 96 < float(accuracy) < 100
    assert (Path(folder) / "mlperf_log_summary.txt").is_file()


@pytest.mark.process
def test_removing_everything(tmp_path: Path) -> None:
    axs = AxsCommand(tmp_path / "work")
    axs.ask("shell_tool,tool_name=sh,version_command:=", "get", "tool_path")
    assert list(axs.collection.glob("shell_tool_sh_*"))
    axs.run(*shlex.split(REMOVE)[1:])
    assert not list(axs.collection.glob("shell_tool_sh_*"))
