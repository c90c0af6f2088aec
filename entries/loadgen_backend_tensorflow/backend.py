"""TensorFlow: a frozen graph in one session, nothing changed in its precision."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loadgen_harness.backend import Backend, Options
from loadgen_harness.parameters import HarnessError, Need
from numpy.typing import NDArray

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

PRECISIONS = {tf.float32: "fp32", tf.float16: "fp16", tf.bfloat16: "bf16", tf.float64: "fp64"}
QUANTISED = ("Quantize", "FakeQuant")


class TensorFlow(Backend):
    """A session on the GPU where this TensorFlow sees one (or where it was asked for), else on the CPU."""

    engine = "tensorflow"
    version = tf.__version__

    def __init__(self, model: Need, options: Options) -> None:
        devices = [device for device in ("cuda", "cpu") if tf.config.list_physical_devices(_kind(device))]
        if options.device is not None and options.device not in devices:
            raise HarnessError(
                f"execution_device={options.device}: this tensorflow ({tf.__version__}) only has {', '.join(devices)}"
            )
        self.device = options.device or devices[0]
        self.threads = options.threads
        # TF32 would be another precision under fp32's name.
        tf.config.experimental.enable_tensor_float_32_execution(False)
        graph = _graph(model)
        self.precision = _precision(graph)
        inputs, outputs = _placeholders(graph), _ends(graph)
        self._input = _named(graph, model.attributes.get("input_name") or inputs[0].name)
        names = model.attributes.get("output_name") or [tensor.name for tensor in outputs]
        self._outputs = [_named(graph, name) for name in ([names] if isinstance(names, str) else names)]
        settings = tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=options.threads or 0, device_count={} if self.device == "cuda" else {"GPU": 0}
        )
        session = tf.compat.v1.Session(graph=graph, config=settings)
        # Looks up names and builds the pruned graph once, not at every call.
        self._run = session.make_callable(self._outputs, feed_list=[self._input])
        self._session = session

    def predict(self, batch: NDArray[Any]) -> Sequence[NDArray[Any]]:
        outputs: Sequence[NDArray[Any]] = self._run(batch)
        return outputs

    def close(self) -> None:
        self._session.close()


def _kind(device: str) -> str:
    return "GPU" if device == "cuda" else "CPU"


def _graph(model: Need) -> tf.Graph:
    if model.file_path is None:
        raise HarnessError(f"model '{model.name}' has no file")
    definition = tf.compat.v1.GraphDef()
    try:
        definition.ParseFromString(Path(model.file_path).read_bytes())
    except Exception as error:  # protobuf's own, whose place differs between its versions
        raise HarnessError(f"{model.file_path} is no frozen graph: {error}") from error
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(definition, name="")
    return graph


def _placeholders(graph: tf.Graph) -> list[tf.Tensor]:
    return [operation.outputs[0] for operation in graph.get_operations() if operation.type == "Placeholder"]


def _ends(graph: tf.Graph) -> list[tf.Tensor]:
    """What nothing else uses."""
    used = {tensor.ref() for operation in graph.get_operations() for tensor in operation.inputs}
    outputs = [tensor for operation in graph.get_operations() for tensor in operation.outputs]
    return [tensor for tensor in outputs if tensor.ref() not in used and tensor.op.type not in ("Const", "Placeholder")]


def _named(graph: tf.Graph, name: str) -> tf.Tensor:
    try:
        return graph.get_tensor_by_name(name if ":" in name else f"{name}:0")
    except (KeyError, ValueError):
        known = ", ".join(tensor.name for tensor in [*_placeholders(graph), *_ends(graph)])
        raise HarnessError(f"the graph has no '{name}'; its inputs and outputs are: {known}") from None


def _precision(graph: tf.Graph) -> str:
    """From the weights, constants with at least two axes; quantised graphs are told by their operators."""
    operations = graph.get_operations()
    if any(operation.type.startswith(QUANTISED) for operation in operations):
        return "int8"
    weights = [operation.outputs[0] for operation in operations if operation.type == "Const"]
    kinds = {PRECISIONS.get(t.dtype, "") for t in weights if t.shape.rank and t.shape.rank > 1} - {""}
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "unknown"


def open(model: Need, options: Options) -> TensorFlow:
    """Open ``model`` in a new session."""
    return TensorFlow(model, options)


def describe(model: Need) -> dict[str, Any]:
    """What the file tells of the network in it. A size that is left open is null."""
    graph = _graph(model)
    image = _named(graph, model.attributes.get("input_name") or _placeholders(graph)[0].name)
    return {
        "model_format": "frozen_graph",
        "input_name": image.name,
        "input_shape": image.shape.as_list() if image.shape.rank else [],
        "input_dtype": image.dtype.name,
        "outputs": {tensor.name: tensor.shape.as_list() if tensor.shape.rank else [] for tensor in _ends(graph)},
        "precision": _precision(graph),
    }
