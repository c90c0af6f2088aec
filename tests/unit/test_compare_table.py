"""Tables of entries, and the accuracy run that belongs to each."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from support import fake_loadgen
from support.made import rewrite
from support.toy import Toys

from axs_core import Workspace
from axs_core.base.errors import NotFound, UsageError
from axs_core.cli.execute import run_pipeline
from axs_core.cli.format import as_text
from axs_core.cli.model import Root
from axs_core.cli.pipeline import parse_pipeline
from axs_core.compare.cells import Cells
from axs_core.compare.twin import twin_of

pytestmark = pytest.mark.process

PERFORMANCE = "loadgen_output,loadgen_mode=PerformanceOnly"
PARTS = (
    *("machine", "engine", "engine_version", "engine_options", "environment", "environment_digest"),
    "effective_device",
    *("effective_precision", "model_digest", "input_form", "dataset_digest", "labels_digest"),
)
"""What a run's signature is made of."""


@pytest.fixture
def toys(toys: Toys) -> Toys:
    fake_loadgen.add_to(toys.recipes)
    return toys


def typed(space: Workspace, line: str) -> Any:
    return run_pipeline(parse_pipeline(shlex.split(line)), Root(lambda: space)).result


def test_runs_say_themselves_what_suits_them(toys: Toys) -> None:
    space = toys.space()
    run = space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=50")
    assert space.table("loadgen_output") == [
        {
            "name": run.name,
            "scenario": "Server",
            "mode": "PerformanceOnly",
            "framework": "toy",
            "model": "resnet50",
            "input": None,
            "batch": 32,
            "threads": 1,
            "performance": 100,
            "MLPerf score (unverified)": 100,
            "unit": "samples/s",
            "verdict": "VALID",
            "accuracy": None,
            "accuracy interval": None,
            "accuracy from": "accuracy unknown",
            "machine": "toy machine",
            "made": run.entry.produced["at"],
        }
    ]
    accuracy = space.byquery("loadgen_output,loadgen_scenario=Offline")
    row = next(row for row in space.table("loadgen_output") if row["name"] == run.name)
    assert (row["accuracy"], row["accuracy interval"]) == (accuracy["accuracy"], accuracy["accuracy_interval"])
    assert row["accuracy from"] == accuracy.name


def test_an_invalid_run_has_no_figure(toys: Toys) -> None:
    space = toys.space()
    space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=500")
    (row,) = space.table("loadgen_output")
    assert (row["performance"], row["verdict"]) == (None, "INVALID")


def test_columns_that_are_asked_for(toys: Toys) -> None:
    space = toys.space()
    run = space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=50")
    columns = ["name", "limit", "validity", "loadgen_user_conf.target_qps", "record.recipe.name", "twin.accuracy"]
    assert space.table("loadgen_output", columns) == [
        dict(zip(columns, [run.name, 100, "VALID", 50, "toy_program", None], strict=True))
    ]


def test_a_column_that_nobody_knows(toys: Toys) -> None:
    space = toys.space()
    space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=50")
    with pytest.raises(UsageError) as caught:
        space.table("loadgen_output", ["name", "acuracy_report"])
    assert str(caught.value) == "the entry does not have a value 'acuracy_report'"
    space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=60")
    with pytest.raises(UsageError) as caught:
        space.table("loadgen_output", ["performanse"])
    assert str(caught.value) == "none of the 2 entries has a value 'performanse'"
    assert caught.value.hint is not None and caught.value.hint.startswith("did you mean performance")


def test_other_entries_have_plain_columns(toys: Toys) -> None:
    toys.maker("toy", "thing")
    space = toys.space()
    made = space.byquery("thing")
    assert space.table("thing") == [
        {"name": made.name, "tags": ["thing"], "machine": None, "made": made.entry.produced["at"]}
    ]
    assert space.table("no_such_thing") == []


