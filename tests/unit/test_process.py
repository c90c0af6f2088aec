"""Children: their talk, their end, and that none of them is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from axs_core.base import suspension
from axs_core.base.credentials import without_credentials
from axs_core.base.errors import ProgramFailed
from axs_core.base.host import stat_of
from axs_core.process import Completed, ask, end_leftover, group
from axs_core.process import run as run_child

# A child with a grandchild, both deaf to SIGTERM where asked; each writes its number, so that a test can look for it.
FAMILY = """
case "$*" in *deaf*) trap '' TERM;; esac
case "$*" in
  *young*) echo $$ > young.tmp; mv young.tmp young.pid;;
  *) sh family.sh young "$@" & echo $$ > old.tmp; mv old.tmp old.pid;;
esac
case "$*" in
  *young*) ;;
  *quick*) while [ ! -f young.pid ]; do sleep 0.01; done; exit 0;;
esac
sleep 600
"""


def run(argv: Sequence[str | Path], *, timeout: float | None = None, **how: Any) -> Completed:
    return run_child(argv, timeout=timeout, **how)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def alive(pid: int) -> bool:
    stat = stat_of(pid)
    return stat is not None and stat[0] not in "ZX"


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def started(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("old.pid", "young.pid"))


def family(folder: Path, *words: str) -> list[str]:
    (folder / "family.sh").write_text(FAMILY)
    return ["sh", "family.sh", *words]


def pids(folder: Path) -> list[int]:
    return [int((folder / name).read_text()) for name in ("old.pid", "young.pid")]


def test_a_time_out_does_not_run_while_we_are_suspended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    monkeypatch.setattr(suspension, "seconds", lambda: time.monotonic() - began)  # all the time
    log = tmp_path / "log.txt"
    ended = run_child(["sleep", "0.5"], cwd=tmp_path, log=log, timeout=0.1)
    assert ended.suspended > 0.4
    assert log.read_text().endswith(f" s, {ended.suspended:.2f} s of them suspended\n")


@pytest.mark.process
def test_talk_goes_to_the_log_with_the_command_in_front(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "log.txt"
    done = run(python("import sys; print('out', flush=True); print('err', file=sys.stderr)"), cwd=tmp_path, log=log)
    assert (done.returncode, done.output) == (0, None)
    lines = log.read_text().splitlines()
    assert lines[0].startswith(f"$ {sys.executable} -c 'import sys;") or lines[0].startswith("$ ")
    assert lines[1:3] == ["out", "err"]
    assert lines[3].startswith("# exit code 0 after ")


def test_the_log_is_appended_to(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("before\n")
    run(["true"], cwd=tmp_path, log=log)
    assert log.read_text().splitlines()[:2] == ["before", "$ true"]


@pytest.mark.process
def test_capture_returns_stdout_apart_from_stderr(tmp_path: Path) -> None:
    code = "import sys; print('été'); print('talk', file=sys.stderr)"
    done = run(python(code), cwd=tmp_path, log=tmp_path / "log.txt", capture=True)
    assert done.output == "été\n"
    assert "talk\nété\n" in (tmp_path / "log.txt").read_text()


@pytest.mark.process
def test_no_shell_reads_the_arguments_and_stdin_is_empty(tmp_path: Path) -> None:
    code = "import sys; print(sys.argv[1:], repr(sys.stdin.read()))"
    done = run([*python(code), "$HOME; rm *", "a b"], cwd=tmp_path, log=tmp_path / "log", capture=True)
    assert done.output == "['$HOME; rm *', 'a b'] ''\n"


def test_the_environment_is_the_one_given(tmp_path: Path) -> None:
    done = run(["/usr/bin/env"], cwd=tmp_path, log=tmp_path / "log", env={"ONLY": "this"}, capture=True)
    assert done.output == "ONLY=this\n"


@pytest.mark.process
def test_a_failure_ends_in_its_last_lines(tmp_path: Path) -> None:
    code = "for i in range(40): print('line', i)\nprint('10%\\r50%\\r100%')\nraise SystemExit(3)"
    with pytest.raises(ProgramFailed) as caught:
        run(python(code), cwd=tmp_path, log=tmp_path / "log", name="classify.py")
    error = caught.value
    assert (error.returncode, error.log, error.message) == (3, tmp_path / "log", "classify.py: exit code 3")
    assert list(error.tail) == [*(f"line {i}" for i in range(26, 40)), "100%"]


def test_the_tail_is_of_this_child_only(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("of somebody else\n")
    with pytest.raises(ProgramFailed) as caught:
        run(["false"], cwd=tmp_path, log=tmp_path / "log")
    assert str(caught.value) == "false: exit code 1"


@pytest.mark.process
def test_a_captured_failure_shows_stderr_first(tmp_path: Path) -> None:
    code = "import sys; print('data'); sys.exit('why it failed')"
    with pytest.raises(ProgramFailed) as caught:
        run(python(code), cwd=tmp_path, log=tmp_path / "log", capture=True, name="x")
    assert str(caught.value) == "x: exit code 1\n    why it failed"


@pytest.mark.process
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, "x: killed by signal 9 (out of memory?)"),
        (signal.SIGSEGV, "x: killed by signal 11 (SIGSEGV)"),
        (signal.SIGRTMIN + 3, f"x: killed by signal {signal.SIGRTMIN + 3}"),
    ],
)
def test_words_for_signals(tmp_path: Path, number: int, words: str) -> None:
    with pytest.raises(ProgramFailed) as caught:
        run(python(f"import os; os.kill(os.getpid(), {int(number)})"), cwd=tmp_path, log=tmp_path / "log", name="x")
    assert (str(caught.value), caught.value.returncode) == (words, -number)


@pytest.mark.process
def test_words_for_what_cannot_be_started(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    orphan = tmp_path / "orphan"
    orphan.write_text("#!/no/such/interpreter\n")
    orphan.chmod(0o755)
    missing, folder = tmp_path / "missing", tmp_path / "nowhere"
    cases = [
        (missing, tmp_path, f"x: cannot be started: no such file: {missing}", 127),
        (tmp_path / "plain", tmp_path, f"x: cannot be started: permission denied: {tmp_path / 'plain'}", 126),
        (orphan, tmp_path, f"x: cannot be started: the interpreter in its first line does not exist: {orphan}", 127),
        (Path("true"), folder, f"x: cannot be started: no such folder: {folder}", 127),
    ]
    for program, cwd, words, code in cases:
        with pytest.raises(ProgramFailed) as caught:
            run([program], cwd=cwd, log=tmp_path / "log", name="x")
        assert (str(caught.value), caught.value.returncode) == (words, code)
    assert not (tmp_path / "child").exists()


@pytest.mark.process
def test_credentials_are_not_told(tmp_path: Path) -> None:
    url = "https://me:s3cret@example.org/x.git"
    with pytest.raises(ProgramFailed) as caught:
        run([*python("import sys; sys.exit('cannot read ' + sys.argv[1])"), url], cwd=tmp_path, log=tmp_path / "log")
    assert list(caught.value.tail) == ["cannot read https://example.org/x.git"]
    assert "s3cret" not in " ".join(caught.value.argv)
    assert (tmp_path / "log").read_text().splitlines()[0].endswith(" https://example.org/x.git")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("https://user:p@ss@host/path", "https://host/path"),
        ("https://ghp_token@host/path", "https://host/path"),
        ("ssh://git:pw@host/path", "ssh://git@host/path"),
        ("see 'http://a:b@h/' and mail me@host", "see 'http://h/' and mail me@host"),
        ("https://host/path@version", "https://host/path@version"),
    ],
)
def test_without_credentials(text: str, bare: str) -> None:
    assert without_credentials(text) == bare


@pytest.mark.process
@pytest.mark.parametrize("words", [(), ("deaf",)])
def test_a_time_out_ends_child_and_grandchild(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(ProgramFailed) as caught:
        run(family(tmp_path, *words), cwd=tmp_path, log=tmp_path / "log", timeout=1, name="x", grace=0.2)
    assert (str(caught.value), caught.value.returncode) == ("x: timed out after 1 s", None)
    assert started(tmp_path), "the family was too slow for this test"
    assert not any(alive(pid) for pid in pids(tmp_path))


def test_what_a_child_leaves_behind_is_ended(tmp_path: Path) -> None:
    run(family(tmp_path, "quick", "deaf"), cwd=tmp_path, log=tmp_path / "log", grace=0.1)
    assert not any(alive(pid) for pid in pids(tmp_path))


def axs_like(folder: Path, *words: str, grace: float) -> subprocess.Popen[bytes]:
    """A process that runs the family as axs would, SIGTERM being a KeyboardInterrupt as on the command line."""
    code = f"""
