"""Every option of every action, without its value and with values of every kind: answered or refused in words."""

from __future__ import annotations

from inspect import Parameter, signature
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.__main__ import main
from axs_core.cli import registry  # noqa: F401  all actions are registered
from axs_core.cli.action import ACTIONS, Action

BEFORE = {
    "workspace": [],
    "entry": ["byname", "note", ","],
    "entries": ["all_byquery", "note", ","],
    "collection": ["work_collection", ","],
    "value": ["byname", "note", ",", "get", "many", ","],
}
VALUES = ("", "=", "=5", "=1.5", "=a", ",=a,b", ",=", "::=a:1", "+", "-")


def options(action: Action) -> list[str]:
    """Names of its options."""
    parameters = signature(action.run).parameters.values()
    return [each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY]


def arguments(action: Action) -> list[str]:
    """Something for each argument that it needs."""
    parameters = list(signature(action.run).parameters.values())[1:]
    places = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return ["note" for each in parameters if each.kind in places and each.default is Parameter.empty]


EVERY = [
    pytest.param(target, action, name, id=f"{target}-{action.name}-{name}")
    for target, actions in ACTIONS.items()
    for action in actions.values()
    for name in options(action)
]


def test_there_are_many() -> None:
    assert len(EVERY) > 30


@pytest.mark.parametrize(("target", "action", "option"), EVERY)
def test_whatever_is_said(
    toys: Toys,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    target: str,
    action: Action,
    option: str,
) -> None:
    toys.add("note", {"tags": ["note"], "attributes": {"many": [1, 2]}})
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, value in toys.environ().items():
        monkeypatch.setenv(name, value)
    said = {}
    for value in VALUES:
        code = main([*BEFORE[target], action.name, *arguments(action), f"--{option}{value}"])
        _, err = capsys.readouterr()
        if code not in (0, 1, 2, 3) or (code and "error: " not in err):
            said[value] = (code, err)
    assert said == {}
