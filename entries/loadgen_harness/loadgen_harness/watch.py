"""Looks after a run from outside: ends it when nothing moves any more."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
import traceback
from collections.abc import Callable
from threading import Event, Thread

from loadgen_harness.parameters import HarnessError

POLL_S = 0.5
# After an error, LoadGen gets this long to come to an end by itself; a Server schedule could go on for ten minutes.
AFTER_ERROR_S = 2.0


class Watchdog:
    """Ends the process (exit code 1, or that of the error; reason and stacks on stderr) when ``progress()`` has not
    changed for ``timeout`` seconds, or when ``error()`` has been there for a while and LoadGen does not come to an end.
    """

    def __init__(self, timeout: float, progress: Callable[[], int], error: Callable[[], BaseException | None]) -> None:
        self._timeout, self._progress, self._error = timeout, progress, error
        self._phase = "starting"
        self._phases = 0
        self._stop = Event()
        self._thread = Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._arm(self._timeout)
        self._thread.start()

    def _arm(self, seconds: float) -> None:
        # An engine that hangs without giving Python a turn stops the watching thread too: only a timer in C ends it.
        faulthandler.dump_traceback_later(max(0.0, seconds) + 4 * POLL_S, exit=True)

    def phase(self, text: str) -> None:
        """Say what is being done; this counts as progress."""
        self._phase, self._phases = text, self._phases + 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        faulthandler.cancel_dump_traceback_later()

    def _watch(self) -> None:
        seen, since, failed_since = (-1, -1), time.monotonic(), None
        while not self._stop.wait(min(POLL_S, self._timeout / 4)):
            now, state = time.monotonic(), (self._phases, self._progress())
            if state != seen:
                seen, since = state, now
            self._arm(since + self._timeout - now)
            if now - since > self._timeout:
                self._end(f"no progress for {self._timeout:g} s while {self._phase}: ended (loadgen_timeout)")
            if self._error() is not None:
                failed_since = failed_since or now
                if now - failed_since > AFTER_ERROR_S:
                    self._end(None)

    def _end(self, reason: str | None) -> None:
        error = self._error()
        if error is not None and not isinstance(error, HarnessError):
            traceback.print_exception(error, file=sys.stderr)
        if reason is not None:
            faulthandler.dump_traceback(all_threads=True)
            print(f"error: {reason}", file=sys.stderr)
        elif error is not None:
            print(f"error: {failure(error, self._phase)}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(error.exit_code if isinstance(error, HarnessError) else 1)


def failure(error: BaseException, phase: str) -> str:
    """One line that says what ended the run."""
    if isinstance(error, HarnessError):
        return str(error)
    return f"{type(error).__name__} while {phase}: {error}"
