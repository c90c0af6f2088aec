"""What an entry takes from its parents: left to right, depth first, the nearer one first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core.base.errors import EntryError
from axs_core.base.value import replace
from axs_core.entry import Entry, linearise


def family(target: str, **metas: dict[str, Any]) -> Entry:
    bare = {name: Entry(name, Path("/toys") / name, meta) for name, meta in metas.items()}
    return replace(bare[target], ancestors=linearise(bare[target], bare.__getitem__))


def test_ancestors_left_to_right_depth_first_each_once() -> None:
    toy = family(
        "toy",
        toy={"parents": ["left", "right"]},
        left={"parents": ["far", "base"]},
        right={"parents": ["base"]},
        far={},
        base={},
    )
    assert [entry.name for entry in toy.lineage] == ["toy", "left", "far", "base", "right"]


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ({"a": ["a"]}, "/toys/a/meta.yaml: parents: is its own ancestor: a -> a"),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, "/toys/c/meta.yaml: parents: is its own ancestor: a -> b -> c -> a"),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, "/toys/c/meta.yaml: parents: is its own ancestor: b -> c -> b"),
    ],
)
def test_a_circle_of_parents(parents: dict[str, list[str]], message: str) -> None:
    with pytest.raises(EntryError) as caught:
        family("a", **{name: {"parents": list(above)} for name, above in parents.items()})
    assert str(caught.value) == message


def test_attributes_field_by_field() -> None:
    toy = family(
        "toy",
        toy={"parents": ["left", "right"], "attributes": {"a": "toy"}},
        left={"attributes": {"a": "left", "b": "left", "d": {"x": 1}}},
        right={"attributes": {"b": "right", "c": "right", "d": {"y": 2}}},
    )
    assert toy.attributes == {"a": "toy", "b": "left", "c": "right", "d": {"x": 1}}


def test_parameters_are_merged_field_by_field() -> None:
    toy = family(
        "toy",
        toy={"parents": ["base"], "parameters": {"n": {"default": 5}}},
        base={"parameters": {"n": {"default": 1, "type": "int", "help": "how many", "minimum": 1}, "m": {}}},
    )
    assert list(toy.parameters) == ["n", "m"]
    n = toy.parameters["n"]
    assert (n.default, n.type, n.help, n.minimum) == (5, "int", "how many", 1)


def test_parameters_from_needs_and_alternatives() -> None:
    toy = family(
        "toy",
        toy={
            "provides": [["x", "size?=3"]],
            "parameters": {"n": {"type": "int"}},
            "needs": {"m": {"query": "model", "forward": ["n", "opset"]}},
        },
    )
    assert {name: (p.default, p.type) for name, p in toy.parameters.items()} == {
        "n": (None, "int"),
        "opset": (None, None),
        "size": (None, None),
    }
    assert toy.parameters["opset"].help == "handed to the need 'm'"


def test_needs_of_the_parents_come_first_and_can_be_replaced_in_place() -> None:
    toy = family(
        "toy",
        toy={"parents": ["base"], "needs": {"own": "c", "python": "own_python"}},
        base={"needs": {"python": "python_env", "tool": "shell_tool"}},
    )
    assert {name: need.query for name, need in toy.needs.items()} == {
        "python": "own_python",
        "tool": "shell_tool",
        "own": "c",
    }


def test_make_results_finds_paths_local() -> None:
    base = {
        "make": {"python": {"function": "f"}},
        "results": ["a"],
        "finds": ["v"],
        "paths": ["p"],
        "local": True,
        "result_parents": ["reports"],
        "preference": 3,
        "tags": ["t"],
        "provides": [["x"]],
    }
    toy = family("toy", toy={"parents": ["base"], "results": ["b", "a"], "finds": ["w"]}, base=base)
    assert toy.make == {"python": {"function": "f"}}
    assert (toy.results, toy.finds, toy.paths) == (("a", "b"), ("v", "w"), ("p",))
    assert (toy.local, toy.result_parents, toy.kind) == (True, ("reports",), "recipe")
    # these are its own only
    assert (toy.preference, toy.tags, toy.alternatives) == (0, frozenset(), ())


def test_nearer_make_replaces_the_parents_whole() -> None:
    toy = family(
        "toy",
        toy={"parents": ["base"], "make": {"python": {"function": "g"}}, "local": False},
        base={"make": {"fetch": {"urls": "u", "file": "f"}}, "local": True},
    )
    assert toy.make == {"python": {"function": "g"}}
    assert toy.local is False


def test_tags_and_values_of_an_entry_that_is_its_own_answer() -> None:
    toy = family(
        "toy",
        toy={
            "tags": ["own"],
            "attributes": {"a": 1},
            "parameters": {"p": {"default": 2}},
            "provides": [["x", "k=5", "d?=4"], ["y", "k=6"]],
        },
    )
    assert toy.kind == "static"
    assert toy.tags == {"own", "x", "y"}
    assert toy.values == {"a": 1, "k": 5, "p": 2, "d": 4}


# through the index


def test_a_recipe_may_inherit_how_it_is_made(toys: Toys) -> None:
    toys.maker("base", "unused", attributes={"size": 1})
    toys.add("child", {"parents": ["base"], "provides": [["thing"]], "attributes": {"size": 2}})
    space = toys.space()
    assert space.byquery("thing")["size"] == 2
    assert toys.made("base") == 1
    assert [(row.name, row.kind) for row in space.entries() if row.name == "child"] == [("child", "recipe")]
    assert [entry.name for entry in space.all_byquery("thing")] == [space.byquery("thing").name]


def test_a_circle_of_parents_through_the_index(toys: Toys) -> None:
    toys.add("a", {"parents": ["b"], "tags": ["x"]})
    toys.add("b", {"parents": ["c"]})
    toys.add("c", {"parents": ["b"]})
    with pytest.raises(EntryError) as caught:
        toys.space().byname("a")
    assert str(caught.value) == f"{toys.recipes / 'c' / 'meta.yaml'}: parents: is its own ancestor: b -> c -> b"


def test_a_parent_that_is_not_there(toys: Toys) -> None:
    toys.add("toy", {"parents": ["bas"], "provides": [["x"]]})
    toys.add("base", {})
    with pytest.raises(EntryError) as caught:
        toys.space().byquery("x")
    assert str(caught.value) == f"{toys.recipes / 'toy' / 'meta.yaml'}: parents: its parent 'bas' does not exist"
    assert caught.value.hint == "did you mean base?"


def test_an_edit_of_a_parent_is_noticed(toys: Toys) -> None:
    toys.add("base", {"attributes": {"a": 1}})
    toys.add("toy", {"parents": ["base"], "provides": [["x"]]})
    assert toys.space().byquery("x")["a"] == 1
    toys.add("base", {"attributes": {"a": "edited"}})
    assert toys.space().byquery("x")["a"] == "edited"


def test_what_was_made_answers_without_its_recipe_and_its_parents(toys: Toys) -> None:
    toys.add("reports", {}, "def report(size): return f'size {size}'")
    toys.maker("maker", "thing", attributes={"size": 2}, result_parents=["reports"])
    name = toys.space().byquery("thing").name
    assert toys.space().byname(name)["report"] == "size 2"
    for gone in ("reports", "maker"):
        for file in (toys.recipes / gone).iterdir():
            file.unlink()
        (toys.recipes / gone).rmdir()
    space = toys.space()
    assert space.byquery("thing").name == name
    assert space.byname(name)["size"] == 2
