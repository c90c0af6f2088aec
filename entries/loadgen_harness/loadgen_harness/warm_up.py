"""A short run of the backend alone, before the test: fills caches and thread pools, and measures the rate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event
from typing import Any

from numpy.typing import NDArray

from loadgen_harness.backend import Backend
from loadgen_harness.system_under_test import Answers
from loadgen_harness.task import SampleLibrary


class _Once:
    """Waits for the outputs of one batch, for backends of either kind."""

    def __init__(self, answers: Answers) -> None:
        self._answers, self._there = answers, Event()
        self._error: BaseException | None = None

    def __call__(self, outputs: Sequence[NDArray[Any]]) -> None:
        self._answers(outputs)
        self._there.set()

    def first_token(self, outputs: Sequence[NDArray[Any]]) -> None:
        """Not measured here."""

    def failed(self, error: BaseException) -> None:
        self._error = error
        self._there.set()

    def wait(self) -> None:
        self._there.wait()
        if self._error is not None:
            raise self._error


def measure(
    backend: Backend, library: SampleLibrary, answers: Answers, batch_size: int, seconds: float
) -> tuple[int, list[float]]:
    """The size of the batches (at most the library's samples) and the seconds that each took, the first not counted.

    It goes on for ``seconds``, and on a slow engine up to four times as long for a dozen batches; at least for three.
    """
    size = min(backend.fixed_batch or batch_size, library.count)
    library.load(range(size))
    slots = library.slots(range(size))
    times: list[float] = []
    start = time.perf_counter()
    try:
        while _goes_on(len(times), time.perf_counter() - start, seconds):
            begin = time.perf_counter()
            once = _Once(answers)
            backend.submit(library.rows(slots, backend.fixed_batch or size, backend.synchronous), once)
            once.wait()
            times.append(time.perf_counter() - begin)
    finally:
        library.unload(range(size))
    return size, times[1:]


def _goes_on(calls: int, spent: float, seconds: float) -> bool:
    return calls < 4 or spent < seconds * (4 if calls < 13 else 1)
