"""What a word may become: actions, options, names of entries, and the words of queries that the index knows.

The shells' scripts stand beside this file; they call ``axs complete LINE`` with the line up to the cursor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from axs_core.base.errors import NotFound
from axs_core.cli.format import as_text
from axs_core.cli.model import Root, Target
from axs_core.cli.options import INSTEAD, SWITCHES
from axs_core.cli.registry import ACTIONS, Action, register_all
from axs_core.query.near import closest

if TYPE_CHECKING:
    from axs_core.api.vocabulary import Vocabulary

SHELLS = ("bash", "zsh")
QUERIES = ("byquery", "all_byquery", "find", "plan", "explain")
NAMES = ("byname", "show", "verify")
TO_COLLECTION = "work_collection"
_SAFE = re.compile(r"[\w.,:=+@%/-]*")  # what is added need not be quoted for the shell
_TERM = re.compile(r"(?P<sign>[-!]?)(?P<key>[\w.]+)(?P<operator>[:?=!<>]*[=:<>])(?P<value>.*)")


def script(shell: str) -> str:
    """The completion script for a shell."""
    if shell not in SHELLS:
        near = closest(shell, SHELLS) or SHELLS[0]
        message = f"there is no completion for '{shell}' (there is for {' and '.join(SHELLS)})"
        raise NotFound(message, hint=f"axs completion {near}")
    return Path(__file__).with_name(f"axs.{shell}").read_text(encoding="utf-8")


def candidates(line: str, root: Root) -> list[str]:
    """Whole words that the last word of ``line`` may become. An error anywhere means that there are none."""
    try:
        register_all()
        *words, last = _words(line)
        found = _candidates(words[1:], last, root)
    except Exception:  # a message would end up in the middle of what the user is typing
        return []
    return sorted({each for each in found if each.startswith(last) and _SAFE.fullmatch(each, len(last))})


def _words(line: str) -> list[str]:
    """The words of a line that may end within quotes; the last one is empty after a space."""
    from shlex import split

    for quote in ("", "'", '"'):
        try:
            words = split(line + quote)
        except ValueError:
            continue
        return [*words, ""] if not quote and line[-1:].isspace() else words
    return [""]


def _candidates(words: Sequence[str], last: str, root: Root) -> Iterable[str]:
    while words and words[0].startswith("-"):
        words = words[1:]
    if not words and last.startswith("-"):
        return [*SWITCHES, "--work-collection=", *(each for each in INSTEAD if each.startswith("--"))]
    items = _items(words)
    item = items[-1]
    if not item:
        return _known(_target(items[:-1]))
    return _arguments(item[0], len(item) - 1, _target(items[:-1]), last, root)


def _known(target: Target) -> dict[str, Action]:
    """Actions of a target; on entries those for the whole list too."""
    return {**ACTIONS["entries"], **ACTIONS["entry"]} if target == "entry" else ACTIONS[target]


def _items(words: Sequence[str]) -> list[list[str]]:
    """The words between the commas, without labels; ``,0`` and ``,name`` start again from the workspace."""
    items: list[list[str]] = [[]]
    for word in words:
        if word == ",":
            items.append([])
        elif word.startswith(","):
            items += [[], []]
        elif items[-1] or not word.endswith(":"):
            items[-1].append(word)
    return items


def _target(items: Sequence[Sequence[str]]) -> Target:
    """What the next action would be applied to, as far as can be told without running anything."""
    if not items or not items[-1]:
        return "workspace"
    before = items[-1][0]
    if before in (*QUERIES[:3], *NAMES[:1]):
        return "entry"
    return "collection" if before == TO_COLLECTION else "value"


def _arguments(action: str, position: int, target: Target, last: str, root: Root) -> Iterable[str]:
    known = _known(target).get(action)
    if last.startswith("-") and known:
        return re.findall(r"--[a-z_]+(?:=[a-z]+|-(?!\w))?", f"{known.usage} {known.doc}")
    if position or not known:
        return []
    if action in QUERIES:
        return _query(last, _vocabulary(root))
    if target == "workspace" and action in NAMES:
        return _vocabulary(root).names
    if target == "workspace" and action == "help":
        return {name for table in ACTIONS.values() for name in table}
    if action == "completion":
        return SHELLS
    return _vocabulary(root).values if target == "entry" and action == "get" else []


def _vocabulary(root: Root) -> Vocabulary:
    from axs_core.api.vocabulary import vocabulary

    return vocabulary(root.workspace.session)


def _query(last: str, vocabulary: Vocabulary) -> Iterable[str]:
    """Continuations of a query: its last term as a tag, a key with ``=``, or a key with a value."""
    before, comma, term = last.rpartition(",")
    typed = before + comma
    if matched := _TERM.fullmatch(term):
        head = typed + term[: matched.start("value")]
        return [head + as_text(value) for value in vocabulary.values.get(matched["key"], ())]
    said = {re.split(r"[:?=!<>]", each)[0] for each in before.split(",")}
    tags = (typed + tag for tag in vocabulary.tags if tag not in said)
    return [*tags, *(f"{typed}{key}=" for key in vocabulary.values if key not in said)]
