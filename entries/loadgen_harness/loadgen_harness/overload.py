"""Ends a Server's run that cannot end in time: LoadGen waits for every query that it has sent, so that "5 s" at 60
times the load that an engine holds take five minutes.

A load that is just too much is LoadGen's to judge (its word is INVALID); only one that is out of all proportion is
ended here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic
from typing import Any, Protocol

from loadgen_harness.parameters import HarnessError

EXIT_CODE = 3
"""What a program ends with then, so that a search of the load knows it."""
TIMES, AT_LEAST_S = 3.0, 30.0
"""A run may take so many times as long as its schedule, and so many seconds in any case."""
JUDGED_AFTER_S, QUIET_S = 30.0, 3.0
"""It is judged after so many seconds, or when LoadGen has issued nothing more for so long: while it issues, its thread
takes turns with the engine's.
"""
POLL_S = 0.5


class OverloadError(HarnessError):
    """The load is far above what this Server holds."""

    exit_code = EXIT_CODE


@dataclass(frozen=True)
class Schedule:
    """What LoadGen sends to a Server: ``rate`` queries/s, for ``seconds`` in all."""

    rate: float
    seconds: float

    @classmethod
    def of(cls, test: Any, samples: int, mode: str) -> Schedule:
        """Of LoadGen's ``TestSettings``; a SubmissionRun sends each of ``samples`` once before."""
        rate = float(test.server_target_qps)
        seconds = max(test.min_duration_ms / 1000, test.min_query_count / rate)
        for most in (test.max_duration_ms / 1000, test.max_query_count / rate):
            seconds = min(seconds, most) if most else seconds
        return cls(rate, seconds + (samples / rate if mode == "SubmissionRun" else 0))

    def problem(self, seconds: float, completed: int, recently: float, quiet: float) -> str | None:
        """What to say of a run that is hopeless; None of another one. After so many ``seconds``, so many queries are
        ``completed``, ``recently`` so many in a second, and none was issued for ``quiet`` seconds.
        """
        answered = max(completed / seconds, recently)
        left = self.rate * self.seconds - completed
        known = seconds >= JUDGED_AFTER_S or (seconds >= self.seconds and quiet >= QUIET_S)
        if not known or answered <= 0 or left <= 0:
            return None
        total = seconds + left / answered
        if total <= max(TIMES * self.seconds, AT_LEAST_S):
            return None
        return (
            f"a load of {self.rate:g} queries/s is far more than this Server holds: it answers {_plain(answered, 3)} "
            f"in a second, so a test of {_plain(self.seconds, 3)} s would take {_plain(total, 2)} s, and was ended. "
            f"Say less, as loadgen_target_qps={_plain(answered / 2, 2)}, or find_target_qps+, which searches the load "
            "that it holds"
        )


def _plain(number: float, digits: int) -> str:
    """Rounded, and never as 1e+03."""
    return f"{float(f'{number:.{digits}g}'):.12g}"


class Server(Protocol):
    """The system under test, as far as it is looked at here."""

    completed: int
    """Queries that were answered."""

    @property
    def waiting(self) -> int:
        """Queries that were issued and are not worked on yet."""

    def give_up(self, ids: Sequence[int], error: BaseException) -> None:
        """Fail the run with ``error``."""


@contextmanager
def ended_if_hopeless(schedule: Schedule | None, server: Server) -> Iterator[None]:
    """While LoadGen's test runs inside: ``server`` gives up once it is hopeless; without a schedule it never does."""
    stop = Event()
    watching = Thread(target=lambda: schedule and _watch(schedule, server, stop), name="overload", daemon=True)
    watching.start()
    try:
        yield
    finally:
        stop.set()
        watching.join()


def _watch(schedule: Schedule, server: Server, stop: Event) -> None:
    begin, issued, since = monotonic(), 0.0, (0.0, 0)  # since when, and since how many answers, nothing was issued
    while not stop.wait(POLL_S):
        now, done = monotonic() - begin, server.completed
        if done + server.waiting > 1.01 * issued:  # what is being worked on is in neither
            issued, since = done + server.waiting, (now, done)
        quiet = now - since[0]
        problem = schedule.problem(now, done, (done - since[1]) / quiet if quiet else 0.0, quiet)
        if problem is not None:
            server.give_up((), OverloadError(problem))
            return
