"""Who else used the processors: of a toy machine, second by second, and for real."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

HARNESS = Path(__file__).parents[2] / "entries" / "loadgen_harness"
ME, TICKS = os.getpid(), os.sysconf("SC_CLK_TCK")


class ToyMachine:
    """A machine's /proc in a folder, with a clock; seconds everywhere."""

    def __init__(self, proc: Path, cpus: int = 2) -> None:
        self.proc, self.cpus, self.now, self.busy = proc, cpus, 1000.0, 0.0
        self.spent: dict[int, float] = {}
        self.waited: dict[int, float] = {}
        self.parents: dict[int, tuple[int, int, int]] = {}
        self.process(1, parent=0, session=1)
        self.process(ME, parent=1, session=ME)
        self.tell()

    def process(self, pid: int, *, parent: int, session: int, started: int = 7) -> None:
        self.parents[pid], self.spent[pid], self.waited[pid] = (parent, session, started), 0.0, 0.0

    def work(self, seconds: float = 1.0, **cores: float) -> None:
        """So many seconds in which processes (``p1=0.5``) or nobody that lives (``nobody``) used so many cores."""
        self.now += seconds
        for name, each in cores.items():
            self.busy += each * seconds
            if name != "nobody":
                self.spent[int(name[1:])] += each * seconds
        self.tell()

    def end(self, pid: int, reaped_by: int | None) -> None:
        """A process ends; its parent waits for it, or nobody that is asked."""
        if reaped_by is not None:
            self.waited[reaped_by] += self.spent[pid] + self.waited[pid]
        for each in (self.parents, self.spent, self.waited):
            del each[pid]
        (self.proc / str(pid) / "stat").unlink()
        self.tell()

    def tell(self) -> None:
        each, rest = divmod(round(self.busy * TICKS), self.cpus)
        lines = [f"cpu{n} {each + (n < rest)} 0 0 9 9 0 0 0 0 0" for n in range(self.cpus)]
        (self.proc / "stat").write_text("\n".join(["cpu  1 1 1 1 1 1 1 1 1 1", *lines, "intr 5 0 0", "cpu0 7", ""]))
        for pid, (parent, session, started) in self.parents.items():
            (self.proc / str(pid)).mkdir(exist_ok=True)
            times = " ".join(str(round(each * TICKS)) for each in (self.spent[pid], 0, self.waited[pid], 0))
            text = f"{pid} (a) b) S {parent} 1 {session} 0 -1 4194304 1 1 1 1 {times} 20 0 1 0 {started} 9 9\n"
            (self.proc / str(pid) / "stat").write_text(text)


@pytest.fixture(autouse=True)
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the modules have; they are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(HARNESS))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    from loadgen_harness import cpu_time, foreign_load

    yield SimpleNamespace(**{**vars(cpu_time), **vars(foreign_load)})
    for name in [name for name in sys.modules if name.split(".")[0] == "loadgen_harness"]:
        del sys.modules[name]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyMachine:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return ToyMachine(tmp_path)


@pytest.fixture
def load(harness: Any, toy: ToyMachine, monkeypatch: pytest.MonkeyPatch) -> Any:
    return begun(harness, toy, monkeypatch)


