"""The grammar of an ``axs`` command line: a pipeline of actions, as users of axs type it.

::

    pipeline   = item { "," item }                  a lone comma is an argument of its own
    item       = [ labels ] action { argument }     an empty item: start again from the workspace
    ",0" | ",2" | ",name"                           instead of the comma: start again from the workspace, and pass the
                                                    previous result as positional argument 0, 2, or as --name
    labels     = OUT: | :FROM: | OUT:FROM:          store the result under OUT; apply the action to what is stored
                                                    under FROM instead of the previous result

    argument   = text                               positional: a number where it prints back the same, else text
               | "text"                             (quotes seen by axs) text, never a number
               | ^LABEL                             what is stored under LABEL
               | --=text  --,=a,b  --,  ---=JSON    positional: text, list, empty list, JSON
               | --name=value                       number or text
               | --name===text                      the text as it is
               | --name  --name+  --name-           true, true, false
               | --name,=a,b   --name,              list, empty list; any of , : ; / and space separates
               | --name,:=x:1,y:2                   list of lists
               | --name,::=x:1,y:2                  dictionary
               | ---name=JSON
               | --name.member=value                one member of a dictionary; all forms
               | --name+=3  --name+,=x  ---name+=..  add to a number or text, append to a list, merge into a dictionary

Nothing here knows which actions exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from axs_core.errors import UsageError

_NAME = re.compile(r"[A-Za-z_]\w*")
_LABELS = re.compile(r"(?P<out>[A-Za-z_]\w*)?:(?:(?P<source>[A-Za-z_]\w*):)?")
_HEAD = re.compile(r"(?P<path>[\w.]*)(?P<augment>\+?)(?P<separators>[ ,;:/]{0,3})")
_FLAG = re.compile(r"(?P<path>[\w.]*)(?P<sign>[,+-]?)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")


@dataclass(frozen=True)
class Stored:
    """Stands for what an earlier action stored under ``label``."""

    label: str


@dataclass(frozen=True)
class Option:
    """``--a.b+=3``: path ("a", "b"), value 3, augment (add to what is there, instead of replacing it)."""

    path: tuple[str, ...]
    value: Any
    augment: bool = False


@dataclass(frozen=True)
class Call:
    """One action of a pipeline.

    ``label``: store the result under this name. ``source``: apply to what is stored under this name. ``insert``: where
    the previous result goes among the arguments (a position, or a name). ``restart``: apply to the workspace.
    """

    action: str
    args: tuple[Any, ...] = ()
    options: tuple[Option, ...] = ()
    label: str | None = None
    source: str | None = None
    insert: int | str | None = None
    restart: bool = False

    @property
    def asks_help(self) -> bool:
        """Whether this is ``ACTION --help`` and nothing else."""
        return not self.args and self.options == (Option(("help",), True),)


@dataclass
class _Item:
    """What stands between two commas: (place in the command line, argument) pairs."""

    insert: int | str | None = None
    restart: bool = False
    words: list[tuple[int, str]] = field(default_factory=list)


class _Fault(Exception):
    """An argument that cannot be understood, before it is known where it stands."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def parse_pipeline(arguments: Sequence[str]) -> tuple[Call, ...]:
    """The calls that a command line (without the program's name and the global options) asks for.

    Raises :class:`UsageError` with the argument underlined.

        >>> parse_pipeline(["byname", "numpy", ",", "get", "version"])[1]
        Call(action='get', args=('version',), options=(), label=None, source=None, insert=None, restart=False)
    """
    calls: list[Call] = []
    item = _Item()
    for place, argument in enumerate(arguments):
        if not argument.startswith(","):
            item.words.append((place, argument))
            continue
        if item.words:
            calls.append(_call(item, arguments))
            item = _Item()
        elif not calls:
            raise _usage(arguments, place, f"there is no action before {argument!r}", "axs help")
        elif item.insert is not None:
            raise _usage(arguments, place, f"there is no action between ',{item.insert}' and {argument!r}", None)
        elif argument == ",":
            item.restart = True
        if argument != ",":
            item.insert = _insert(arguments, place)
    if item.words:
        calls.append(_call(item, arguments))
    elif arguments:
        last = len(arguments) - 1
        raise _usage(arguments, last, f"there is no action after {arguments[last]!r}", None)
    return tuple(calls)


