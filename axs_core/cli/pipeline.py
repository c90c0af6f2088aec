"""The grammar of an ``axs`` command line: a pipeline of actions, as users of axs type it.

::

    pipeline   = item { "," item }                  a lone comma is an argument of its own
    item       = [ labels ] action { argument }     an empty item: start again from the workspace
    ",0" | ",2" | ",name"                           instead of the comma: start again from the workspace, and pass the
                                                    previous result as positional argument 0, 2, or as --name
    labels     = OUT: | :FROM: | OUT:FROM:          store the result under OUT; apply the action to what is stored
                                                    under FROM instead of the previous result. Functions of later
                                                    entries find what is stored as values of that name (see get)

    argument   = text                               positional: a number where it prints back the same, else text
               | "text"                             (quotes seen by axs) text, never a number
               | ^LABEL                             what is stored under LABEL
               | --=text  --,=a,b  --,  ---=JSON    positional: text, list, empty list, JSON
               | --+  ---                           positional: true, false
               | --name=value                       number or text
               | --name===text                      the text as it is
               | --name  --name+  --name-           true, true, false
               | --name,=a,b   --name,              list, empty list; any of , : ; / and space separates
               | --name,:=x:1,y:2                   list of lists
               | --name,::=x:1,y:2                  dictionary
               | ---name=JSON
               | --name.member=value                one member of a dictionary; all forms
               | --name+=3  --name+,=x  ---name+=..  add to a number or text, append to a list, merge into a dictionary
               | --dry-run                          the same as --dry_run, in all forms

Nothing here knows which actions exist.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from axs_core.base.errors import UsageError
from axs_core.base.value import Value
from axs_core.cli.arguments import NAME, Fault, Option, read_option, scalar

_ACTION = re.compile(r"[A-Za-z_]\w*(?:-\w+)*")
_MOST_DIGITS = 4
"""Of the place of an argument; Python itself reads some thousand digits only."""
_LABELS = re.compile(r"(?P<out>[A-Za-z_]\w*)?:(?:(?P<source>[A-Za-z_]\w*):)?")


class Call(Value):
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


class _Item:
    """What stands between two commas: (place in the command line, argument) pairs."""

    def __init__(self, insert: int | str | None = None, restart: bool = False) -> None:
        self.insert, self.restart = insert, restart
        self.words: list[tuple[int, str]] = []


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


def _insert(arguments: Sequence[str], place: int) -> int | str:
    where = arguments[place][1:]
    if where.isascii() and where.isdigit() and len(where) <= _MOST_DIGITS:
        return int(where)
    if NAME.fullmatch(where):
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
    if not _ACTION.fullmatch(first):
        raise _usage(arguments, place, f"{first!r} is not the name of an action", _action_hint(first))
    args: list[Any] = []
    options: list[Option] = []
    for place, word in words:
        try:
            read = read_option(word) if word.startswith("--") else Option((), scalar(word))
        except Fault as fault:
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


def _usage(arguments: Sequence[str], place: int, message: str, hint: str | None) -> UsageError:
    """The error, with the command line as it was typed and the argument underlined."""
    from shlex import quote

    before = " ".join(["axs", *(quote(argument) for argument in arguments[:place])])
    line = " ".join([before, *(quote(argument) for argument in arguments[place:])])
    marks = " " * (len(before) + 1) + "^" * len(quote(arguments[place]))
    return UsageError(f"{message}\n    {line}\n    {marks}", hint=hint)
