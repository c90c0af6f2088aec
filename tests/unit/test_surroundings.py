"""Environment variables that change what a recipe makes: recorded, part of its identity, put back by a replay."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base import accelerators
from axs_core.base.errors import EntryError
from axs_core.compare.diff import compare
from axs_core.entry.load import read_meta
from axs_core.entry.surroundings import restored, surroundings
from axs_core.query import parse

DECLARED = {
    "threads": ["OMP_*", "KMP_*"],
    "arithmetic": ["TOY_ROUNDING"],
    "devices": ["CUDA_VISIBLE_DEVICES"],
    "library": ["LD_PRELOAD", "OMP_TOOL_LIBRARIES"],
}
MADE = "return {'rate': 1.0}"
# As recorded for thing,n=2 by the axs before identities had an environment (commit 59ce586).
KEY_BEFORE = "27ecd276010faed0d174a2b0d6ed77b8e5fb6844c15deb71d8c53038d0f1e777"


@pytest.fixture
def toys(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> Toys:
    for name in ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "LD_PRELOAD", "TOY_ROUNDING"):
        monkeypatch.delenv(name, raising=False)
    toys.maker("toy", "thing", MADE, parameters={"n": {"type": "int", "default": 1}}, environment=DECLARED)
    return toys


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder as NVIDIA's driver has it; empty."""
    monkeypatch.setattr(accelerators, "_GPUS", tmp_path / "gpus")
    return tmp_path / "gpus"


def add_gpus(folder: Path, *models: str) -> None:
    for number, model in enumerate(models):
        file = folder / f"0000:{number:02x}:00.0" / "information"
        file.parent.mkdir(parents=True)
        file.write_text(
            f"Model: \t\t {model}\nIRQ:   \t\t 24\nGPU UUID: \t GPU-{number}{number}a0-77\nBus Type: \t PCIe\n"
        )


def counts(variables: dict[str, str]) -> dict[str, object]:
    """What of them is part of an identity."""
    return dict(surroundings(DECLARED, variables).identity)


def test_without_variables_the_key_is_the_one_of_before(toys: Toys) -> None:
    (found,) = toys.space(HOME="/elsewhere", OMP_SCHEDULE="").session.resolver.matches(parse("thing,n=2"))
    assert found.key == KEY_BEFORE


def test_a_figure_answers_for_the_variables_that_it_was_made_with(toys: Toys) -> None:
    plain = toys.space().byquery("thing")
    slow = toys.space(OMP_NUM_THREADS="1").byquery("thing")
    assert slow.name != plain.name
    toys.space(OMP_NUM_THREADS="1").byquery("thing", fresh="one")
    assert toys.space().byquery("thing").name == plain.name
    assert toys.space(OMP_NUM_THREADS="2").byquery("thing").name not in (plain.name, slow.name)
    assert toys.space(LD_PRELOAD="/site/lib.so").byquery("thing").name == plain.name
    assert toys.made("toy") == 4


def test_what_was_set_is_recorded_and_compared_and_a_column(toys: Toys) -> None:
    space = toys.space(OMP_NUM_THREADS="1", LD_PRELOAD="/site/lib.so", HOME="/elsewhere")
    slow, plain = space.byquery("thing"), toys.space().byquery("thing")
    there = {"LD_PRELOAD": "/site/lib.so", "OMP_NUM_THREADS": "1"}
    assert slow.record["environment"] == there
    assert slow.entry.produced["environment"] == {"OMP_NUM_THREADS": "1"}
    assert slow.record["again"] == "OMP_NUM_THREADS=1 axs byquery thing --fresh"
    assert plain.record["environment"] == {}
    assert plain.record["again"] == "axs byquery thing --fresh"
    rows = compare(plain.entry, slow.entry).sections["environment"]
    assert {(each.what, each.old, each.new) for each in rows} == {(name, None, text) for name, text in there.items()}
    columns = ["environment", "environment.OMP_NUM_THREADS", "record.environment.LD_PRELOAD"]
    table = {tuple(map(str, row.values())) for row in space.table("thing", columns)}
    assert table == {("{}", "None", "None"), ("{'OMP_NUM_THREADS': '1'}", "1", "/site/lib.so")}


def test_functions_of_what_is_made_see_those_that_count(toys: Toys) -> None:
    toys.add("functions", {}, "def threads(environment):\n    return environment.get('OMP_NUM_THREADS', 'all')\n")
    toys.maker("toy", "thing", MADE, environment=DECLARED, result_parents=["functions"], results=["threads"])
    assert toys.space(OMP_NUM_THREADS="3").byquery("thing")["threads"] == "3"
    assert toys.space(LD_PRELOAD="/site/lib.so").byquery("thing")["threads"] == "all"


