"""How names, texts, quotes and templates are spelt; shared by the parser and by what prints a query."""

from __future__ import annotations

import re
from collections.abc import Sequence

from axs_core.base.errors import UsageError

KEY = re.compile(r"\w+(?:[-.]\w+)*")
TAG = re.compile(r"\w[\w./@+-]*")
#: A tag that needs no quotes: it ends in a letter, a digit or ``++``; one sign at the end would be an operator.
BARE_TAG = re.compile(r"\w(?:[\w./@+-]*\w)?(?:\+\+)?")
QUOTED = re.compile(r'"((?:[^"]|"")*)"')

WIDEST = 200
"""So much of a text is shown where an error points into it."""

_STRING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


class QuerySyntaxError(UsageError):
    """A query that cannot be read. ``problem`` says why, ``spans`` say where in ``text``: (start, end) pairs.

    >>> print(QuerySyntaxError("there is nothing before this comma", "model,,opset=8", [(6, 7)]))
    there is nothing before this comma
        model,,opset=8
              ^
    """

    def __init__(self, problem: str, text: str, spans: Sequence[tuple[int, int]], *, hint: str | None = None) -> None:
        self.problem, self.text, self.spans = problem, text, tuple(spans)
        super().__init__("\n".join([_in_one_line(problem), *self._pointed()]), hint=hint and _in_one_line(hint))

    def _pointed(self) -> list[str]:
        """The text in one line with carets below; of a long one what stands round the first of them."""
        if not self.text.strip():
            return []
        marked = {column for start, end in self.spans for column in range(start, max(end, start + 1))}
        begin = max(0, min(marked, default=0) - WIDEST // 2) if len(self.text) > WIDEST else 0
        end = begin + WIDEST
        shown = f"{'..' if begin else ''}{self.text[begin:end]}{'..' if end < len(self.text) else ''}"
        carets = "".join("^" if column in marked else " " for column in range(begin, min(end, len(self.text) + 1)))
        return [f"    {_in_one_line(shown)}".rstrip(), f"    {'  ' if begin else ''}{carets}".rstrip()]


def _in_one_line(text: str) -> str:
    """What does not print takes one column all the same, so that carets stand where they should."""
    return "".join(char if char.isprintable() else " " for char in text)


def template_end(text: str, start: int) -> int | None:
    """Where the ``{{ ... }}`` that begins at ``start`` ends; None: never. Strings and braces in it are skipped."""
    position, depth = start + 2, 0
    unclosed = set()  # a quote that nothing closes: nor does anything close a later one
    while position < len(text):
        if text[position] in "'\"" and text[position] not in unclosed:
            string = _STRING.match(text, position)
            if string:
                position = string.end()
                continue
            unclosed.add(text[position])
        if depth == 0 and text.startswith("}}", position):
            return position + 2
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        position += 1
    return None


def bare_end(text: str, start: int, stops: str) -> int:
    """Where text that is not in quotes ends: at one of the characters ``stops`` outside of templates, or at the end."""
    position = start
    while position < len(text) and text[position] not in stops:
        position = skip_template(text, position) or position + 1
    return position


def skip_template(text: str, position: int) -> int | None:
    """Where the template at ``position`` ends; None: there is none. Raises QuerySyntaxError if it is never closed."""
    if not text.startswith("{{", position):
        return None
    end = template_end(text, position)
    if end is None:
        hint = "close it with }}, or put the whole value in double quotes if the braces are meant"
        raise QuerySyntaxError("this template is never closed", text, [(position, position + 2)], hint=hint)
    return end


def without_templates(text: str) -> str:
    """``text`` with a letter in the place of each template, to check how the rest is spelt."""
    pieces, position = [], 0
    while position < len(text):
        end = skip_template(text, position)
        pieces.append("x" if end else text[position])
        position = end or position + 1
    return "".join(pieces)


def print_tag(tag: str) -> str:
    """A tag as it is typed: in quotes where it would be read as something else."""
    return tag if BARE_TAG.fullmatch(without_templates(tag)) and not _truth_sign(tag) else f'"{tag}"'


def print_text(text: str, stops: str, quoted: bool) -> str:
    """A value as it is typed, in quotes if ``quoted``, or if it would not be read back; ``stops`` end a bare value."""
    return '"' + text.replace('"', '""') + '"' if quoted or not is_bare(text, stops) else text


def _truth_sign(word: str) -> bool:
    return word[-1] in ".+-" and KEY.fullmatch(word[:-1]) is not None


def is_bare(text: str, stops: str) -> bool:
    """Would this value be read back without quotes, where ``stops`` end it?"""
    if not text or text != text.strip() or text[0] in '"=<>':
        return False
    try:
        return bare_end(text, 0, stops) == len(text)
    except QuerySyntaxError:
        return False
