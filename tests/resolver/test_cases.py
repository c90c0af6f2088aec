"""The resolver case by case: ``cases/*.yaml`` say which entries there are, what was asked before, the query, and what
comes of it.

A case has ``entries`` (by name: their meta; ``make: python`` stands for a recipe whose function returns ``found``;
``collection: second`` puts it into the second collection), ``before`` (queries that were asked already, in turn), and
``query``. Then one or more of

* ``plan``: the lines of the plan, with NAME_KEY for a made entry's key and TIME for the time,
* ``answer``: attributes of what answers, with ``recipe`` for what made it,
* ``tried``: the recipes that provide the query, in the order in which they are tried,
* ``error`` with ``hint``, ``exit_code`` and ``needed_by``: the whole error that planning raises,
* ``failure``: the same for asking,
* ``explain``: the lines of ``axs explain``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.toy import Toys

from axs_core import Workspace
from axs_core.base.errors import AxsError
from axs_core.query import parse

FUNCTION = """
from axs_core.base.errors import DoesNotApply

def make_it(path, parameters):
    (path / "out.txt").write_text("made")
    found = {found!r}
    if found == "does not apply":
        raise DoesNotApply("there is no such thing here")
    return found
"""
FILES = sorted(Path(__file__).with_name("cases").glob("*.yaml"))
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['case']}")
    for file in FILES
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]
KNOWN = {
    "case",
    "why",
    "entries",
    "before",
    "query",
    "plan",
    "answer",
    "tried",
    "error",
    "failure",
    "explain",
    "settings",
}


def build(toys: Toys, case: dict[str, Any]) -> Workspace:
    for name, meta in case["entries"].items():
        meta = dict(meta)
        folder = toys.recipes.parent / meta.pop("collection") if "collection" in meta else None
        found = meta.pop("found", None)
        code = meta.pop("code", "")
        if meta.get("make") == "python":
            meta["make"] = {"python": {"function": "make_it"}}
            code += FUNCTION.format(found=found)
        toys.add(name, meta, code, folder)
    second = toys.recipes.parent / "second"
    toys.settings["AXS_COLLECTIONS"] = os.pathsep.join(map(str, [toys.recipes, *([second] if second.is_dir() else [])]))
    toys.settings |= case.get("settings", {})
    for query in case.get("before", ()):
        toys.space().byquery(query)
    return toys.space()


def plain(text: str, toys: Toys) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"_[0-9a-f]{10}\b", "_KEY", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", text)
    return text.replace(str(toys.recipes.parent), "TOYS")


def told(error: AxsError, toys: Toys) -> dict[str, Any]:
    facts = {
        "message": plain(str(error), toys),
        "hint": plain(error.hint, toys) if error.hint else None,
        "exit_code": error.exit_code,
        "needed_by": [plain(item, toys) for item in error.needed_by],
    }
    return {name: value for name, value in facts.items() if value not in (None, [])}


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any], toys: Toys) -> None:
    assert set(case) <= KNOWN
    space = build(toys, case)
    query = case["query"]
    if "tried" in case:
        assert [found.recipe.name for found in space.session.resolver.matches(parse(query))] == case["tried"]
    if "plan" in case:
        assert [plain(line, toys) for line in space.plan(query).lines()] == case["plan"]
    if "explain" in case:
        assert [plain(line, toys) for line in space.explain(query)] == case["explain"]
    if "error" in case:
        with pytest.raises(AxsError) as caught:
            space.plan(query)
        assert told(caught.value, toys) == case["error"]
    if "failure" in case:
        with pytest.raises(AxsError) as caught:
            space.byquery(query)
        assert told(caught.value, toys) == case["failure"]
    if "answer" in case:
        entry = space.byquery(query)
        wanted = dict(case["answer"])
        recipe = wanted.pop("recipe", None)
        assert entry.entry.produced.get("recipe") == recipe
        assert {name: entry[name] for name in wanted} == wanted