def merge_options(options: Sequence[Option], present: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments that the options amount to, in the order typed.

    ``present`` has the values that ``--name+=`` adds to and whose members ``--name.member=`` changes, by name (only the
    names that :func:`names_changed` gives are asked for); nothing in it is modified.
    """
    result: dict[str, Any] = {}
    for option in options:
        name = option.path[0]
        before = result[name] if name in result else present.get(name)
        result[name] = _changed(before, option, 1)
    return result


def names_changed(options: Sequence[Option]) -> tuple[str, ...]:
    """The names whose present value is needed, because an option adds to it or changes a member of it."""
    return tuple(dict.fromkeys(option.path[0] for option in options if option.augment or len(option.path) > 1))


def _changed(before: Any, option: Option, depth: int) -> Any:
    """``before`` with the option's value at the rest of its path."""
    if depth < len(option.path):
        members = dict(before) if isinstance(before, Mapping) else {}
        member = option.path[depth]
        return {**members, member: _changed(members.get(member), option, depth + 1)}
    return _augmented(before, option) if option.augment else option.value


def _augmented(before: Any, option: Option) -> Any:
    """``before`` with the value added, appended or merged, by the kind of ``before``."""
    value = option.value
    if before is None:
        return value
    if isinstance(before, (list, tuple)):
        return [*before, *value] if isinstance(value, list) else [*before, value]
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        return {**before, **value}
    numbers = isinstance(before, (int, float)) and isinstance(value, (int, float))
    if numbers or (isinstance(before, str) and isinstance(value, str)):
        return before + value
    typed = ".".join(option.path)
    raise UsageError(f"cannot add {value!r} to '{typed}', which is {before!r}", hint=f"--{typed}= replaces it")


def _insert(arguments: Sequence[str], place: int) -> int | str:
    where = arguments[place][1:]
    if where.isascii() and where.isdigit():
        return int(where)
    if _NAME.fullmatch(where):
        return where
    raise _usage(
        arguments,
        place,
        f"{arguments[place]!r} is neither a lone ',' nor ',NUMBER' nor ',NAME'",
        f"put a space after the comma; for a value that begins with a comma: '--={arguments[place]}'",
    )


def _call(item: _Item, arguments: Sequence[str]) -> Call:
    """The call that the words of one item make."""
    words = list(item.words)
    label = source = None
    place, first = words.pop(0)
    if labels := _LABELS.fullmatch(first):
        label, source = labels["out"], labels["source"]
        if label is source is None or not words:
            what = "names no label" if label is source is None else "is not followed by an action"
            raise _usage(arguments, place, f"{first!r} {what}", "LABEL: ACTION stores what the action gives")
        place, first = words.pop(0)
    if not _NAME.fullmatch(first):
        raise _usage(arguments, place, f"{first!r} is not the name of an action", _action_hint(first))
    args: list[Any] = []
    options: list[Option] = []
    for place, word in words:
        try:
            read = read_option(word) if word.startswith("--") else Option((), scalar(word))
        except _Fault as fault:
            raise _usage(arguments, place, str(fault), fault.hint) from None
        if read.path:
            options.append(read)
        else:
            args.append(read.value)
    return Call(first, tuple(args), tuple(options), label, source, item.insert, item.restart)


def _action_hint(word: str) -> str:
    if word.startswith("-"):
        return "options stand after the action: axs ACTION --name=value; axs help lists the ones for all of axs"
    return f"axs byquery '{word}'" if re.search(r"[,=<>]", word) else "axs help"


def read_option(word: str) -> Option:
    """One ``--...`` argument; an empty path for a positional one."""
    if word.startswith("---"):
        head, equals, text = word[3:].partition("=")
        if not equals:
            raise _Fault(f"{word!r} has no '='", "---name='{\"member\": 1}'")
        return _option(word, head, _json(text), "")
    head, equals, text = word[2:].partition("=")
    if not equals:
        return _flag(word, head)
    matched = _HEAD.fullmatch(head)
    separators = matched["separators"] if matched else ""
    return _option(word, head[: len(head) - len(separators)], _value(text, separators, word), separators)


def _option(word: str, head: str, value: Any, separators: str) -> Option:
    matched = _HEAD.fullmatch(head)
    if not matched or matched["separators"]:
        hint = f"--{head.replace('-', '_')}" if "-" in head else None
        raise _Fault(f"'{head}' is not the name of a parameter", hint)
    augment = bool(matched["augment"])
    path = _path(word, matched["path"])
    if augment and not path:
        raise _Fault(f"{word!r} does not say what to add to", f"--name+{separators}=")
    return Option(path, value, augment)


def _flag(word: str, head: str) -> Option:
    matched = _FLAG.fullmatch(head)
    if not matched:
        return _option(word, head, True, "")
    path = _path(word, matched["path"])
    if matched["sign"] == ",":
        return Option(path, [])
    if not path:
        raise _Fault(f"{word!r} names no parameter", "--name, --name- or --name=value")
    return Option(path, matched["sign"] != "-")


def _path(word: str, path: str) -> tuple[str, ...]:
    parts = tuple(path.split(".")) if path else ()
    if not all(parts):
        raise _Fault(f"{word!r} has an empty name before or after a '.'", "--name.member=value")
    return parts


def _value(text: str, separators: str, word: str) -> Any:
    """The value behind the ``=``, read as the separators before it say."""
    if not separators:
        if text.startswith("=="):
            return text[2:]
        if text.startswith("="):
            name, value = word.split("==", 1)
            hint = f"{name}={value}, or {name}==={value} for the text as it is"
            raise _Fault(f"{word!r} has '==' where '=' is meant", hint)
        return scalar(text)
    if not text:
        return {} if len(separators) == 3 else []
    groups = _split(text, separators[0])
    if len(separators) == 1:
        return [_plain(item) for item in groups]
    if len(separators) == 2:
        return [[_plain(item) for item in _split(group, separators[1])] for group in groups]
    if separators[1] != separators[2]:
        hint = "--name,::=key:value,key:value"
        raise _Fault(f"{word!r} has three separators; a dictionary repeats the last one", hint)
    return dict(_pair(group, separators[1], word) for group in groups)


def _pair(group: str, separator: str, word: str) -> tuple[str, Any]:
    key, found, value = group.partition(separator)
    if not found:
        raise _Fault(f"{word!r}: {group!r} has no {separator!r} between key and value", None)
    return key, _plain(value)


def _split(text: str, separator: str) -> list[str]:
    """Parts between separators; a separator inside double quotes counts for nothing."""
    parts, inside = [""], False
    for character in text:
        inside ^= character == '"'
        if character == separator and not inside:
            parts.append("")
        else:
            parts[-1] += character
    return text.split(separator) if inside else parts


def scalar(text: str) -> Any:
    """One value as typed: ``^label``, text in double quotes, a number, or text."""
    if text.startswith("^"):
        if not _NAME.fullmatch(text[1:]):
            hint = f"store one (LABEL: ACTION) and say ^LABEL; for the text: '\"{text}\"'"
            raise _Fault(f"{text!r} is not a stored result", hint)
        return Stored(text[1:])
    return _plain(text)


def _plain(text: str) -> Any:
    """A number where it prints back as typed (so nothing is lost where text is wanted), else text.

    >>> [_plain(text) for text in ("3", "-0.5", "1.10", "007", "1e5", '"3"', "nan")]
    [3, -0.5, '1.10', '007', '1e5', '3', 'nan']
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if _NUMBER.fullmatch(text):
        number = float(text) if "." in text or "e" in text else _integer(text)
        if repr(number) == text:
            return number
    return text


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts
        return None


def _json(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise _Fault(f"{text!r} is not JSON: {error}", "quote it for the shell: ---name='{\"member\": 1}'") from None


def _usage(arguments: Sequence[str], place: int, message: str, hint: str | None) -> UsageError:
    """The error, with the command line as it was typed and the argument underlined."""
    from shlex import quote

    before = " ".join(["axs", *(quote(argument) for argument in arguments[:place])])
    line = " ".join([before, *(quote(argument) for argument in arguments[place:])])
    marks = " " * (len(before) + 1) + "^" * len(quote(arguments[place]))
    return UsageError(f"{message}\n    {line}\n    {marks}", hint=hint)
