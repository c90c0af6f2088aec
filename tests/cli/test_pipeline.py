"""The grammar: cases as data, and what holds for all arguments."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from axs_core.base.errors import UsageError
from axs_core.cli.arguments import Option, Stored, merge_options
from axs_core.cli.pipeline import Call, parse_pipeline

CASES = yaml.safe_load(Path(__file__).with_name("pipeline_cases.yaml").read_text(encoding="utf-8"))


def _built(value: Any) -> Any:
    return Stored(value["stored"]) if isinstance(value, dict) and "stored" in value else value


def _call(data: dict[str, Any]) -> Call:
    options = tuple(Option(tuple(path), _built(value), *add) for path, value, *add in data.get("options", ()))
    args = tuple(map(_built, data.get("args", ())))
    return Call(**{**data, "args": args, "options": options})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["typed"])
def test_case(case: dict[str, Any]) -> None:
    typed = shlex.split(case["typed"])
    if "calls" in case:
        expected = tuple(map(_call, case["calls"]))
        parsed = parse_pipeline(typed)
        assert parsed == expected
        assert repr(parsed) == repr(expected)  # 1, 1.0 and True are not the same here
        return
    with pytest.raises(UsageError) as raised:
        parse_pipeline(typed)
    assert str(raised.value) == case["error"]
    assert raised.value.hint == case["hint"]


@given(st.text())
def test_a_positional_number_prints_back_as_typed(text: str) -> None:
    try:
        (call,) = parse_pipeline(["run", text])
    except UsageError:
        return
    for value in call.args:
        assert isinstance(value, (str, list, Stored)) or repr(value) == text


@given(st.lists(st.text()))
def test_anything_typed_is_parsed_or_refused(words: list[str]) -> None:
    try:
        calls = parse_pipeline(words)
    except UsageError as error:
        assert "^" in str(error).splitlines()[-1]
    else:
        assert bool(calls) == bool(words)


@pytest.mark.parametrize(
    ("typed", "present", "expected"),
    [
        (["--a=1", "--a=2"], {}, {"a": 2}),
        (["--a+=1"], {"a": 5}, {"a": 6}),
        (["--a+=1", "--a+=1"], {}, {"a": 2}),
        (["--a+=x"], {"a": "y"}, {"a": "yx"}),
        (["--a+=x"], {"a": ["y"]}, {"a": ["y", "x"]}),
        (["--a+,=x,z"], {"a": ("y",)}, {"a": ["y", "x", "z"]}),
        (["--a+,::=x:1"], {"a": {"y": 2}}, {"a": {"y": 2, "x": 1}}),
        (["--a.b=1"], {"a": {"b": 0, "c": 2}}, {"a": {"b": 1, "c": 2}}),
        (["--a.b.c+=1"], {"a": {"b": {"c": 2}}}, {"a": {"b": {"c": 3}}}),
        (["--a.b=1"], {"a": 5}, {"a": {"b": 1}}),
    ],
)
def test_options_are_merged_in_order(typed: list[str], present: dict[str, Any], expected: dict[str, Any]) -> None:
    before = repr(present)
    assert merge_options(parse_pipeline(["run", *typed])[0].options, present) == expected
    assert repr(present) == before


def test_what_cannot_be_added() -> None:
    with pytest.raises(UsageError) as raised:
        merge_options(parse_pipeline(["run", "--a.b+=x"])[0].options, {"a": {"b": 3}})
    assert str(raised.value) == "cannot add 'x' to 'a.b', which is 3"
    assert raised.value.hint == "--a.b= replaces it"
