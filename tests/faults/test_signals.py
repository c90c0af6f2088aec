"""Ctrl-C, the end of a terminal, closed streams: how a real ``axs`` ends, and that nothing of it runs on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from support.faults.world import World, ended
from support.http_server import Fault

from axs_core.base.host import stat_of

pytestmark = pytest.mark.slow

GROUP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def signals_as_usual() -> Iterator[None]:
    """Tests that run under ``nohup`` would hand down that SIGHUP is ignored, which axs respects."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def log_of(world: World) -> str:
    """What the children of what is being made have said so far."""
    logs = [file.read_text() for file in world.work.glob("family_*/.axs/log.txt")]
    return "".join(logs)


def at_work(world: World, how: str) -> subprocess.Popen[str]:
    """An axs whose program, and whose family, run."""
    axs = world.start("byquery", f"family,{how}", ",", "get", "name")
    until(lambda: "the family is there\n" in log_of(world))
    assert len(world.left_running(0)) >= 4
    return axs


def states(world: World) -> list[str]:
    return [line.split()[2] for line in world.axs("list").out.splitlines() if line.startswith("family_quiet_")]


@pytest.mark.parametrize("number", GROUP)
def test_one_signal_ends_cleanly(world: World, number: signal.Signals) -> None:
    axs = at_work(world, "quiet")
    axs.send_signal(number)
    run = ended(axs)
    assert (run.code, run.out, run.err.splitlines()[-1]) == (130, "", "interrupted")
    assert "Traceback" not in run.err
    assert world.left_running(0) == []
    assert states(world) == ["broken"]
    (world.root / "go").touch()
    again = world.axs("byquery", "family,quiet", ",", "get", "name")
    assert (again.code, again.out.partition("_quiet_")[0]) == (0, "family")
    assert world.left_running(0) == []


def test_two_signals_end_at_once(world: World) -> None:
    """The family is deaf to SIGTERM: the first Ctrl-C gives it some seconds, the second one no more."""
    axs = at_work(world, "deaf")
    axs.send_signal(signal.SIGINT)
    began = time.monotonic()
    while axs.poll() is None:  # the first may still be on its way: a person would press again
        time.sleep(0.2)
        axs.send_signal(signal.SIGINT)
    run = ended(axs)
    assert (run.code, "Traceback" in run.err) == (130, False)
    assert time.monotonic() - began < 120
    assert world.left_running() == []


def test_ctrl_c_and_the_end_of_a_terminal(world: World) -> None:
    """On a real terminal, where the signal goes to the whole group in the foreground."""
    for how, leave in (("quiet", pexpect.spawn.sendintr), ("deaf", pexpect.spawn.close)):
        words = ["-m", "axs_core", "byquery", f"family,{how}"]
        terminal = pexpect.spawn(sys.executable, words, env=world.environ(), cwd=str(world.root), timeout=120)
        until(lambda: log_of(world).count("the family is there\n") == 1)
        leave(terminal)
        if how == "quiet":
            terminal.expect("interrupted")
            terminal.expect(pexpect.EOF)
            terminal.close()
            assert terminal.exitstatus == 130
            world.axs("gc")
        assert world.left_running() == []


def test_ctrl_z_suspends_the_program_too(world: World) -> None:
    """On a real terminal, in a shell that has jobs."""
    shell = pexpect.spawn("bash", ["--norc", "-i"], env=world.environ(), cwd=str(world.root), timeout=120, echo=False)
    shell.sendline(f"PS1= ; '{sys.executable}' -m axs_core byquery family,quiet , get name")
    until(lambda: "the family is there\n" in log_of(world))
    shell.sendcontrol("z")
    shell.expect("Stopped")
    told = json.loads(next(world.work.glob("family_*/.axs/child")).read_text())
    family = [stat for file in Path("/proc").glob("[0-9]*/stat") if (stat := stat_of(file.parent.name))]
    assert {stat[0] for stat in family if stat[2] == str(told["pgid"])} == {"T"}
    (world.root / "go").touch()
    shell.sendline("fg")
    shell.expect(r"warning:\S* family\.py was suspended for \d+\.\d s: its times include that")
    shell.expect("family_quiet_")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
    assert float(world.axs("byquery", "family,quiet", ",", "get", "suspended_seconds").out) > 0
    assert world.left_running(0) == []


