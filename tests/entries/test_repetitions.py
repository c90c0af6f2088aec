"""repetitions=N: every run is kept, and summed up."""

from __future__ import annotations

from typing import Any

import pytest
from support import fake_loadgen
from support.toy import Toys

from axs_core.base.errors import Refused, UsageError
from axs_core.entry.functions import functions_of

RUN = "loadgen_output,loadgen_mode=PerformanceOnly,loadgen_scenario=Server,loadgen_target_qps=80"


@pytest.fixture
def toys(toys: Toys) -> Toys:
    fake_loadgen.add_to(toys.recipes)
    return toys


def runs(*figures: float | None) -> list[dict[str, Any]]:
    return [
        {"name": f"run_{n}", "performance": figure, "verdict": "VALID" if figure else "INVALID (late)", "noisy": False}
        for n, figure in enumerate(figures, 1)
    ]


@pytest.fixture
def summary(toys: Toys) -> Any:
    functions = functions_of(toys.space().byname("loadgen_comparison").entry)

    def sum_up(given: list[dict[str, Any]], unit: str = "ns") -> str:
        text: str = functions["performance_summary"](functions["performance_spread"](given), given, unit)
        return text

    return sum_up


@pytest.mark.process
def test_every_run_is_kept(toys: Toys) -> None:
    space = toys.space()
    made = space.byquery(f"{RUN},repetitions=3")
    kept = space.all_byquery("loadgen_output,repetition.")
    assert [run["name"] for run in made["runs"]] == [run.name for run in kept]
    assert sorted(run["repetition"] for run in kept) == [1, 2, 3]
    assert (made["performance"], made["engine"], made["model_digest"]) == (100, "toy engine", "d" * 64)
    assert made["verdict"].startswith("VALID (3 of 3 runs; ")
    assert made["performance_summary"] == (
        "median 100 samples/s; quartiles 100 .. 100; min 100, max 100; no 95 % interval of the median: it takes 6 "
        "VALID runs; 3 of 3 runs VALID"
    )
    assert [need["need"] for need in made.record["needs"] if need["kind"] == "produced"] == ["run", "run", "run"]


@pytest.mark.process
def test_more_of_them_use_those_that_are_there(toys: Toys) -> None:
    space = toys.space()
    space.byquery(f"{RUN},repetitions=2")
    space.byquery(f"{RUN},repetitions=4")
    assert len(space.all_byquery("loadgen_output,repetition.")) == 4


@pytest.mark.process
def test_invalid_ones(toys: Toys) -> None:
    space = toys.space()
    made = space.byquery(f"{RUN.replace('80', '800')},repetitions=2")
    assert made["verdict"] == "INVALID (each of 2 runs)"
    with pytest.raises(Refused) as caught:
        made.get("performance_summary")
    names = [run.name for run in space.all_byquery("loadgen_output,repetition.")]
    told = "".join(f"\n{name}: INVALID (performance constraints not satisfied)" for name in names)
    assert str(caught.value) == f"none of the 2 runs is VALID:{told}"
    with pytest.raises(Refused):
        made.get("performance")


def test_how_many_and_which_exclude_each_other(toys: Toys) -> None:
    with pytest.raises(UsageError) as caught:
        toys.space().byquery(f"{RUN},repetitions=2,repetition=1")
    assert str(caught.value) == (
        "repetition is the number of one run, repetitions how many there are to be: say one of them"
    )
    with pytest.raises(UsageError) as caught:
        toys.space().byquery("loadgen_output,repetitions=2")
    assert str(caught.value) == "repetitions are for performance tests, not for AccuracyOnly"
    assert caught.value.hint == "add loadgen_mode=PerformanceOnly"


@pytest.mark.process
def test_a_single_run_has_no_summary(toys: Toys) -> None:
    with pytest.raises(Refused) as caught:
        toys.space().byquery(RUN).get("performance_summary")
    assert (str(caught.value), caught.value.hint) == ("this is a single run", "ask the same query with repetitions=5")


def test_the_plan_says_how_many(toys: Toys) -> None:
    assert "│    5 runs, an entry each" in list(toys.space().plan(f"{RUN},repetitions=5").lines())


def test_median_quartiles_and_what_is_wrong(summary: Any) -> None:
    assert summary([*runs(10, 30, 20, None), {**runs(15)[0], "name": "loud", "noisy": True}]) == (
        "median 17.5 ns; quartiles 13.75 .. 22.5; min 10, max 30; no 95 % interval of the median: it takes 6 "
        "VALID runs; 4 of 5 runs VALID\nrun_4: INVALID (late)\nloud: NOISY"
    )
    assert summary(runs(7, None)).startswith("median 7 ns; quartiles 7 .. 7; min 7, max 7; no 95 % interval")


@pytest.mark.parametrize(("count", "places"), [(6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (20, (6, 15)), (50, (18, 33))])
def test_the_interval_of_the_median(summary: Any, count: int, places: tuple[int, int]) -> None:
    """Places of the table in David and Nagaraja, Order Statistics."""
    low, high = places
    assert f"95 % interval of the median {low} .. {high};" in summary(runs(*range(1, count + 1)))
