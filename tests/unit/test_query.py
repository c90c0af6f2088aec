"""Queries case by case (query_cases/*.yaml), and what a Query can do."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from axs_core.base.errors import UsageError
from axs_core.query import Condition, Query, QuerySyntaxError, parse

MODULES = ["", ".condition", ".lexical", ".near", ".parser", ".terms", ".values", ".versions"]


def cases(name: str) -> list[Any]:
    path = Path(__file__).with_name("query_cases") / f"{name}.yaml"
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [pytest.param(row, id=f"{row.get('typed', row.get('condition'))} {row.get('type', '')}") for row in rows]


def as_lists(value: Any) -> Any:
    return [as_lists(item) for item in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize("case", cases("canonical"))
def test_typed_and_canonical(case: dict[str, Any]) -> None:
    query = parse(case["typed"])
    assert str(query) == case["canonical"]
    assert parse(str(query)) == query.canonical()
    if "conditions" in case:
        assert as_lists([(c.op, c.key, c.value, c.quoted) for c in query.conditions]) == case["conditions"]


@pytest.mark.parametrize("case", cases("errors"))
def test_error_points_at_the_character(case: dict[str, Any]) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(case["typed"])
    assert str(caught.value) == case["error"]
    assert caught.value.hint == case["hint"]
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("case", cases("holds"))
def test_holds(case: dict[str, Any]) -> None:
    (condition,) = parse([case["condition"]]).conditions
    declared = case.get("type")
    assert [value for value in case["holds"] if not condition.holds(value, type=declared)] == []
    assert [value for value in case["fails"] if condition.holds(value, type=declared)] == []
    assert condition.holds(None, present=False, type=declared) is case["absent"]
    assert condition.holds(None, type=declared) is case["absent"]


@pytest.mark.parametrize("case", cases("typed_values"))
def test_typed_value(case: dict[str, Any]) -> None:
    (condition,) = parse([case["condition"]]).conditions
    if "error" in case:
        with pytest.raises(UsageError) as caught:
            condition.typed_value(case["type"], case.get("unit"))
        assert (str(caught.value), caught.value.hint) == (case["error"], case["hint"])
    else:
        value = condition.typed_value(case.get("type"))
        assert (value, type(value)) == (case["value"], type(case["value"]))


def test_tags_hold_by_presence() -> None:
    tag, negative = parse("model,-int8").conditions
    assert [tag.holds(None, present=True), tag.holds(None, present=False)] == [True, False]
    assert [negative.holds(None, present=True), negative.holds(None, present=False)] == [False, True]


def test_parts_of_a_query() -> None:
    query = parse("model,b=1,-int8,a>=2,b<3,vision")
    assert query.tags == {"model", "vision"}
    assert query.negative_tags == {"int8"}
    assert query.keys() == ("b", "a")
    assert [str(c) for c in query.get("b")] == ["b=1", "b<3"]
    assert query.get("model") == ()
    assert [c.sets() for c in query.named] == [True, False, False]
    assert str(query.without("b", "model")) == "model,vision,-int8,a>=2"


def test_with_conditions_collapses_what_is_said_already() -> None:
    query = parse("model,a=1")
    assert query.with_conditions(Condition("=", "a", "1")) == query


def test_with_conditions_refuses_a_contradiction() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse("model,model_name=digits").with_conditions(Condition("=", "model_name", "resnet50"))
    assert str(caught.value) == (
        "model_name is given two different values\n"
        "    model,model_name=digits,model_name=resnet50\n"
        "          ^^^^^^^^^^^^^^^^^ ^^^^^^^^^^^^^^^^^^^"
    )


def test_map_values_drops_what_becomes_none() -> None:
    query = parse("model,a=1,b=2")
    assert str(query.map_values(lambda c: None if c.key == "a" else c)) == "model,b=2"


RENDERED = {
    "{{ n }}": 20,
    "{{ text }}": "20",
    "{{ items }}": ["a", "5", 5],
    "{{ empty }}": [],
    "{{ nothing }}": None,
    "n{{ n }}": "n20",
    "1{{ n }}": "120",
}


@pytest.mark.parametrize(
    ("typed", "printed", "value"),
    [
        ("k=5", "k=5", 5),
        ("k={{ n }}", "k=20", 20),
        ("k={{ text }}", 'k="20"', "20"),
        ('k="{{ n }}"', 'k="20"', "20"),
        ("k=1{{ n }}", "k=120", 120),
        ("k={{ items }}", 'k:=a:"5":5', ["a", "5", 5]),
        ("k:={{ items }}:b", 'k:=a:"5":5:b', ["a", "5", 5, "b"]),
        ("k:={{ nothing }}:b", "k:=b", ["b"]),
        ("k:={{ empty }}", "k:=", []),
        ("k:=", "k:=", []),
        ("k+", "k+", True),
    ],
)
def test_rendered_values_keep_their_type(typed: str, printed: str, value: Any) -> None:
    (condition,) = parse([typed]).conditions
    rendered = condition.rendered(lambda text: RENDERED.get(text, text))
    assert rendered is not None
    assert str(rendered) == printed
    assert rendered.typed_value() == value
    assert type(rendered.typed_value()) is type(value)
    assert rendered.holds(value)


def test_null_drops_a_condition_and_tags_are_rendered() -> None:
    query = parse(["k={{ nothing }}", "l:={{ nothing }}", "m!.", "n{{ n }}", 'o="{{ nothing }}"', "{{ nothing }}"])
    assert str(query.map_values(lambda c: c.rendered(lambda text: RENDERED.get(text, text)))) == "n20,m!."


def test_rendered_values_that_are_no_text_print_and_compare() -> None:
    query = Query((Condition("=", "d", {"a": [1, True]}), Condition("=", "b", True), Condition(">", "n", 5)))
    assert str(query) == 'b=true,d="{""a"": [1, true]}",n>5'
    assert [c.holds(v) for c, v in zip(query.conditions, [{"a": [1, True]}, "true", "6"], strict=True)] == [True] * 3


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"axs_core.query{module}")).failed == 0


@pytest.mark.process
def test_import_is_light() -> None:
    heavy = ["yaml", "jinja2", "requests", "jsonschema", "tqdm", "filelock", "tenacity", "packaging", "difflib", "json"]
    code = (
        "import sys; from axs_core.query import parse; q = parse('model,a=1,b>=2')\n"
        "assert [c.holds(5) for c in q.named] == [False, True]\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_reference_page_has_the_grammar_and_every_operator() -> None:
    page = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")
    operators = {"=", "==", "===", ":=", "?=", "!=", "<", ">", "<=", ">=", ":", "!:", ".", "!.", "+", "-"}
    assert [operator for operator in operators if f'"{operator}"' not in page] == []
    columns = [row.split("|")[1] for row in page.split("## Grammar")[0].splitlines() if row.startswith("| `")]
    typed = [word for column in columns for word in column.split("`")[1::2]]
    examples = [text for text in typed if text not in operators]
    assert [str(parse(text)) for text in examples] == [text.replace("!int8", "-int8") for text in examples]
    shown = {condition.op for text in examples for condition in parse(text).conditions}
    assert shown | (operators & set(typed)) == operators | {"tag", "-tag"}


def test_a_long_query_is_shown_where_it_is_wrong() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse("a=1," * 100 + "b{c," + "d=2," * 100)
    _, shown, marks = str(caught.value).splitlines()
    assert len(shown) < 220
    assert shown[marks.index("^")] == "{"
    assert shown.strip().startswith("..")
    assert shown.endswith("..")


def test_a_query_has_so_many_conditions_at_most() -> None:
    assert len(parse(",".join(f"k{number}=1" for number in range(500))).conditions) == 500
    for many in (",".join(f"k{number}=1" for number in range(501)), ["a"] * 501):
        with pytest.raises(QuerySyntaxError, match="the query has 501 conditions; 500 are the most"):
            parse(many)


@pytest.mark.parametrize("text", ["a=\udcff", "\ud800", ["a", "b=\udcff"]])
def test_bytes_that_are_no_text(text: str | list[str]) -> None:
    with pytest.raises(QuerySyntaxError, match="the query holds a byte that is no text"):
        parse(text)


def test_quotes_that_are_never_closed() -> None:
    assert parse("a={{ 'it' ~ \"x}}\" }}").conditions[0].value == "{{ 'it' ~ \"x}}\" }}"
    assert parse("a={{ ' }}").conditions[0].value == "{{ ' }}"
    with pytest.raises(QuerySyntaxError, match="never closed"):
        parse("a={{ '" + "\\'" * 100_000)
