"""The store against a model: random sequences of what people and processes do to it, killed ones among them.

The long run: ``pytest -m endurance tests/model -s`` prints how many steps of each kind there were.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from model.machine import StoreMachine

pytestmark = pytest.mark.process

COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


def test_a_few_sequences() -> None:
    run_state_machine_as_test(
        StoreMachine, settings=settings(max_examples=8, stateful_step_count=12, derandomize=True, **COMMON)
    )


@pytest.mark.endurance
@pytest.mark.timeout(0)
def test_many_sequences() -> None:
    StoreMachine.steps.clear()
    run_state_machine_as_test(StoreMachine, settings=settings(max_examples=1000, stateful_step_count=30, **COMMON))
    print(f"\n{sum(StoreMachine.steps.values()):,} steps")
    for what, count in StoreMachine.steps.most_common():
        print(f"{count:>7,} {what}")
