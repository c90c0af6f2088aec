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
import inspect
import os
import pickle
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from loadgen_harness.backend import Backend, Effective, Options, require_one_input
from loadgen_harness.parameters import HarnessError, Need
from numpy.typing import NDArray

PRECISIONS = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16", torch.float64: "fp64"}
WEIGHTS = ("state_dict", "model_state_dict", "model", "net", "network", "weights")  # where training leaves them


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
        self._channels_last = model.attributes.get("layout", "NCHW") == "NCHW"
        module = load(model).to(self.device)
        # TF32 would be another precision under fp32's name. After the model's own code, which may have switched it on.
        torch.backends.cudnn.allow_tf32 = False
        torch.set_float32_matmul_precision("highest")
        self._dtype = next((t.dtype for t in tensors(module) if t.is_floating_point()), None)
        if model.attributes.get("input_dtype") != "uint8":
            self.input_dtype = {torch.float16: "float16", torch.float64: "float64"}.get(self._dtype or torch.float32)
        if precision(module) != "int8":
            module = module.to(memory_format=torch.channels_last)
        mode = str(options.settings.get("pytorch_mode") or "eager")
        self.options = {"pytorch_mode": mode}
        self._output = model.attributes.get("output_name")
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
                return [_to_numpy(outputs)]
            return [_to_numpy(output) for output in chosen(outputs, self._output).values()]

    def effective(self) -> Effective:
        device = next((t.device.type for t in tensors(self._module)), self.device)
        threads = torch.get_num_threads() if device == "cpu" else None
        return Effective(device, in_use(precision(self._module), device), threads, {}, self.options)


def chosen(outputs: Any, name: str | None) -> dict[str, torch.Tensor]:
    """A network's outputs by name (by number, where it has no names): all of them, or the one called ``name``. A
    dictionary has no order to rely on: there, HarnessError without a name.
    """
    if isinstance(outputs, torch.Tensor):
        outputs = [outputs]
    named = isinstance(outputs, Mapping)
    pairs = outputs.items() if named else enumerate(outputs)
    found = {str(key): value for key, value in pairs if isinstance(value, torch.Tensor)}
    known = ", ".join(f"{key} {list(value.shape)}" for key, value in found.items()) or "no tensor"
    if named and name is None:
        raise HarnessError(
            f"the network's output is a dictionary; say which is to be read by output_name=NAME: {known}"
        )
    if name is not None and name not in found:
        raise HarnessError(f"the network has no output '{name}', only: {known}")
    return found if name is None else {name: found[name]}


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
    # With freezing and batches of any size, its packed convolutions fail on a CPU (torch 2.13: assert_size_stride).
    config.cpp.weight_prepack = False
    # Batches of any size with one compilation: the last one of a query is smaller.
    return torch.compile(module, dynamic=True)


def _to_numpy(output: torch.Tensor) -> NDArray[Any]:
    if output.dtype is torch.bfloat16:
        output = output.float()  # numpy has no bfloat16
    array: NDArray[Any] = output.cpu().numpy()
    return array


