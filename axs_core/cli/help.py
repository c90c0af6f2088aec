"""Help: what axs can do, what an action does, what an entry takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from axs_core.base.columns import aligned
from axs_core.base.errors import NotFound
from axs_core.base.settings import VARIABLES
from axs_core.cli.format import as_text
from axs_core.cli.model import Table, Target
from axs_core.cli.options import SWITCHES, WORK_COLLECTION
from axs_core.cli.registry import ACTIONS, Action, register_all, register_named
from axs_core.collections.examples import of_action
from axs_core.query.near import closest

if TYPE_CHECKING:
    from axs_core.api import WorkspaceEntry

OF: dict[Target, str] = {
    "workspace": "from the start of a pipeline",
    "entry": "on an entry, or on each of several; besides these, any function of its code",
    "entries": "on all the entries that all_byquery gives, or on one",
    "collection": "on a collection",
    "value": "on a list, a dictionary or a text",
}
USAGE = "axs [OPTIONS] ACTION [ARGUMENT ...] [, ACTION [ARGUMENT ...]] ..."
_EXAMPLE = re.compile(r"\s*(axs|source) ")


def overview() -> str:
    """All actions, a line each."""
    failed = register_all()
    lines = [
        f"usage: {USAGE}",
        "",
        *(f"    {line}" for line in of_action("workspace", "byquery") or ("axs byquery QUERY , get NAME",)),
        "",
        "Each action is applied to what the one before it gave; ', ,' starts again from the workspace.",
    ]
    for target, where in OF.items():
        lines += ["", f"Actions {where}:", *_columns((each.usage, _summary(each.doc)) for each in actions(target))]
    if failed:
        lines += ["", "Actions of packages that cannot be loaded:", *_columns(failed.items())]
    lines += ["", "Options before the first action, and the variables that do the same:", *_columns(_options())]
    lines += ["", "axs help ACTION says more; axs byname NAME , help shows what an entry takes."]
    return "\n".join(lines)


def help_on(name: str) -> str:
    """What an action does, for each kind of thing that has it."""
    register_named(name)
    found = [table[name] for table in ACTIONS.values() if name in table]
    if not found:
        register_all()
        near = closest(name, (each for table in ACTIONS.values() for each in table))
        raise NotFound(
            f"axs has no action '{name}'", hint=f"axs help {near}" if near else "for an entry: axs byname NAME , help"
        )
    texts = [f"{each.usage}    ({OF[each.target].partition(';')[0]})\n\n{shown(each)}" for each in found]
    return "\n\n".join(texts)


def entry_overview(entry: WorkspaceEntry) -> str:
    """An entry's parameters as a table, and the functions of its code."""
    parameters = list(entry.parameters())
    rows = tuple(
        (
            each.name,
            each.type or "",
            "" if each.default is None else as_text(each.default),
            ", ".join(map(as_text, each.choices or ())),
            " ".join(filter(None, (each.help, "(only how, not what)" if each.how else ""))),
            str(each.source),
        )
        for each in parameters
    )
    parts = [f"{entry.name}: {'its parameters' if rows else 'it has no parameters'}"]
    if rows:
        parts.append(as_text(Table(("parameter", "type", "default", "choices", "help", "declared by"), rows)))
    if functions := entry.actions():
        texts = ((name, _summary(_doc(what))) for name, what in sorted(functions.items()))
        parts.append("\n".join(["functions of its code:", *_columns(texts)]))
    return "\n\n".join(parts)


def function_help(entry: WorkspaceEntry, name: str) -> str:
    """What a function of an entry's code does."""
    functions: Mapping[str, Any] = entry.actions()
    if name in functions:
        return f"{name}\n\n{described(_doc(functions[name]) or 'It has no description.')}"
    if name in ACTIONS["entry"]:
        return help_on(name)
    near = closest(name, functions)
    raise NotFound(
        f"entry '{entry.name}' has no function '{name}'",
        hint=f"axs byname {entry.name} , help {near}" if near else f"axs byname {entry.name} , help",
    )


def actions(target: Target) -> list[Action]:
    return [each for each in ACTIONS[target].values() if each.name != "complete"]


def options_in_full() -> Iterator[tuple[str, str, str]]:
    for typed, variable in SWITCHES.items():
        yield typed, f"{variable}=1", VARIABLES[variable]
    yield "--work-collection=FOLDER", WORK_COLLECTION, VARIABLES[WORK_COLLECTION]


def _options() -> Iterator[tuple[str, str]]:
    for typed, variable, meaning in options_in_full():
        yield typed, f"{meaning} ({variable})"


def _summary(doc: str) -> str:
    """The first sentence."""
    paragraph = " ".join(doc.partition("\n\n")[0].split())
    return re.split(r"(?<=\.) |;|:", paragraph)[0].rstrip(".") + "." if paragraph else ""


def _doc(what: Any) -> str:
    """A function's description: given as such, or its docstring."""
    from inspect import getdoc

    return what if isinstance(what, str) else getdoc(what) or ""


def shown(action: Action) -> str:
    """What an action does. Where the shipped entries give examples of it, those take the place of its own."""
    own = action.doc.splitlines()
    given = of_action(action.target, action.name)
    if given:
        first = next((place for place, line in enumerate(own) if _EXAMPLE.match(line)), len(own))
        kept = [line for line in own[first:] if not _EXAMPLE.match(line)]
        own = [*own[:first], *given, *kept]
    return described("\n".join(own))


def described(doc: str) -> str:
    """The text with its examples indented."""
    return "\n".join(f"    {line.strip()}" if _EXAMPLE.match(line) else line for line in doc.splitlines())


def _columns(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    return aligned(tuple(pairs), indent="  ", first=28)
