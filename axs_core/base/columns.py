"""Rows of text as lines with aligned columns, as a terminal shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

_BETWEEN = "  "


def aligned(
    rows: Sequence[Sequence[str]], header: Sequence[str] = (), *, indent: str = "", first: int | None = None
) -> Iterator[str]:
    """The lines of rows that have as many cells each, under a header where one is given. There may be 100,000: they are
    gone through twice and never kept.

    ``first``: width of the first column; where that does not suffice, the other cells of the row are on a line of their
    own below.

    >>> list(aligned([("a", "1"), ("long", "2")], ("name", "n"), indent="  "))
    ['  name  n', '  a     1', '  long  2']
    """
    headers = (header,) if header else ()
    widths: list[int] = []
    for row in chain(headers, rows):
        own = map(width, row)
        widths = [max(pair) for pair in zip(widths, own, strict=True)] if widths else list(own)
    if first is not None:
        widths[:1] = [first]
    for row in chain(headers, rows):
        if first is not None and width(row[0]) > first:
            yield f"{indent}{row[0]}"
            row = ("", *row[1:])
        yield f"{indent}{_BETWEEN.join(map(_filled, row, widths))}".rstrip()


def _filled(text: str, to: int) -> str:
    return text.ljust(to) if text.isascii() else text + " " * (to - _width(text))


def width(text: str) -> int:
    """How many places of a terminal a text takes: wide characters two, marks that are put onto others none.

    >>> width("abc"), width("日本"), width("é")
    (3, 4, 1)
    """
    return len(text) if text.isascii() else _width(text)


def _width(text: str) -> int:
    from unicodedata import category, east_asian_width

    wide = sum(east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(category(each) in ("Mn", "Me", "Cf") for each in text)