def tensors(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Parameters and buffers; of frozen TorchScript, which has none left, the constants of its graph."""
    yield from module.parameters()
    yield from module.buffers()
    if isinstance(module, torch.jit.ScriptModule):
        graph = module.inlined_graph  # kept while its nodes are looked at
        for node in graph.findAllNodes("prim::Constant"):
            if "value" in node.attributeNames() and node.kindOf("value") == "t":
                yield node.t("value")


def precision(module: torch.nn.Module) -> str:
    """From the weights themselves, tensors of at least two axes; quantised networks are told by their modules and
    operators.
    """
    if isinstance(module, torch.jit.ScriptModule) and "quantized::" in str(module.inlined_graph):
        return "int8"
    if any(".quantized." in type(part).__module__ for part in module.modules()):
        return "int8"
    weights = [tensor for tensor in tensors(module) if tensor.dim() > 1]
    if any(tensor.is_quantized or tensor.dtype in (torch.int8, torch.uint8) for tensor in weights):
        return "int8"
    kinds = {PRECISIONS.get(tensor.dtype, "unknown") for tensor in weights if tensor.is_floating_point()}
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "unknown"


def in_use(weights: str, device: str) -> str:
    """The precision of weights of this precision, once PyTorch's own switches have had their say."""
    if torch.is_autocast_enabled(device):
        return PRECISIONS.get(torch.get_autocast_dtype(device), "unknown")
    if weights != "fp32":
        return weights
    allowed = {"high": "tf32", "medium": "bf16"}.get(torch.get_float32_matmul_precision())
    if allowed is None and device == "cuda" and torch.backends.cudnn.allow_tf32:
        allowed = "tf32"
    return allowed or weights


def load(model: Need) -> torch.nn.Module:
    """The network of ``model``, on the CPU and ready to answer (``eval``)."""
    return _read(model).eval()


def _read(model: Need) -> torch.nn.Module:
    file = model.file_path
    assert file is not None
    saved_as = model.attributes.get("model_format") or ("torchscript" if _is_torchscript(file) else "state_dict")
    if saved_as == "torchscript":
        script: torch.nn.Module = torch.jit.load(str(file), map_location="cpu")
        return script
    if saved_as == "whole":
        if model.attributes.get("model_class"):
            _model_module(model)
        whole = torch.load(file, map_location="cpu", weights_only=False)
        if isinstance(whole, dict):
            networks = [whole[key] for key in WEIGHTS if isinstance(whole.get(key), torch.nn.Module)]
            whole = next(iter(networks), whole)
        if not isinstance(whole, torch.nn.Module):
            raise HarnessError(f"{file.name} holds a {type(whole).__name__}, which is no network: {_known(whole)}")
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
    while isinstance(content, dict) and not _are_weights(content):
        inner = next((content[key] for key in WEIGHTS if isinstance(content.get(key), dict)), None)
        if inner is None:
            raise HarnessError(
                f"{file.name} holds {_known(content)}, and weights under none of {', '.join(WEIGHTS)}: save "
                "the weights alone, by torch.save(network.state_dict(), 'weights.pth'), and name that file"
            )
        content = inner
    if not isinstance(content, dict):
        raise HarnessError(f"{file.name} holds a {type(content).__name__}, which is no state_dict")
    if all(name.startswith("module.") for name in content):
        content = {name.removeprefix("module."): weights for name, weights in content.items()}
    return content


def _are_weights(content: dict[Any, Any]) -> bool:
    return bool(content) and any(isinstance(value, torch.Tensor) for value in content.values())


def _known(content: Any) -> str:
    return ", ".join(map(str, content)) or "nothing" if isinstance(content, dict) else type(content).__name__


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
    # As where it was trained: it imports what lies beside it.
    sys.path.insert(0, str(file.parent))
    # A pickle of the whole model looks for the class by the module's name.
    sys.modules[file.stem] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise HarnessError(f"model '{model.name}': {place} imports what is not here: {error}") from error
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
    module = load(model)
    require_one_input(file, _inputs(module))
    kernels = [p for p in module.parameters() if p.dim() == 4] or [torch.empty(0, 3)]
    channels = int(model.attributes.get("channels") or kernels[0].shape[1])
    saved_as = model.attributes.get("model_format") or ("torchscript" if _is_torchscript(file) else "state_dict")
    dtype = next((t.dtype for t in tensors(module) if t.is_floating_point()), torch.float32)
    try:
        with torch.inference_mode():
            outputs = module(torch.zeros(1, channels, side, side, dtype=dtype))
    except RuntimeError as error:
        raise HarnessError(
            f"{file.name} does not take an image of {channels}x{side}x{side} (resolution=, channels= say another):"
            f" {error}"
        ) from error
    found = chosen(outputs, model.attributes.get("output_name"))
    return {
        "model_format": saved_as,
        "input_shape": [None, channels, side, side],
        "input_dtype": None,
        "outputs": {name: [None, *tensor.shape[1:]] for name, tensor in found.items()},
        "output_dtypes": {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in found.items()},
        "precision": precision(module),
    }


def _inputs(module: torch.nn.Module) -> dict[str, list[Any]]:
    """What has to be given at a call; nothing is known of the shapes."""
    if isinstance(module, torch.jit.ScriptModule):
        arguments = module.forward.schema.arguments[1:]
        return {one.name: [] for one in arguments if not one.has_default_value()}
    arguments = inspect.signature(module.forward).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = [one.name for one in arguments if one.default is one.empty and one.kind in positional]
    return {name: [] for name in required or ["input"]}