def begun(harness: Any, toy: ToyMachine, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Without a thread: the tests close each window."""
    load = harness.ForeignLoad(harness.Bounds(), toy.proc, lambda: toy.now)
    monkeypatch.setattr(load._thread, "start", lambda: None)
    load.start()
    return load


def measured(share: float | None, most: float | None, seconds: float | None, noisy: bool | None) -> dict[str, Any]:
    return {
        "foreign_cpu_share": share,
        "foreign_cpu_max_cores": most,
        "foreign_cpu_burst_seconds": seconds,
        "noisy": noisy,
    }


def run(toy: ToyMachine, load: Any, *windows: dict[str, float]) -> dict[str, Any]:
    for cores in windows:
        toy.work(**cores)
        load.tick()
    return load.stop()


def name_of(pid: int) -> str:
    return f"p{pid}"


def test_a_quiet_test(toy: ToyMachine, load: Any) -> None:
    assert run(toy, load, *[{name_of(ME): 1.5, "p1": 0.1}] * 10) == measured(0.05, 0.1, 0.0, False)


def test_a_burst_of_20_s_in_600_s_is_noise(toy: ToyMachine, load: Any) -> None:
    windows = [{name_of(ME): 1.0}] * 580 + [{name_of(ME): 1.0, "p1": 1.0}] * 20
    assert run(toy, load, *windows) == measured(0.0167, 1.0, 20.0, True)


def test_a_burst_of_10_s_in_600_s_is_told_and_no_noise(toy: ToyMachine, load: Any) -> None:
    windows = [{name_of(ME): 1.0}] * 590 + [{name_of(ME): 1.0, "p1": 0.9}] * 10
    assert run(toy, load, *windows) == measured(0.0075, 0.9, 10.0, False)


def test_a_steady_load_below_the_bound_is_noise_by_its_mean(toy: ToyMachine, load: Any) -> None:
    assert run(toy, load, *[{"p1": 0.4}] * 10) == measured(0.2, 0.4, 0.0, True)


def test_what_other_machines_stole_is_foreign(toy: ToyMachine, load: Any) -> None:
    assert run(toy, load, *[{"nobody": 1.0}] * 2) == measured(0.5, 1.0, 2.0, True)


def test_bounds_in_cores_and_in_share(harness: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for cpus, cores, seconds in ((1, 0.3, 2.0), (1, 0.2, 0.0), (64, 0.6, 2.0), (64, 0.4, 0.0)):
        folder = tmp_path / f"{cpus}_{cores}"
        folder.mkdir()
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cpus=cpus: set(range(cpus)))
        toy = ToyMachine(folder, cpus)
        load = begun(harness, toy, monkeypatch)
        assert run(toy, load, {"p1": cores}, {"p1": cores})["foreign_cpu_burst_seconds"] == seconds, (cpus, cores)


def test_a_rest_at_the_end_that_is_too_short_is_no_window(toy: ToyMachine, load: Any) -> None:
    toy.work(p1=0.1)
    load.tick()
    toy.work(0.05, p1=1.0)
    assert load.stop() == measured(0.0714, 0.1, 0.0, False)


def test_a_test_that_is_shorter_than_a_window(toy: ToyMachine, load: Any) -> None:
    toy.work(0.3, p1=1.0)
    assert load.stop() == measured(0.5, None, 0.0, True)


# the family


def test_children_and_grandchildren_are_our_own(toy: ToyMachine, load: Any) -> None:
    toy.process(50, parent=ME, session=ME)
    toy.process(51, parent=50, session=51)
    windows = [{name_of(ME): 0.2, "p50": 0.7, "p51": 0.9}] * 3
    assert run(toy, load, *windows) == measured(0.0, 0.0, 0.0, False)


def test_who_lost_its_parent_is_known_by_the_session(toy: ToyMachine, load: Any) -> None:
    toy.process(50, parent=1, session=ME)
    assert run(toy, load, *[{"p50": 1.0}] * 3) == measured(0.0, 0.0, 0.0, False)


def test_a_session_of_a_shell_is_not_ours(harness: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    toy = ToyMachine(tmp_path)
    toy.process(ME, parent=1, session=40)
    toy.process(50, parent=1, session=40)
    toy.tell()
    load = begun(harness, toy, monkeypatch)
    assert run(toy, load, {"p50": 1.0})["foreign_cpu_max_cores"] == 1.0


@pytest.mark.parametrize("reaped", [True, False], ids=["waited for", "left to the system"])
def test_a_child_that_ended_is_not_foreign(toy: ToyMachine, load: Any, reaped: bool) -> None:
    toy.process(50, parent=ME, session=ME)
    for _ in range(5):
        toy.work(p50=1.0)
        load.tick()
    toy.end(50, ME if reaped else None)
    for _ in range(5):
        toy.work(**{name_of(ME): 1.0})
        load.tick()
    assert load.stop() == measured(0.0, 0.0, 0.0, False)


def test_a_child_that_came_and_went_unseen(toy: ToyMachine, load: Any) -> None:
    toy.process(50, parent=ME, session=ME)
    toy.work(p50=1.0)
    toy.end(50, ME)
    load.tick()
    assert load.stop() == measured(0.0, 0.0, 0.0, False)


def test_a_number_that_is_used_again_by_another_one_is_foreign(toy: ToyMachine, load: Any) -> None:
    toy.process(50, parent=ME, session=ME)
    toy.work(p50=1.0)
    load.tick()
    toy.end(50, ME)
    toy.process(50, parent=1, session=50, started=9)
    toy.work(p50=1.0)
    load.tick()
    assert load.stop() == measured(0.25, 1.0, 1.0, True)


def test_known_ones_are_asked_without_going_through_all(
    harness: Any, toy: ToyMachine, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of processes would take a part of a core each second."""
    looks = []
    everyone = harness.Family._everyone
    monkeypatch.setattr(harness.Family, "_everyone", lambda family: looks.append(1) or everyone(family))
    for _ in range(10):
        toy.work(**{name_of(ME): 1.8, "p1": 0.1})
        load.tick()
    assert looks == []
    load.stop()
    assert looks == [1]


def test_without_proc_nothing_is_known(harness: Any, tmp_path: Path) -> None:
    load = harness.ForeignLoad(harness.Bounds(), tmp_path / "nothing")
    load.start()
    assert load.stop() == measured(None, None, None, None)
    assert harness.busy_seconds({0}, tmp_path) is None


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="reads Linux's /proc")
def test_a_real_child_is_our_own(harness: Any) -> None:
    before, family = harness.own_cpu_seconds(), harness.Family()
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        while harness.own_cpu_seconds() < before + 0.5:
            time.sleep(0.05)
        assert family.seconds(everyone=True) >= 0.4
    finally:
        child.kill()
        child.wait()
    assert family.seconds() >= 0.4
    load = harness.ForeignLoad(harness.Bounds())
    load.start()
    time.sleep(0.2)
    told = load.stop()
    assert 0 <= told["foreign_cpu_share"] <= 1 and told["foreign_cpu_burst_seconds"] == 0.0
