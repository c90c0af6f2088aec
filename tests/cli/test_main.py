"""The whole command: exactly the answer on stdout, all talk on stderr, the exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.fake_axs import open_fake

from axs_core.__main__ import main

FAKE = Path(__file__).parents[1] / "support" / "fake_axs.py"


@pytest.mark.parametrize(
    ("typed", "code", "stdout", "stderr"),
    [
        (["byquery", "q", ",", "get", "accuracy"], 0, "98.6\n", "q: made on a machine\n"),
        (["byname", "small", ",", "remove"], 0, "", ""),
        (["version"], 0, "0.1.0\n", ""),
        (["--version"], 0, "0.1.0\n", ""),
        (["byname", "nobody"], 3, "", "error: there is no entry 'nobody'\n\nhint: axs byname small\n"),
        (
            ["byquery", "broken"],
            1,
            "",
            "error: pip could not install nope\n"
            "  needed by: python_env\n"
            "  needed by: loadgen_output\n"
            "  log: /store/x/axs.log\n"
            "\n"
            "hint: pip index versions nope\n",
        ),
        (
            ["byname", "small", ",", "get", "refused"],
            1,
            "",
            "error: the run was INVALID\n\nhint: ask with allow_invalid+\n",
        ),
        (
            ["all_byquery", "model", ",", "get", "only_large"],
            3,
            "true\n",
            "error: small: entry 'small' has no 'only_large'\n",
        ),
        (
            ["byname", "a", ",", "get", "--x@=3"],
            2,
            "",
            "error: 'x@' is not the name of a parameter\n"
            "    axs byname a , get --x@=3\n"
            "                       ^^^^^^\n",
        ),
        (["byquery", "interrupt"], 130, "", "interrupted\n"),
        (
            ["--frobnicate", "list"],
            2,
            "",
            "error: '--frobnicate' is not an option of axs "
            "(it has --offline, --quiet, --debug, --work-collection=FOLDER, --help, --version)\n"
            "\n"
            "hint: options of an action stand after it: axs ACTION --name=value\n",
        ),
        (
            ["--work-collection"],
            2,
            "",
            "error: '--work-collection' does not say which folder\n\nhint: axs --work-collection=FOLDER ACTION\n",
        ),
        (["list"], 0, "name          kind      state    title        collection\n"
                      "small         produced  present  A small one  work\n"
                      "model_digits  recipe    present               axs\n", ""),
        (
            ["byname", "program", ",", "help"],
            0,
            "program: its parameters\n\n"
            "parameter   type   default  choices                        help                          declared by\n"
            "batch_size  int    32                                      samples per call              program\n"
            "mode        str             AccuracyOnly, PerformanceOnly                                program\n"
            "timeout     float  60.0                                    seconds (only how, not what)  base\n\n"
            "functions of its code:\n"
            "  crash                         Fails as no action should.\n"
            "  double                        Twice a number.\n"
            "  told\n",
            "",
        ),
        (["byname", "program", ",", "help", "double"], 0, "double\n\nTwice a number.\n\nAlso of text.\n", ""),
    ],
)  # fmt: skip
def test_output(typed: list[str], code: int, stdout: str, stderr: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed, open_fake) == code
    assert capsys.readouterr() == (stdout, stderr)


@pytest.mark.parametrize("typed", [[], ["help"], ["--help"], ["-h"]])
def test_help(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("usage: axs [OPTIONS] ACTION [ARGUMENT ...]")
    assert re.search(r"^  byquery QUERY .*\n? +The entry that a query denotes\.$", printed.out, re.MULTILINE)
    assert "\n  complete " not in printed.out
    assert printed.err == ""


@pytest.mark.parametrize("typed", [["help", "get"], ["--help", "get"], ["byquery", "slow", ",", "get", "--help"]])
def test_help_on_an_action(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed, open_fake) == 0
    assert capsys.readouterr() == (
        "get LABEL    (from the start of a pipeline)\n\n"
        "The result that was stored under a label earlier in the pipeline.\n\n"
        "    axs d: byname digits , get count , , get d , get_path\n\n"
        "get NAME [DEFAULT] [--NAME=VALUE ...]    (on an entry, or on each of several)\n\n"
        "A value of the entry: an attribute, a parameter, something found or computed.\n\n"
        "DEFAULT is given where the entry has no such value. --NAME=VALUE replaces a value that it is computed from; "
        "so does\na label of that name, where the entry has no value of its own or was written by hand.\n\n"
        "    axs byquery shell_tool,tool_name=git , get version\n"
        "    axs all_byquery loadgen_output , get accuracy none\n",
        "",
    )


def test_a_fault_of_axs_is_one_line_and_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["byname", "small", ",", "crash"], open_fake) == 70
    printed = capsys.readouterr()
    assert printed.out == ""
    matched = re.fullmatch(
        r"error: internal error: RuntimeError: division by cucumber\n"
        r"  log: (.*/faults/fault-\w+\.txt)\n\n"
        r"hint: this is a fault of axs, please report it with the log\n",
        printed.err,
    )
    assert matched
    kept = Path(matched[1]).read_text(encoding="utf-8")
    assert "['byname', 'small', ',', 'crash']" in kept
    assert kept.endswith("RuntimeError: division by cucumber\n")


def test_debug_shows_where_an_error_arose(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AXS_DEBUG", "1")
    assert main(["byname", "nobody"], open_fake) == 3
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.process
def test_quiet_leaves_warnings_and_errors(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AXS_QUIET", "")  # so that what --quiet sets is gone after the test
    assert main(["--quiet", "byquery", "slow", ",", "get", "n"], open_fake) == 0
    assert capsys.readouterr() == ("20\n", "warning: odd\n")


def test_options_are_settings_of_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AXS_OFFLINE", "AXS_WORK_COLLECTION"):
        monkeypatch.setenv(name, "")
    monkeypatch.chdir(tmp_path)
    assert main(["--offline", "--work-collection", "w", "list"], open_fake) == 0
    assert (os.environ["AXS_OFFLINE"], os.environ["AXS_WORK_COLLECTION"]) == ("1", str(tmp_path / "w"))


@pytest.mark.process
def test_a_reader_that_stops_early_is_no_error() -> None:
    command = [sys.executable, str(FAKE), "byname", "small", ",", "double", "x" * 100_000]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout and process.stderr
    process.stdout.close()
    with process:
        assert (process.stderr.read(), process.wait()) == (b"", 0)


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_answer_that_cannot_be_written() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, FAKE, "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.stderr, done.returncode) == ("error: the answer cannot be written: No space left on device\n", 1)


@pytest.mark.process
def test_interrupted_from_outside() -> None:
    command = [sys.executable, str(FAKE), "byquery", "slow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stderr.readline() == "-> working\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "interrupted\n"
        assert process.wait() == 130


@pytest.mark.process
def test_a_path_that_is_not_utf8_is_printed_as_it_is() -> None:
    done = subprocess.run([sys.executable, FAKE, "byname", "small", ",", "double", b"\xff"], stdout=-1, check=True)
    assert done.stdout == b"\xff\xff\n"


@pytest.mark.process
def test_a_pipeline_imports_nothing_heavy() -> None:
    listing = "import sys; from axs_core.__main__ import main; from support.fake_axs import open_fake; "
    listing += "main(['byquery', 'q', ',', 'get', 'n'], open_fake); print(*sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(FAKE.parents[1])}
    done = subprocess.run([sys.executable, "-c", listing], env=environment, stdout=-1, text=True, check=True)
    engine = "yaml jinja2 requests jsonschema filelock tenacity packaging"
    own = "argparse json shlex difflib traceback platformdirs tqdm axs_core.cli.help axs_core.cli.completion"
    assert set(f"{engine} {own}".split()) & set(done.stdout.split()) == set()
