"""The accelerators of this machine: which there are, which a process may see, whether they correct errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from axs_core.base.value import Value

_GPUS = Path("/proc/driver/nvidia/gpus")
_SECONDS = 5.0
CUDA = "CUDA_VISIBLE_DEVICES"


class Device(Value):
    """An NVIDIA GPU as its driver lists it, in the order of the bus."""

    model: str
    uuid: str = ""


def devices() -> list[Device]:
    """The NVIDIA GPUs that the driver lists (no program is started)."""
    found = []
    for file in sorted(_GPUS.glob("*/information")):
        pairs = (line.partition(":") for line in file.read_text(errors="replace").splitlines())
        told = {name.strip(): " ".join(value.split()) for name, _, value in pairs}
        if "Model" in told:
            found.append(Device(told["Model"], told.get("GPU UUID", "")))
    return found


@lru_cache(maxsize=1)
def corrects_errors() -> list[bool | None]:
    """Whether each NVIDIA GPU runs with ECC, in the driver's order; None where it has none or does not tell."""
    if not devices():
        return []
    import subprocess  # an ask that hits does without

    argv = ["nvidia-smi", "--query-gpu=ecc.mode.current", "--format=csv,noheader"]
    try:
        told = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=True).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        return [None for _ in devices()]
    return [{"Enabled": True, "Disabled": False}.get(line.strip()) for line in told.splitlines()]


def counted(name: str, text: str, environ: Mapping[str, str]) -> dict[str, int] | str | None:
    """What the variable ``name`` with the value ``text`` lets a process see, by model and number: ``{"NVIDIA L4": 2}``;
    None where it hides nothing.

    Of other makers' devices only the number is known. Where GPUs of several models are numbered as CUDA likes, the text
    itself counts.
    """
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    if name != CUDA:
        return {"devices": len(words)}
    there = devices()
    if _numbered_as_cuda_likes(words, there, environ):
        return text
    models = _seen(words, there)
    if sorted(models) == sorted(each.model for each in there):
        return None
    return {model: models.count(model) for model in sorted(set(models))}


def _numbered_as_cuda_likes(words: Sequence[str], there: Sequence[Device], environ: Mapping[str, str]) -> bool:
    """Do numbers pick some of GPUs of several models? CUDA puts the fastest first, unless told to follow the bus."""
    numbers = {word for word in words if word.isdigit()}
    several = len({each.model for each in there}) > 1
    return several and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID" and 0 < len(numbers) < len(there)


def _seen(words: Sequence[str], there: Sequence[Device]) -> list[str]:
    """The models behind indices and UUIDs; a word that is no device ends the list, as for CUDA."""
    models = []
    for word in words:
        if word.startswith("MIG-"):
            models.append("MIG")
            continue
        chosen = [each for number, each in enumerate(there) if word == str(number) or _is_uuid_of(word, each)]
        if len(chosen) != 1:
            break
        models.append(chosen[0].model)
    return models


def _is_uuid_of(word: str, device: Device) -> bool:
    return word.startswith("GPU-") and device.uuid.startswith(word)  # CUDA takes the beginning of one
