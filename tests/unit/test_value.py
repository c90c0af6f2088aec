"""Small values behave as frozen dataclasses do."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from axs_core.base.value import Value, field, replace


class Point(Value):
    x: int
    y: int = 0
    notes: dict[str, str] = field(default_factory=dict)


class Named(Point):
    name: str = ""


def test_fields_by_place_and_by_name() -> None:
    assert vars(Point(1)) == {"x": 1, "y": 0, "notes": {}}
    assert Point(1, 2, {"a": "b"}) == Point(notes={"a": "b"}, y=2, x=1)
    assert repr(Named(1, name="n")) == "Named(x=1, y=0, notes={}, name='n')"


@pytest.mark.parametrize("given", [((), {}), ((1, 2, {}, 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1})])
def test_what_does_not_fit(given: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    with pytest.raises(TypeError):
        Point(*given[0], **given[1])


def test_equal_by_class_and_fields() -> None:
    assert Point(1) == Point(1)
    assert Point(1) != Point(2)
    assert Point(1) != Named(1)
    assert Point(1) != 1
    assert hash(Point(1, 2, ())) == hash(Point(1, 2, ()))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        hash(Point(1))  # a dictionary in it


def test_a_default_is_made_for_each() -> None:
    assert Point(1).notes is not Point(1).notes


def test_it_does_not_change() -> None:
    point = Point(1)
    with pytest.raises(AttributeError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del point.x
    assert replace(point, x=2) == Point(2)
    assert point == Point(1)
    with pytest.raises(TypeError):
        replace(point, z=2)


def test_copies_are_equal() -> None:
    point = Point(1, 2, {"a": "b"})
    assert copy.deepcopy(point) == point == pickle.loads(pickle.dumps(point))
