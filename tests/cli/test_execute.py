"""Running pipelines over a made-up workspace."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from support.fake_axs import FakeWorkspace

from axs_core.base.errors import NotFound, UsageError
from axs_core.base.reporter import Reporter
from axs_core.cli.action import ACTIONS, Action
from axs_core.cli.execute import Outcome, run_pipeline
from axs_core.cli.format import as_text
from axs_core.cli.model import Root
from axs_core.cli.pipeline import parse_pipeline

OF_SMALL = ", ".join(sorted({"crash", "double", "told", *ACTIONS["entry"]}))
"""What can be done with the fake entry: its functions, and the actions of every entry."""
USAGE = "axs byquery QUERY [--produce_if_not_found-] [--fresh] [--into] [--trust]"


@pytest.fixture
def workspace() -> FakeWorkspace:
    return FakeWorkspace(Reporter())


def run(typed: str, workspace: FakeWorkspace) -> Outcome:
    return run_pipeline(parse_pipeline(shlex.split(typed)), Root(lambda: workspace))


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("byquery small , get accuracy", "98.6"),
        ("byquery small , get n --n=3", "3"),
        ("byquery small", "small"),
        ("byname small , get n 3", "20"),
        ("byname small , get_path", "/store/small"),
        ("byname small , get_path model.onnx", "/store/small/model.onnx"),
        ("byname small , dig size.y.1", "6"),
        ("byname small , dig n", "20"),
        ("byname small , get size , dig y.0", "5"),
        ("byname small , get size , keys", "x\ny"),
        ("byname small , get labels , len", "2"),
        ("all_byquery model , get accuracy", "98.6\n97"),
        ("all_byquery model , get labels", '["a", "b"]\n[]'),
        ("all_byquery model , len", "2"),
        ("find model", "small\nlarge"),
        ("all_byquery nothing , get accuracy", ""),
        ("plan model", "make model\n  reuse python"),
        ("explain model", "model_digits: framework=onnxrt, not pytorch"),
        ("work_collection", "/store"),
        ("work_collection , get_path", "/store"),
        ("gc", "broken_1\nbroken_2"),
        ("show small , dig values.size.x", "1"),
        ("show small , keys", "name\nvalues"),
        # functions of the entry's code
        ("byname small , double 4", "8"),
        ("byname small , told a --x,=1,2", '{"args": ["a"], "kwargs": {"x": [1, 2]}}'),
        ("all_byquery model , double ab", "abab\nabab"),
        # adding to what the entry has
        ("byname small , get labels --labels+,=c", '["a", "b", "c"]'),
        (
            "byname small , told --n+=1 --size.x=9 --new+=5",
            '{"args": [], "kwargs": {"n": 21, "size": {"x": 9, "y": [5, 6]}, "new": 5}}',
        ),
        ("all_byquery model , told --n+=1 , dig kwargs.n", "21\n501"),
        # results passed on, and stored
        ("e: byname large , , byname small , get n ,1 :e: told first", '{"args": ["first", 20], "kwargs": {}}'),
        ("e: byname large , , byname small , get n ,x :e: told", '{"args": [], "kwargs": {"x": 20}}'),
        ("byname small , get labels , n: len , , byname large , double ^n", "4"),
        ("m: byname small , get n , , get m , get accuracy", "98.6"),
        ("all: find model , , get all , get n", "20\n500"),
        ("e: byname small , , dig e.size.y.1", "6"),
        ("s: byname small , s: get size , , dig s.y.1", "6"),
        ("e: byname small , , dig e", "small"),
    ],
)
def test_what_is_printed(typed: str, printed: str, workspace: FakeWorkspace) -> None:
    outcome = run(typed, workspace)
    assert (as_text(outcome.result), outcome.failures) == (printed, ())


@pytest.mark.parametrize(
    ("typed", "fresh"),
    [("", None), ("--fresh", "one"), ("--fresh+", "one"), ("--fresh-", None), ("--fresh=all", "all")],
)
def test_fresh(typed: str, fresh: str | None, workspace: FakeWorkspace) -> None:
    run(f"byquery 20200101 {typed}", workspace)
    assert workspace.asked == [("20200101", fresh)]


@pytest.mark.parametrize("typed", ["byname small , remove", "e: byname small , , :e: remove", "find x , remove"])
def test_remove_prints_nothing(typed: str, workspace: FakeWorkspace) -> None:
    result = run(typed, workspace).result
    assert result is None or result.items == ()
    assert workspace.known["small"].removed == ["small"]


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        ("byqery x", "axs has no action 'byqery'", "axs byquery"),
        ("frobnicate", "axs has no action 'frobnicate'", "axs help lists the actions"),
        ("distrust a", "axs has no action 'distrust'", "it is applied to an entry: axs byquery QUERY , distrust"),
        ("dig a.b", "nothing is stored under 'a'", "a: ACTION stores what the action gives"),
        ("byquery", "'byquery' needs QUERY", USAGE),
        (
            "byquery a, get accuracy",
            "'byquery' does not know what to do with 'get'",
            "a lone ',' separates actions: ... , get",
        ),
        ("byname a b", "'byname' does not know what to do with 'b'", "axs byname NAME"),
        ("byquery a --frsh", "'byquery' has no option --frsh", "--fresh"),
        ("byquery a --xyz=1", "'byquery' has no option --xyz", "axs help byquery"),
        ("byquery a --query=b", "'byquery' is given query twice", "axs help byquery"),
        ("byquery a --fresh=both", "--fresh=both is not known", "--fresh, or --fresh=all for its needs too"),
        ("byquery --,:=a:1,b:2", "a condition of a query has to be text, not '[\"a\", 1]'", None),
        ("byquery ---='{}'", "a query has to be text, not '{}'", None),
        ("byquery a b", "'byquery' does not know what to do with 'b'", USAGE),
        ("byquery a --- b", "'byquery' does not know what to do with 'b'", USAGE),
        (
            "byquery a --produce_if_not_found=no",
            "--produce_if_not_found is on or off, not 'no'",
            "--produce_if_not_found or --produce_if_not_found-",
        ),
        (
            "byname small , n: get n , , double",
            "axs has no action 'double'",
            "', ,' starts again from the workspace; for a function of an entry: , , byname NAME , double",
        ),
        (
            "e: byname small , n: get n , , double",
            "axs has no action 'double'",
            ":e: double applies it to what is stored there",
        ),
        (
            "byname small , gte accuracy",
            f"entry 'small' has no action 'gte' (it has {OF_SMALL})",
            ", get",
        ),
        (
            "byname small , byname large",
            f"entry 'small' has no action 'byname' (it has {OF_SMALL})",
            ", , byname starts again from the workspace",
        ),
        (
            "byname small , accuracy",
            f"entry 'small' has no action 'accuracy' (it has {OF_SMALL})",
            ", get accuracy",
        ),
        ("version ,0 len", "axs has no action 'len'", "it is applied to a value: ... , len"),
        (
            "byname small , get n , get x",
            "'20' has no action 'get' (it has dig, keys, len)",
            ", , get starts again from the workspace",
        ),
        (
            "byname small , remove , list",
            "the action before 'list' gave nothing that it could be applied to",
            ", , list",
        ),
        ("get d", "nothing is stored under 'd'", "d: ACTION stores what the action gives"),
        ("byname small , double ^d", "nothing is stored under 'd'", "d: ACTION stores what the action gives"),
        (
            "byname small ,3 byname",
            "',3 byname' leaves no argument for place 0",
            ",0 byname passes the previous result as the last argument",
        ),
        ("byname small , get n , len", "'20' has no items to count", None),
        ("byname small , get n , keys", "'20' is not a dictionary", None),
        ("all_byquery model , gte n", None, ", get"),
    ],
)
def test_bad_usage(typed: str, message: str | None, hint: str | None, workspace: FakeWorkspace) -> None:
    with pytest.raises(UsageError) as raised:
        run(typed, workspace)
    if message:
        assert str(raised.value) == message
    assert raised.value.hint == hint


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        ("byname small , dig size.xx.y", "'size' has no member 'xx'", "dig size.x"),
        ("byname small , dig size.y.7", "'size.y' has no member '7'", None),
        ("byname small , get size , dig q", "there is no member 'q'", None),
        ("byname small , get nothing", "entry 'small' has no 'nothing'", None),
        ("help byqery", "axs has no action 'byqery'", "axs help byquery"),
        ("byname small , help dubble", "entry 'small' has no function 'dubble'", "axs byname small , help double"),
        ("completion fish", "there is no completion for 'fish' (there is for bash and zsh)", "axs completion bash"),
    ],
)
def test_not_found(typed: str, message: str, hint: str | None, workspace: FakeWorkspace) -> None:
    with pytest.raises(NotFound) as raised:
        run(typed, workspace)
    assert (str(raised.value), raised.value.hint) == (message, hint)


def test_one_of_several_fails_and_the_others_are_answered(workspace: FakeWorkspace) -> None:
    outcome = run("all_byquery model , get only_large", workspace)
    assert as_text(outcome.result) == "true"
    assert [(each.subject, str(each.error)) for each in outcome.failures] == [
        ("small", "entry 'small' has no 'only_large'")
    ]


def test_help_needs_no_workspace() -> None:
    def refuse() -> Any:
        raise AssertionError("the workspace was opened")

    for typed in ("help", "help byquery", "version", "completion bash"):
        assert run_pipeline(parse_pipeline(typed.split()), Root(refuse)).result


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("all_byquery model , together --word=and", "small and large"),
        ("byname small , together", "small"),
        ("all_byquery nothing , together", ""),
    ],
)
def test_an_action_on_the_whole_list(
    typed: str, printed: str, workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def together(entries: Any, *, word: str = "with") -> str:
        """Their names in a row."""
        return f" {word} ".join(entry.name for entry in entries)

    monkeypatch.setitem(ACTIONS["entries"], "together", Action("together", "entries", together))
    outcome = run(typed, workspace)
    assert (as_text(outcome.result), outcome.failures) == (printed, ())
