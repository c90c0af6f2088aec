"""How much processor time this process may use: the quota of its control groups (a container's ``--cpus``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc/self")


def cpu_quota(proc: Path = _PROC) -> float | None:
    """CPUs' worth of time that this process may use in each period, 0.5 for half of one; None without a quota.

    The least of its group's and those of all groups above it that can be seen from here counts (cgroup v2 ``cpu.max``,
    v1 ``cpu.cfs_quota_us``). ``proc`` is the process's folder in /proc.
    """
    quotas = (quota for folder in _groups(proc) for quota in (_quota_of(folder),) if quota is not None)
    return min(quotas, default=None)


def _groups(proc: Path) -> Iterator[Path]:
    """Folders of the process's CPU groups, the nearest first, up to where their file system is mounted."""
    for version, controllers, path in _memberships(proc):
        for root, mounted in _mounts(proc, version, controllers):
            inside = path == root or path.startswith(f"{root.rstrip('/')}/")
            folder = mounted / path[len(root) :].strip("/") if inside else mounted
            yield from (each for each in (folder, *folder.parents) if each.is_relative_to(mounted))


def _memberships(proc: Path) -> Iterator[tuple[str, str, str]]:
    """File system, controller and path of each group that may have a quota; see cgroups(7)."""
    for line in _lines(proc / "cgroup"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            yield "cgroup2", "", path
        elif "cpu" in controllers.split(","):
            yield "cgroup", "cpu", path


def _mounts(proc: Path, kind: str, controller: str) -> Iterator[tuple[str, Path]]:
    """Which group a mounted file system begins with, and where it is mounted (proc(5): mountinfo)."""
    for line in _lines(proc / "mountinfo"):
        first, _, second = line.partition(" - ")
        fields, source = first.split(), second.split()
        if len(fields) > 4 and source[:1] == [kind] and (not controller or controller in source[-1].split(",")):
            yield fields[3], Path(fields[4])


def _quota_of(folder: Path) -> float | None:
    words = " ".join(_lines(folder / "cpu.max")).split()
    words = words or [" ".join(_lines(folder / f"cpu.cfs_{name}_us")) for name in ("quota", "period")]
    try:
        quota, period = int(words[0]), int(words[1])
    except (IndexError, ValueError):  # "max": none
        return None
    return round(quota / period, 4) if quota > 0 and period > 0 else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except OSError:
        return []
