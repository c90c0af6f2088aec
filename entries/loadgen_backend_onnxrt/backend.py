"""ONNX Runtime: one session, the model's own graph, nothing changed in its precision."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime as ort
from loadgen_harness.backend import Backend, Options
from loadgen_harness.parameters import HarnessError, Need
from numpy.typing import NDArray

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxRuntime(Backend):
    """A session on the best device that the installed ONNX Runtime has, or on the one asked for."""

    engine = "onnxruntime"
    version = ort.__version__

    def __init__(self, model: Need, options: Options) -> None:
        if model.file_path is None:
            raise HarnessError(f"model '{model.name}' has no file")
        providers = self._providers(options.device)
        settings = ort.SessionOptions()
        settings.log_severity_level = 3
        if options.threads is not None:
            settings.intra_op_num_threads = options.threads
        self._session = ort.InferenceSession(str(model.file_path), settings, providers=providers)
        # ONNX Runtime falls back to the CPU with no more than a warning: look at what the session really has.
        used = self._session.get_providers()[0]
        self.device = next((device for device, name in PROVIDERS.items() if name == used), used)
        self.precision = _weights_precision(model.file_path)
        self.threads = options.threads
        self._choose_names(model)

    @staticmethod
    def _providers(device: str | None) -> list[Any]:
        available = ort.get_available_providers()
        if device != "cpu" and PROVIDERS["cuda"] in available and hasattr(ort, "preload_dlls"):
            ort.preload_dlls()  # CUDA's libraries as Python packages, where they came with the extras
        if device is not None and PROVIDERS[device] not in available:
            raise HarnessError(
                f"execution_device={device}: this onnxruntime ({ort.__version__}) only has {', '.join(available)}"
            )
        wanted = [device] if device is not None else [d for d in ("cuda", "cpu") if PROVIDERS[d] in available]
        # TF32 would be another precision under fp32's name.
        return [(PROVIDERS[d], {"use_tf32": "0"} if d == "cuda" else {}) for d in wanted]

    def _choose_names(self, model: Need) -> None:
        inputs, outputs = self._session.get_inputs(), [o.name for o in self._session.get_outputs()]
        self._input = model.attributes.get("input_name") or inputs[0].name
        names = model.attributes.get("output_name")
        self._outputs: list[str] = [names] if isinstance(names, str) else list(names or outputs)
        asked = next((i for i in inputs if i.name == self._input), None)
        if asked is None or (missing := [name for name in self._outputs if name not in outputs]):
            wrong = f"input '{self._input}'" if asked is None else f"output '{missing[0]}'"
            known = ", ".join([i.name for i in inputs] + outputs)
            raise HarnessError(f"{model.file_path} has no {wrong}; its inputs and outputs are: {known}")
        first_axis = asked.shape[0] if asked.shape else None
        self.fixed_batch = first_axis if isinstance(first_axis, int) and first_axis > 0 else None

    def predict(self, batch: NDArray[Any]) -> Sequence[NDArray[np.generic]]:
        outputs: Sequence[NDArray[np.generic]] = self._session.run(self._outputs, {self._input: batch})
        return outputs


def _weights_precision(file: Path) -> str:
    precision: str = _graph_reader().precision(file)
    return precision


def _graph_reader() -> ModuleType:
    spec = spec_from_file_location("loadgen_backend_onnxrt_graph", Path(__file__).with_name("onnx_graph.py"))
    assert spec is not None and spec.loader is not None
    graph = module_from_spec(spec)
    spec.loader.exec_module(graph)
    return graph


def open(model: Need, options: Options) -> OnnxRuntime:
    """Open ``model`` in a new session."""
    return OnnxRuntime(model, options)


def describe(model: Need) -> dict[str, Any]:
    """What the file tells of the network in it. A size that is left open is null."""
    file = model.file_path
    assert file is not None
    settings = ort.SessionOptions()
    settings.log_severity_level = 3
    session = ort.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])
    inputs = {image.name: image for image in session.get_inputs()}
    name = model.attributes.get("input_name") or next(iter(inputs))
    if name not in inputs:
        raise HarnessError(f"{file.name} has no input '{name}', only: {', '.join(inputs)}")
    return {
        "model_format": "onnx",
        "input_name": name,
        "input_shape": _sizes(inputs[name].shape),
        "input_dtype": inputs[name].type.removeprefix("tensor(").removesuffix(")"),
        "outputs": {output.name: _sizes(output.shape) for output in session.get_outputs()},
        "opset": _graph_reader().opset(file),
        "precision": _weights_precision(file),
        "metadata": dict(session.get_modelmeta().custom_metadata_map),
    }


def _sizes(shape: Sequence[Any]) -> list[int | None]:
    return [size if isinstance(size, int) and size > 0 else None for size in shape]
