"""The machine as identities and records have it: a quota of CPU time, error correction, which CPUs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from axs_core.base import accelerators, machine
from axs_core.base.cpu_quota import cpu_quota


def process(root: Path, groups: str, *mounts: tuple[str, str, str, str]) -> Path:
    """A folder as in /proc: the groups, and where they are mounted (root, folder below ``root``, type, options)."""
    proc = root / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text(groups)
    lines = (
        f"31 23 0:28 {begin} {root / at} rw,nosuid - {kind} cgroup rw,{options}" for begin, at, kind, options in mounts
    )
    (proc / "mountinfo").write_text("22 1 0:2 / / rw - ext4 /dev/vda rw\n" + "".join(f"{line}\n" for line in lines))
    return proc


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("cpu_", "cpu.", 1)).write_text(f"{text}\n")


@pytest.mark.parametrize(
    ("own", "above", "quota"),
    [("50000 100000", "max 100000", 0.5), ("max 100000", "150000 100000", 1.5), ("400000 100000", "20000 10000", 2.0)],
)
def test_quota_of_control_groups_2(tmp_path: Path, own: str, above: str, quota: float) -> None:
    proc = process(tmp_path, "0::/jobs/one\n", ("/", "fs", "cgroup2", "nsdelegate"))
    group(tmp_path / "fs" / "jobs", cpu_max=above)
    group(tmp_path / "fs" / "jobs" / "one", cpu_max=own)
    assert cpu_quota(proc) == quota


def test_quota_of_control_groups_1(tmp_path: Path) -> None:
    proc = process(
        tmp_path,
        "5:cpuset:/\n4:cpu,cpuacct:/docker/1\n0::/\n",
        ("/", "cpu", "cgroup", "cpu,cpuacct"),
        ("/", "u", "cgroup2", "x"),
    )
    group(tmp_path / "cpu" / "docker" / "1", cpu_cfs_quota_us="30000", cpu_cfs_period_us="100000")
    assert cpu_quota(proc) == 0.3
    group(tmp_path / "cpu" / "docker" / "1", cpu_cfs_quota_us="-1")
    assert cpu_quota(proc) is None


def test_inside_of_a_container_its_own_group_is_the_root(tmp_path: Path) -> None:
    proc = process(tmp_path, "4:cpu:/docker/1\n", ("/docker/1", "cpu", "cgroup", "cpu"))
    group(tmp_path / "cpu", cpu_cfs_quota_us="250000", cpu_cfs_period_us="100000")
    assert cpu_quota(proc) == 2.5


@pytest.mark.parametrize("content", ["", "max", "max 100000", "nonsense", "1 0", "-1 100000"])
def test_no_quota(tmp_path: Path, content: str) -> None:
    proc = process(tmp_path, "0::/one\n", ("/", "fs", "cgroup2", "x"))
    group(tmp_path / "fs" / "one", cpu_max=content)
    assert cpu_quota(proc) is None
    assert cpu_quota(tmp_path / "nothing") is None


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.delenv("AXS_SYSTEM", raising=False)
    for name, value in (("cpu_model", "Toy CPU"), ("cores", 4), ("memory_bytes", 8 << 30), ("accelerators", [])):
        monkeypatch.setattr(machine, name, lambda value=value: value)
    machine._detected_name.cache_clear()
    yield monkeypatch
    machine._detected_name.cache_clear()


@pytest.mark.parametrize(
    ("quota", "name"),
    [
        (None, "Toy CPU, 4 cores, 8 GiB"),
        (0.5, "Toy CPU, 4 cores, quota of 0.5 CPUs, 8 GiB"),
        (4.0, "Toy CPU, 4 cores, 8 GiB"),
    ],
)
def test_a_quota_is_part_of_the_machine(named: pytest.MonkeyPatch, quota: float | None, name: str) -> None:
    named.setattr(machine, "cpu_quota", lambda: quota)
    assert machine.name() == name
    assert machine.facts()["cpu_quota"] == quota


@pytest.mark.parametrize(
    ("modes", "corrects"),
    [(["SECDED", "SECDED"], True), (["None"], False), (["Unknown"], None), ([], None), (["None", "S4ECD4ED"], True)],
)
def test_main_memory_that_corrects_errors(tmp_path: Path, modes: list[str], corrects: bool | None) -> None:
    for number, mode in enumerate(modes):
        dimm = tmp_path / "mc0" / f"dimm{number}"
        dimm.mkdir(parents=True)
        (dimm / "dimm_edac_mode").write_text(f"{mode}\n")
    assert machine.memory_corrects_errors(tmp_path) is corrects


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder with the information of two GPUs, and one for programs, which is PATH."""
    for number in range(2):
        file = tmp_path / "gpus" / str(number) / "information"
        file.parent.mkdir(parents=True)
        file.write_text("Model: NVIDIA L4\n")
    monkeypatch.setattr(accelerators, "_GPUS", tmp_path / "gpus")
    monkeypatch.setenv("PATH", str(tmp_path))
    accelerators.corrects_errors.cache_clear()
    yield tmp_path
    accelerators.corrects_errors.cache_clear()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo Enabled; echo Disabled", [True, False]),
        ("echo '[N/A]'; echo Enabled", [None, True]),
        ("echo 'NVIDIA-SMI has failed'; exit 9", [None, None]),
        (None, [None, None]),
    ],
)
def test_accelerators_that_correct_errors(gpus: Path, script: str | None, told: list[bool | None]) -> None:
    if script is not None:
        program = gpus / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    assert accelerators.corrects_errors() == told


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_which_cpus_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 5, 8, 9})
    assert machine.usable_cpus() == "0-2,5,8-9"