class TestTwin:
    def test_an_accuracy_run_is_its_own(self, toys: Toys) -> None:
        space = toys.space()
        run = space.byquery("loadgen_output,loadgen_scenario=Offline")
        twin = run.twin()
        assert twin is not None and twin.name == run.name

    @pytest.mark.parametrize("changed", PARTS)
    def test_what_must_agree_and_be_known(self, toys: Toys, changed: str) -> None:
        space = toys.space()
        accuracy = space.byquery("loadgen_output,loadgen_scenario=Server")
        run = space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=50")
        twin = run.twin()
        assert twin is not None and twin.name == accuracy.name
        for value, entries in (("other", [accuracy]), ("unknown", [accuracy, run])):
            for entry in entries:
                rewrite(entry.path, changed, value)
            assert twin_of(toys.space().session, run.entry) is None

    def test_the_accuracy_of_another_normalisation_is_none(self, toys: Toys) -> None:
        space = toys.space()
        space.byquery(f"{PERFORMANCE},loadgen_scenario=SingleStream,mean=78.37")
        space.byquery("loadgen_output,loadgen_scenario=SingleStream,mean=0")
        row = next(row for row in space.table(PERFORMANCE))
        assert (row["accuracy"], row["accuracy from"]) == (None, "accuracy unknown")
        right = space.byquery("loadgen_output,loadgen_scenario=SingleStream,mean=78.37")
        space.byquery("loadgen_output,loadgen_scenario=SingleStream,mean=1")
        assert next(row for row in space.table(PERFORMANCE))["accuracy from"] == right.name

    def test_another_batch_and_other_threads_are_marked(self, toys: Toys, capsys: pytest.CaptureFixture[str]) -> None:
        space = toys.space()
        run = space.byquery(f"{PERFORMANCE},loadgen_scenario=Offline")
        accuracy = space.byquery("loadgen_output,loadgen_scenario=Offline,batch_size=8,num_threads=2")
        marked = f"{accuracy.name} (batch 8, threads 2)"
        assert next(row for row in space.table(PERFORMANCE))["accuracy from"] == marked
        twin = run.twin()
        assert twin is not None and twin.name == accuracy.name
        same = space.byquery("loadgen_output,loadgen_scenario=Server")
        assert next(row for row in space.table(PERFORMANCE))["accuracy from"] == same.name

    def test_one_that_was_asked_for_alike_comes_before_a_newer_one(self, toys: Toys) -> None:
        space = toys.space()
        run = space.byquery(f"{PERFORMANCE},loadgen_scenario=Offline")
        alike, newer = (space.byquery(f"loadgen_output,limit={limit}") for limit in (100, 101))
        rewrite(newer.path, "question_digest", "another")
        twin = toys.space().byname(run.name).twin()
        assert twin is not None and twin.name == alike.name

    def test_the_same_scenario_comes_first(self, toys: Toys) -> None:
        space = toys.space()
        run = space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=50")
        for scenario in ("Server", "Offline"):
            space.byquery(f"loadgen_output,loadgen_scenario={scenario}")
        twin = run.twin()
        assert twin is not None and twin["loadgen_scenario"] == "Server"

    def test_on_the_command_line(self, toys: Toys) -> None:
        space = toys.space()
        run = space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=50")
        with pytest.raises(NotFound) as caught:
            typed(space, f"byname {run.name} , twin")
        assert str(caught.value) == f"{run.name}: accuracy unknown"
        assert caught.value.hint == "the same query with loadgen_mode=AccuracyOnly tells it"
        accuracy = space.byquery("loadgen_output,loadgen_scenario=Server")
        assert typed(space, f"byname {run.name} , twin , get accuracy") == accuracy["accuracy"]


class TestFormats:
    @pytest.fixture
    def space(self, toys: Toys) -> Workspace:
        toys.maker("toy", "thing", parameters={"n": {}, "note": {}})
        space = toys.space()
        for number, note in ((1, "a|b"), (2, 'c,"d"')):
            space.byquery(["thing", f"n={number}", 'note="' + note.replace('"', '""') + '"'])
        return space

    @pytest.mark.parametrize(
        ("format", "expected"),
        [
            ("", 'n  note\n1  a|b\n2  c,"d"'),
            ("--format=csv", 'n,note\n1,a|b\n2,"c,""d"""'),
            ("--format=markdown", '| n | note |\n|---|---|\n| 1 | a\\|b |\n| 2 | c,"d" |'),
        ],
    )
    def test_text(self, space: Workspace, format: str, expected: str) -> None:
        assert as_text(typed(space, f"all_byquery thing , table --columns,=n,note {format}")) == expected

    def test_json(self, space: Workspace) -> None:
        printed = as_text(typed(space, "all_byquery thing , table --columns=n --format=json"))
        assert json.loads(printed) == [{"n": 1}, {"n": 2}]

    def test_one_entry_is_a_list_of_one(self, space: Workspace) -> None:
        assert as_text(typed(space, "byquery thing,n=1,note=a|b , table --columns=n")) == "n\n1"

    def test_nothing(self, space: Workspace) -> None:
        assert as_text(typed(space, "all_byquery no_such_thing , table --columns,=a,b --format=csv")) == "a,b"

    def test_another_format(self, space: Workspace) -> None:
        with pytest.raises(UsageError) as caught:
            typed(space, "all_byquery thing , table --format=markdwon")
        assert (str(caught.value), caught.value.hint) == ("--format=markdwon is not known", "--format=markdown")


def test_functions_of_stored_values_open_no_file(toys: Toys) -> None:
    code = """
        def twice(size):
            return 2 * size

        def four_times(twice):
            return 2 * twice

        def content(path):
            return (path / "out.txt").read_text()

        def circle(circle):
            return circle

        def bad(size):
            return 1 / 0
    """
    toys.add("figures", {}, code)
    toys.maker("toy", "thing", attributes={"size": 3}, result_parents=["figures"])
    space = toys.space()
    entry = space.byquery("thing").entry
    row = Cells().of(entry)
    assert [row.get(name) for name in ("size", "four_times", "content", "circle", "nothing", "bad")] == [
        *[3, 12, None, None, None, None]
    ]
    assert Cells(everything=True).of(entry).get("content") == "[]"


def test_what_declares_no_twin_says_so_in_neutral_words(toys: Toys) -> None:
    toys.add("thing", {"provides": [["thing"]]})
    with pytest.raises(NotFound) as caught:
        typed(toys.space(), "byname thing , twin")
    assert (str(caught.value), caught.value.hint) == ("thing: it is paired with no other entry", None)