def test_nohup_is_respected(world: World) -> None:
    argv = ["nohup", sys.executable, "-m", "axs_core", "byquery", "family,quiet", ",", "get", "name"]
    axs = world.start_other(argv)
    until(lambda: "the family is there\n" in log_of(world))
    axs.send_signal(signal.SIGHUP)
    (world.root / "go").touch()
    assert ended(axs).code == 0


def test_interrupted_while_it_downloads_waits_and_installs(world: World) -> None:
    world.server.fail("/words.txt", Fault(pause=600))
    first = world.start("byquery", "words")
    until(lambda: "/words.txt" in world.server.paths())
    second = world.start("byquery", "words")
    assert second.stderr is not None
    assert "waiting for words_" in second.stderr.readline()
    for axs in (second, first):
        axs.send_signal(signal.SIGINT)
        run = ended(axs)
        assert (run.code, run.err.splitlines()[-1]) == (130, "interrupted")
    installing = world.start("byquery", "own_python")
    until(lambda: "-m venv" in "".join(file.read_text() for file in world.work.glob("own_python_*/.axs/log.txt")))
    installing.send_signal(signal.SIGTERM)
    assert ended(installing).code == 130
    assert world.left_running(0) == []


def test_a_failure_leaves_nobody_and_shows_the_last_lines(world: World) -> None:
    axs = at_work(world, "fails")
    (world.root / "go").touch()
    run = ended(axs)
    assert run.code == 1
    assert "error: family.py: exit code 1\n    the family is there\n    why it failed\n" in run.err
    log = next(world.work.glob("family_fails_*/.axs/log.txt"))
    assert f"  log: {log}\n" in run.err
    assert world.left_running(0) == []


def test_a_reader_that_has_seen_enough(world: World) -> None:
    axs = f"'{sys.executable}' -m axs_core"
    for command, codes in [
        (f"{axs} list | head -1", "0 0"),
        (f"{axs} list | true", "0 0"),
        (f"{axs} byquery nothing 2>&1 | true", "3 0"),
    ]:
        argv = ["bash", "-c", f"{command}; echo codes ${{PIPESTATUS[@]}}"]
        run = ended(world.start_other(argv))
        assert run.out.splitlines()[-1] == f"codes {codes}", command
        assert run.err == "", command


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_talk_that_cannot_be_kept(world: World) -> None:
    run = ended(
        world.start_other(["bash", "-c", f"'{sys.executable}' -m axs_core byquery words , get size 2>/dev/full"])
    )
    assert (run.code, run.out) == (0, "220192")


@pytest.mark.parametrize(
    ("closed", "code", "told"),
    [
        (">&-", 1, "error: the answer cannot be written: Bad file descriptor\n"),
        ("2>&-", 0, ""),
        ("<&-", 0, ""),
        (">&- 2>&- <&-", 1, ""),
    ],
)
def test_closed_streams(world: World, closed: str, code: int, told: str) -> None:
    run = ended(world.start_other(["bash", "-c", f"'{sys.executable}' -m axs_core list {closed}"]))
    assert (run.code, run.err) == (code, told)


def test_a_program_is_not_waited_for_without_end(world: World) -> None:
    run = ended(world.start("byquery", "family,quiet", AXS_PROGRAM_TIMEOUT="2"))
    assert run.code == 1
    assert "error: family.py: timed out after 2 s\n    the family is there\n" in run.err
    meta = world.recipes / "family_quiet" / "meta.yaml"
    assert f"hint: how long it may take: make.program.timeout in {meta}, or AXS_PROGRAM_TIMEOUT\n" in run.err
    assert world.left_running(0) == []
    wrong = world.axs("byquery", "family,quiet", AXS_PROGRAM_TIMEOUT="soon")
    assert (wrong.code, "'soon' is not a time in seconds" in wrong.err) == (2, True)