def test_a_recipe_that_declares_nothing_knows_of_no_environment(toys: Toys) -> None:
    toys.maker("other", "other", MADE)
    made = toys.space(OMP_NUM_THREADS="1").byquery("other")
    assert "environment" not in made.record and "environment" not in made.entry.produced
    assert toys.space().byquery("other").name == made.name


def test_parents_and_children_declare_together(toys: Toys) -> None:
    toys.maker("child", "child", MADE, parents=["toy"], environment={"threads": ["TOY_THREADS"]})
    names = {
        toys.space(**variables).byquery("child").name
        for variables in ({}, {"TOY_THREADS": "1"}, {"OMP_NUM_THREADS": "1"}, {"TOY_THREADS": "1", "X": "1"})
    }
    assert len(names) == 3


def test_plan_explain_and_what_is_said_show_them(toys: Toys) -> None:
    space = toys.space(OMP_NUM_THREADS="1", KMP_AFFINITY="compact,1", LD_PRELOAD="/site/lib.so")
    set_here = "KMP_AFFINITY=compact,1 OMP_NUM_THREADS=1"
    assert space.plan("thing").lines()[1:] == [f"     with {set_here} of the environment"]
    assert space.explain("thing")[0] == f"toy: answers (thing), with {set_here} of the environment"
    made = space.byquery("thing")
    assert toys.reporter.steps == [f"making thing with {set_here}"]
    assert space.plan("thing").lines()[1:] == [f"     with {set_here} of the environment"]
    space.byquery("thing")
    assert toys.reporter.notes[-1] == f"{made.name}: made {made.entry.made_at} with {set_here}"
    assert toys.space().plan("thing").lines() == ["make thing  (by toy, python: not there yet)"]
    assert toys.space().explain("thing")[0] == "toy: answers (thing)"


def test_a_recipe_s_own_notes_stay(toys: Toys) -> None:
    toys.maker("noted", "noted", MADE, plan_notes="notes", environment=DECLARED)
    code = (toys.recipes / "noted" / "code.py").read_text()
    (toys.recipes / "noted" / "code.py").write_text(code + "\n\ndef notes():\n    return ['two runs']\n")
    assert toys.space(OMP_NUM_THREADS="1").plan("noted").lines()[1:] == [
        "     with OMP_NUM_THREADS=1 of the environment",
        "     two runs",
    ]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"thread": ["OMP_*"]}, "is not a key that is known here"),
        ({"threads": "OMP_*"}, "must be a list, not text ('OMP_*')"),
        ({"threads": []}, "must not be empty"),
    ],
)
def test_a_declaration_that_is_not_right(toys: Toys, declared: object, message: str) -> None:
    toys.maker("wrong", "wrong", MADE, environment=declared)
    with pytest.raises(EntryError) as caught:
        read_meta(toys.recipes / "wrong" / "meta.yaml")
    assert caught.value.message == message


# devices


def test_devices_count_by_model_and_number(gpus: Path) -> None:
    add_gpus(gpus, "NVIDIA L4", "NVIDIA L4", "NVIDIA L4")
    one = {"CUDA_VISIBLE_DEVICES": {"NVIDIA L4": 1}}
    for text in ("0", "2", "GPU-11a0", "1,-1,2", "1,7"):
        assert counts({"CUDA_VISIBLE_DEVICES": text}) == one, text
    assert counts({"CUDA_VISIBLE_DEVICES": "2,0"}) == {"CUDA_VISIBLE_DEVICES": {"NVIDIA L4": 2}}
    assert (
        counts({"CUDA_VISIBLE_DEVICES": ""}) == counts({"CUDA_VISIBLE_DEVICES": "-1"}) == {"CUDA_VISIBLE_DEVICES": {}}
    )
    assert counts({"CUDA_VISIBLE_DEVICES": "2,1,0"}) == {}, "all of them, as without the variable"
    assert counts({"CUDA_VISIBLE_DEVICES": "MIG-7f-1"}) == {"CUDA_VISIBLE_DEVICES": {"MIG": 1}}


