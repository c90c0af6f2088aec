"""LoadGen's system under test (SUT): takes queries, cuts them into batches, answers every sample exactly once.

Nothing may be raised into LoadGen (it would abort the process), and a sample that is never completed would hang it.
So every error is remembered in :attr:`SystemUnderTest.error`, the samples are completed with empty answers, and the
run is failed afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import repeat
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import mlperf_loadgen as lg
import numpy as np
from numpy.typing import NDArray

from loadgen_harness.backend import Backend
from loadgen_harness.task import SampleLibrary

Answers = Callable[[Sequence[NDArray[Any]]], NDArray[Any]]


class _Batch:
    """The :class:`~loadgen_harness.backend.Done` of one batch."""

    __slots__ = ("_ids", "_sut")

    def __init__(self, sut: SystemUnderTest, ids: Sequence[int]) -> None:
        self._sut, self._ids = sut, ids

    @property
    def waiting(self) -> bool:
        """Whether LoadGen still waits for these samples."""
        return bool(self._ids)

    def __call__(self, outputs: Sequence[NDArray[Any]]) -> None:
        ids = self._ids
        # Answers and responses must outlive the call: LoadGen reads them by address.
        answers, responses = self._sut.responses(ids, outputs)
        # From here on the samples count as answered, whatever happens.
        self._ids = ()
        lg.QuerySamplesComplete(responses)
        self._sut.completed += len(ids)
        del answers

    def first_token(self, outputs: Sequence[NDArray[Any]]) -> None:
        answers, responses = self._sut.responses(self._ids, outputs)
        lg.FirstTokenComplete(responses)
        del answers

    def failed(self, error: BaseException) -> None:
        ids, self._ids = self._ids, ()
        self._sut.give_up(ids, error)


class SystemUnderTest:
    """Answers queries with ``backend``, at most ``batch_size`` samples at once.

    ``queued`` (Server) puts a worker between LoadGen and the backend: it takes whatever is waiting, without waiting
    for more. Otherwise the backend works in LoadGen's own thread, which spares a hand-over.
    """

    def __init__(
        self, backend: Backend, library: SampleLibrary, answers: Answers, batch_size: int, queued: bool = False
    ) -> None:
        self.completed = 0
        self.error: BaseException | None = None
        self.failed_at: float | None = None
        self._backend, self._library, self._answers = backend, library, answers
        self._batch_size = backend.fixed_batch or batch_size
        self._no_answer = np.zeros(16, np.uint8)
        self._waiting: SimpleQueue[tuple[int, int] | None] | None = SimpleQueue() if queued else None
        self._worker: Thread | None = None

    def start(self) -> None:
        """Start the worker, where there is one."""
        if self._waiting is not None:
            self._worker = Thread(target=self._work, name="batching", daemon=True)
            self._worker.start()

    def stop(self) -> None:
        """End the worker after what is waiting."""
        if self._waiting is not None and self._worker is not None:
            self._waiting.put(None)
            self._worker.join()

    @property
    def waiting(self) -> int:
        """Samples that were issued and are not worked on yet."""
        return 0 if self._waiting is None else self._waiting.qsize()

    def issue(self, ids: list[int], indices: list[int]) -> None:
        """LoadGen's callback: one query, its samples' response ids and indices."""
        if self._waiting is not None:
            for pair in zip(ids, indices, strict=True):
                self._waiting.put(pair)
        else:
            self._answer_all(ids, indices)

    def flush(self) -> None:
        """LoadGen's callback at the end of a series: nothing is ever held back here."""

    def responses(self, ids: Sequence[int], outputs: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], list[Any]]:
        """The answers (kept alive by the caller) and LoadGen's responses, which point into them."""
        answers = np.ascontiguousarray(self._answers(outputs))
        if len(answers) < len(ids):
            raise ValueError(f"the engine answered {len(answers)} samples of a batch of {len(ids)}")
        address, stride = answers.__array_interface__["data"][0], answers.strides[0]
        addresses = range(address, address + len(ids) * stride, stride)
        return answers, list(map(lg.QuerySampleResponse, ids, addresses, repeat(stride)))

    def give_up(self, ids: Sequence[int], error: BaseException) -> None:
        """Remember the first error and complete ``ids`` with nothing in them."""
        if self.error is None:
            self.error, self.failed_at = error, time.monotonic()
        if ids:
            address = self._no_answer.__array_interface__["data"][0]
            lg.QuerySamplesComplete([lg.QuerySampleResponse(i, address, self._no_answer.nbytes) for i in ids])

    def _answer_all(self, ids: Sequence[int], indices: Sequence[int]) -> None:
        begin = 0
        try:
            slots = self._library.slots(indices)
            for begin in range(0, len(ids), self._batch_size):
                end = begin + self._batch_size
                self._answer(ids[begin:end], slots[begin:end])
                if self.error is not None:
                    self.give_up(ids[end:], self.error)
                    return
        except BaseException as error:  # nothing may reach LoadGen, not even SystemExit
            self.give_up(ids[begin:], error)

    def _answer(self, ids: Sequence[int], slots: NDArray[np.int64]) -> None:
        if self.error is not None:
            self.give_up(ids, self.error)
            return
        batch, backend = _Batch(self, ids), self._backend
        try:
            samples = self._library.rows(slots, backend.fixed_batch or len(ids), backend.synchronous)
            backend.submit(samples, batch)
            if backend.synchronous and batch.waiting:
                raise RuntimeError(f"backend {backend.engine} came back without an answer")
        except BaseException as error:
            batch.failed(error)

    def _work(self) -> None:
        waiting = self._waiting
        assert waiting is not None
        while (first := waiting.get()) is not None:
            pairs = [first]
            last = False
            try:
                while len(pairs) < self._batch_size:
                    pair = waiting.get_nowait()
                    if pair is None:
                        last = True
                        break
                    pairs.append(pair)
            except Empty:
                pass
            ids, indices = zip(*pairs, strict=True)
            self._answer_all(ids, list(indices))
            if last:
                return
