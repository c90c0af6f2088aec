"""Image classification under MLPerf LoadGen: one test, as the parameters file says.

python classify.py PARAMETERS_FILE
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from label_check import LabelCheck
from loadgen_harness import identity
from loadgen_harness.backend import Backend
from loadgen_harness.image_samples import ImageSamples, InputForm
from loadgen_harness.parameters import HarnessError, Job
from loadgen_harness.run import main
from numpy.typing import NDArray

LABELS, PREDICTIONS = "labels.txt", "predictions.txt"


class ImageClassification:
    """The answer to an image is the number of its class, in the data set's own numbering."""

    def __init__(self) -> None:
        self._dtype = np.dtype(np.float32)
        self._label_offset = 0
        self._names: Sequence[str] = ()
        self._labels: LabelCheck | None = None

    def library(self, job: Job, backend: Backend) -> ImageSamples:
        model = job.need("model").attributes
        self._dtype = np.dtype(job.value("accuracy_dtype", "float32"))
        self._label_offset = int(model.get("label_offset") or 0)
        self._names = backend.output_names
        form = InputForm.of_model(model, backend.layout, backend.input_dtype)
        library = ImageSamples(job.need("images").path, form, job.value("loadgen_dataset_size"))
        self._labels = LabelCheck.of(job, library, self._label_offset)
        return library

    def answers(self, outputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Class numbers (n,) from the model's outputs: its own decision where it gives one, else the largest score.
        Raises :class:`HarnessError` where no output, or more than one, can be that.
        """
        classes = next((o for o in outputs if o.dtype.kind in "iu" and o.ndim == 1), None)
        if classes is None:
            scores = [output for output in outputs if _can_be_scores(output)]
            if len(scores) != 1:
                raise HarnessError(self._which(outputs, scores))
            rows = scores[0].reshape(len(scores[0]), -1)
            if self._labels is not None:
                self._labels.compare(rows.shape[1])
            classes = rows.argmax(axis=1)
        if self._label_offset:
            classes = classes - self._label_offset
        return classes.astype(self._dtype)

    def _which(self, outputs: Sequence[NDArray[Any]], scores: Sequence[NDArray[Any]]) -> str:
        names = self._names if len(self._names) == len(outputs) else list(map(str, range(len(outputs))))
        told = ", ".join(
            f"{name} {list(output.shape)} {output.dtype}" for name, output in zip(names, outputs, strict=True)
        )
        if not scores:
            return f"no output can be class scores, a row of two or more for each image: {told}"
        return f"{len(scores)} outputs could be the class scores; say which by output_name=NAME: {told}"

    def facts(self, job: Job, library: ImageSamples) -> dict[str, Any]:
        """The digest of the pixels, that of the labels, and the normalisation; see Task."""
        model, images = job.need("model").attributes, job.need("images").attributes
        outputs = {name: model.get(name) for name in ("input_name", "output_name") if model.get(name)}
        return {
            "dataset_used": images.get("dataset_name"),
            "dataset_digest": library.digest(),
            "labels_digest": identity.of(library.labels) if library.labels is not None else None,
            "input_form": {**asdict(library.form), **outputs, "label_offset": self._label_offset},
        }

    def write_results(self, job: Job, library: ImageSamples, log: Path | None) -> None:
        """``labels.txt`` (index, file, label) and, where LoadGen logged answers, ``predictions.txt`` (index, file,
        class).
        """
        if library.labels is not None:
            _write(job.output_path / LABELS, library.names, dict(enumerate(library.labels)))
        if log is None:
            return
        records = json.loads(log.read_text(encoding="utf-8"))
        predicted = {r["qsl_idx"]: int(np.frombuffer(bytes.fromhex(r["data"]), self._dtype)[0]) for r in records}
        if missing := [name for index, name in enumerate(library.names) if index not in predicted]:
            raise HarnessError(f"LoadGen logged no answer for {len(missing)} samples, the first of them {missing[0]}")
        if self._labels is not None:
            self._labels.judge(predicted)
        _write(job.output_path / PREDICTIONS, library.names, predicted)


def _can_be_scores(output: NDArray[Any]) -> bool:
    """A row of two or more numbers for each sample; whole numbers are so where a network is quantised."""
    kind, sizes = output.dtype, output.shape[1:]
    return (kind.kind == "f" or (kind.kind in "iu" and kind.itemsize == 1)) and max(sizes, default=1) == prod(sizes) > 1


def _write(file: Path, names: Sequence[str], classes: dict[int, int]) -> None:
    lines = (f"{index} {name} {classes[index]}\n" for index, name in enumerate(names))
    file.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv, ImageClassification()))
