"""Recipes that find out only while making what they need, whose plan says more, and producers that are left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base.errors import EntryError, ProduceError

TRIES = """
def climb(byquery, start, path):
    height, tried = start, []
    while height < 5:
        step = byquery(f"step,height={height}", need="step")
        tried.append(step["attributes"]["height"])
        height = step["attributes"]["next"]
    again = byquery("step,height=5", fresh=True, need="step")
    return {"tried": tried, "last": again["name"]}
"""
STEP = """
def step(height):
    return {"next": height + 2}
"""


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    toys = Toys(tmp_path)
    height = {"height": {"default": 0, "type": "int"}}
    python = {"python": {"function": "step"}}
    toys.add("stairs", {"provides": [["step"]], "parameters": height, "make": python, "finds": ["next"]}, STEP)
    start = {"start": {"default": 1, "type": "int"}}
    toys.add("climb", {"provides": [["top"]], "parameters": start, "make": {"python": {"function": "climb"}}}, TRIES)
    return toys


def test_a_function_asks_for_what_it_needs_and_the_record_keeps_it(toys: Toys) -> None:
    top = toys.space().byquery("top")
    assert top["tried"] == [1, 3]
    needs = [(need["need"], need["query"]) for need in top.record["needs"]]
    assert needs == [("step", "step,height=1"), ("step", "step,height=3"), ("step", "step,height=5")]
    assert len(toys.space().all_byquery("step")) == 3


def test_what_is_there_is_reused_unless_asked_for_afresh(toys: Toys) -> None:
    space = toys.space()
    space.byquery("step,height=3")
    space.byquery("step,height=5")
    assert space.byquery("top")["last"].endswith("_2")
    assert len(toys.space().all_byquery("step")) == 4


def test_a_function_says_what_is_worth_a_line(toys: Toys) -> None:
    recipe = {"provides": [["talk"]], "make": {"python": {"function": "talk"}}}
    toys.add("talk", recipe, "def talk(note):\n    note('3 files are left out')\n")
    toys.space().byquery("talk")
    assert toys.reporter.notes[0] == "3 files are left out"


def test_asking_for_itself_is_refused(toys: Toys) -> None:
    code = "def ask(byquery):\n    byquery('endless')\n"
    toys.add("endless", {"provides": [["endless"]], "make": {"python": {"function": "ask"}}}, code)
    with pytest.raises(EntryError) as caught:
        toys.space().byquery("endless")
    assert caught.value.message == "these needs wait for each other:\n    endless\n    endless"
    assert list(toys.space().all_byquery("endless")) == []


def test_notes_stand_in_the_plan(toys: Toys) -> None:
    code = """
        def hours(needs, parameters):
            return [f"{len(needs['steps'])} of {parameters['wanted']} steps are there", "2 h of work"]
        def build(needs):
            return {"count": len(needs["steps"])}
    """
    meta = {
        "provides": [["stairway"]],
        "parameters": {"wanted": {"default": 3, "type": "int"}},
        "needs": {"steps": {"query": "step", "all": True}},
        "make": {"python": {"function": "build"}},
        "plan_notes": "hours",
    }
    toys.add("stairway", meta, code)
    space = toys.space()
    name = space.byquery("step,height=1").name
    assert space.plan("stairway").lines() == [
        "make stairway  (by stairway, python: not there yet)",
        "│    1 of 3 steps are there",
        "│    2 h of work",
        f"└─ steps: reuse step  ({name})",
    ]


def test_a_missing_notes_function_is_told(toys: Toys) -> None:
    toys.maker("odd", "odd", plan_notes="nowhere")
    with pytest.raises(EntryError) as caught:
        toys.space().plan("odd")
    file = toys.recipes / "odd" / "meta.yaml"
    assert str(caught.value) == f"{file}: plan_notes: there is no function 'nowhere' in its code.py"


def test_a_list_of_all_is_made_anew_when_there_are_others(toys: Toys) -> None:
    code = "def build(needs):\n    return {'count': len(needs['steps'])}\n"
    needs = {"steps": {"query": "step", "all": True}}
    toys.add("stairway", {"provides": [["stairway"]], "needs": needs, "make": {"python": {"function": "build"}}}, code)
    space = toys.space()
    space.byquery("step,height=1")
    first = space.byquery("stairway")
    assert space.byquery("stairway").name == first.name
    space.byquery("step,height=2")
    assert space.plan("stairway").action == "make"
    second = space.byquery("stairway")
    assert (first["count"], second["count"]) == (1, 2)


def test_a_producer_whose_when_does_not_hold_is_left_out(toys: Toys) -> None:
    code = "def short():\n    return {'way': 'short'}\n"
    program = {"when": "{{ not quick }}", "run": ["{{ 'false' }}"]}
    meta = {
        "provides": [["way"]],
        "parameters": {"quick": {"default": False, "type": "bool"}},
        "make": {"python": {"when": "{{ quick }}", "function": "short"}, "program": program},
    }
    toys.add("way", meta, code)
    space = toys.space()
    assert space.plan("way").reason == "by way, program: not there yet"
    quick = space.byquery("way,quick+")
    assert quick["way"] == "short"
    assert quick.entry.produced["by"] == ["python"]
    with pytest.raises(ProduceError):
        space.byquery("way")


def test_code_may_be_spread_over_several_files(toys: Toys) -> None:
    meta = {"provides": [["sum"]], "make": {"python": {"function": "total"}}}
    code = "from .numbers_of_mine import ALL\n\ndef total():\n    return {'total': sum(ALL)}\n"
    toys.add("adder", meta, code, **{"numbers_of_mine.py": "ALL = [1, 2, 3]\n"})
    assert toys.space().byquery("sum")["total"] == 6
