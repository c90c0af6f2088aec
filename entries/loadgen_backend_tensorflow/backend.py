"""TensorFlow: a frozen graph in one session, nothing changed in its precision."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from loadgen_harness.backend import Backend, Effective, Options, require_one_input
from loadgen_harness.parameters import HarnessError, Need
from numpy.typing import NDArray

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

PRECISIONS = {tf.float32: "fp32", tf.float16: "fp16", tf.bfloat16: "bf16", tf.float64: "fp64"}
QUANTISED = ("Quantize", "FakeQuant")
FREE = ("Const", "NoOp", "_Arg", "_Retval", "_Send", "_Recv", "_HostSend", "_HostRecv", "Placeholder", "Identity")
"""What computes nothing, wherever it is."""


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
        outputs = _ends(graph)
        self._input = _image(model, graph)
        names = model.attributes.get("output_name") or [tensor.name for tensor in outputs]
        self._outputs = [_named(graph, name) for name in ([names] if isinstance(names, str) else names)]
        settings = tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=options.threads or 0, device_count={} if self.device == "cuda" else {"GPU": 0}
        )
        session = tf.compat.v1.Session(graph=graph, config=settings)
        # Looks up names and builds the pruned graph once, not at every call.
        self._run = session.make_callable(self._outputs, feed_list=[self._input])
        self._session = session
        shape = self._input.shape.as_list() if self._input.shape.rank else [None] * 4
        self.fixed_batch = shape[0]
        side, channels = int(model.attributes.get("resolution") or 224), int(model.attributes.get("channels") or 3)
        usual = [1, channels, side, side] if model.attributes.get("layout") == "NCHW" else [1, side, side, channels]
        self._one_batch = [size or likely for size, likely in zip(shape, usual, strict=False)]
        self.input_dtype = self._input.dtype.name
        self.output_names = [tensor.name for tensor in self._outputs]

    def predict(self, batch: NDArray[Any]) -> Sequence[NDArray[Any]]:
        outputs: Sequence[NDArray[Any]] = self._run(batch)
        return outputs

    def effective(self) -> Effective:
        """From the graph that runs, one for each device: TensorFlow tells it for a call that it traces."""
        zeros = np.zeros(self._one_batch, self._input.dtype.as_numpy_dtype)
        traced, told = tf.compat.v1.RunOptions(output_partition_graphs=True), tf.compat.v1.RunMetadata()
        self._session.run(self._outputs, {self._input: zeros}, traced, told)
        nodes = [node for part in told.partition_graphs for node in part.node if node.op not in FREE]
        devices = Counter(_device(node.device) for node in nodes)
        device = "cuda" if devices["cuda"] else "cpu"
        elsewhere = Counter(node.op for node in nodes if _device(node.device) != device)
        return Effective(device, _precision_of(nodes), self.threads, dict(elsewhere))

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


def _device(name: str) -> str:
    return "cuda" if "GPU" in name.upper() else "cpu"


def _image(model: Need, graph: tf.Graph) -> tf.Tensor:
    """The input that takes the images; HarnessError where others want values too."""
    inputs = {tensor.name: tensor.shape.as_list() if tensor.shape.rank else [] for tensor in _placeholders(graph)}
    named = model.attributes.get("input_name")
    image = _named(graph, named) if named else None
    require_one_input(model.file_path, inputs)
    return image if image is not None else _placeholders(graph)[0]


def _precision_of(nodes: Iterable[Any]) -> str:
    """From the types of what is multiplied; quantised graphs are told by their operators."""
    nodes = list(nodes)
    if any(node.op.startswith(QUANTISED) for node in nodes):
        return "int8"
    kinds = {PRECISIONS.get(tf.as_dtype(node.attr["T"].type), "") for node in nodes if _multiplies(node.op)} - {""}
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "unknown"


def _multiplies(operator: str) -> bool:
    return any(word in operator for word in ("Conv2D", "Conv3D", "MatMul", "DepthwiseConv", "Einsum"))


def open(model: Need, options: Options) -> TensorFlow:
    """Open ``model`` in a new session."""
    return TensorFlow(model, options)


def describe(model: Need) -> dict[str, Any]:
    """What the file tells of the network in it. A size that is left open is null."""
    graph = _graph(model)
    image = _image(model, graph)
    return {
        "model_format": "frozen_graph",
        "input_name": image.name,
        "input_shape": image.shape.as_list() if image.shape.rank else [],
        "input_dtype": image.dtype.name,
        "outputs": {tensor.name: tensor.shape.as_list() if tensor.shape.rank else [] for tensor in _ends(graph)},
        "output_dtypes": {tensor.name: tensor.dtype.name for tensor in _ends(graph)},
        "precision": _precision_of(graph.as_graph_def().node),
    }