import signal, sys
from pathlib import Path
from axs_core.process import run
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.default_int_handler)
here = Path({str(folder)!r})
try:
    run({family(folder, *words)!r}, cwd=here, log=here / "log", timeout=None, grace={grace})
except KeyboardInterrupt:
    sys.exit(130)
"""
    axs = subprocess.Popen(python(code), start_new_session=True)
    eventually(lambda: started(folder))
    return axs


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_child_and_grandchild(tmp_path: Path, number: signal.Signals) -> None:
    axs = axs_like(tmp_path, grace=60)
    axs.send_signal(number)
    assert axs.wait() == 130
    assert not any(alive(pid) for pid in pids(tmp_path))
    assert not (tmp_path / "child").exists()


@pytest.mark.process
def test_a_second_interrupt_kills_at_once(tmp_path: Path) -> None:
    axs = axs_like(tmp_path, "deaf", grace=500)
    axs.send_signal(signal.SIGINT)
    while axs.poll() is None:  # the first may still be on its way: a person would press again
        time.sleep(0.3)
        axs.send_signal(signal.SIGINT)
    assert not any(alive(pid) for pid in pids(tmp_path))


@pytest.mark.process
def test_children_die_with_a_killed_axs(tmp_path: Path) -> None:
    axs = axs_like(tmp_path, "deaf", grace=60)
    axs.kill()
    axs.wait()
    eventually(lambda: not any(alive(pid) for pid in pids(tmp_path)))


# Leaves the group and the session of the child, as a daemon does; what it says goes on to the log.
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open("daemon.tmp", "w").write(str(os.getpid()))
        os.rename("daemon.tmp", "daemon.pid")
        time.sleep(600)
    os._exit(0)
while not os.path.exists("daemon.pid"):
    time.sleep(0.01)
{then}
"""


