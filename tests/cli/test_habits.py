"""What users of krai's axs type, over toy entries. The answers are its own, where no test says otherwise."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from support.toy import Toys

from axs_core.base.errors import EntryError, Inapplicable, NotFound, UsageError
from axs_core.cli.execute import run_pipeline
from axs_core.cli.format import as_text
from axs_core.cli.model import Root
from axs_core.cli.pipeline import parse_pipeline

ITERATIVE = """
    import math

    def factorial(n):
        return math.factorial(n)

    def f(x):
        return x + 1

    def where_made(machine):
        return [machine]

    def where(path, x):
        return path.name, x
"""


def run(toys: Toys, typed: str) -> Any:
    return run_pipeline(parse_pipeline(shlex.split(typed)), Root(lambda: toys.space())).result


@pytest.fixture
def iterative(toys: Toys) -> Toys:
    """Functions, a formula, and values that somebody wrote."""
    toys.add("iterative", {"attributes": {"n": 4, "y": 7, "formula": "{{ x }}-{{ y }}"}}, ITERATIVE)
    toys.add("own_x", {"parents": ["iterative"], "attributes": {"x": 100}})
    return toys


# labels


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("e: byname iterative , x: factorial 3 , , get e , f", "7"),
        ("byname iterative , x: factorial 3 , , byname iterative , f", "7"),
        ("e: byname iterative , x: factorial 3 , :e: f", "7"),
        ("e: byname iterative , x: factorial 3 , :e: f --x=1", "2"),  # what is typed counts most
        ("e: byname iterative , x: factorial 3 , :e: get f", "7"),
        ("e: byname iterative , x: factorial 3 , :e: get formula", "6-7"),
        ("e: byname iterative , x: factorial 3 , y:e: factorial 2 , :e: get formula", "6-2"),
        ("e: byname iterative , x: factorial 3 , :e: dig formula", "6-7"),
        ("n: byname iterative , n: get n --n=5 , , byname iterative , factorial", "120"),
        ("byname iterative , x: factorial 3 , , byname own_x , f", "7"),  # what is written in an entry is a default
        ("byname own_x , f", "101"),
        # unlike there: a value that is asked for by its name is the entry's own
        ("e: byname iterative , y: factorial 3 , :e: get y", "7"),
        # nor does a label stand for what every entry has
        ("e: byname iterative , path: get y , x:e: get y , :e: where", '["iterative", 7]'),
        ("e: byname iterative , machine: get y , :e: where_made", "[null]"),
    ],
)
def test_labels_are_values_for_later_actions(iterative: Toys, typed: str, printed: str) -> None:
    assert as_text(run(iterative, typed)) == printed


def test_labels_stay_in_their_pipeline(iterative: Toys) -> None:
    run(iterative, "e: byname iterative , x: factorial 3")
    with pytest.raises(NotFound, match="iterative has no 'x'"):
        run(iterative, "byname iterative , f")


def test_no_label_changes_what_was_made(toys: Toys) -> None:
    """A figure stays that of its run, whatever somebody called the figure of another one."""
    toys.add("computing", {}, "def share(part, whole):\n    return part / whole\n")
    maker = {"provides": [["run", "part?=1"]], "result_parents": ["computing"], "attributes": {"whole": 4}}
    toys.maker("maker", "run", **maker)
    assert run(toys, "byquery run,part=3 , part: get part , , byquery run , get share") == 0.25
    assert run(toys, "byquery run,part=3 , share: get share , , byquery run , get share") == 0.25
    assert run(toys, "byquery run,part=3 , whole: get part , , byquery run , share") == 0.25
    assert run(toys, "byquery run,part=3 , part: get part , , byquery run , share ^part 6") == 0.5


# byquery X --- , remove


@pytest.mark.parametrize("sign", ["---", "--produce_if_not_found-"])
def test_what_is_not_there_is_not_made(toys: Toys, sign: str) -> None:
    toys.maker("maker", "run", parameters={"n": {"default": 1}})
    with pytest.raises(NotFound, match=r"^nothing that answers run is there$") as caught:
        run(toys, f"byquery run {sign} , remove")
    assert (toys.made("maker"), caught.value.hint) == (0, None)
    made = run(toys, "byquery run,n=2")
    with pytest.raises(NotFound) as caught:
        run(toys, f"byquery run {sign} , remove")
    assert caught.value.hint == f"these satisfy it, but are not what it denotes: {made.name}"
    run(toys, f"byquery run,n=2 {sign} , remove")
    assert not made.path.exists()
    assert toys.made("maker") == 1


def test_what_the_second_recipe_made_is_there(toys: Toys) -> None:
    """A tool that this machine has no longer does not hide what was made instead."""
    here = {"provides": [["tool"]], "preference": 1, "make": {"detect": {"tool": "no_such_tool_anywhere"}}}
    toys.add("here", here)
    toys.maker("there", "tool")
    made = run(toys, "byquery tool")
    assert run(toys, "byquery tool --- , get name") == made.name


def test_nothing_is_made_anew_where_nothing_is_made(toys: Toys) -> None:
    toys.maker("maker", "run")
    with pytest.raises(UsageError, match="a query that makes nothing cannot make anything again"):
        run(toys, "byquery run --- --fresh")
    assert toys.made("maker") == 0


# queries as lists


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("--,=run,n=2,-slow", "run,n=2,-slow"),
        ("--:=run:n=2:-slow", "run,n=2,-slow"),
        ("--/=run/n=2", "run,n=2"),
        ("'--,=run, n=2'", "run, n=2"),
        ('---=\'["run", "n=2"]\'', "run,n=2"),
    ],
)
def test_a_query_is_a_list(toys: Toys, typed: str, kept: str) -> None:
    toys.maker("maker", "run", parameters={"n": {"type": "int"}})
    made = run(toys, f"byquery {typed}")
    assert (made["n"], made.record["typed"]) == (2, kept)
    assert run(toys, f"byquery {typed} --- , get name") == made.name
    assert [each.name for each in run(toys, f"all_byquery {typed}").items] == [made.name]
    assert as_text(run(toys, f"plan {typed}")).startswith("reuse run,")


def test_a_list_that_is_no_query(toys: Toys) -> None:
    with pytest.raises(UsageError, match="the query is empty"):
        run(toys, "byquery --,")


# get NAME DEFAULT


def test_a_default_where_there_is_no_value(toys: Toys) -> None:
    code = """
        from axs_core.base.errors import Inapplicable, Refused

        def accuracy():
            raise Inapplicable("a performance run has no accuracy")

        def figure():
            raise Refused("the run was INVALID")

        def needy(gone):
            return gone
    """
    toys.add("toy", {"attributes": {"n": 4, "nothing": None, "no": False}}, code)
    given = {name: run(toys, f"byname toy , get {name} none") for name in ("n", "gone", "nothing", "no", "accuracy")}
    assert given == {"n": 4, "gone": "none", "nothing": "none", "no": False, "accuracy": "none"}
    assert run(toys, "byname toy , get gone 2.5") == 2.5
    with pytest.raises(Inapplicable):
        run(toys, "byname toy , get accuracy")
    for name, why in (("figure", "INVALID"), ("needy", "gone")):  # no default hides that
        with pytest.raises(Exception, match=why):
            run(toys, f"byname toy , get {name} none")


# functions with the name of an action


def test_an_entrys_own_function_is_called(toys: Toys) -> None:
    toys.add("toy", {"tags": ["toy"]}, "def table(n=3):\n    return n * 2\n\ndef twin():\n    return 'mine'\n")
    assert run(toys, "byname toy , table") == 6
    assert run(toys, "byname toy , table 5") == 10
    assert run(toys, "byname toy , twin") == "mine"
    assert as_text(run(toys, "all_byquery toy , twin")) == "mine"
    assert as_text(run(toys, "all_byquery toy , table --columns=name")) == "name\ntoy"  # that is one of all together
    toys.add("other", {"tags": ["other"]}, "def of_table(n=3):\n    table = n\n    return table\n")
    assert as_text(run(toys, "byname other , table --columns=name")) == "name\nother"


def test_code_that_cannot_be_loaded_hides_no_action(toys: Toys) -> None:
    toys.add("toy", {"attributes": {"n": 1}}, "import no_such_module\n")
    assert as_text(run(toys, "byname toy , table --columns=n")) == "n\n1"


@pytest.mark.parametrize("name", ["get", "show", "remove"])
def test_a_function_that_could_not_be_called_is_refused(toys: Toys, name: str) -> None:
    folder = toys.add("toy", {}, f"def f():\n    return 1\n\ndef {name}():\n    return 2\n")
    with pytest.raises(EntryError) as caught:
        run(toys, "byname toy , f")
    where = f"{folder / 'code.py'}:4"
    assert str(caught.value) == (
        f"{where}: the function '{name}' has the name of an action of every entry, and could not be called"
    )
    assert caught.value.hint == f"give it another name, as {name}_it"


def test_the_names_that_are_refused_are_actions() -> None:
    from axs_core.cli.registry import ACTIONS
    from axs_core.entry.model import RESERVED

    assert set(ACTIONS["entry"]) - RESERVED == {"replay", "lock", "twin"}
    assert set(ACTIONS["entry"]) >= RESERVED
