"""What engines have in common before they run: which build of them is to be installed."""

from __future__ import annotations

from pathlib import Path

from axs_core.sdk import UsageError, machine

# Signs of a GPU's driver: Linux, and Linux inside of Windows.
DRIVERS = ("nvidia*", "dxg")


def for_gpu(execution_device: str | None = None) -> bool:
    """Is the engine's build for GPUs wanted? Raises UsageError where one is asked for on a machine without: gigabytes
    would be installed in vain.
    """
    if execution_device != "cuda":
        return False
    if not machine.accelerators() and not any(any(Path("/dev").glob(pattern)) for pattern in DRIVERS):
        raise UsageError(
            "execution_device=cuda: this machine has no NVIDIA GPU, or no driver for it (no /dev/nvidia*)",
            hint="execution_device=cpu, or leave it out: the engine takes the best that it has",
        )
    return True
