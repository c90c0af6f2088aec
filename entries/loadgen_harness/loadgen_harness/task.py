"""What a program adds to the harness: its samples, and the answers to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from loadgen_harness.backend import Backend
from loadgen_harness.parameters import Job

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class SampleLibrary(Protocol):
    """LoadGen's query sample library (QSL): holds in memory only what LoadGen has asked to load.

    ``count`` is the number of samples; ``names`` has a name for each (a file name). Where all samples are alike, a
    library may have a ``shape``, that of one sample: it is recorded as ``input_shape``.
    """

    count: int
    names: Sequence[str]

    def load(self, indices: Sequence[int]) -> None:
        """Bring these samples into memory; an index may occur more than once."""

    def unload(self, indices: Sequence[int]) -> None:
        """Forget these samples."""

    def slots(self, indices: Sequence[int]) -> np.ndarray[Any, Any]:
        """Where loaded samples are, for :meth:`rows`."""

    def rows(self, slots: np.ndarray[Any, Any], size: int, reuse: bool) -> np.ndarray[Any, Any]:
        """``size`` samples as one batch: those at ``slots``, filled up with anything. It may be a view of the library's
        memory; with ``reuse``, or a buffer that the next call overwrites."""


class Task(Protocol):
    """One kind of benchmark."""

    def library(self, job: Job, backend: Backend) -> SampleLibrary:
        """Open the samples in the form that ``backend`` wants."""

    def answers(self, outputs: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        """The answers that LoadGen logs, one row for each sample."""

    def facts(self, job: Job, library: SampleLibrary) -> dict[str, Any]:
        """What is recorded of samples and answers: ``dataset_used``; ``dataset_digest`` (their content as it is
        preprocessed), ``labels_digest`` (None without labels) and ``input_form`` (what is done to them before the
        model sees them, and to its answers). Runs that differ in one of these are of different benchmarks.
        """

    def write_results(self, job: Job, library: SampleLibrary, log: Path | None) -> None:
        """Leave in ``job.output_path`` what the figures are computed from; ``log`` is LoadGen's accuracy log or
        None.
        """
