"""One term of a query: a tag, or a statement on a named value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axs_core.base.errors import UsageError
from axs_core.base.value import Value, replace
from axs_core.query.lexical import is_bare, print_tag, print_text, template_end
from axs_core.query.values import EXPECTED, contains, convert, equal, order, read_number, text_of

TAG_OPS = frozenset({"tag", "-tag"})
#: Operators that compare numbers or versions.
ORDER_OPS = frozenset({"<", ">", "<=", ">="})
#: Operators that give a named value when they are used as an assignment.
SETTING_OPS = frozenset({"=", "==", "===", ":=", "?=", "+", "-"})
_EQUAL_OPS = frozenset({"=", "==", "===", ":=", "?="})
_HOLD_WHEN_ABSENT = frozenset({"!=", "!:", "?=", "!."})
_ORDER_TESTS: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    ">": lambda sign: sign > 0,
    "<=": lambda sign: sign <= 0,
    ">=": lambda sign: sign >= 0,
}
_EXAMPLES = {"int": "{key}=20", "float": "{key}=1.5", "bool": "{key}+ or {key}-", "list": "{key}:=first:second"}

_COUNTED = {"share": "as a share", "%": "in per cent"}


class Condition(Value):
    """``op`` is the operator as it is typed, or ``tag`` / ``-tag``; ``key`` the tag, or the name of a value.

    ``value`` is the text as typed, without its quotes; a tuple of texts for ``:=``; None for tags, ``.``, ``!.``, ``+``
    and ``-``. Where a template was rendered it is whatever came out. ``quoted`` says that the text is meant as text
    even if it looks like a number (one flag for each item of ``:=``).

    >>> Condition("=", "opset", "11"), str(Condition("=", "opset", "11", quoted=True))
    (Condition(op='=', key='opset', value='11', quoted=False), 'opset="11"')
    """

    op: str
    key: str
    value: Any = None
    quoted: bool | tuple[bool, ...] = False

    def is_tag(self) -> bool:
        """Is it about a tag, wanted or not wanted, and not about a named value?"""
        return self.op in TAG_OPS

    def sets(self) -> bool:
        """Does it name one value, so that it can be used as an assignment: ``= == === := ?= + -``?"""
        return self.op in SETTING_OPS

    def holds(self, value: Any, present: bool = True, type: str | None = None) -> bool:
        """Does ``value`` satisfy it, given that the attribute is ``present`` and has this declared ``type`` (or none)?

        A null value counts as absent. For a tag, ``present`` says whether the tag is there, and ``value`` is ignored.

        >>> Condition("=", "opset", "8").holds(8), Condition(">", "version", "1.9").holds("1.10")
        (True, True)
        >>> Condition("!=", "opset", "8").holds(None, present=False)
        True
        """
        if self.is_tag():
            return present is (self.op == "tag")
        if not present or value is None:
            return self.op in _HOLD_WHEN_ABSENT
        return self._holds_for(value, type)

    def _holds_for(self, value: Any, type: str | None) -> bool:
        if self.op in (".", "!."):
            return self.op == "."
        if self.op in ("+", "-"):
            return equal(value, self.op == "+", type)
        if self.op in (":", "!:"):
            return contains(value, self.value, self.quoted is True) is (self.op == ":")
        if self.op in _ORDER_TESTS:
            sign = order(value, self.value, type)
            return sign is not None and _ORDER_TESTS[self.op](sign)
        return equal(value, self.value, type, self._flags()) is (self.op in _EQUAL_OPS)

    def typed_value(self, type: str | None = None, unit: str | None = None) -> Any:
        """The value it names, as the declared ``type`` (int, float, bool, list, str, version, path, file, folder);
        ``unit`` is what a number is counted in, for the error.

        Without a type, text that is a number becomes one, unless it was quoted, or would not print back the same
        (1.10, 007). Raises UsageError where the value cannot be of that type.

        >>> Condition("=", "target_rate", "100").typed_value("float")
        100.0
        >>> Condition(":=", "sizes", ("1", "8")).typed_value(), Condition("=", "version", "1.10").typed_value()
        ([1, 8], '1.10')
        """
        value = self.op == "+" if self.op in ("+", "-") else self.value
        try:
            return convert(value, type, self._flags())
        except ValueError:
            shown = repr(value) if isinstance(value, str) else text_of(value)
            wanted = EXPECTED[type or ""] + (f", {_COUNTED.get(unit, f'in {unit}')}" if unit else "")
            raise UsageError(f"{self.key} must be {wanted}: {shown}", hint=self._example(type, unit)) from None

    def _example(self, type: str | None, unit: str | None) -> str:
        """What to type instead of a value that is not of the type."""
        from axs_core.query.units import measured, plain

        example = _EXAMPLES.get(type or "", "{key}=text").format(key=self.key)
        if type not in ("int", "float") or measured(self.value) is None:
            return example
        number = plain(self.value, unit)
        if number is None or (type == "int" and not number.isdigit()):
            return f"a number without a unit, as {example}"
        return f"{self.key}{self.op if self.op in _ORDER_TESTS else '='}{number}"

    def rendered(self, render: Callable[[str], Any]) -> Condition | None:
        """The same condition with ``render`` applied to its texts; None where null came out.

        ``render`` returns a text without a template as it is.
        What comes out keeps its type: text that came out of a single ``{{ expression }}`` stays text, even if it looks
        like a number. Text in quotes becomes text in any case. A list that comes out for an item of ``:=`` takes the
        place of the item.
        """
        if self.is_tag():
            tag = render(self.key)
            return None if tag is None else replace(self, key=text_of(tag))
        if isinstance(self.value, tuple):
            return self._rendered_list(render)
        value, quoted = _render(self.value, self.quoted is True, render)
        if value is None:
            return self if self.value is None else None
        flags = tuple(isinstance(item, str) for item in value) if isinstance(value, (list, tuple)) else quoted
        return replace(self, value=value, quoted=flags).canonical()

    def _rendered_list(self, render: Callable[[str], Any]) -> Condition | None:
        results = [_render(text, flag, render) for text, flag in self._items()]
        if results and all(value is None for value, _ in results):
            return None
        items: list[tuple[Any, bool]] = []
        for value, flag in results:
            # Items of a list that came out have their types already: a text among them stays text.
            spliced = [(item, isinstance(item, str)) for item in value] if isinstance(value, (list, tuple)) else None
            items += spliced if spliced is not None else [(value, flag)] if value is not None else []
        return replace(
            self, value=tuple(value for value, _ in items), quoted=tuple(flag for _, flag in items)
        ).canonical()

    def canonical(self) -> Condition:
        """The same condition, ``quoted`` only where that makes a difference: for numbers and templates."""
        if isinstance(self.value, (tuple, list)):
            return replace(self, quoted=tuple(_quoted(item, flag, ",:") for item, flag in self._items()))
        return replace(self, quoted=self.op != "===" and _quoted(self.value, self.quoted is True, ","))

    def _flags(self) -> bool | tuple[bool, ...]:
        return True if self.op == "===" else self.quoted

    def _items(self) -> list[tuple[Any, bool]]:
        """The items of a list, each with its flag."""
        flags = [self.quoted] * len(self.value) if isinstance(self.quoted, bool) else self.quoted
        return list(zip(self.value, flags, strict=True))

    def __str__(self) -> str:
        """As it would be typed; a list for ``=`` is printed with ``:=``."""
        if self.is_tag():
            return ("-" if self.op == "-tag" else "") + print_tag(self.key)
        if isinstance(self.value, (tuple, list)):
            return f"{self.key}:=" + ":".join(print_text(text_of(item), ",:", flag) for item, flag in self._items())
        if self.value is None:
            return f"{self.key}{self.op}"
        return f"{self.key}{self.op}{print_text(text_of(self.value), ',', self.quoted is True)}"


def _quoted(value: Any, flag: bool, stops: str) -> bool:
    """Does it matter that this value is in quotes, and is it, or must it be?"""
    if not isinstance(value, str) or not ("{{" in value or read_number(value) is not None):
        return False
    return flag or not is_bare(value, stops)


def _render(value: Any, quoted: bool, render: Callable[[str], Any]) -> tuple[Any, bool]:
    if not isinstance(value, str):
        return value, quoted
    result = render(value)
    if quoted:
        return (None if result is None else text_of(result)), True
    whole = value.startswith("{{") and template_end(value, 0) == len(value)
    return result, whole and isinstance(result, str)