@pytest.mark.process
@pytest.mark.parametrize(("then", "ok"), [("", True), ("sys.exit(3)", False), ("time.sleep(600)", False)])
def test_a_daemon_that_has_the_log_is_ended(tmp_path: Path, then: str, ok: bool) -> None:
    with contextlib.nullcontext() if ok else pytest.raises(ProgramFailed):
        run(python(DAEMON.format(then=then)), cwd=tmp_path, log=tmp_path / "log", grace=0.2, timeout=5)
    assert not alive(int((tmp_path / "daemon.pid").read_text()))


@pytest.mark.process
def test_a_daemon_dies_with_a_killed_axs(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from axs_core.process import run
here = Path({str(tmp_path)!r})
run({python(DAEMON.format(then="time.sleep(600)"))!r}, cwd=here, log=here / "log", timeout=None)
"""
    axs = subprocess.Popen(python(code), start_new_session=True)
    eventually((tmp_path / "daemon.pid").is_file)
    axs.kill()
    axs.wait()
    eventually(lambda: not alive(int((tmp_path / "daemon.pid").read_text())))


def test_who_reads_the_log_or_writes_to_another_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    with (tmp_path / "log").open() as log, (tmp_path / "other").open("w") as other:
        reader = subprocess.Popen(["sleep", "600"], stdin=log, stdout=other, stderr=other)
        run(["true"], cwd=tmp_path, log=tmp_path / "log")
        assert alive(reader.pid)
        reader.kill()
        reader.wait()


@pytest.mark.process
def test_the_log_can_be_read_while_the_child_runs(tmp_path: Path) -> None:
    code = "import time; print('half', flush=True)\nwhile not __import__('os').path.exists('go'): time.sleep(0.01)"

    def look() -> None:
        eventually(lambda: (tmp_path / "log").is_file() and "half\n" in (tmp_path / "log").read_text())
        (tmp_path / "go").touch()

    thread = threading.Thread(target=look)
    thread.start()
    run(python(code), cwd=tmp_path, log=tmp_path / "log", timeout=60)
    thread.join()


@pytest.mark.process
def test_a_question_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    answer = python("import sys; print('yes'); print('well', file=sys.stderr)")
    assert ask(answer, env=dict(os.environ), timeout=60) == "yes\n"
    with pytest.raises(ProgramFailed) as caught:
        ask(python("import sys; print('well'); sys.exit('no')"), env=dict(os.environ), timeout=60)
    assert (caught.value.tail, caught.value.log) == (("no",), None)
    assert list(tmp_path.iterdir()) == []


def test_child_says_who_runs(tmp_path: Path) -> None:
    seen: list[dict[str, object]] = []

    def look() -> None:
        eventually(lambda: (tmp_path / "child").is_file() and started(tmp_path))
        seen.append(json.loads((tmp_path / "child").read_text()))
        os.kill(int(str(seen[0]["pid"])), signal.SIGTERM)

    thread = threading.Thread(target=look)
    thread.start()
    with pytest.raises(ProgramFailed, match="SIGTERM"):
        run(family(tmp_path), cwd=tmp_path, log=tmp_path / "log", grace=0.1)
    thread.join()
    assert seen[0]["pid"] == seen[0]["pgid"] == pids(tmp_path)[0]
    assert sorted(seen[0]) == ["boot", "pgid", "pid", "start"]
    assert not (tmp_path / "child").exists()


def leftover(folder: Path) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(family(folder), cwd=folder, start_new_session=True)
    eventually(lambda: started(folder))
    (folder / "child").write_text(json.dumps(group.identity(child.pid)))
    return child


def test_a_leftover_is_known_by_its_log_too(tmp_path: Path) -> None:
    """Should axs die before it could write down which process its child is."""
    with (tmp_path / "log").open("w") as log:
        child = subprocess.Popen(["sleep", "600"], stdout=log, start_new_session=True)
    assert end_leftover(tmp_path / "log")
    assert child.wait() == -signal.SIGTERM


def test_a_leftover_is_ended(tmp_path: Path) -> None:
    child = leftover(tmp_path)
    assert end_leftover(tmp_path / "log")
    child.wait()
    assert not any(alive(pid) for pid in pids(tmp_path))
    assert not (tmp_path / "child").exists()
    assert not end_leftover(tmp_path / "log")


@pytest.mark.parametrize("change", [{"start": "1"}, {"boot": "another"}, {"pid": "none"}, None])
def test_another_process_with_that_number_is_left_alone(tmp_path: Path, change: dict[str, str] | None) -> None:
    child = leftover(tmp_path)
    told = json.loads((tmp_path / "child").read_text())
    (tmp_path / "child").write_text(json.dumps({**told, **change}) if change else "{ half a fi")
    assert not end_leftover(tmp_path / "log")
    assert all(alive(pid) for pid in pids(tmp_path))
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
