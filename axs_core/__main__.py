"""The command ``axs``: reads the command line, runs it, prints the answer, and gives back the exit code.

0 done; 1 something failed (a program, a download, a build); 2 bad usage or a bad entry; 3 nothing found, or not
resolvable; 70 a fault in axs itself; 130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from axs_core.base import suspension
from axs_core.base.console import ConsoleReporter, into_nothing, print_error, say
from axs_core.base.credentials import secrets_in, without_credentials
from axs_core.base.errors import AxsError, StoreError, UsageError
from axs_core.base.reporter import Reporter
from axs_core.base.settings import Settings
from axs_core.cli.model import open_workspace
from axs_core.cli.options import read_options

OWN_FAULT = 70
SHOWN = 5
"""Of so many of several things that it fails for is told why."""
INTERRUPTED = 130
LITTER = 50_000
"""So many new objects are there before Python looks for garbage among them: a hit makes fewer, mostly its modules."""

if TYPE_CHECKING:
    from axs_core.api import Workspace

    Opener = Callable[[Mapping[str, str], Reporter], Workspace]


def main(arguments: Sequence[str] | None = None, opener: Opener = open_workspace) -> int:
    """Run a command line (default: that of this process) and return the exit code; no exception leaves it."""
    if arguments is None:
        _speak_utf8()
        gc.set_threshold(LITTER)
        atexit.register(gc.freeze)  # no search for garbage in what goes away with the process
    typed = list(sys.argv[1:] if arguments is None else arguments)
    _open_streams()
    if _in_main_thread():
        _end_cleanly()
    try:
        return _run(typed, opener)
    except KeyboardInterrupt:
        _end_now()
        say("interrupted", sys.stderr)
        return INTERRUPTED
    except AxsError as error:
        print_error(error, sys.stderr)
        _debug()
        return error.exit_code
    except Exception as error:
        _report_fault(error, typed)
        return OWN_FAULT


def _speak_utf8() -> None:
    """Where the locale has another encoding, begin once more with Python's UTF-8 mode, for our children too: names of
    files in collections are UTF-8, whoever reads them.
    """
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _open_streams() -> None:
    """Standard streams that were closed (``>&-``): no file of ours may get their numbers, or it would be taken for the
    answer. What is written there fails, or for talk is lost.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 (as long as the process)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _end_cleanly() -> None:
    """SIGTERM, and the terminal's end unless ``nohup`` said otherwise, end as cleanly as a Ctrl-C; a Ctrl-Z suspends
    the children as well.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    suspension.respect()


def _in_main_thread() -> bool:
    threading = sys.modules.get("threading")  # which a hit does without; who never imported it has one thread
    return threading is None or threading.current_thread() is threading.main_thread()


def _end_now() -> None:
    """All is cleaned up: one more Ctrl-C ends at once, without Python's own words about it."""
    if _in_main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: os._exit(INTERRUPTED))


def _run(typed: Sequence[str], opener: Opener) -> int:
    options = read_options(typed)
    os.environ.update(options.settings)  # what axs starts has the same settings
    from axs_core.cli.execute import run_pipeline
    from axs_core.cli.format import print_result
    from axs_core.cli.model import Root
    from axs_core.cli.pipeline import parse_pipeline

    calls = parse_pipeline(options.rest or ("help",))
    for call in calls:
        if call.asks_help:
            calls = parse_pipeline(("help", call.action))
    reporter = ConsoleReporter(sys.stderr, quiet=Settings(os.environ).quiet)
    outcome = run_pipeline(calls, Root(lambda: opener(os.environ, reporter)))
    _write(lambda: print_result(outcome.result, sys.stdout))
    if outcome.left_out:
        first = outcome.left_out[0]
        others = f" (and {len(outcome.left_out) - 1} more)" if len(outcome.left_out) > 1 else ""
        reporter.note(f"left out: {first.subject}{others}: {first.error}")
    for failure in outcome.failures[:SHOWN]:
        print_error(failure.error, sys.stderr, subject=failure.subject)
    if len(outcome.failures) > SHOWN:
        reporter.warn(f"it fails for {len(outcome.failures) - SHOWN} more of them")
    return outcome.failures[0].error.exit_code if outcome.failures else 0


def _write(write: Callable[[], None]) -> None:
    """Write to standard output, as UTF-8 whatever the locale (JSON, CSV and pages are) unless ``PYTHONIOENCODING`` says
    otherwise; a full disk is an error like any other.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        if os.environ.get("PYTHONIOENCODING"):
            sys.stdout.reconfigure(errors="backslashreplace")
        else:  # paths that are not UTF-8 come out as they are
            sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        into_nothing(sys.stdout)
    except OSError as error:
        into_nothing(sys.stdout)
        raise StoreError(f"the answer cannot be written: {error.strerror}") from error


def _debug() -> None:
    if Settings(os.environ).debug:
        import traceback

        traceback.print_exc()


def _report_fault(error: Exception, typed: Sequence[str]) -> None:
    """Say that axs itself is at fault, and keep the traceback in a file of the cache folder."""
    import tempfile
    import traceback

    from axs_core import __version__
    from axs_core.base.paths import user_cache

    shown = "".join(traceback.format_exception(error))
    text = f"axs {__version__}, Python {sys.version}, {sys.platform}\n{typed!r}\n{shown}"
    text = without_credentials(text, secrets_in(os.environ))
    try:
        folder = user_cache() / "faults"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix="fault-", suffix=".txt", delete=False) as file:
            file.write(text)
        log: Path | None = Path(file.name)
    except (OSError, UsageError):
        log = None
    message = f"internal error: {type(error).__name__}: {error}".rstrip(": ")
    hint = "this is a fault of axs, please report it with the log" if log else "AXS_DEBUG=1 shows where it happened"
    print_error(AxsError(message, log=log, hint=hint), sys.stderr)
    _debug()


if __name__ == "__main__":
    sys.exit(main())
