"""One reading of the settings: the same wherever a variable is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.__main__ import main
from axs_core.base.errors import UsageError
from axs_core.base.settings import SWITCHES, VARIABLES, Settings

OFF = ("", "0", "no", "No", "false", "FALSE", "off", " Off ")
ON = ("1", "yes", "true", "on", "2", "quiet")


@pytest.mark.parametrize("variable", SWITCHES)
def test_a_switch_is_on_or_off_by_the_same_words(variable: str) -> None:
    def reads(text: str) -> bool:
        return bool(getattr(Settings({variable: text}), variable.removeprefix("AXS_").lower()))

    assert [text for text in OFF if reads(text)] == []
    assert [text for text in ON if not reads(text)] == []


def test_quiet_that_is_off_is_not_quiet(
    toys: Toys, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toys.maker("toy", "thing")
    for name, value in toys.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AXS_QUIET", "off")
    assert main(["byquery", "thing"]) == 0
    assert "-> making thing" in capsys.readouterr().err


def test_debug_that_is_off_shows_no_traceback(
    toys: Toys, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**toys.environ(), "AXS_DEBUG": "Off"}.items():
        monkeypatch.setenv(name, value)
    assert main(["byname", "nobody"]) == 3
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("of_process", ["another machine", None])
def test_the_name_of_the_machine_reaches_identity_and_record(
    toys: Toys, monkeypatch: pytest.MonkeyPatch, of_process: str | None
) -> None:
    monkeypatch.delenv("AXS_SYSTEM", raising=False)
    if of_process:
        monkeypatch.setenv("AXS_SYSTEM", of_process)
    toys.maker("toy", "thing", local=True)
    made = toys.space(AXS_SYSTEM="a name of its own").byquery("thing")
    assert made.entry.produced["machine"] == "a name of its own"
    assert made.record["machine"]["name"] == "a name of its own"


def test_functions_that_make_and_that_plan_see_the_name_of_this_machine(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXS_SYSTEM", "what the process says")
    meta = {"provides": [["thing"]], "finds": ["where"], "make": {"python": {"function": "look"}}, "plan_notes": "tell"}
    code = "def look(machine): return {'where': machine}\ndef tell(machine): return ['on ' + machine]\n"
    toys.add("toy", meta, code)
    space = toys.space(AXS_SYSTEM="a name of its own")
    assert space.plan("thing").notes == ("on a name of its own",)
    assert space.byquery("thing")["where"] == "a name of its own"


def test_what_the_process_is_called_is_nothing_to_a_workspace_that_is_not(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXS_SYSTEM", "another machine")
    toys.maker("toy", "thing", local=True)
    made = toys.space(AXS_SYSTEM="").byquery("thing")
    assert made.entry.produced["machine"] != "another machine"
    assert made.record["machine"]["name"] == made.entry.produced["machine"]


def test_paths_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert Settings({}).work_collection == tmp_path / "work_collection"
    assert Settings({"AXS_WORK_COLLECTION": ""}).work_collection == tmp_path / "work_collection"
    assert Settings({"AXS_WORK_COLLECTION": "~/w"}).work_collection == tmp_path / "w"
    assert Settings({"AXS_WORK_COLLECTION": "w/../x"}).work_collection == tmp_path / "x"
    assert Settings({"AXS_COLLECTIONS": "a::~/b"}).collections == [tmp_path / "a", tmp_path / "b"]
    assert Settings({"AXS_DOWNLOAD_CACHE": "d"}).download_cache == tmp_path / "d"
    assert Settings({"AXS_INDEX": "i"}).index == tmp_path / "i"


@pytest.mark.parametrize("text", ["soon", "0", "-1", "inf", "nan"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time in seconds above 0"):
        _ = Settings({"AXS_PROGRAM_TIMEOUT": text}).program_timeout


def test_settings_do_not_change() -> None:
    environ = {"AXS_QUIET": "1"}
    settings = Settings(environ)
    environ["AXS_QUIET"] = "0"
    assert settings.quiet
    with pytest.raises(AttributeError):
        settings.environ = {}
    with pytest.raises(TypeError):
        settings.environ["AXS_QUIET"] = "0"  # type: ignore[index]


def test_every_variable_is_defined_once() -> None:
    """Nothing else in the engine asks an environment for one of them."""
    import re

    package = Path(__file__).parents[2] / "axs_core"
    asked = re.compile(r"""(?:\.get\(|\[|is_on\(\w+(?:\.\w+)*, )["'](AXS_[A-Z_]+)["']""")
    found = {
        (file.relative_to(package).as_posix(), name)
        for file in package.rglob("*.py")
        for name in asked.findall(file.read_text(encoding="utf-8"))
    }
    assert {name for file, name in found if file == "base/settings.py"} == set(VARIABLES) - {"AXS_TRUST", "AXS_MIRRORS"}
    assert sorted((file, name) for file, name in found if file != "base/settings.py") == []
