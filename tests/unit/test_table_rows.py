"""Entries that stand for several rows of a table; the table of MLPerf's benchmarks is one."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from support.toy import Toys

from axs_core import Workspace
from axs_core.base.errors import UsageError
from axs_core.cli.execute import run_pipeline
from axs_core.cli.format import as_text
from axs_core.cli.model import Root
from axs_core.cli.pipeline import parse_pipeline

FRUIT: dict[str, Any] = {
    "provides": [["fruit"]],
    "attributes": {
        "shop": "corner",
        "weight": 7,
        "table_rows": "basket",
        "table_columns": {"kind": "name", "grams": "weight", "from": "grown.where", "sold at": "shop"},
        "basket": [
            {"name": "apple", "weight": 100, "grown": {"where": "here"}},
            {"name": "plum", "grown": {"year": 2026}},
        ],
    },
}


def printed(space: Workspace, line: str) -> str:
    return as_text(run_pipeline(parse_pipeline(shlex.split(line)), Root(lambda: space)).result)


@pytest.fixture
def space(toys: Toys) -> Workspace:
    toys.add("fruit", FRUIT)
    return toys.space()


def test_an_entry_stands_for_the_rows_that_it_names(space: Workspace) -> None:
    assert space.table("fruit") == [
        {"kind": "apple", "grams": 100, "from": "here", "sold at": "corner"},
        {"kind": "plum", "grams": 7, "from": None, "sold at": "corner"},
    ]


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("text", "kind   grams  from  sold at\napple  100    here  corner\nplum   7            corner"),
        ("csv", "kind,grams,from,sold at\napple,100,here,corner\nplum,7,,corner"),
        (
            "markdown",
            "| kind | grams | from | sold at |\n|---|---|---|---|\n"
            "| apple | 100 | here | corner |\n| plum | 7 |  | corner |",
        ),
    ],
)
def test_in_every_form(space: Workspace, format: str, expected: str) -> None:
    assert printed(space, f"byquery fruit , table --format={format}") == expected


def test_as_json(space: Workspace) -> None:
    rows = json.loads(printed(space, "byquery fruit , table --format=json"))
    assert [row["kind"] for row in rows] == ["apple", "plum"]


def test_columns_are_members_of_the_rows_and_values_of_the_entry(space: Workspace) -> None:
    columns = ["name", "grown.year", "shop", "kind"]
    assert space.table("fruit", columns) == [
        {"name": "apple", "grown.year": None, "shop": "corner", "kind": "static"},
        {"name": "plum", "grown.year": 2026, "shop": "corner", "kind": "static"},
    ]


@pytest.mark.parametrize(
    ("column", "hint"),
    [("wieght", "did you mean weight?"), ("zzzzzz", "known: grown, name, weight")],
)
def test_a_column_that_no_row_has(space: Workspace, column: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        space.table("fruit", [column])
    assert (caught.value.message, caught.value.hint) == (f"none of the 2 rows has a value {column!r}", hint)


def test_rows_may_be_computed_and_stand_beside_other_entries(toys: Toys) -> None:
    computed = {**FRUIT, "attributes": {"table_rows": "basket", "table_columns": {"kind": "name"}, "count": 3}}
    toys.add("fruit", computed, "def basket(count):\n    return [{'name': str(n)} for n in range(count)]\n")
    toys.add("pear", {"provides": [["fruit"]], "attributes": {"table_columns": {"kind": "name"}}})
    assert [row["kind"] for row in toys.space().table("fruit")] == ["0", "1", "2", "pear"]


@pytest.mark.parametrize("basket", [None, "apple", ["apple"], {"name": "apple"}])
def test_a_value_that_holds_no_rows(toys: Toys, basket: Any) -> None:
    toys.add("fruit", {**FRUIT, "attributes": {"table_rows": "basket", "basket": basket}})
    with pytest.raises(UsageError) as caught:
        toys.space().table("fruit")
    assert caught.value.message == "fruit has no rows: its value 'basket' is no list of mappings"
    assert caught.value.hint == "axs byname fruit , get basket"


@pytest.mark.parametrize("named", [7, ["basket"], "", "basket.x", "nothing"])
def test_a_name_that_names_no_rows(toys: Toys, named: Any) -> None:
    toys.add("fruit", {**FRUIT, "attributes": {**FRUIT["attributes"], "table_rows": named}})
    with pytest.raises(UsageError) as caught:
        toys.space().table("fruit")
    assert caught.value.message == f"fruit has no rows: its value {named!r} is no list of mappings"


def test_the_benchmarks_of_v6_1() -> None:
    rows = {row["benchmark"]: row for row in Workspace().table("mlperf_benchmarks,round=v6.1")}
    assert len(rows) == 21
    assert rows["3d-unet-99"] == {
        "benchmark": "3d-unet-99",
        "area": "Vision",
        "task": "Medical image segmentation",
        "model": "3D UNET",
        "data set": "KiTS 2019",
        "QSL size": 43,
        "quality": "99 % of FP32: DICE >= 0.853083",
        "latency bound": None,
        "required scenarios": "edge, both: SingleStream, Offline; datacenter: Offline",
        "the rules' text says": "QSL size 42; DICE >= 0.854667",
    }
    columns = ("quality", "latency bound", "required scenarios", "the rules' text says")
    assert [rows["resnet50"][name] for name in columns] == [
        "99 % of FP32: acc >= 75.6954",
        "Server 15 ms",
        "edge: SingleStream, MultiStream, Offline; both: SingleStream, MultiStream, Offline, Server",
        None,
    ]
    assert [rows["gpt-oss-120b"][name] for name in columns] == [
        "99 % of the reference: exact_match >= 82.2987, TOKENS_PER_SAMPLE <= 10998.9",
        "Server TTFT 3000 ms, TPOT 80 ms; Interactive TTFT 2000 ms, TPOT 15 ms",
        "datacenter, both: Offline, one of Interactive and Server",
        "Interactive TTFT 2000 ms, TPOT 20 ms",
    ]
    assert rows["qwen3-vl-235b-a22b"]["quality"] == (
        "99 % of BF16: F1_HIERARCHICAL >= 0.782397 (Interactive: F1_HIERARCHICAL >= 0.779922)"
    )


def test_a_round_says_whether_it_is_open_and_where_its_rules_are_from() -> None:
    table = Workspace().byquery("mlperf_benchmarks,round=v6.1")
    assert table["state"] in ("open until 2026-07-31", "closed on 2026-07-31")
    assert table["source"] == "mlcommons/inference b66003e10e2db4b8c36a448b0545ec90fcc6e9e9, 2026-08-20"
