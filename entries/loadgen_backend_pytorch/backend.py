"""PyTorch, eager or TorchScript: evaluation mode, no gradients.

Three ways to save a model, by the model's attribute ``model_format``:

* ``state_dict``: weights only; ``model_class`` says where the class is, as ``FILE.py:CLASS`` relative to the model's
  folder, and ``model_arguments`` (a mapping) what it is called with
* ``whole``: ``torch.save(model)``. This is a pickle: loading it runs code of whoever made the file, so take it from
  people you trust only. ``model_class`` names the file that defines the class, for the pickle refers to it by name
* ``torchscript``: ``torch.jit.save``; needs no class

Without the attribute, a TorchScript archive is recognised by its content; anything else counts as a state_dict.
"""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from loadgen_harness.backend import Backend, Options
from loadgen_harness.parameters import HarnessError, Need
from numpy.typing import NDArray

PRECISIONS = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16", torch.float64: "fp64"}


class PyTorch(Backend):
    """A module on ``cuda`` where there is one (or where it was asked for), else on the CPU, in the channels-last
    order that convolutions want."""

    engine = "torch"
    version = torch.__version__
    layout = "NHWC"

    def __init__(self, model: Need, options: Options) -> None:
        if model.file_path is None:
            raise HarnessError(f"model '{model.name}' has no file")
        if options.device == "cuda" and not torch.cuda.is_available():
            raise HarnessError(f"execution_device=cuda: this torch ({torch.__version__}) sees no CUDA device")
        self.device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        if options.threads is not None:
            torch.set_num_threads(options.threads)
        self.threads = torch.get_num_threads() if self.device == "cpu" else None
        # TF32 would be another precision under fp32's name.
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False
        self._channels_last = model.attributes.get("layout", "NCHW") == "NCHW"
        module = _load(model).to(self.device).eval()
        self.precision = _precision(module)
        self._dtype = next((p.dtype for p in module.parameters() if p.is_floating_point()), None)
        self._module = module.to(memory_format=torch.channels_last) if self.precision != "int8" else module

    def predict(self, batch: NDArray[Any]) -> Sequence[NDArray[Any]]:
        with torch.inference_mode():
            images = torch.from_numpy(batch)
            if self._channels_last:
                images = images.permute(0, 3, 1, 2)  # the same memory, seen as NCHW
            images = images.to(self.device)
            if self._dtype is not None and images.is_floating_point():
                images = images.to(self._dtype)
            outputs = self._module(images)
            if isinstance(outputs, torch.Tensor):
                outputs = [outputs]
            return [_to_numpy(output) for output in outputs]


def _to_numpy(output: torch.Tensor) -> NDArray[Any]:
    if output.dtype is torch.bfloat16:
        output = output.float()  # numpy has no bfloat16
    array: NDArray[Any] = output.cpu().numpy()
    return array


def _precision(module: torch.nn.Module) -> str:
    """From the weights themselves; quantised TorchScript is told by its operators."""
    if isinstance(module, torch.jit.ScriptModule) and "quantized::" in str(module.inlined_graph):
        return "int8"
    kinds = {PRECISIONS.get(p.dtype, "unknown") for p in module.parameters() if p.dim() > 1}
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "unknown"


def _load(model: Need) -> torch.nn.Module:
    file = model.file_path
    assert file is not None
    saved_as = model.attributes.get("model_format") or ("torchscript" if _is_torchscript(file) else "state_dict")
    if saved_as == "torchscript":
        script: torch.nn.Module = torch.jit.load(str(file), map_location="cpu")
        return script
    if saved_as == "whole":
        if model.attributes.get("model_class"):
            _model_module(model)
        whole: torch.nn.Module = torch.load(file, map_location="cpu", weights_only=False)
        return whole
    if saved_as != "state_dict":
        raise HarnessError(f"model_format={saved_as}: known are state_dict, whole, torchscript")
    module, name = _model_module(model)
    made: torch.nn.Module = getattr(module, name)(**model.attributes.get("model_arguments", {}))
    made.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return made


def _is_torchscript(file: Path) -> bool:
    """A TorchScript archive is a zip with a file ``constants.pkl`` (a state_dict has ``data.pkl`` alone)."""
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _model_module(model: Need) -> tuple[ModuleType, str]:
    """The module and the class name of ``model_class``, looked for beside the model."""
    said = model.attributes.get("model_class")
    if not said or ":" not in said:
        raise HarnessError(
            f"model '{model.name}' is saved without its class: its attribute model_class must say FILE.py:CLASS, "
            f"not {said!r}"
        )
    place, name = str(said).rsplit(":", 1)
    file = model.path / place
    if not file.is_file():
        raise HarnessError(f"model '{model.name}': model_class={said}, but there is no {file}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A pickle of the whole model looks for the class by the module's name.
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    if not hasattr(module, name):
        raise HarnessError(f"model '{model.name}': {file} has no class {name}")
    return module, name


def open(model: Need, options: Options) -> PyTorch:
    """Load ``model`` and make it ready."""
    return PyTorch(model, options)
