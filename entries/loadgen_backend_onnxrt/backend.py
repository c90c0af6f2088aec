"""ONNX Runtime: one session, the model's own graph, nothing changed in its precision."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from loadgen_harness.backend import Backend, Effective, Options, require_one_input
from loadgen_harness.parameters import HarnessError, Need
from numpy.typing import NDArray

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
NUMPY_TYPES = {"float": "float32", "double": "float64"}  # where the names of ONNX Runtime differ


class OnnxRuntime(Backend):
    """A session on the best device that the installed ONNX Runtime has, or on the one asked for."""

    engine = "onnxruntime"
    version = ort.__version__

    def __init__(self, model: Need, options: Options) -> None:
        if model.file_path is None:
            raise HarnessError(f"model '{model.name}' has no file")
        settings = ort.SessionOptions()
        settings.log_severity_level = 3
        if options.threads is not None:
            settings.intra_op_num_threads = options.threads
        self._session, self._precision = _session(model.file_path, settings, self._providers(options.device))
        # It would go on with other providers in the middle of a test, with no more than a line on stdout.
        self._session.disable_fallback()
        self.threads = options.threads
        self.data_files = _graph_reader().data_files(model.file_path)
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
        file, outputs = model.file_path, [o.name for o in self._session.get_outputs()]
        image = _image(file, self._session, model.attributes.get("input_name"))
        names = model.attributes.get("output_name")
        self.output_names = [names] if isinstance(names, str) else list(names or outputs)
        if missing := [name for name in self.output_names if name not in outputs]:
            raise HarnessError(f"{file} has no output '{missing[0]}', only: {', '.join(outputs)}")
        self._input = image.name
        self.input_dtype = NUMPY_TYPES.get(_type(image), _type(image))
        first_axis = image.shape[0] if image.shape else None
        self.fixed_batch = first_axis if isinstance(first_axis, int) and first_axis > 0 else None

    def effective(self) -> Effective:
        device, fallback = _placement(self._session)
        return Effective(device, self._precision, self.threads, fallback)

    def predict(self, batch: NDArray[Any]) -> Sequence[NDArray[np.generic]]:
        outputs: Sequence[NDArray[np.generic]] = self._session.run(self.output_names, {self._input: batch})
        return outputs


def _session(file: Path, settings: ort.SessionOptions, providers: list[Any]) -> tuple[ort.InferenceSession, str]:
    """A session, and the precision of the graph that it optimised and runs. That graph is written without its weights,
    which may be gigabytes: they go to /dev/null.
    """
    with tempfile.TemporaryDirectory(prefix="onnxruntime-") as folder:
        optimised = Path(folder) / "optimised.onnx"
        optimised.with_suffix(".data").symlink_to(os.devnull)
        settings.optimized_model_filepath = str(optimised)
        for key, value in {
            "session.optimized_model_external_initializers_file_name": "optimised.data",
            "session.optimized_model_external_initializers_min_size_in_bytes": "1",
            "session.record_ep_graph_assignment_info": "1",
        }.items():
            settings.add_session_config_entry(key, value)
        session = ort.InferenceSession(str(file), settings, providers=providers)
        return session, _graph_reader().precision(onnx.load(optimised, load_external_data=False))


def _placement(session: ort.InferenceSession) -> tuple[str, dict[str, int] | None]:
    """The device that the session runs on, and how many operators run elsewhere, by operator (None: it cannot tell,
    before version 1.24).
    """
    providers = session.get_providers()
    if len(providers) == 1:
        return _device(providers[0]), {}
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return _device(providers[0]), None
    placed: dict[str, Counter[str]] = {}
    for part in session.get_provider_graph_assignment_info():
        placed.setdefault(part.ep_name, Counter()).update(node.op_type for node in part.get_nodes())
    # A provider that took not a single operator is there by name only.
    first = next((name for name in providers if name in placed), providers[0])
    return _device(first), dict(sum((placed[name] for name in placed if name != first), Counter()))


def _device(provider: str) -> str:
    return next((device for device, name in PROVIDERS.items() if name == provider), provider)


def _image(file: Path | None, session: ort.InferenceSession, name: str | None) -> ort.NodeArg:
    """The input that takes the images; HarnessError where there is none of that name, or where others want values
    too.
    """
    inputs = {one.name: one for one in session.get_inputs()}
    if name is not None and name not in inputs:
        raise HarnessError(f"{file} has no input '{name}', only: {', '.join(inputs)}")
    require_one_input(file, {one.name: one.shape for one in inputs.values()})
    return next(iter(inputs.values()))


def _type(value: ort.NodeArg) -> str:
    return str(value.type).removeprefix("tensor(").removesuffix(")")


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
    image = _image(file, session, model.attributes.get("input_name"))
    graph, reader = onnx.load(file, load_external_data=False), _graph_reader()
    return {
        "model_format": "onnx",
        "input_name": image.name,
        "input_shape": _sizes(image.shape),
        "input_dtype": NUMPY_TYPES.get(_type(image), _type(image)),
        "outputs": {output.name: _sizes(output.shape) for output in session.get_outputs()},
        "output_dtypes": {
            output.name: NUMPY_TYPES.get(_type(output), _type(output)) for output in session.get_outputs()
        },
        "opset": reader.opset(graph),
        "precision": reader.precision(graph),
        "metadata": dict(session.get_modelmeta().custom_metadata_map),
    }


def _sizes(shape: Sequence[Any]) -> list[int | None]:
    return [size if isinstance(size, int) and size > 0 else None for size in shape]
