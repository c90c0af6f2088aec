"""Which known word was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str], n: int = 3) -> list[str]:
    """At most ``n`` candidates that look like ``word``, the most similar first; case does not count.

    >>> nearest("framwork", ["model_name", "framework", "quantity"])
    ['framework']
    >>> nearest("xyz", ["framework"])
    []
    """
    from difflib import get_close_matches  # not needed unless something went wrong

    by_folded: dict[str, list[str]] = {}
    for candidate in sorted(set(candidates)):
        by_folded.setdefault(candidate.casefold(), []).append(candidate)
    close = get_close_matches(word.casefold(), by_folded, n=n)
    return [candidate for folded in close for candidate in by_folded[folded]][:n]


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The one that looks most like ``word``; None where none is near."""
    return next(iter(nearest(word, candidates, 1)), None)