def test_devices_of_several_models(gpus: Path) -> None:
    add_gpus(gpus, "NVIDIA L4", "NVIDIA H100")
    assert counts({"CUDA_VISIBLE_DEVICES": "0"}) == {"CUDA_VISIBLE_DEVICES": "0"}, "which is 0 is up to CUDA"
    follows_the_bus = {"CUDA_VISIBLE_DEVICES": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert counts(follows_the_bus) == {"CUDA_VISIBLE_DEVICES": {"NVIDIA H100": 1}}
    assert counts({"CUDA_VISIBLE_DEVICES": "GPU-00a0"}) == {"CUDA_VISIBLE_DEVICES": {"NVIDIA L4": 1}}
    assert counts({"CUDA_VISIBLE_DEVICES": "1,0"}) == {}


def test_where_there_are_no_devices_none_can_be_hidden(gpus: Path) -> None:
    assert counts({"CUDA_VISIBLE_DEVICES": "0"}) == counts({"CUDA_VISIBLE_DEVICES": ""}) == {}


def test_other_makers_devices_count_by_their_number() -> None:
    declared = {"devices": ["ROCR_VISIBLE_DEVICES"]}
    for text in ("0,1", "3,2"):
        assert surroundings(declared, {"ROCR_VISIBLE_DEVICES": text}).identity == {
            "ROCR_VISIBLE_DEVICES": {"devices": 2}
        }


# replay


def test_a_replay_runs_with_the_variables_of_the_record(toys: Toys) -> None:
    toys.maker("toy", "thing", "import os\nreturn {'rate': 1.0}", environment=DECLARED)
    for name, then in (("slow", {"OMP_NUM_THREADS": "1"}), ("plain", {})):
        old = toys.space(**then).byquery("thing")
        outcome = toys.space(KMP_BLOCKTIME="5", TOY_ROUNDING="up", X="1").byname(old.name).replay()
        assert outcome.new.produced["environment"] == then, name
        assert list(outcome.text())[3] == "surroundings: the same as in the record", name


@pytest.mark.process
def test_a_program_of_a_replay_sees_them(toys: Toys) -> None:
    script = (
        "import os; open('seen.txt', 'w').write(str({n: os.environ.get(n) for n in ('OMP_NUM_THREADS', 'KMP_X', 'Y')}))"
    )
    make = {"program": {"run": [sys.executable, "-c", script], "file": "seen.txt"}}
    toys.add("run", {"provides": [["run"]], "make": make, "environment": DECLARED})
    old = toys.space(OMP_NUM_THREADS="3").byquery("run")
    new = toys.space(OMP_NUM_THREADS="4", KMP_X="1", Y="1").byname(old.name).replay().new
    assert (new.path / "seen.txt").read_text() == "{'OMP_NUM_THREADS': '3', 'KMP_X': None, 'Y': '1'}"


def test_a_record_of_before_does_not_say(toys: Toys) -> None:
    old = toys.space().byquery("thing")
    file = old.path / "record.json"
    record = json.loads(file.read_text())
    del record["environment"]
    file.write_text(json.dumps(record))
    assert toys.space().byname(old.name).replay().remarks == ()
    outcome = toys.space(OMP_NUM_THREADS="1").byname(old.name).replay()
    assert outcome.remarks == ("environment variables are not in the record; set here: OMP_NUM_THREADS",)
    assert outcome.new.produced["environment"] == {"OMP_NUM_THREADS": "1"}


def test_variables_from_elsewhere_are_put_back_for_whom_the_user_trusts_only(toys: Toys, tmp_path: Path) -> None:
    """LD_PRELOAD of an archive would be code of that archive."""
    made = toys.space(LD_PRELOAD="", OMP_NUM_THREADS="1").byquery("thing")
    toys.space().zip("thing", tmp_path / "things.zip")
    made.remove()
    space = toys.space()
    space.unzip(tmp_path / "things.zip")
    outcome = space.byname(made.name).replay()
    assert outcome.remarks == (
        f"environment variables are not as in the record, {made.name} is not trusted: OMP_NUM_THREADS",
    )
    assert outcome.new.produced["environment"] == {}


def test_devices_of_a_replay_are_as_many_of_the_same_models(gpus: Path) -> None:
    add_gpus(gpus, "NVIDIA L4", "NVIDIA L4")

    def visible(now: str | None, then: str | None) -> str | None:
        here, there = ({} if text is None else {"CUDA_VISIBLE_DEVICES": text} for text in (now, then))
        return restored(DECLARED, here, there).get("CUDA_VISIBLE_DEVICES")

    assert visible("1", "0") == "1", "what a job was given"
    assert visible("0,1", "0") == "0"
    assert visible("0", None) is None
    assert visible("0,1", None) == "0,1", "it hides nothing"
    assert visible(None, "0") == "0"
    assert visible("1", "") == ""
    assert visible("1", "5") == "1" and visible(None, "5") is None, "not here"
