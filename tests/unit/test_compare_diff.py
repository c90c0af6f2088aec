"""What is different between two entries."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.cli.execute import run_pipeline
from axs_core.cli.format import as_text
from axs_core.cli.model import Root
from axs_core.cli.pipeline import parse_pipeline
from axs_core.compare.diff import Difference, compare, row_of

MADE = "return {'rate': 100.0 * parameters['n'], 'engine': 'toy', 'settings': {'threads': parameters['n']}}"


@pytest.fixture
def toys(toys: Toys) -> Toys:
    toys.maker("toy", "thing", MADE, parameters={"n": {"type": "int", "default": 1}}, attributes={"colour": "red"})
    return toys


def test_figures_and_why(toys: Toys) -> None:
    space = toys.space()
    one, two = space.byquery("thing"), space.byquery("thing,n=2")
    assert list(compare(one.entry, two.entry).lines()) == [
        f"old  {one.name}",
        f"new  {two.name}",
        "",
        "query",
        "  query  thing  thing,n=2",
        "",
        "parameters",
        "  n  1  2  +100.00 %",
        "",
        "figures",
        "  rate              100  200  +100.00 %",
        "  settings.threads  1    2    +100.00 %",
        "",
        "files",
        *_files(one.path, two.path),
        "",
        "the same: recipes, machine, values",
    ]


def _files(*paths: Path) -> list[str]:
    from axs_core.base.digest import of_file

    shown = "  ".join(f"{(path / 'out.txt').stat().st_size} bytes {of_file(path / 'out.txt')[:12]}" for path in paths)
    return [f"  out.txt  {shown}"]


def test_nothing_is_different_but_the_time(toys: Toys) -> None:
    space = toys.space()
    one, two = space.byquery("thing"), space.byquery("thing", fresh="one")
    assert list(compare(one.entry, two.entry).lines())[2:] == ["", "nothing is different"]


def test_a_recipe_that_was_edited(toys: Toys) -> None:
    space = toys.space()
    one = space.byquery("thing")
    (toys.recipes / "toy" / "more.txt").write_text("more")
    two = space.byquery("thing", fresh="one")
    compared = compare(one.entry, two.entry)
    assert set(compared.sections) == {"recipes"}
    (difference,) = compared.sections["recipes"]
    assert difference.what == "toy" and difference.old != difference.new


def test_needs_are_compared_by_what_is_in_them(toys: Toys) -> None:
    toys.maker("base", "base", parameters={"size": {"default": 1}})
    toys.maker("user", "use", needs={"base": {"query": "base", "forward": ["size"]}})
    space = toys.space()
    one, two = space.byquery("use"), space.byquery("use,size=2")
    assert [each.what for each in compare(one.entry, two.entry).sections["needs"]] == ["base"]


def test_packages(toys: Toys) -> None:
    for number, version in ((1, "2.2.6"), (2, "2.3.0")):
        frozen = [f"numpy=={version}", "packaging==26.3", *(["extra==1.0"] if number == 2 else [])]
        toys.add(f"env_{number}", {"provides": [["env", f"which={number}"]], "attributes": {"frozen": frozen}})
    toys.maker("user", "use", parameters={"which": {"default": 1}}, needs={"python": "env,which={{ which }}"})
    space = toys.space()
    compared = compare(space.byquery("use").entry, space.byquery("use,which=2").entry)
    assert compared.sections["packages (python)"] == (
        Difference("numpy", "2.2.6", "2.3.0"),
        Difference("extra", None, "1.0"),
    )


def test_an_entry_that_a_person_wrote(toys: Toys) -> None:
    toys.add("written", {"tags": ["thing"], "attributes": {"colour": "blue", "rate": 50}})
    space = toys.space()
    compared = compare(space.byname("written").entry, space.byquery("thing").entry)
    assert {"values", "figures"} <= set(compared.sections)
    assert Difference("rate", 50, 100.0) in compared.sections["figures"]


def test_entries_of_which_only_records_are_left(toys: Toys) -> None:
    space = toys.space()
    one, two = space.byquery("thing"), space.byquery("thing,n=2")
    for entry in (one, two):
        (entry.path / "out.txt").unlink()
    shutil.rmtree(toys.recipes)
    assert "figures" in compare(one.entry, two.entry).sections


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [(100, 101.5, "+1.50 %"), (-2, -1, "+50.00 %"), (0, 1, ""), (1, 1, "same"), ("a", "b", ""), (True, 2, "")],
)
def test_change(old: object, new: object, change: str) -> None:
    assert Difference("x", old, new).change == change


def test_on_the_command_line(toys: Toys) -> None:
    space = toys.space()
    one, two = space.byquery("thing").name, space.byquery("thing,n=2").name
    by_name = run_pipeline(parse_pipeline(["diff", one, two]), Root(lambda: space)).result
    line = "a: byquery thing , , b: byquery thing,n=2 , , diff ^a ^b"
    stored = run_pipeline(parse_pipeline(shlex.split(line)), Root(lambda: space)).result
    assert as_text(by_name) == as_text(stored)
    assert "  rate              100  200  +100.00 %" in as_text(by_name)


def test_long_texts_are_shown_where_they_differ() -> None:
    old, new = (f"loadgen_output,images_dir={'/far' * 30},loadgen_scenario={name},task={'y' * 40}" for name in "AB")
    assert row_of(Difference("query", old, new)) == (
        "query",
        ".. ar,loadgen_scenario=A,task=yyyyyyyyyyyyyyyyyyyyyyyyyyy ..",
        ".. ar,loadgen_scenario=B,task=yyyyyyyyyyyyyyyyyyyyyyyyyyy ..",
        "",
    )


def test_what_has_to_be_known_comes_first(toys: Toys) -> None:
    code = "def loudness(n=0):\n    return f'LOUD: {n} others' if n > 1 else None\n"
    toys.add("functions", {"attributes": {"caution": ["loudness", "wrong", "unknown"]}}, code)
    made = "return {'rate': 1.0, 'wrong': parameters['n'] == 3}"
    toys.maker("toy", "thing", made, parameters={"n": {"type": "int", "default": 1}}, result_parents=["functions"])
    space = toys.space()
    calm, loud, both = (space.byquery(f"thing,n={n}") for n in (1, 2, 3))
    assert list(compare(calm.entry, loud.entry).lines())[:4] == [
        "caution (new): LOUD: 2 others",
        "",
        f"old  {calm.name}",
        f"new  {loud.name}",
    ]
    assert compare(both.entry, loud.entry).cautions == (
        ("old", "LOUD: 3 others"),
        ("old", "wrong"),
        ("new", "LOUD: 2 others"),
    )
    assert list(loud.replay().text())[:4] == [
        "caution (old): LOUD: 2 others",
        "caution (new): LOUD: 2 others",
        "",
        f"old  {loud.name}",
    ]
    assert next(compare(calm.entry, calm.entry).lines()) == f"old  {calm.name}"
