"""What this machine is, for records (``facts``) and for identities (``name``); read from the system, quickly.

The name goes without the host's name, which changes in containers; ``AXS_SYSTEM`` overrides it.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from axs_core.base.accelerators import corrects_errors, devices
from axs_core.base.cpu_quota import cpu_quota
from axs_core.base.settings import Settings

_CONTROLLERS = Path("/sys/devices/system/edac/mc")


def cpu_model() -> str:
    """The processor's name, as the system gives it."""
    try:
        with Path("/proc/cpuinfo").open() as stream:
            for line in stream:
                key, _, value = line.partition(":")
                if key.strip() in ("model name", "Model", "cpu model") and value.strip():
                    return " ".join(value.split())
    except OSError:
        pass
    if sys.platform == "darwin":
        import subprocess

        asked = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=10, check=False
        )
        if asked.stdout.strip():
            return asked.stdout.strip()
    import platform

    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use (a container's or taskset's limit counts)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Physical memory, bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def accelerators() -> list[str]:
    """Models of the NVIDIA GPUs that the driver lists, one item a device (no program is started)."""
    return [device.model for device in devices()]


def memory_corrects_errors(controllers: Path = _CONTROLLERS) -> bool | None:
    """Whether the main memory runs with ECC, as the kernel's memory controllers tell (EDAC); None where none does."""
    modes = set()
    for pattern in ("mc*/dimm*/dimm_edac_mode", "mc*/rank*/dimm_edac_mode", "mc*/csrow*/edac_mode"):
        for file in controllers.glob(pattern):
            with suppress(OSError):
                modes.add(file.read_text(errors="replace").strip())
    known = modes - {"", "Unknown"}
    return bool(known - {"None"}) if known else None


def usable_cpus() -> str | None:
    """The numbers of the CPUs that this process may use, as ``taskset`` takes them: ``0-3,8``; None where the system
    does not tell.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    ranges: list[list[int]] = []
    for cpu in sorted(os.sched_getaffinity(0)):
        if ranges and ranges[-1][1] == cpu - 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


@lru_cache(maxsize=1)
def _detected_name() -> str:
    devices = accelerators()
    parts = [cpu_model(), f"{cores()} cores", f"{round(memory_bytes() / 2**30)} GiB"]
    quota = cpu_quota()
    if quota is not None and quota < cores():
        parts.insert(2, f"quota of {quota:g} CPUs")
    parts += [f"{devices.count(model)} x {model}" for model in sorted(set(devices))]
    return ", ".join(parts)


def name(settings: Settings | None = None) -> str:
    """The machine as one line: CPU model, cores, a quota of CPU time that is less than these, memory, accelerators; or
    ``$AXS_SYSTEM`` of ``settings`` (default: those of this process).
    """
    return (settings or Settings(os.environ)).system or _detected_name()


def facts(settings: Settings | None = None) -> dict[str, Any]:
    """What a record keeps: name, CPU, cores and which they are, quota of CPU time, memory in bytes and whether it
    corrects errors (ECC), operating system, kernel, architecture, accelerators and whether they do, Python.
    """
    import platform

    system = platform.uname()
    try:
        distribution = platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        distribution = None
    return {
        "name": name(settings),
        "cpu": cpu_model(),
        "cores": cores(),
        "usable_cpus": usable_cpus(),
        "cpu_quota": cpu_quota(),
        "memory_bytes": memory_bytes(),
        "memory_ecc": memory_corrects_errors(),
        "accelerators": accelerators(),
        "accelerators_ecc": corrects_errors(),
        "os": distribution or system.system,
        "kernel": f"{system.system} {system.release}",
        "architecture": system.machine,
        "python": platform.python_version(),
    }
