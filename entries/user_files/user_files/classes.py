"""The names of classes: a line for each, in the order of the network's outputs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from . import Unusable
from .text import lines_of

_SYNSET = re.compile(r"(n\d{8})(?:\s+(.+))?")
_NUMBERED = re.compile(r"(\d+)\s*[:,;\t ]\s*(.+)")


class Classes:
    """Numbers by the names in ``file``. A line is a name, ``NUMBER NAME`` (all of them numbered in order), or a line of
    ImageNet's synset_words.txt, ``n01440764 tench, Tinca tinca``: there the id and each of the words are names.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        numbers: defaultdict[str, set[int]] = defaultdict(set)
        lines = _plain([line.strip() for line in lines_of(file) if line.strip()])
        if not lines:
            raise Unusable(f"{file} names no class", hint="it has a line for each class, in the order of their numbers")
        for number, line in enumerate(lines):
            for name in _names(line):
                numbers[name.casefold()].add(number)
        self.count = len(lines)
        self._numbers = {name: number.pop() for name, number in numbers.items() if len(number) == 1}

    def number(self, name: str) -> int | None:
        """The class of that name, in small or capital letters; None where there is none, or several."""
        return self._numbers.get(name.casefold())

    def near(self, name: str) -> str | None:
        """A name that is written nearly so."""
        return next(iter(get_close_matches(name.casefold(), self._numbers, 1)), None)


def _plain(lines: list[str]) -> list[str]:
    """The lines without their numbers, where each has its own."""
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    if all(match and int(match[1]) == place for place, match in enumerate(numbered)):
        return [match[2].strip() for match in numbered if match]
    return lines


def _names(line: str) -> Iterator[str]:
    yield line
    if synset := _SYNSET.fullmatch(line):
        yield synset[1]
        yield from (word.strip() for word in (synset[2] or "").split(",") if word.strip())
