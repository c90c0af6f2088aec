"""What this machine is, for records (``facts``) and for identities (``name``); read from the system, quickly.

The name goes without the host's name, which changes in containers; ``AXS_SYSTEM`` overrides it.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any


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
    found = []
    for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in file.read_text(errors="replace").splitlines():
            if line.startswith("Model:"):
                found.append(" ".join(line.partition(":")[2].split()))
    return found


@lru_cache(maxsize=1)
def _detected_name() -> str:
    devices = accelerators()
    parts = [cpu_model(), f"{cores()} cores", f"{round(memory_bytes() / 2**30)} GiB"]
    parts += [f"{devices.count(model)} x {model}" for model in sorted(set(devices))]
    return ", ".join(parts)


def name() -> str:
    """The machine as one line: CPU model, cores, memory, accelerators; or ``$AXS_SYSTEM``."""
    return os.environ.get("AXS_SYSTEM") or _detected_name()


def facts() -> dict[str, Any]:
    """What a record keeps: name, CPU, cores, memory in bytes, operating system, kernel, architecture, accelerators,
    Python.
    """
    import platform

    system = platform.uname()
    try:
        distribution = platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        distribution = None
    return {
        "name": name(),
        "cpu": cpu_model(),
        "cores": cores(),
        "memory_bytes": memory_bytes(),
        "accelerators": accelerators(),
        "os": distribution or system.system,
        "kernel": f"{system.system} {system.release}",
        "architecture": system.machine,
        "python": platform.python_version(),
    }
