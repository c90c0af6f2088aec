"""From text to a query.

Grammar (blanks are ignored round commas, round operators and at both ends)::

    query      = condition { "," condition }
    condition  = tag | ( "-" | "!" ) tag
               | key compare value                compare = "=" "==" "===" "?=" "!=" "<" ">" "<=" ">=" ":" "!:"
               | key ":=" [ value { ":" value } ]
               | key ( "." | "!." | "+" | "-" )   exists, does not exist, is true, is false
    key        = letters, digits, "_", and single "." or "-" between them
    tag        = a letter, digit or "_", then also ". / @ + -"; in double quotes if it does not end in a letter,
                 digit, "_" or "++" ("c+" is a tag in quotes, c++ is one without, c+ means: c is true)
    value      = text up to the next "," (in a list also ":"), not beginning with one of " = < >
               | '"' any text, with each '"' in it doubled '"'

``{{ ... }}`` in a tag or in an unquoted value is one piece, whatever it holds. In a query that is given as a list of
conditions, a comma does not end a value.

    >>> str(parse(' detected , tool_name = git , version >= 2.30, -broken'))
    'detected,-broken,tool_name=git,version>=2.30'
    >>> parse('title="a, b",sizes:=1:8').conditions[0].value
    'a, b'
    >>> parse(["urls:={{ [a, b] }}", "note=one, two"]).get("note")[0].value
    'one, two'
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from axs_core.query.condition import Condition
from axs_core.query.lexical import (
    BARE_TAG,
    KEY,
    QUOTED,
    TAG,
    QuerySyntaxError,
    bare_end,
    skip_template,
    without_templates,
)
from axs_core.query.terms import Query, check_contradictions

MOST = 500
"""So many conditions a query may have: each is compared with the others, and looked up."""

_WORD = re.compile(r"[\w./@+-]+")
_OPERATOR = re.compile(r"===|==|:=|\?=|!=|<=|>=|!:|=|<|>|:")
_BLANK = re.compile(r"\s*")
_EXAMPLE = "name a tag or a value, as in fruit,colour=red"


def parse(text: str | Sequence[str]) -> Query:
    """The query that ``text`` says; a sequence holds one condition an item, split already.

    Raises QuerySyntaxError, which points at what cannot be read.
    """
    if isinstance(text, str):
        _refuse_half_characters(text)
        parser = _Parser(text, separator=",")
        conditions, spans = parser.conditions()
        _refuse_many(len(conditions))
        check_contradictions(conditions, text, spans)
    else:
        _refuse_many(len(text))
        conditions = [_one(item, number) for number, item in enumerate(text, 1)]
        if not conditions:
            raise QuerySyntaxError("the query is empty", "", [], hint=_EXAMPLE)
        check_contradictions(conditions)
    return Query(tuple(dict.fromkeys(conditions)))


def _one(item: object, number: int) -> Condition:
    if not isinstance(item, str):
        problem = f"condition {number} of the query is not text: {item!r}"
        raise QuerySyntaxError(problem, "", [], hint=f'put it in quotes: "{item}"')
    if not item.strip():
        raise QuerySyntaxError(f"condition {number} of the query is empty", "", [], hint="take the item away")
    _refuse_half_characters(item)
    return _Parser(item, separator="").conditions()[0][0]


def _refuse_many(count: int) -> None:
    if count > MOST:
        problem = f"the query has {count} conditions; {MOST} are the most"
        raise QuerySyntaxError(problem, "", [], hint="many values of one name go into a list: key:=first:second")


def _refuse_half_characters(text: str) -> None:
    """A command line may hold any bytes; those that are no UTF-8 come as halves of characters, which nothing can
    keep.
    """
    at = next((place for place, char in enumerate(text) if "\ud800" <= char <= "\udfff"), None)
    if at is not None:
        hint = "type it in UTF-8; a file whose name is not UTF-8 needs another name or a link"
        raise QuerySyntaxError("the query holds a byte that is no text", text, [(at, at + 1)], hint=hint)


class _Parser:
    """Reads conditions from left to right; ``position`` is the next character."""

    def __init__(self, text: str, separator: str) -> None:
        self.text, self.separator, self.position = text, separator, 0

    def conditions(self) -> tuple[list[Condition], list[tuple[int, int]]]:
        """All conditions, and where each stands in the text."""
        if not self.text.strip():
            raise QuerySyntaxError("the query is empty", self.text, [], hint=_EXAMPLE)
        conditions, spans = [], []
        while True:
            self._skip_blanks()
            start = self.position
            conditions.append(self._condition().canonical())
            spans.append((start, start + len(self.text[start : self.position].rstrip())))
            if not self._take_separator():
                return conditions, spans

    def _condition(self) -> Condition:
        if self._at_end():
            raise self._nothing()
        start = self.position
        sign = self._next() in "-!"
        self.position += sign
        if self._next() == '"':
            return Condition("-tag" if sign else "tag", self._quoted_tag())
        word = self._word()
        operator = self._operator()
        if sign:
            return self._excluded(start, word, operator)
        if operator:
            return self._named(start, word, operator)
        return self._plain(start, word)

    def _word(self) -> str:
        """A key or a tag, templates included; what may follow is left to the caller."""
        start = self.position
        while True:
            match = _WORD.match(self.text, self.position)
            end = match.end() if match else skip_template(self.text, self.position)
            if end is None:
                break
            self.position = end
        if self.position == start:
            operator = _OPERATOR.match(self.text, start)
            if operator:
                hint = f"key{self.text[start:]}"
                raise self._error(f"a name must stand before {operator.group()}", start, operator.end(), hint)
            raise self._unexpected()
        return self.text[start : self.position]

    def _operator(self) -> str | None:
        """What stands after a word: an operator, ``!.``, or None before the next condition."""
        if self.text.startswith("!.", self.position):
            self.position += 2
            return "!."
        after = self.position
        self._skip_blanks()
        match = _OPERATOR.match(self.text, self.position)
        if match:
            self.position = match.end()
            return match.group()
        if not self._at_end():
            self.position = min(after, self.position)
            raise self._unexpected()
        return None

    def _excluded(self, start: int, word: str, operator: str | None) -> Condition:
        if operator:
            hints = {"!.": f"{word}.", ":": f"{word}!:...", "=": f"{word}!=..."}
            hint = hints.get(operator, f"{word}{operator}... without the sign in front")
            raise self._error("only a tag can be excluded with - or !", start, self.position, hint)
        if not BARE_TAG.fullmatch(without_templates(word)):
            hint = f"{word[:-1]}!." if word.endswith(".") and KEY.fullmatch(word[:-1]) else f'-"{word}" for a tag'
            raise self._error(f"{word} cannot be excluded as it stands", start, self.position, hint)
        return Condition("-tag", word)

    def _plain(self, start: int, word: str) -> Condition:
        """A word without an operator after it: a tag, or a key with one sign at its end."""
        end = start + len(word)
        if word[-1] in ".+-" and KEY.fullmatch(word[:-1]):
            return Condition(word[-1], word[:-1])
        if not BARE_TAG.fullmatch(without_templates(word)):
            quotable = TAG.fullmatch(word)
            hint = f'"{word}" in double quotes is a tag' if quotable else "a tag begins with a letter, a digit or _"
            raise self._error(f"{word} is neither a tag nor a condition", start, end, hint)
        return Condition("tag", word)

    def _named(self, start: int, key: str, operator: str) -> Condition:
        if not KEY.fullmatch(key):
            hint = "a name has letters, digits and _, with single dots or dashes between them"
            raise self._error(f"{key} cannot be the name of a value", start, start + len(key), hint)
        if operator == "!.":
            if not self._at_separator():
                raise self._error("nothing can follow !.", self.position, self.position + 1, f"{key}!.")
            return Condition("!.", key)
        end = self.position
        self._skip_blanks()
        if operator == ":=":
            return self._list(key)
        if self._at_end():
            hint = f'{key}{operator}"" for an empty text, {key}!. for no value at all'
            raise self._error(f"there is no value after {operator}", end - len(operator), end, hint)
        value, quoted = self._value(self.separator, key, operator)
        return Condition(operator, key, value, quoted)

    def _list(self, key: str) -> Condition:
        values: list[tuple[str, bool]] = []
        while values or not self._at_end():
            self._skip_blanks()
            if self._at_end() or self._next() == ":":
                hint = f'write "" for an empty text, {key}:= for an empty list'
                raise self._error("an item of the list is missing", self.position - bool(values), self.position, hint)
            values.append(self._value(self.separator + ":", key, ":="))
            self._skip_blanks()
            if self._next() != ":":
                break
            self.position += 1
        return Condition(":=", key, tuple(text for text, _ in values), tuple(flag for _, flag in values))

    def _value(self, stops: str, key: str, operator: str) -> tuple[str, bool]:
        if self._next() == '"':
            return self._quoted(stops), True
        start, self.position = self.position, bare_end(self.text, self.position, stops)
        value = self.text[start : self.position].rstrip()
        if value[0] in "=<>":
            hint = f'{key}{operator}"{value}" if it is part of the text'
            if operator + value[0] in ("<>", "!=="):  # as krai's axs has it
                hint = f"{key}!={value[1:]}"
            elif operator == "=" and value[0] != "=":
                hint = f"{key}{value[0]}={value[1:]}, or {hint}"
            raise self._error(f"a value cannot begin with {value[0]}", start, start + 1, hint)
        return value, False

    def _quoted(self, stops: str) -> str:
        start = self.position
        match = QUOTED.match(self.text, start)
        if not match:
            hint = 'close it with ", and write a quote inside of it twice'
            raise self._error("this quote is never closed", start, start + 1, hint)
        self.position = match.end()
        self._skip_blanks()
        if self.position < len(self.text) and self._next() not in stops:
            hint = 'put the whole value in double quotes, and write a quote inside of it twice: "say ""yes"""'
            raise self._error("there is text after the closing quote", self.position, self.position + 1, hint)
        return match.group(1).replace('""', '"')

    def _quoted_tag(self) -> str:
        start = self.position
        match = QUOTED.match(self.text, start)
        tag = self._quoted(self.separator + "=<>:!?.+-")
        if not self._at_end():
            hint = f"{tag}{self.text[self.position :].strip()}"
            raise self._error("a name is not put in quotes", start, match.end() if match else start, hint)
        if not TAG.fullmatch(without_templates(tag)):
            hint = "a tag begins with a letter, a digit or _, and may have . / @ + - after that"
            raise self._error("this cannot be a tag", start, self.position, hint)
        return tag

    def _take_separator(self) -> bool:
        self._skip_blanks()
        if self.position == len(self.text):
            return False
        self.position += 1
        return True

    def _skip_blanks(self) -> None:
        match = _BLANK.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _next(self) -> str:
        return self.text[self.position : self.position + 1]

    def _at_end(self) -> bool:
        """At the end of a condition?"""
        return self.position == len(self.text) or (self._next() == self.separator)

    def _at_separator(self) -> bool:
        self._skip_blanks()
        return self._at_end()

    def _nothing(self) -> QuerySyntaxError:
        if self.position < len(self.text):
            where, problem = self.position, "there is nothing before this comma"
        else:
            where, problem = self.text.rstrip().rfind(","), "there is nothing after this comma"
        return self._error(problem, where, where + 1, "take the comma away, or put it in double quotes if it is meant")

    def _unexpected(self) -> QuerySyntaxError:
        char, before = self._next(), self.text[: self.position].rstrip()
        after = self.text[self.position :].strip()
        if before.endswith(("-", "!")) and (not after or char.isspace()):
            at = len(before) - 1
            return self._error("a tag must follow the sign directly", at, at + 1, f"{before}{after or 'tag'}")
        if char.isspace():
            hint = f"{before},{after} if these are two conditions"
            return self._error("a blank cannot stand here", self.position, self.position + 1, hint)
        if char == "^" and before[-1:] in ("", ","):  # as krai's axs has it
            hint = f"{before}-{after[1:]} excludes a tag"
            return self._error("^ cannot stand here", self.position, self.position + 1, hint)
        hints = {
            '"': 'a value that holds quotes or commas is put in double quotes as a whole: key="a, b"',
            ",": "one condition an item: take the comma away, or make two items of it",
        }
        hint = hints.get(char, 'key="any text" where it is part of a value')
        shown = char if char.isprintable() else repr(char)
        return self._error(f"{shown} cannot stand here", self.position, self.position + 1, hint)

    def _error(self, problem: str, start: int, end: int, hint: str) -> QuerySyntaxError:
        return QuerySyntaxError(problem, self.text, [(start, end)], hint=hint)
