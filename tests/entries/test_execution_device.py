"""Which build of an engine is installed for the device that was asked for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from axs_core import Workspace
from axs_core.base.errors import UsageError

CODE = Path(__file__).parents[2] / "entries" / "loadgen_backend" / "code.py"


@pytest.fixture
def code() -> ModuleType:
    spec = importlib.util.spec_from_file_location("loadgen_backend_code", CODE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def without_a_gpu(code: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code.machine, "accelerators", list)
    monkeypatch.setattr(code, "DRIVERS", ("no-such-device",))


@pytest.mark.parametrize("device", [None, "cpu"])
def test_the_ordinary_build_for_everything_but_a_gpu(code: ModuleType, device: str | None) -> None:
    assert code.for_gpu(device) is False


@pytest.mark.parametrize(("found", "drivers"), [(["NVIDIA A100"], ()), ([], ("null",))])
def test_a_gpu_is_known_by_its_driver(
    code: ModuleType, monkeypatch: pytest.MonkeyPatch, found: list[str], drivers: tuple[str, ...]
) -> None:
    monkeypatch.setattr(code.machine, "accelerators", lambda: found)
    monkeypatch.setattr(code, "DRIVERS", drivers)
    assert code.for_gpu("cuda") is True


def test_without_one_nothing_is_installed(code: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    without_a_gpu(code, monkeypatch)
    with pytest.raises(UsageError) as caught:
        code.for_gpu("cuda")
    assert caught.value.message.startswith("execution_device=cuda: this machine has no NVIDIA GPU")
    assert caught.value.hint == "execution_device=cpu, or leave it out: the engine takes the best that it has"


@pytest.mark.parametrize("framework", ["onnxrt", "pytorch", "tensorflow"])
def test_every_engine_can_be_told(framework: str, tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    backend = space.byquery(f"loadgen_backend,framework={framework},execution_device=cpu")
    assert backend["requirements"] == space.byquery(f"loadgen_backend,framework={framework}")["requirements"]
    assert "gpu" not in str(backend["requirements"])
