"""How much one template may build and go through; what it does is counted, so that none fills the memory or hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

LONGEST = 1 << 20
"""Longest text (characters) and list (items, all those inside of it) that a template may build."""
LARGEST = 1 << 22
"""Characters and items of the largest value that it may give or keep: one of a need, perhaps, that it did not build."""
WORK = 1 << 24
"""Characters and items that it may build and go through in all."""
LARGEST_BITS = 1 << 14
"""Bits of a whole number that a template may multiply to."""
_STEP = 16  # what one turn of a loop counts


class _Account(threading.local):
    left = WORK


_account = _Account()


@contextmanager
def metered() -> Iterator[None]:
    """Inside, one template is evaluated; another one that it leads to has an account of its own."""
    before, _account.left = _account.left, WORK
    try:
        yield
    finally:
        _account.left = before


def spend(units: int) -> None:
    """Count work; raises ValueError when it gets too much."""
    _account.left -= units
    if _account.left < 0:
        raise ValueError("that is too much work for a template")


def weight(value: Any) -> int:
    """Characters and items in a value, those of what stands in it several times counted each time."""
    return _weigh(value, {})


def _weigh(value: Any, seen: dict[int, int]) -> int:
    if isinstance(value, (str, bytes, range)):
        return len(value)
    if not isinstance(value, (list, tuple, dict, set, frozenset)):
        return 1
    if id(value) not in seen:
        spend(4 * len(value))
        parts = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        seen[id(value)] = len(value) + sum(_weigh(part, seen) for part in parts)
    return seen[id(value)]


def light(value: Any) -> Any:
    """The value, if it is not too large to be gone through."""
    if weight(value) > LARGEST:
        raise ValueError("that value is too large")
    return value


def passed(value: Any) -> Any:
    """The value, which is about to be gone through as a whole."""
    spend(weight(value))
    return value


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """The items of a loop, each of which counts."""
    for item in items:
        spend(_STEP)
        yield item


def bounded_join(between: str, items: Iterable[Any]) -> str:
    """The items as texts with ``between`` between them, if that does not get too long."""
    pieces: list[str] = []
    length = 0
    for item in items:
        pieces.append(str(light(item)))
        length += len(pieces[-1]) + len(between)
        spend(len(pieces[-1]) + len(between) + 1)
        if length > LONGEST + len(between):
            raise ValueError("that list is too long to be joined")
    return between.join(pieces)


def bounded_replace(text: Any, old: Any, new: Any) -> str:
    """``text`` with ``new`` for each ``old``, if that does not get too long."""
    whole, before, after = str(light(text)), str(old), str(new)
    length = len(whole) + whole.count(before) * len(after)
    if length > LONGEST:
        raise ValueError("that replacement is too long")
    spend(length)
    return whole.replace(before, after)


def bounded_product(left: Any, right: Any) -> None:
    """Refuse a repetition or a product of whole numbers that gets too large."""
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > LARGEST_BITS:
            raise ValueError("that product is too large")
        return
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
            length = max(weight(sequence), 1) * max(times, 0)
            if length > LONGEST:
                raise ValueError("that repetition is too long")
            spend(length)


def bounded_sum(left: Any, right: Any) -> None:
    """Refuse a text or a list that gets too long."""
    if isinstance(left, (str, bytes, list, tuple)) and isinstance(right, (str, bytes, list, tuple)):
        if len(left) + len(right) > LONGEST:
            raise ValueError("that sum is too long")
        spend(len(left) + len(right))


def joined(pieces: Iterable[str]) -> str:
    """The text of all pieces of a template; a loop that makes too many of them is stopped."""
    kept: list[str] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length > LONGEST:
            raise ValueError("the text is too long")
    return "".join(kept)
