"""PyTorch: evaluation mode, no gradients.

How the network runs, by the backend's parameter ``pytorch_mode``:

* ``eager``: as it was loaded, one operator after the other (TorchScript by its interpreter)
* ``torchscript``: scripted, frozen and optimised for inference
* ``compile``: ``torch.compile`` with frozen weights; on a CPU it needs a C++ compiler

Three ways to save a model, by the model's attribute ``model_format``:

* ``state_dict``: weights only; ``model_class`` says where the class is, as ``FILE.py:CLASS`` relative to the model's
  folder, and ``model_arguments`` (a mapping) what it is called with
* ``whole``: ``torch.save(model)``. This is a pickle: loading it runs code of whoever made the file, so take it from
  people you trust only. ``model_class`` names the file that defines the class, for the pickle refers to it by name
* ``torchscript``: ``torch.jit.save``; needs no class

Without the attribute, a TorchScript archive is recognised by its content; anything else counts as a state_dict. That
may lie in a larger file under ``state_dict``, and its names may begin with ``module.``, as training leaves them.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import shutil
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
        if self.precision != "int8":
            module = module.to(memory_format=torch.channels_last)
        mode = str(options.settings.get("pytorch_mode") or "eager")
        self.options = {"pytorch_mode": mode}
        self._module = _as(mode, module, self.device)

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


def _as(mode: str, module: torch.nn.Module, device: str) -> Any:
    """The network in the form in which ``mode`` runs it."""
    if mode == "eager":
        return module
    scripted = isinstance(module, torch.jit.ScriptModule)
    if mode == "torchscript":
        with torch.no_grad():
            try:
                script = module if scripted else torch.jit.script(module)
            except RuntimeError as error:
                raise HarnessError(f"pytorch_mode=torchscript: this network cannot be scripted: {error}") from error
            return torch.jit.optimize_for_inference(torch.jit.freeze(script))
    if scripted:
        raise HarnessError(
            "pytorch_mode=compile: this file is TorchScript, which torch.compile does not take; "
            "pytorch_mode=torchscript optimises it, or say model_format=state_dict"
        )
    compiler = os.environ.get("CXX", "g++")
    if device == "cpu" and shutil.which(compiler) is None:
        raise HarnessError(
            f"pytorch_mode=compile needs a C++ compiler, and {compiler} is not on PATH (the variable CXX can name one);"
            " pytorch_mode=torchscript needs none"
        )
    from torch._inductor import config

    config.freezing = True
    # Batches of any size with one compilation: the last one of a query is smaller.
    return torch.compile(module, dynamic=True)


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
    made: torch.nn.Module = getattr(module, name)(**(model.attributes.get("model_arguments") or {}))
    try:
        made.load_state_dict(_state_dict(file))
    except RuntimeError as error:
        raise HarnessError(f"{file.name} does not fit class {name}: {error}") from error
    return made


def _state_dict(file: Path) -> dict[str, torch.Tensor]:
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise HarnessError(
            f"{file.name} holds more than weights: for a pickled network (loading it runs code of whoever made it) say "
            f"model_format=whole; {error}"
        ) from error
    while isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise HarnessError(f"{file.name} holds a {type(content).__name__}, which is no state_dict")
    if all(name.startswith("module.") for name in content):
        content = {name.removeprefix("module."): weights for name, weights in content.items()}
    return content


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
            f"model '{model.name}' is saved without its class: with model_file, say class_file=FILE.py; in an entry, "
            f"the attribute model_class must say FILE.py:CLASS, not {said!r}"
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


def describe(model: Need) -> dict[str, Any]:
    """What the file tells of the network in it: channels by its first convolution, classes by an image of zeros, with
    sides of ``resolution`` (224 where nothing is said). A size that is left open is null.
    """
    file, side = model.file_path, int(model.attributes.get("resolution") or 224)
    assert file is not None
    module = _load(model).eval()
    kernels = [p for p in module.parameters() if p.dim() == 4] or [torch.empty(0, 3)]
    channels = int(model.attributes.get("channels") or kernels[0].shape[1])
    saved_as = model.attributes.get("model_format") or ("torchscript" if _is_torchscript(file) else "state_dict")
    try:
        with torch.inference_mode():
            outputs = module(torch.zeros(1, channels, side, side))
    except RuntimeError as error:
        raise HarnessError(
            f"{file.name} does not take an image of {channels}x{side}x{side} (resolution=, channels= say another):"
            f" {error}"
        ) from error
    tensors = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
    return {
        "model_format": saved_as,
        "input_shape": [None, channels, side, side],
        "input_dtype": "float",
        "outputs": {str(number): [None, *tensor.shape[1:]] for number, tensor in enumerate(tensors)},
        "precision": _precision(module),
    }
