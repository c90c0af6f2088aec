"""until_valid+, find_target_qps+ and find_target_latency+, with a program that only pretends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import fake_loadgen
from support.toy import Toys

from axs_core.errors import ProduceError, UsageError

RUN = "loadgen_output,loadgen_mode=PerformanceOnly"


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    toys = Toys(tmp_path)
    fake_loadgen.add_to(toys.recipes)
    return toys


def targets(attempts: list[dict[str, Any]]) -> list[tuple[str, float, bool]]:
    return [(each["purpose"], each["target"], each["valid"]) for each in attempts]


def test_a_run_that_is_valid_at_once_is_the_answer(toys: Toys) -> None:
    made = toys.space().byquery(f"{RUN},loadgen_scenario=Server,loadgen_target_qps=80,until_valid+")
    assert targets(made["attempts"]) == [("try", 80, True)]
    assert made["performance"] == 100


def test_until_valid_lowers_a_servers_load_and_confirms_afresh(toys: Toys) -> None:
    space = toys.space()
    made = space.byquery(f"{RUN},loadgen_scenario=Server,loadgen_target_qps=115,until_valid+")
    assert targets(made["attempts"]) == [
        ("try", 115, False),
        ("try", 103.5, False),
        ("try", 93.15, True),
        ("confirm", 93.15, True),
    ]
    assert made["confirmed_by"].endswith("_2")
    assert [need["entry"] for need in made.record["needs"] if need["need"] == "attempt"] == [
        each["entry"] for each in made["attempts"]
    ]
    assert len(space.all_byquery(f"{RUN},searched-")) == 4
    assert space.byquery(f"{RUN},loadgen_scenario=Server,loadgen_target_qps=115,until_valid+").name == made.name


def test_an_offline_run_that_ended_early_is_told_more(toys: Toys) -> None:
    made = toys.space().byquery(f"{RUN},loadgen_scenario=Offline,loadgen_target_qps=95,until_valid+")
    assert targets(made["attempts"]) == [("try", 95, False), ("try", 105.6, True), ("confirm", 105.6, True)]


def test_it_gives_up_after_the_stated_number_of_runs(toys: Toys) -> None:
    space = toys.space()
    query = f"{RUN},loadgen_scenario=Server,loadgen_target_qps=1000,until_valid+,loadgen_max_attempts=2"
    with pytest.raises(ProduceError) as caught:
        space.byquery(query)
    first, second = (entry.name for entry in space.all_byquery(RUN))
    assert caught.value.message == (
        "none of 2 runs was VALID:\n"
        f"    {first}: target 1000.0: INVALID (performance constraints not satisfied)\n"
        f"    {second}: target 900.0: INVALID (performance constraints not satisfied)"
    )
    assert caught.value.hint == "say another loadgen_target_..., or more of loadgen_max_attempts"


def test_the_highest_load_is_found_between_valid_and_invalid(toys: Toys) -> None:
    made = toys.space().byquery(f"{RUN},loadgen_scenario=Server,find_target_qps+,loadgen_official+")
    assert targets(made["attempts"]) == [
        ("search", 50, True),
        ("search", 100, True),
        ("search", 200, False),
        ("search", 141.4, False),
        ("search", 118.9, False),
        ("search", 109.0, False),
        ("search", 104.4, False),
        ("confirm", 100, True),
    ]
    assert made["found_target_qps"] == 100
    plotted = json.loads((made.path / "search.json").read_text())
    assert plotted["units"] == {"target": "1/s", "figure": "1/s"}
    assert len(plotted["attempts"]) == 8
    assert toys.space().byname(made["confirmed_by"])["loadgen_official"] is True
    assert toys.space().byname(made["attempts"][0]["entry"])["loadgen_official"] is False


def test_the_latency_of_a_stream_is_what_a_short_run_shows(toys: Toys) -> None:
    query = f"{RUN},loadgen_scenario=SingleStream,find_target_latency+,loadgen_search_duration_s=1"
    made = toys.space().byquery(query)
    assert targets(made["attempts"]) == [("search", 50, True), ("confirm", 10, True)]
    assert toys.space().byname(made["attempts"][0]["entry"])["loadgen_min_duration_s"] == 1


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        (
            "loadgen_output,until_valid+",
            "until_valid+ is for performance tests, not for AccuracyOnly",
            "add loadgen_mode=PerformanceOnly",
        ),
        (
            f"{RUN},loadgen_scenario=SingleStream,find_target_qps+",
            "find_target_qps+ is for Server and Offline, not for SingleStream",
            "say find_target_latency+",
        ),
        (
            f"{RUN},find_target_latency+",
            "find_target_latency+ is for SingleStream and MultiStream, not for Offline",
            "say find_target_qps+",
        ),
    ],
)
def test_what_does_not_fit_is_refused(toys: Toys, query: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        toys.space().byquery(query)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_the_plan_says_how_long_it_takes(toys: Toys) -> None:
    query = f"{RUN},loadgen_scenario=Server,find_target_qps+,until_valid+,loadgen_official+"
    assert toys.space().plan(query).notes == (
        "up to 12 short runs of 5 s or more",
        "up to 5 runs of 600 s or more",
    )
