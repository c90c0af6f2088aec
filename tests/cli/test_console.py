"""What is seen on a terminal, and what in a file."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path

import pexpect
import pytest

from axs_core.base.console import ConsoleReporter, has_colour, print_error
from axs_core.base.errors import NotFound

FAKE = Path(__file__).parents[1] / "support" / "fake_axs.py"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    """A stream that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def on_terminal(*typed: str, **environment: str) -> str:
    """All that appears on the terminal."""
    child = pexpect.spawn(
        sys.executable,
        [os.fspath(FAKE), *typed],
        env={**os.environ, "TERM": "xterm", **environment},
        dimensions=(24, 100),
        encoding="utf-8",
        timeout=60,
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    return child.before or ""


@pytest.mark.process
def test_a_bar_on_a_terminal_only() -> None:
    seen = on_terminal("byquery", "slow", ",", "get", "n")
    assert "downloading:" in seen and "40.0/40.0" in seen
    assert "warning:" in seen
    assert seen.endswith("20\r\n")


@pytest.mark.process
@pytest.mark.parametrize("typed", [("--quiet", "byquery", "slow"), ("byquery", "quick")])
def test_no_bar_when_quiet_or_quick(typed: tuple[str, ...]) -> None:
    assert "downloading" not in on_terminal(*typed)


@pytest.mark.process
def test_no_colour_when_it_is_not_wanted() -> None:
    assert "\x1b[2mq: made" in on_terminal("byquery", "q", NO_COLOR="")
    assert "\x1b" not in on_terminal("byquery", "q", NO_COLOR="1")


@pytest.mark.parametrize(
    ("stream", "environ", "colour"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour(stream: io.StringIO, environ: dict[str, str], colour: bool) -> None:
    assert has_colour(stream, environ) is colour


def test_an_error_in_colour() -> None:
    stream = Terminal()
    error = NotFound("no model", hint="axs list")
    error.needed_for("inner").needed_for("outer")
    print_error(error, stream, subject="small", environ={})
    assert stream.getvalue() == (
        "\x1b[1;31merror:\x1b[0m small: no model\n"
        "  needed by: inner\n"
        "  needed by: outer\n"
        "\n"
        "\x1b[1;36mhint:\x1b[0m axs list\n"
    )


def test_lines_in_a_file() -> None:
    stream = io.StringIO()
    reporter = ConsoleReporter(stream, environ={})
    reporter.note("an old one")
    reporter.step("making")
    reporter.warn("odd")
    with reporter.progress("downloading", None) as progress:
        progress.advance(10)
    assert stream.getvalue() == "an old one\n-> making\nwarning: odd\n"


def test_lines_stand_above_a_bar() -> None:
    stream = Terminal()
    reporter = ConsoleReporter(stream, environ={"NO_COLOR": "1"}, bar_after=0)
    with reporter.progress("files", 2, "file") as progress:
        progress.advance(1)
        reporter.warn("odd")
    assert re.search(r"files: +0%.*\r +\rwarning: odd\n\rfiles: +50%", stream.getvalue(), re.DOTALL)


def test_nobody_listens() -> None:
    ConsoleReporter(Closed(), environ={}).warn("odd")
    print_error(NotFound("no model"), Closed(), environ={})
