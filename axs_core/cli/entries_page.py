"""The reference page of the entries that come with axs, made from their ``meta.yaml``.

``python -m axs_core.cli.entries_page > docs/entries.md`` writes it anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from axs_core.base.value import replace
from axs_core.collections.folders import listing, shipped
from axs_core.entry import META, Entry, Parameter, linearise
from axs_core.entry.load import read_meta

HEAD = """\
# Shipped entries

<!-- Made by `python -m axs_core.cli.entries_page > docs/entries.md`; a test compares it. -->

What can be asked for without writing an entry, and with which parameters. Each entry is a folder in `entries/`; its
`meta.yaml` ([reference](meta.md)) holds what stands here. `axs byname NAME , help` shows the same for one entry,
inherited parameters included, for your own entries too.

*required*: a query must name the parameter. *how*: it only says how a thing is made and is no part of what it is.
"""


def read(folder: Path) -> list[Entry]:
    """The entries of a collection, sorted by name, each with its ancestors."""
    own = {name: Entry(name, folder / name, read_meta(folder / name / META)) for name in sorted(listing(folder))}
    return [replace(entry, ancestors=linearise(entry, own.__getitem__)) for entry in own.values()]


def page(entries: Iterable[Entry]) -> str:
    """The page, in Markdown."""
    entries = list(entries)
    asked = [entry for entry in entries if entry.alternatives]
    lines = [HEAD, "## What can be asked for", "", "| query | entry | |", "|---|---|---|"]
    rows = [(str(each.query), entry) for entry in asked for each in entry.alternatives]
    lines += [
        f"| {_code(_question(query))} | {_link(entry.name)} | {_cell(entry.meta.get('title', ''))} |"
        for query, entry in sorted(rows, key=lambda row: (row[0], row[1].name))
    ]
    for entry in asked:
        lines += ["", f"### {entry.name}", *_about(entry)]
    lines += ["", "## What others inherit from"]
    for entry in entries:
        if entry not in asked:
            lines += ["", f"### {entry.name}", *_about(entry)]
    return "\n".join(lines) + "\n"


def _question(query: str) -> str:
    """The query of an alternative without its defaults, which nobody has to type."""
    from axs_core.query import parse

    conditions = parse(query)
    return str(conditions.without(*(each.key for each in conditions.named if each.op == "?=")))


def _about(entry: Entry) -> Iterator[str]:
    facts = [entry.meta.get("title", ""), entry.meta.get("license", "")]
    yield ""
    yield ". ".join(filter(None, facts)) + "."
    yield ""
    if entry.alternatives:
        yield "* answers " + ", ".join(_code(str(each.query)) for each in entry.alternatives)
    if entry.make and entry.alternatives:
        yield "* made by " + ", then ".join(entry.make)
    if parents := entry.meta.get("parents"):
        yield "* inherits from " + ", ".join(map(_link, parents))
    for need in entry.needs.values():
        if need.name in entry.meta.get("needs", {}):
            handed = ", ".join(map(_code, need.forward))
            yield f"* needs {_code(need.name)}: {_code(need.query)}" + (f", handed on: {handed}" if handed else "")
    for key, words in (("finds", "finds out"), ("results", "results")):
        if names := entry.meta.get(key):
            yield f"* {words} " + ", ".join(map(_code, names))
    for kind, names in entry.meta.get("environment", {}).items():
        yield f"* environment variables, {kind}: " + ", ".join(map(_code, names))
    own = [parameter for name, parameter in entry.declared.items() if name in entry.meta.get("parameters", {})]
    if own:
        yield ""
        yield "| parameter | type | default | choices | meaning |"
        yield "|---|---|---|---|---|"
        yield from map(_row, own)


def _row(parameter: Parameter) -> str:
    default = "*required*" if parameter.required else "" if parameter.default is None else _code(parameter.default)
    choices = ", ".join(map(_code, parameter.choices)) or _bounds(parameter)
    help = parameter.help + (" (*how*)" if parameter.how else "")
    return f"| {_code(parameter.name)} | {parameter.type or ''} | {default} | {choices} | {_cell(help).strip()} |"


def _bounds(parameter: Parameter) -> str:
    bounds = (
        ("at least", parameter.minimum),
        ("more than", parameter.exclusive_minimum),
        ("at most", parameter.maximum),
    )
    return ", ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)


def _link(name: str) -> str:
    return f"[{name}](#{name})"


def _code(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    """Text that may stand in a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page(read(shipped())))
