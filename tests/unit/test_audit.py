"""Figures computed again from the raw files."""

from __future__ import annotations

import json
import shlex

import pytest
from support import fake_loadgen
from support.toy import Toys

from axs_core.api import WorkspaceEntry
from axs_core.base.errors import StoreError, UsageError
from axs_core.base.reporter import Reporter
from axs_core.cli.execute import run_pipeline
from axs_core.cli.model import Root
from axs_core.cli.pipeline import parse_pipeline
from axs_core.compare.audit import audit

pytestmark = pytest.mark.process

RUN = "loadgen_output,loadgen_mode=PerformanceOnly,loadgen_scenario=Server,loadgen_target_qps=80"


@pytest.fixture
def toys(toys: Toys) -> Toys:
    fake_loadgen.add_to(toys.recipes)
    return toys


@pytest.fixture
def run(toys: Toys) -> WorkspaceEntry:
    return toys.space().byquery(RUN)


def edited(toys: Toys, run: WorkspaceEntry, file: str, old: str, new: str) -> WorkspaceEntry:
    path = run.path / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return toys.space().byname(run.name)


def test_all_is_well(run: WorkspaceEntry) -> None:
    outcome = audit(run.entry, Reporter())
    assert set(outcome.agreeing) == {"performance", "mlperf_score", "performance_report", "verdict"}
    assert outcome.problems == ()


def test_a_log_that_was_tampered_with(toys: Toys, run: WorkspaceEntry) -> None:
    changed = edited(toys, run, "mlperf_log_detail.txt", ": 100.0", ": 300.0")
    outcome = audit(changed.entry, Reporter())
    assert outcome.agreeing == ("performance_report", "verdict")
    assert f"{run.name}/mlperf_log_detail.txt: has other content than was recorded" in outcome.problems
    assert "performance: stored is 100.0, the files give 300.0" in outcome.problems


def test_a_figure_that_was_tampered_with(toys: Toys, run: WorkspaceEntry) -> None:
    changed = edited(toys, run, "meta.yaml", "performance: 100.0", "performance: 300.0")
    assert audit(changed.entry, Reporter()).problems == ("performance: stored is 300.0, the files give 100.0",)


def test_what_was_measured_is_as_recorded(toys: Toys, run: WorkspaceEntry) -> None:
    changed = edited(toys, run, "meta.yaml", "effective_precision: fp32", "effective_precision: int8")
    changed = edited(toys, changed, "meta.yaml", "loadgen_scenario: Server", "loadgen_scenario: Offline")
    problems = audit(changed.entry, Reporter()).problems
    assert 'effective_precision: stored is "int8", the record has "fp32"' in problems
    assert 'loadgen_scenario: stored is "Offline", the record has "Server"' in problems


class TestOfAnEarlierVersion:
    """It read a Server's rate from the summary, where it has two decimals."""

    @pytest.fixture
    def run(self, toys: Toys) -> WorkspaceEntry:
        run = toys.space().byquery(f"{RUN},limit=100.001")
        assert (run["performance"], run["mlperf_score"]) == (100.001, 100.001)
        for name in ("performance", "mlperf_score"):
            run = edited(toys, run, "meta.yaml", f"{name}: 100.001", f"{name}: 100.0")
        return run

    def test_it_is_no_fault(self, run: WorkspaceEntry) -> None:
        outcome = audit(run.entry, Reporter())
        assert outcome.agreeing == ("performance_report", "verdict")
        assert outcome.notes == tuple(
            f"{name}: stored is 100.0, the files give 100.001; an earlier version of axs read it so"
            for name in ("performance", "mlperf_score")
        )
        assert outcome.problems == ()

    def test_what_neither_log_says_is_one(self, toys: Toys, run: WorkspaceEntry) -> None:
        changed = edited(toys, run, "meta.yaml", "performance: 100.0", "performance: 100.01")
        problems = audit(changed.entry, Reporter()).problems
        assert problems == ("performance: stored is 100.01, the files give 100.001",)


def test_a_verdict_that_does_not_allow_the_figure(toys: Toys, run: WorkspaceEntry) -> None:
    changed = edited(toys, run, "mlperf_log_summary.txt", "Result is : VALID", "Result is : INVALID")
    problems = audit(changed.entry, Reporter()).problems
    assert any(
        each.startswith("performance: stored is 100.0, the files give none: this run is INVALID") for each in problems
    )


def test_a_log_that_is_gone(toys: Toys, run: WorkspaceEntry) -> None:
    (run.path / "mlperf_log_summary.txt").unlink()
    problems = audit(run.entry, Reporter()).problems
    assert problems[0] == f"{run.name}/mlperf_log_summary.txt: is missing"
    assert len(problems) == 5


def test_the_list_of_files_itself(toys: Toys, run: WorkspaceEntry) -> None:
    file = run.path / ".axs" / "files.json"
    files = json.loads(file.read_text())
    del files["mlperf_log_detail.txt"]
    file.write_text(json.dumps(files))
    assert audit(run.entry, Reporter()).problems == (f"{run.name}: its list of files is not the one of its record",)


def test_what_was_not_made(toys: Toys) -> None:
    toys.add("written", {"tags": ["thing"]})
    with pytest.raises(UsageError) as caught:
        audit(toys.space().byname("written").entry, Reporter())
    assert str(caught.value) == "written was not made by axs: there is no record to compare it with"


def test_on_the_command_line(toys: Toys, run: WorkspaceEntry) -> None:
    calls = parse_pipeline(shlex.split(f"audit {run.name}"))
    assert run_pipeline(calls, Root(toys.space)).result == (
        f"{run.name}: files as recorded; computed again and the same: "
        "performance, mlperf_score, performance_report, verdict"
    )
    edited(toys, run, "meta.yaml", "performance: 100.0", "performance: 300.0")
    with pytest.raises(StoreError) as caught:
        run_pipeline(calls, Root(toys.space))
    assert str(caught.value) == (
        f"{run.name} is not what its files say:\n    performance: stored is 300.0, the files give 100.0"
    )
    assert caught.value.exit_code == 1
