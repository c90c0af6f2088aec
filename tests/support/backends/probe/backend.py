"""A backend for tests: it answers the first value of each sample; ``PROBE`` in the environment is how it fails."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Sequence
from threading import Thread
from typing import Any

import numpy as np
from loadgen_harness.backend import Backend, Done, Options
from loadgen_harness.parameters import Need
from numpy.typing import NDArray

GOOD_CALLS = 3


class Probe(Backend):
    """Behaves for a few calls."""

    engine = "probe"
    device = "cpu"

    def __init__(self, how: str) -> None:
        self._how = how
        self._calls = 0
        if how == "fixed":
            self.fixed_batch = 7
        if how == "async":
            self.synchronous = False  # type: ignore[misc]

    def predict(self, batch: NDArray[Any]) -> Sequence[NDArray[Any]]:
        if self._how == "fixed" and len(batch) != 7:
            raise ValueError(f"a batch of {len(batch)}")
        self._calls += 1
        if self._calls > GOOD_CALLS:
            if self._how == "raise":
                raise ValueError("the engine fell over")
            if self._how == "exit":
                sys.exit(0)
            if self._how == "sleep":
                time.sleep(100)
            if self._how == "slow":
                time.sleep(0.05)
            if self._how == "hold":
                ctypes.PyDLL(None).sleep(100)
            if self._how == "change":
                self.device = "cuda"
            if self._how == "short":
                batch = batch[1:]
        return [batch.reshape(len(batch), -1)[:, 0].astype(np.int64)]

    def submit(self, batch: NDArray[Any], done: Done) -> None:
        if self._how == "async":
            Thread(target=lambda: done(self.predict(batch))).start()
        elif self._how != "silent":
            super().submit(batch, done)


def open(model: Need, options: Options) -> Probe:
    return Probe(os.environ.get("PROBE", ""))
