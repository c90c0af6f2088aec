"""Which known word was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORT = 3
"""Words of at most so many letters that differ in one of them are two words, as cpu and gpu are."""
_BREAKS = "_-."


def nearest(word: str, candidates: Iterable[str], n: int = 3) -> list[str]:
    """At most ``n`` candidates that look like ``word``, the most similar first; case does not count. Those that have
    all of its words and more, or lack some, come before those that are spelt alike.

    >>> nearest("colur", ["file_name", "colour", "quantity"])
    ['colour']
    >>> nearest("target_rate", ["find_target", "target_date", "server_target_rate"])
    ['server_target_rate', 'target_date']
    >>> nearest("xyz", ["colour"]), nearest("gpu", ["cpu"]), nearest("int4", ["int8"])
    ([], [], [])
    """
    from difflib import SequenceMatcher, get_close_matches  # not needed unless something went wrong

    by_folded: dict[str, list[str]] = {}
    for candidate in sorted(set(candidates)):
        by_folded.setdefault(candidate.casefold(), []).append(candidate)
    folded = word.casefold()
    parts = [each for each in by_folded if each != folded and _extends(each, folded)]
    parts.sort(key=lambda each: -SequenceMatcher(None, folded, each).ratio())
    alike = [each for each in get_close_matches(folded, by_folded, n=n + len(parts)) if not _another(folded, each)]
    found = dict.fromkeys([*(each for each in alike if each == folded), *parts, *alike])
    return [candidate for each in found for candidate in by_folded[each]][:n]


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The one that looks most like ``word``; None where none is near."""
    return next(iter(nearest(word, candidates, 1)), None)


def _extends(one: str, other: str) -> bool:
    """Does the longer begin or end with the shorter, as whole words?"""
    long, short = (one, other) if len(one) > len(other) else (other, one)
    if len(short) <= SHORT:
        return False
    return (long.startswith(short) and long[len(short)] in _BREAKS) or (
        long.endswith(short) and long[-len(short) - 1] in _BREAKS
    )


def _another(word: str, candidate: str) -> bool:
    """Is it another word, and no slip of the keyboard: a short one with another letter, the same with other digits?"""
    if len(word) != len(candidate) or sorted(word) == sorted(candidate):
        return False
    return len(word) <= SHORT or (len(word) <= 2 * SHORT and _without_digits(word) == _without_digits(candidate))


def _without_digits(word: str) -> str:
    return re.sub("[0-9]", "0", word)
