"""What is around a real run: environment variables, a quota of CPU time, other processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PERFORMANCE = "loadgen_output,framework=onnxrt,loadgen_mode=PerformanceOnly,loadgen_duration_s=1"


def made(axs: AxsCommand, query: str, **variables: str) -> Path:
    return Path(axs.run("byquery", query, ",", "get", "path", variables=variables).stdout.strip())


def test_a_figure_made_with_one_thread_answers_nobody_else(axs: AxsCommand) -> None:
    plain = made(axs, PERFORMANCE)
    slow = made(axs, PERFORMANCE, OMP_NUM_THREADS="1")
    assert made(axs, PERFORMANCE) == plain != slow == made(axs, PERFORMANCE, OMP_NUM_THREADS="1")
    record = json.loads((slow / "record.json").read_text())
    assert record["environment"] == {"OMP_NUM_THREADS": "1"}
    assert record["python"] == json.loads((plain / "record.json").read_text())["python"]
    differing = axs.run("diff", plain.name, slow.name).stdout
    assert "\nenvironment\n  OMP_NUM_THREADS  -  1\n" in differing
    replayed = axs.run("byname", slow.name, ",", "replay", variables={"OMP_NUM_THREADS": "2"}).stdout
    assert "surroundings: the same as in the record" in replayed
    new = next(line.split()[1] for line in replayed.splitlines() if line.startswith("new "))
    axs.run("byname", new, ",", "remove")


def test_fp32_that_is_none_is_refused(axs: AxsCommand) -> None:
    refused = axs.run("byquery", PERFORMANCE, expect=1, variables={"NVIDIA_TF32_OVERRIDE": "1"})
    assert "NVIDIA_TF32_OVERRIDE=1: with that, fp32 may be computed in something shorter" in refused.stderr
    assert "env -u NVIDIA_TF32_OVERRIDE axs ..." in refused.stderr


@pytest.fixture
def busy_core() -> Iterator[None]:
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield
    child.kill()
    child.wait()


@pytest.mark.usefixtures("busy_core")
@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="reads Linux's /proc")
def test_a_run_beside_a_busy_process_is_noisy_and_diff_begins_with_it(axs: AxsCommand) -> None:
    loud = made(axs, f"{PERFORMANCE},batch_size=16")
    measured = json.loads((loud / "measured.json").read_text())
    assert measured["noisy"] is True
    assert measured["foreign_cpu_max_cores"] > 0
    assert measured["input_shape"] == [1, 32, 32]
    table = axs.run("byname", loud.name, ",", "table", "--columns,=input_shape,effective_batch_size,noisy").stdout
    assert table.splitlines()[1].split() == ["[1,", "32,", "32]", "16", "true"]
    first = axs.run("diff", loud.name, loud.name).stdout.splitlines()[0]
    assert first.startswith("caution (old): NOISY: other processes took ")


GROUPS = Path("/sys/fs/cgroup/cpu")


@pytest.fixture
def quota() -> Iterator[Path]:
    """A group of processes (cgroup v1) with a quota of 0.5 CPUs."""
    group = GROUPS / f"axs_test_{os.getpid()}"
    try:
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text("100000")
        (group / "cpu.cfs_quota_us").write_text("50000")
    except OSError as error:
        pytest.skip(f"no group can be made here: {error}")
    yield group
    group.rmdir()


def test_a_quota_is_another_machine(quota: Path) -> None:
    program = (
        f"open({str(quota / 'cgroup.procs')!r}, 'w').write('0')\n"
        "from axs_core.base import machine\nprint(machine.name(), machine.facts()['cpu_quota'], sep='|')"
    )
    inside = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    outside = program.partition("\n")[2]
    out = subprocess.run([sys.executable, "-c", outside], capture_output=True, text=True, check=True).stdout.strip()
    assert out.endswith("|None")
    assert inside.split("|")[1] == "0.5"
    assert inside.split("|")[0].replace(", quota of 0.5 CPUs", "") == out.split("|")[0] != inside.split("|")[0]
