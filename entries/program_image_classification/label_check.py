"""Labels that count classes in another way than the network does: told, with the ``label_offset`` to say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadgen_harness.parameters import HarnessError, Job

if TYPE_CHECKING:
    from loadgen_harness.image_samples import ImageSamples

WITH_ACCURACY = ("AccuracyOnly", "SubmissionRun")

_OFFSETS = (0, -1, 1)
# What shows that labels are shifted: so many different ones, this share of the images right with another offset, so
# many times as many as with this one, and more than guessing gives once in a thousand times.
_DIFFERENT, _SHARE, _TIMES, _BY_CHANCE = 3, 0.5, 3, 0.001


@dataclass
class LabelCheck:
    """The labels of one run whose accuracy is measured. ``said``: the user said the offset, and so means it;
    ``classes``: of the network, None until that is known.
    """

    labels: Sequence[int]
    names: Sequence[str]
    offset: int
    said: bool
    classes: int | None = None

    @classmethod
    def of(cls, job: Job, library: ImageSamples, offset: int) -> LabelCheck | None:
        """For a run without accuracy None; HarnessError for images without labels, and for labels that are no class."""
        if job.value("loadgen_mode", "AccuracyOnly") not in WITH_ACCURACY:
            return None
        if library.labels is None:
            raise HarnessError("the images have no labels, so there is no accuracy: say loadgen_mode=PerformanceOnly")
        check = cls(library.labels, library.names, offset, job.parameters.get("label_offset") is not None)
        check.compare(job.need("model").attributes.get("num_classes"))
        return check

    def compare(self, classes: int | None) -> None:
        """Once it is known how many classes the network has."""
        if classes and self.classes is None:
            self.classes = int(classes)
            refuse_out_of_range(self.labels, self.names, self.classes, self.offset)

    def judge(self, answers: Mapping[int, int]) -> None:
        """When all images were answered."""
        if not self.said:
            refuse_shifted(self.labels, [answers[place] for place in range(len(self.labels))], self.offset)


def refuse_out_of_range(labels: Sequence[int], names: Sequence[str], classes: int, offset: int) -> None:
    """HarnessError where a label is none of the network's ``classes``; ``offset`` is the class minus the label."""
    wrong = [place for place, label in enumerate(labels) if not 0 <= label + offset < classes]
    if not wrong:
        return
    first = wrong[0]
    fits = [each for each in _OFFSETS if all(0 <= label + each < classes for label in labels)]
    way_out = f"say label_offset={fits[0]}" if fits else "they are for another network"
    raise HarnessError(
        f"{len(wrong):,} of {len(labels):,} labels are out of range, the first {labels[first]} ({names[first]}): the "
        f"network has {classes} classes, so labels are {-offset} to {classes - 1 - offset} with label_offset={offset}; "
        f"these are {min(labels)} to {max(labels)}: {way_out}"
    )


def refuse_shifted(labels: Sequence[int], answers: Sequence[int], offset: int) -> None:
    """HarnessError where the answers fit the labels only when these are counted from one more or less."""
    if len(set(labels)) < _DIFFERENT:
        return
    pairs = list(zip(labels, answers, strict=True))
    right = {step: sum(answer == label + step for label, answer in pairs) for step in _OFFSETS}
    step = max(_OFFSETS, key=lambda each: right[each])
    fits = right[step] >= _SHARE * len(pairs) and right[step] >= _TIMES * max(right[0], 1)
    if step and fits and guessed(right[step], len(pairs), len(set(labels))) < _BY_CHANCE:
        raise HarnessError(
            f"{right[0]:,} of {len(pairs):,} answers are right, and {right[step]:,} would be with labels that count "
            f"{'from one more' if step < 0 else 'from one less'}: say label_offset={offset + step}, or "
            f"label_offset={offset} if it is meant so"
        )


def guessed(right: int, total: int, classes: int) -> float:
    """How likely it is at most that guessing among ``classes`` gets so many right, or more (Chernoff's bound)."""
    share, chance = right / total, 1 / classes
    if share <= chance:
        return 1.0
    wrong = (1 - share) * math.log((1 - share) / (1 - chance)) if share < 1 else 0.0
    return math.exp(-total * (share * math.log(share / chance) + wrong))
