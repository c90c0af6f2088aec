"""The answers of an accuracy run, and the labels that they are compared with."""

from __future__ import annotations

import json
import math
import re
import struct
from pathlib import Path
from typing import Any

from axs_core.sdk import Inapplicable, Refused

from .mlperf_log import ACCURACY, text_of

LABELS = "labels.txt"
LABEL_ROW = re.compile(r"(\d{1,18}) (?:.* )?(-?\d{1,18})")
# First item of an answer, as the program writes it (little-endian, as LoadGen dumps the memory).
ANSWER_FORMATS = {"float32": "<f", "int32": "<i", "int64": "<q"}


def labels_in(path: Path) -> dict[int, int]:
    """The right class of each sample, by sample index."""
    file = path / LABELS
    if not file.is_file():
        raise Refused("the samples have no labels, so there is no accuracy")
    found: dict[int, int] = {}
    for number, line in enumerate(text_of(file).splitlines(), 1):
        row = LABEL_ROW.fullmatch(line)
        if row is None:
            raise Refused(f"{LABELS}: line {number} is not INDEX FILE LABEL")
        found[int(row[1])] = int(row[2])
    return found


def answered_classes(path: Path, dtype: str) -> dict[int, int]:
    """The class that the model answered, by sample index; the first answer where there are several."""
    answered: dict[int, int] = {}
    for number, entry in enumerate(_answers(path), 1):
        try:
            index, answer = int(entry["qsl_idx"]), bytes.fromhex(entry["data"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise Refused(f"{ACCURACY}: answer {number} is damaged, so there is no accuracy") from None
        answered.setdefault(index, _answered_class(index, answer, dtype))
    return answered


def _answers(path: Path) -> list[Any]:
    """What LoadGen wrote of the answers."""
    try:
        entries = json.loads((path / ACCURACY).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise Refused(f"{ACCURACY} is cut short or not there, so there is no accuracy") from None
    if not isinstance(entries, list):
        raise Refused(f"{ACCURACY} is no list of answers, so there is no accuracy")
    return entries


def _answered_class(index: int, answer: bytes, dtype: str) -> int:
    pattern = ANSWER_FORMATS[dtype]
    if len(answer) < struct.calcsize(pattern):
        what = f"sample {index} has an answer of {len(answer)} bytes"
        raise Refused(f"{ACCURACY}: {what}, which is no {dtype}")
    value = struct.unpack_from(pattern, answer)[0]
    if not math.isfinite(value):
        raise Refused(f"{ACCURACY}: sample {index} has the answer {value}, which is no class")
    return int(value)


def right_of_all(predictions: dict[int, int], labels: dict[int, int]) -> list[int]:
    """[right answers, samples]; every sample must have been answered."""
    missing = sorted(labels.keys() - predictions.keys())
    unknown = sorted(predictions.keys() - labels.keys())
    if missing or unknown:
        what = (
            f"{len(missing)} samples were never answered"
            if missing
            else f"{len(unknown)} answered samples have no label"
        )
        raise Refused(f"{what}, the first with index {(missing or unknown)[0]}")
    if not labels:
        raise Refused("there are no samples, so there is no accuracy")
    return [sum(predictions[index] == label for index, label in labels.items()), len(labels)]


def refuse_random(model_weights: Any) -> None:
    """Raises Inapplicable where the weights are random."""
    if model_weights == "random":
        raise Inapplicable("this model has random weights: it is for speed only, and its accuracy means nothing")
