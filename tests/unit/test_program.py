"""A program in the entry's folder: what it must do, and the words when it does not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core.base.errors import EntryError, ProduceError, ProgramFailed
from axs_core.base.reporter import Reporter
from axs_core.producers import get
from axs_core.producers.base import Job, Made
from axs_core.producers.program import Program

pytestmark = pytest.mark.process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "entry"
    made.mkdir()
    return made


def make(folder: Path, code: str, **spec: Any) -> Made:
    script = folder.parent / "work.py"
    script.write_text(code)
    spec = {"run": [sys.executable, script, 3, True], **spec}
    return Program().make(Job(spec, folder, folder / ".axs" / "log", Reporter(), folder.parent, environ=os.environ))


def test_it_is_registered() -> None:
    assert isinstance(get("program"), Program)
    assert get("program").check(Path("x"), {}) is None


def test_arguments_environment_outputs_and_what_was_found(folder: Path) -> None:
    code = (
        "import json, os, sys\n"
        "open('out.txt', 'w').write(' '.join(sys.argv[1:]) + ' ' + os.environ['N'] + os.environ['PATH'][:0])\n"
        "json.dump({'accuracy': 98.5}, open('found.json', 'w'))"
    )
    spec = {"env": {"N": 7, "LEFT": None}, "outputs": ["out.txt"], "found_file": "found.json", "file": "out.txt"}
    assert make(folder, code, **spec) == Made("out.txt", {"accuracy": 98.5})
    assert (folder / "out.txt").read_text() == "3 True 7"
    assert (folder / ".axs" / "log").is_file()


def test_without_options(folder: Path) -> None:
    assert make(folder, "") == Made()


def test_a_failure_is_that_of_the_script(folder: Path) -> None:
    with pytest.raises(ProgramFailed) as caught:
        make(folder, "raise SystemExit('no samples')")
    assert str(caught.value) == "work.py: exit code 1\n    no samples"
    assert caught.value.log == folder / ".axs" / "log"


def test_a_time_out(folder: Path) -> None:
    with pytest.raises(ProgramFailed) as caught:
        make(folder, "import time; time.sleep(600)", timeout="0.5")
    assert str(caught.value) == "work.py: timed out after 0.5 s"


@pytest.mark.parametrize(
    ("code", "spec", "words"),
    [
        (
            "open('a', 'w')",
            {"outputs": ["a", "b/c"], "file": "d"},
            "work.py ended well but did not make b/c, d",
        ),
        ("", {"found_file": "f.json"}, "the program did not write f.json (found_file)"),
        (
            "open('f.json', 'w').write('{')",
            {"found_file": "f.json"},
            "{folder}/f.json: not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            "open('f.json', 'w').write('[1]')",
            {"found_file": "f.json"},
            "{folder}/f.json: expected a JSON object, got list",
        ),
    ],
)
def test_what_was_not_made(folder: Path, code: str, spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ProduceError) as caught:
        make(folder, code, **spec)
    assert str(caught.value) == words.replace("{folder}", str(folder))
    assert caught.value.log == folder / ".axs" / "log"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"run": []}, "make.program.run: expected the arguments of a program, a list"),
        ({"run": "echo x"}, "make.program.run: expected a list, got 'echo x'"),
        ({"run": ["x", None]}, "make.program.run[1]: expected a word, got null"),
        ({"run": ["x", ["y"]]}, 'make.program.run[1]: expected a word, got ["y"]'),
        ({"env": ["A=1"]}, "make.program.env: expected names and values, got ['A=1']"),
        ({"outputs": ["../x"]}, "make.program.outputs: '../x' is not a path inside of the entry's folder"),
        ({"timeout": "long"}, "make.program.timeout: 'long' is not a time in seconds above 0"),
        ({"timeout": True}, "make.program.timeout: True is not a time in seconds above 0"),
    ],
)
def test_a_bad_spec_names_the_key(folder: Path, spec: dict[str, Any], words: str) -> None:
    with pytest.raises(EntryError) as caught:
        make(folder, "", **spec)
    assert str(caught.value) == words


def test_a_word_stays_a_word(folder: Path, toys: Toys) -> None:
    """Whatever a template puts into it; there is no shell, and nothing is an option that was not written as one."""
    code = "import json, sys; json.dump(sys.argv[1:], open('out.json', 'w'))"
    run = [sys.executable, "-c", code, "{{ text }}", "--x={{ text }}", "{{ text }}y"]
    parameters = {"text": {"type": "str"}}
    make = {"program": {"run": run, "file": "out.json"}}
    toys.add("p", {"provides": [["p"]], "parameters": parameters, "make": make})
    for text in ("a b", "$(touch ran); `touch ran` | touch ran > ran & 'x", 'a"b', "a\nb", "{{ 7 * 7 }}", "-c"):
        made = toys.space().byquery(["p", f"text==={text}"])
        assert json.loads(made.get_path().read_text()) == [text, f"--x={text}", f"{text}y"]
    assert not list(toys.work.rglob("ran"))


def test_what_a_program_found_is_no_template(toys: Toys) -> None:
    """Neither in what is made next, nor in the query of a need, nor in a function's argument."""
    text = "{{ 7 * 7 }} {{ path.parent }} {% raw %}"
    said = f"bytes.fromhex('{text.encode().hex()}').decode()"
    code = f"import json; json.dump(dict(said={said}), open('found.json', 'w'))"
    write = "open('x', 'w').write(__import__('sys').argv[1])"
    again = {"run": [sys.executable, "-c", write, "{{ said }}"], "file": "x"}
    found = {"run": [sys.executable, "-c", code], "found_file": "found.json"}
    toys.add("a", {"provides": [["a"]], "finds": ["said"], "make": {"program": found}})
    toys.add("b", {"provides": [["b"]], "parameters": {"said": {}}, "make": {"program": again}})
    toys.add("c", {"provides": [["c"]], "needs": {"a": "a", "b": "b,said={{ a.said }}"}, "make": {"program": {
        "run": [sys.executable, "-c", write, "{{ a.said }}|{{ b.said }}"], "file": "x"}}})  # fmt: skip
    toys.add("d", {"provides": [["d"]], "parameters": {"said": {}}}, "def shout(said): return said + '!'")
    made = toys.space().byquery("c")
    assert made.get_path().read_text() == f"{text}|{text}"
    assert toys.space().byquery("a")["said"] == text
    assert toys.space().byquery(["d", f"said==={text}"]).get("shout") == f"{text}!"
    assert toys.space().byname("d").get("shout", said=text) == f"{text}!"
