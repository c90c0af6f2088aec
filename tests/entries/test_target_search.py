"""until_valid+, find_target_qps+ and find_target_latency+, with a program that only pretends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import fake_loadgen
from support.toy import Toys

from axs_core.base.errors import ProduceError, ProgramFailed, UsageError

pytestmark = pytest.mark.process

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


def test_fresh_all_makes_the_attempts_again_too(toys: Toys) -> None:
    space = toys.space()
    first = space.byquery(f"{RUN},loadgen_scenario=Server,loadgen_target_qps=80,until_valid+")
    assert space.byquery(f"{RUN},loadgen_scenario=Server,loadgen_target_qps=80,until_valid+", fresh="one").name
    assert len(space.all_byquery(f"{RUN},searched-")) == 1
    again = space.byquery(f"{RUN},loadgen_scenario=Server,loadgen_target_qps=80,until_valid+", fresh="all")
    assert again["attempts"][0]["entry"] != first["attempts"][0]["entry"]


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


def test_a_server_that_needs_more_queries_gets_them_at_the_same_load(toys: Toys) -> None:
    """The bound was kept; LoadGen only could not be sure."""
    query = f"{RUN},loadgen_scenario=Server,loadgen_target_qps=80,until_valid+,needs_queries=1500"
    space = toys.space()
    made = space.byquery(query)
    assert targets(made["attempts"]) == [("try", 80, False), ("try", 80, True), ("confirm", 80, True)]
    asked = [space.byname(each["entry"]).get("loadgen_min_query_count") for each in made["attempts"][1:]]
    assert asked == [3000, 3000]


def test_more_queries_than_are_worth_the_time_mean_a_lower_load(toys: Toys) -> None:
    query = f"{RUN},loadgen_scenario=Server,loadgen_target_qps=80,until_valid+,needs_queries=100000"
    with pytest.raises(ProduceError) as caught:
        toys.space().byquery(f"{query},loadgen_max_attempts=2")
    assert "target 72.0: INVALID (early stopping not satisfied" in caught.value.message


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
        f"    {second}: target 117.0: INVALID (performance constraints not satisfied)"
    )
    assert caught.value.hint == "say another loadgen_target_..., or more of loadgen_max_attempts"


def test_the_highest_load_is_found_between_valid_and_invalid(toys: Toys) -> None:
    made = toys.space().byquery(f"{RUN},loadgen_scenario=Server,find_target_qps+,loadgen_official+")
    assert targets(made["attempts"]) == [
        ("search", 50, True),
        ("search", 100, True),
        ("search", 200, False),  # it completed 130, so no more than that can be kept
        ("search", 114.0, False),
        ("search", 106.8, False),
        ("search", 103.3, False),
        ("confirm", 100, True),
    ]
    assert made["found_target_qps"] == 100
    plotted = json.loads((made.path / "search.json").read_text())
    assert plotted["units"] == {"target": "1/s", "figure": "1/s"}
    assert len(plotted["attempts"]) == 7
    assert toys.space().byname(made["confirmed_by"])["loadgen_official"] is True
    assert toys.space().byname(made["attempts"][0]["entry"])["loadgen_official"] is False


def test_each_attempt_is_told_as_it_goes(toys: Toys, tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.write_text("one\n")
    toys.space().byquery(f"{SEARCH},noise_file={noise}")
    assert [note for note in toys.reporter.notes if note.startswith("attempt")] == [
        "attempt 1 (search): 50 queries/s: INVALID (performance constraints not satisfied), NOISY",
        "attempt 2 (search): 50 queries/s: VALID",
        "attempt 3 (search): 100 queries/s: VALID",
        "attempt 4 (search): 200 queries/s: INVALID (performance constraints not satisfied)",
        "attempt 5 (search): 114 queries/s: INVALID (performance constraints not satisfied)",
        "attempt 6 (confirm): 100 queries/s: VALID",
    ]
    toys.space().byquery(f"{RUN},loadgen_scenario=Offline,loadgen_target_qps=95,until_valid+")
    assert "attempt 1 (try): 95 samples/s: INVALID (min duration not satisfied)" in toys.reporter.notes
    toys.space().byquery(f"{RUN},loadgen_scenario=SingleStream,find_target_latency+")
    assert "attempt 1 (search): 50 ms: VALID" in toys.reporter.notes


def test_a_found_load_that_fails_when_it_counts_gives_way_to_the_next_lower_one(toys: Toys) -> None:
    query = f"{RUN},loadgen_scenario=Server,find_target_qps+,loadgen_official+,official_limit=60"
    made = toys.space().byquery(query)
    assert targets(made["attempts"])[-2:] == [("confirm", 100, False), ("confirm", 50, True)]
    assert (made["found_target_qps"], str(made["verdict"])[:5]) == (50, "VALID")


def test_a_found_load_that_wants_more_queries_gets_them(toys: Toys) -> None:
    made = toys.space().byquery(f"{SEARCH},needs_queries=1500")
    assert targets(made["attempts"])[-2:] == [("confirm", 100, False), ("confirm", 100, True)]
    assert toys.space().byname(made["confirmed_by"]).get("loadgen_min_query_count") == 3000


def test_no_load_that_was_found_holds(toys: Toys) -> None:
    with pytest.raises(ProduceError) as caught:
        toys.space().byquery(f"{RUN},loadgen_scenario=Server,find_target_qps+,loadgen_official+,official_limit=10")
    first, *tried = caught.value.message.splitlines()
    assert first == "what short runs have shown was never VALID when it counted:"
    assert [line.split("target ")[1].split(":")[0] for line in tried][-2:] == ["100.0", "50.0"]
    assert str(caught.value.hint).startswith("add loadgen_search_duration_s=")


def test_a_found_offline_rate_that_ends_early_is_told_more(toys: Toys) -> None:
    query = f"{RUN},loadgen_scenario=Offline,find_target_qps+,loadgen_target_qps=100,loadgen_official+"
    made = toys.space().byquery(f"{query},official_limit=105")
    assert targets(made["attempts"]) == [("search", 100, True), ("confirm", 100, False), ("confirm", 111.1, True)]


def test_a_load_that_is_hopeless_is_an_answer_to_a_search(toys: Toys) -> None:
    made = toys.space().byquery(f"{SEARCH},loadgen_target_qps=1000,hopeless_above=400")
    assert targets(made["attempts"])[:3] == [("search", 1000, False), ("search", 500, False), ("search", 250, False)]
    assert [each["entry"] is None for each in made["attempts"]][:3] == [True, True, False]
    assert made["attempts"][0]["verdict"] == "INVALID (ended: far more than this Server holds)"
    assert made["found_target_qps"] == 91.92
    assert made["target_search"]["attempts"][0]["figure"] is None


def test_a_load_that_is_hopeless_ends_what_is_no_search(toys: Toys) -> None:
    query = f"{RUN},loadgen_scenario=Server,loadgen_target_qps=1000,hopeless_above=400"
    for said in ("", ",until_valid+"):
        with pytest.raises(ProgramFailed) as caught:
            toys.space().byquery(f"{query}{said}")
        assert caught.value.tail[-1] == "error: 1000 queries/s are far too many"


SEARCH = f"{RUN},loadgen_scenario=Server,find_target_qps+,loadgen_search_precision=0.2"


def test_a_noisy_run_that_fails_is_made_once_more(toys: Toys, tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.write_text("one\n")
    made = toys.space().byquery(f"{SEARCH},noise_file={noise}")
    assert targets(made["attempts"])[:3] == [("search", 50, False), ("search", 50, True), ("search", 100, True)]
    assert made["found_target_qps"] == 100
    assert made["attempts"][0]["noisy"] is True


def test_noise_that_stays_is_not_waited_out(toys: Toys, tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.write_text("one\n" * 3)
    made = toys.space().byquery(f"{SEARCH},noise_file={noise}")
    tried = targets(made["attempts"])
    assert tried[:4] == [("search", 50, False), ("search", 50, False), ("search", 25, False), ("search", 12.5, True)]


def test_a_search_counts_loads_that_kept_the_bound(toys: Toys) -> None:
    made = toys.space().byquery(f"{SEARCH},until_valid+,needs_queries=1500")
    assert made["found_target_qps"] == 100
    assert targets(made["attempts"])[-2:] == [("try", 100, True), ("confirm", 100, True)]


def test_a_bound_that_is_too_tight_ends_the_search(toys: Toys, tmp_path: Path) -> None:
    """At a sixteenth of what single samples reach (200 a second), still less load does not help."""
    noise = tmp_path / "noise"
    noise.write_text("one\n" * 20)
    with pytest.raises(ProduceError) as caught:
        toys.space().byquery(f"{SEARCH},noise_file={noise}")
    first, *tried = caught.value.message.splitlines()
    assert first == "no load kept the bound:"
    assert [line.split("target ")[1].split(":")[0] for line in tried] == ["50.0", "50.0", "25.0", "12.5"]
    assert caught.value.hint == (
        "at 12.5 queries/s 1 in 100 takes longer than 17 ms: ask again when the machine does nothing else, or with "
        "another bound, loadgen_target_latency=MS"
    )


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
    assert toys.space().plan(f"{RUN},loadgen_scenario=Server,find_target_qps+").notes == (
        "up to 12 short runs of 5 s or more",
        "up to 5 runs of 5 s or more",
    )
