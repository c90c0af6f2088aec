"""Completion: the words that are offered, and that bash and zsh really offer them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest
from support.fake_axs import FakeWorkspace

from axs_core.base.reporter import Reporter
from axs_core.cli.action import ACTIONS
from axs_core.cli.completion import candidates, script
from axs_core.cli.model import Root

FAKE = Path(__file__).parents[1] / "support" / "fake_axs.py"
ENTRY_ACTIONS = sorted({*ACTIONS["entry"], *ACTIONS["entries"]})


def offered(line: str) -> list[str]:
    return candidates(line, Root(lambda: FakeWorkspace(Reporter())))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("axs by", ["byname", "byquery"]),
        ("axs --q", ["--quiet"]),
        ("axs --offline byn", ["byname"]),
        ("axs --work", ["--work-collection="]),
        ("axs d: byn", ["byname"]),
        ("axs byname ", ["digits", "digits_raw", "model_digits"]),
        ("axs byname dig", ["digits", "digits_raw"]),
        ("axs byname digits x", []),
        ("axs byname digits , ", ENTRY_ACTIONS),
        ("axs byquery a , ge", ["get", "get_path"]),
        ("axs byquery a , get f", ["first_n", "framework"]),
        ("axs byquery a , get x , ", ["dig", "keys", "len"]),
        ("axs byquery a , , byn", ["byname"]),
        ("axs byquery a , get x ,0 byn", ["byname"]),
        ("axs work_collection , ", ["get_path", "move", "remove", "repair", "zip"]),
        ("axs byquery m", ["model", "model_name="]),
        ("axs byquery model,", ["model,first_n=", "model,framework=", "model,loadgen_output", "model,model_name="]),
        ("axs byquery model,f", ["model,first_n=", "model,framework="]),
        ("axs byquery model,framework=o", ["model,framework=onnxrt", "model,framework=openvino"]),
        ("axs byquery model,framework!=p", ["model,framework!=pytorch"]),
        ("axs byquery 'model,framework=p", ["model,framework=pytorch"]),
        ("axs plan model,first_n=", ["model,first_n=20", "model,first_n=500"]),
        ("axs byquery model,first_n=20,f", ["model,first_n=20,framework="]),
        ("axs byquery model --", ["--fresh", "--fresh=all", "--into", "--produce_if_not_found-", "--trust"]),
        ("axs completion ", ["bash", "zsh"]),
        ("axs help len", ["len"]),
        ("axs nonsense ", []),
        ("axs byname 'unclosed \"", []),
        ("", []),
    ],
)
def test_offered(line: str, words: list[str]) -> None:
    assert offered(line) == words


def test_an_error_offers_nothing() -> None:
    def broken() -> Any:
        raise OSError("no such store")

    assert candidates("axs byname ", Root(broken)) == []


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A folder with a command ``axs`` that works on the made-up workspace."""
    axs = tmp_path / "bin" / "axs"
    axs.parent.mkdir()
    axs.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n', encoding="utf-8")
    axs.chmod(0o755)
    return axs.parent


BASH = shutil.which("bash")
ZSH = shutil.which("zsh")


@pytest.mark.skipif(not BASH, reason="bash is not here")
@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("axs byn", ["byname"]),
        ("axs byname digits , get_", ["get_path"]),
        ("axs byquery model,framework=o", ["onnxrt", "openvino"]),
        ("axs byquery model,framework=", ["onnxrt", "openvino", "pytorch"]),
        ("axs byquery model,f", ["model,first_n=", "model,framework="]),
        ("axs byquery 'model,framework=p", ["model,framework=pytorch"]),
        ("axs nonsense ", []),
    ],
)
def test_what_bash_is_told(line: str, replies: list[str], command: Path) -> None:
    program = "source <(axs completion bash); COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=(axs); _axs_complete"
    program += '; printf "%s\\n" "${COMPREPLY[@]}"'
    environment = {**os.environ, "PATH": f"{command}:{os.environ['PATH']}"}
    arguments = ["bash", "--norc", "-c", program, "bash", line]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (replies, "")


def _typed(shell: str, arguments: list[str], setup: str, command: Path, keys: str, home: Path) -> str:
    """What the command gets when ``keys`` are typed into an interactive shell."""
    environment = {**os.environ, "PATH": f"{command}:{os.environ['PATH']}", "TERM": "dumb", "HOME": str(home)}
    environment |= {"PS1": "ready> ", "INPUTRC": os.devnull, "ZDOTDIR": str(home)}
    child = pexpect.spawn(shell, arguments, env=environment, encoding="utf-8", timeout=60, dimensions=(24, 200))
    child.sendline(f"PS1='rea''dy> '; {setup}; echo set''up")
    child.expect("setup")
    child.expect("ready> ")
    child.send(keys)
    child.expect("END (.*?) END")
    result = child.match.group(1) if child.match else ""
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    return str(result)


KEYS = [
    ("axs byn\tsmall , told_ \x01echo EN''D \x05 EN''D\r", "axs byname small , told_"),
    ("axs byquery model,fr\tp\t, loadgen \x01echo EN''D \x05 EN''D\r", "axs byquery model,framework=pytorch , loadgen"),
]


@pytest.mark.process
@pytest.mark.skipif(not BASH, reason="bash is not here")
@pytest.mark.parametrize(("keys", "line"), KEYS)
def test_tab_in_bash(keys: str, line: str, command: Path, tmp_path: Path) -> None:
    got = _typed("bash", ["--norc", "-i"], "source <(axs completion bash)", command, keys, tmp_path)
    assert got.split() == line.split()


@pytest.mark.skipif(not ZSH, reason="zsh is not here")
@pytest.mark.parametrize(("keys", "line"), KEYS)
def test_tab_in_zsh(keys: str, line: str, command: Path, tmp_path: Path) -> None:
    setup = "unsetopt zle_bracketed_paste; bindkey -e; source <(axs completion zsh)"
    got = _typed("zsh", ["-f", "-i"], setup, command, keys, tmp_path)
    assert got.split() == line.split()


def test_the_scripts_are_there() -> None:
    assert all("_axs_complete" in script(shell) for shell in ("bash", "zsh"))
