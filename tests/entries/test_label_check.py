"""Labels that count classes in another way than the network: told with the offset to say, or left alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ENTRIES = Path(__file__).parents[2] / "entries"


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    for folder in ("loadgen_harness", "program_image_classification"):
        monkeypatch.syspath_prepend(str(ENTRIES / folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    import label_check

    yield label_check
    for name in [name for name in sys.modules if name.split(".")[0] in ("loadgen_harness", "label_check")]:
        del sys.modules[name]


def out_of_range(check: ModuleType, labels: list[int], classes: int, offset: int) -> str | None:
    from loadgen_harness.parameters import HarnessError

    try:
        check.refuse_out_of_range(labels, [f"{place}.png" for place in range(len(labels))], classes, offset)
    except HarnessError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("labels", "classes", "offset", "message"),
    [
        ([0, 3], 4, 0, None),
        ([1, 4], 4, -1, None),
        ([0, 999], 1001, 1, None),
        (
            [1, 2, 3, 4],
            4,
            0,
            "1 of 4 labels are out of range, the first 4 (3.png): the network has 4 classes, so labels are 0 to 3 with "
            "label_offset=0; these are 1 to 4: say label_offset=-1",
        ),
        (
            [1, 1000],
            1001,
            1,
            "1 of 2 labels are out of range, the first 1000 (1.png): the network has 1001 classes, so labels are -1 to "
            "999 with label_offset=1; these are 1 to 1000: say label_offset=0",
        ),
        (
            [0, 2],
            4,
            -1,
            "1 of 2 labels are out of range, the first 0 (0.png): the network has 4 classes, so labels are 1 to 4 with "
            "label_offset=-1; these are 0 to 2: say label_offset=0",
        ),
        (
            [0, 17],
            4,
            0,
            "1 of 2 labels are out of range, the first 17 (1.png): the network has 4 classes, so labels are 0 to 3 "
            "with label_offset=0; these are 0 to 17: they are for another network",
        ),
    ],
)
def test_labels_that_are_no_class(
    check: ModuleType, labels: list[int], classes: int, offset: int, message: str | None
) -> None:
    assert out_of_range(check, labels, classes, offset) == message


def shifted(check: ModuleType, labels: list[int], answers: list[int], offset: int = 0) -> str | None:
    from loadgen_harness.parameters import HarnessError

    try:
        check.refuse_shifted(labels, answers, offset)
    except HarnessError as error:
        return str(error)
    return None


LABELS = [1, 2, 3, 4, 5, 6, 7, 8]


def test_labels_from_one_in_a_network_of_more_classes(check: ModuleType) -> None:
    assert shifted(check, LABELS, [label - 1 for label in LABELS]) == (
        "0 of 8 answers are right, and 8 would be with labels that count from one more: say label_offset=-1, or "
        "label_offset=0 if it is meant so"
    )
    assert shifted(check, LABELS, [2, 3, 4, 5, 6, 7, 7, 1], offset=1) == (
        "1 of 8 answers are right, and 6 would be with labels that count from one less: say label_offset=2, or "
        "label_offset=1 if it is meant so"
    )


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        (LABELS, LABELS),  # right
        (LABELS, [3] * 8),  # always the same
        (LABELS, [1, 2, 3, 4, 4, 5, 6, 7]),  # half are right
        (LABELS, [0, 1, 2, 8, 1, 1, 1, 1]),  # too few would be right
        ([0, 1, 2, 3] * 2, [1, 2, 3, 0, 1, 0, 0, 0]),  # so many are right by chance
        ([0, 1, 0, 1], [1, 2, 1, 2]),  # two classes tell nothing
        ([], []),
    ],
)
def test_what_shows_no_shift(check: ModuleType, labels: list[int], answers: list[int]) -> None:
    assert shifted(check, labels, answers) is None
