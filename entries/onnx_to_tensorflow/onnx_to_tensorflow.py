"""Turn a network in an ONNX file into a TensorFlow frozen graph that takes images as NHWC.

    python onnx_to_tensorflow.py PARAMETERS_FILE

Reads the need ``onnx``; writes the attribute ``file``, whose input and output are called as the attributes
``input_name`` and ``output_name`` say (NAME:0), for batches of any size. Activations with four axes are kept as NHWC
all through, for that is what TensorFlow's convolutions want on a CPU; everything else has ONNX's order of axes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
UNARY: dict[str, Callable[[Any], Any]] = {
    "Relu": tf.nn.relu,
    "Sigmoid": tf.sigmoid,
    "Tanh": tf.tanh,
    "Identity": tf.identity,
    "Dropout": tf.identity,
    "HardSwish": lambda x: x * tf.nn.relu6(x + 3) / 6,
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": tf.add,
    "Sub": tf.subtract,
    "Mul": tf.multiply,
    "Div": tf.divide,
}


class Unknown(Exception):
    """Something in the file that is not known here; the message is for the user."""


class Conversion:
    """One graph. ``constants`` are arrays as ONNX has them; ``tensors`` TensorFlow's; those in ``last`` are NHWC."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.constants = {array.name: numpy_helper.to_array(array) for array in graph.initializer}
        self.tensors: dict[str, Any] = {}
        self.last: set[str] = set()

    def run(self, images: Any, output: str | None) -> Any:
        """The network's ``output`` (None: the first) for ``images`` (NHWC)."""
        inputs = [value.name for value in self.graph.input if value.name not in self.constants]
        if len(inputs) != 1:
            raise Unknown(f"it has {len(inputs)} inputs; only networks with one are converted")
        self.tensors[inputs[0]] = images
        self.last.add(inputs[0])
        for node in self.graph.node:
            self._convert(node)
        return self.plain(output or self.graph.output[0].name)

    def _convert(self, node: onnx.NodeProto) -> None:
        settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        names = [name for name in node.input if name]
        if node.op_type in UNARY:
            return self._store(node, UNARY[node.op_type](self.as_is(names[0])), names[0] in self.last)
        if node.op_type in BINARY:
            return self._binary(node, BINARY[node.op_type], names)
        method = getattr(self, f"_{node.op_type.lower()}", None)
        if method is None:
            raise Unknown(f"operator {node.op_type} is not known here")
        method(node, names, settings)
        return None

    def _store(self, node: onnx.NodeProto, tensor: Any, last: bool = False) -> None:
        name = node.output[0]
        self.tensors[name] = tensor
        if last:
            self.last.add(name)

    def as_is(self, name: str) -> Any:
        """A tensor in whatever order it is kept."""
        return self.tensors[name] if name in self.tensors else tf.constant(self.constants[name])

    def plain(self, name: str) -> Any:
        """A tensor in ONNX's order of axes."""
        return tf.transpose(self.as_is(name), TO_FIRST) if name in self.last else self.as_is(name)

    def images(self, name: str) -> Any:
        """A tensor of four axes as NHWC."""
        return self.as_is(name) if name in self.last else tf.transpose(self.as_is(name), TO_LAST)

    def constant(self, name: str) -> Any:
        if name not in self.constants:
            raise Unknown(f"{name} is computed; only a constant is known here")
        return self.constants[name]

    def _binary(self, node: onnx.NodeProto, function: Callable[[Any, Any], Any], names: list[str]) -> None:
        last = any(name in self.last for name in names)
        self._store(node, function(*(self._beside(name) if last else self.as_is(name) for name in names)), last)

    def _beside(self, name: str) -> Any:
        """An operand beside one that is NHWC: a constant [C, 1, 1] or [1, C, 1, 1] becomes [1, 1, 1, C]."""
        if name in self.last:
            return self.as_is(name)
        if name in self.constants:
            array = self.constants[name]
            return tf.constant(
                array.reshape((1,) * (4 - array.ndim) + array.shape).transpose(TO_LAST) if array.ndim else array
            )
        tensor = self.as_is(name)
        if tensor.shape.rank != 4:
            raise Unknown(f"{name} has {tensor.shape.rank} axes beside an image's four")
        return tf.transpose(tensor, TO_LAST)

    # operators, by their names in ONNX

    def _constant(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        self.constants[node.output[0]] = numpy_helper.to_array(settings["value"])

    def _conv(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        x, weights = self.images(names[0]), self.constant(names[1])
        groups, pads = settings.get("group", 1), _padding(settings)
        strides, dilations = settings.get("strides", [1, 1]), settings.get("dilations", [1, 1])
        kernel = weights.transpose(2, 3, 1, 0)
        if groups == 1:
            y = tf.nn.conv2d(x, kernel, strides, pads, dilations=dilations)
        elif groups == x.shape[-1] and strides[0] == strides[1]:
            outputs, _, height, width = weights.shape
            kernel = weights.reshape(groups, outputs // groups, height, width).transpose(2, 3, 0, 1)
            y = tf.nn.depthwise_conv2d(tf.pad(x, pads), kernel, [1, *strides, 1], "VALID", dilations=dilations)
        else:
            parts = zip(tf.split(x, groups, -1), np.split(kernel, groups, -1), strict=True)
            y = tf.concat([tf.nn.conv2d(part, k, strides, pads, dilations=dilations) for part, k in parts], -1)
        self._store(node, tf.nn.bias_add(y, self.constant(names[2])) if len(names) > 2 else y, last=True)

    def _batchnormalization(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        scale, offset, mean, variance = (self.constant(name) for name in names[1:5])
        epsilon = settings.get("epsilon", 1e-5)
        y, *_ = tf.compat.v1.nn.fused_batch_norm(
            self.images(names[0]), scale, offset, mean, variance, epsilon=epsilon, is_training=False
        )
        self._store(node, y, last=True)

    def _maxpool(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        strides = settings.get("strides", [1, 1])
        x = self.images(names[0])
        self._store(node, tf.nn.max_pool2d(x, settings["kernel_shape"], strides, _padding(settings)), last=True)

    def _averagepool(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        pads = _padding(settings)
        if any(map(any, pads)) and not settings.get("count_include_pad", 0):
            raise Unknown("AveragePool with a border that does not count is not known here")
        x = tf.pad(self.images(names[0]), pads)
        self._store(
            node, tf.nn.avg_pool2d(x, settings["kernel_shape"], settings.get("strides", [1, 1]), "VALID"), last=True
        )

    def _globalaveragepool(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        self._store(node, tf.reduce_mean(self.images(names[0]), [1, 2], keepdims=True), last=True)

    def _reducemean(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        axes = settings.get("axes") or self.constant(names[1]).tolist()
        self._store(node, tf.reduce_mean(self.plain(names[0]), axes, keepdims=bool(settings.get("keepdims", 1))))

    def _clip(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        low, high = (self.constant(n) for n in names[1:3]) if len(names) > 2 else (settings["min"], settings["max"])
        self._store(node, tf.clip_by_value(self.as_is(names[0]), low, high), names[0] in self.last)

    def _leakyrelu(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        self._store(node, tf.nn.leaky_relu(self.as_is(names[0]), settings.get("alpha", 0.01)), names[0] in self.last)

    def _hardsigmoid(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        x = self.as_is(names[0]) * settings.get("alpha", 0.2) + settings.get("beta", 0.5)
        self._store(node, tf.clip_by_value(x, 0.0, 1.0), names[0] in self.last)

    def _concat(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        if all(name in self.last for name in names) and settings["axis"] in (1, -3):
            return self._store(node, tf.concat([self.as_is(name) for name in names], -1), last=True)
        return self._store(node, tf.concat([self.plain(name) for name in names], settings["axis"]))

    def _flatten(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        if settings.get("axis", 1) != 1:
            raise Unknown("Flatten with an axis other than 1 is not known here")
        x = self.plain(names[0])
        self._store(node, tf.reshape(x, [-1, int(np.prod(x.shape[1:]))]))

    def _reshape(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        x, shape = self.plain(names[0]), self.plain(names[1])
        if names[1] in self.constants and (self.constants[names[1]] == 0).any():
            shape = [tf.shape(x)[axis] if size == 0 else size for axis, size in enumerate(self.constants[names[1]])]
        self._store(node, tf.reshape(x, shape))

    def _shape(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        self._store(node, tf.shape(self.plain(names[0]), out_type=tf.int64))

    def _gather(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        self._store(node, tf.gather(self.plain(names[0]), self.plain(names[1]), axis=settings.get("axis", 0)))

    def _unsqueeze(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        x = self.plain(names[0])
        for axis in sorted(settings.get("axes") or self.constant(names[1]).tolist()):
            x = tf.expand_dims(x, axis)
        self._store(node, x)

    def _squeeze(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        axes = settings.get("axes") or (self.constant(names[1]).tolist() if len(names) > 1 else None)
        self._store(node, tf.squeeze(self.plain(names[0]), axes))

    def _transpose(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        self._store(node, tf.transpose(self.plain(names[0]), settings.get("perm")))

    def _gemm(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        x, weights = self.plain(names[0]), self.plain(names[1])
        y = tf.matmul(x, weights, bool(settings.get("transA", 0)), bool(settings.get("transB", 0)))
        y = y * settings.get("alpha", 1.0) if settings.get("alpha", 1.0) != 1 else y
        self._store(node, y + settings.get("beta", 1.0) * self.plain(names[2]) if len(names) > 2 else y)

    def _matmul(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        self._store(node, tf.matmul(self.plain(names[0]), self.plain(names[1])))

    def _softmax(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        self._store(node, tf.nn.softmax(self.plain(names[0]), settings.get("axis", -1)))

    def _argmax(self, node: onnx.NodeProto, names: list[str], settings: dict[str, Any]) -> None:
        axis = settings.get("axis", 0)
        best = tf.argmax(self.plain(names[0]), axis)
        self._store(node, tf.expand_dims(best, axis) if settings.get("keepdims", 1) else best)


def _padding(settings: dict[str, Any]) -> list[list[int]]:
    """TensorFlow's explicit padding of NHWC; Unknown for what depends on the input's size."""
    if settings.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or settings.get("ceil_mode", 0):
        raise Unknown("a border that depends on the image's size (auto_pad, ceil_mode) is not known here")
    top, left, bottom, right = settings.get("pads") or [0, 0, 0, 0]
    return [[0, 0], [top, bottom], [left, right], [0, 0]]


def convert(file: Path, attributes: dict[str, Any], wanted: str | None) -> Any:
    """The GraphDef of the output ``wanted`` in the ONNX file (None: the first)."""
    graph, side = tf.Graph(), attributes["resolution"]
    with graph.as_default():
        name, output = (attributes[key].removesuffix(":0") for key in ("input_name", "output_name"))
        images = tf.compat.v1.placeholder(tf.float32, [None, side, side, attributes["channels"]], name=name)
        tf.identity(Conversion(onnx.load(str(file)).graph).run(images, wanted), name=output)
    return graph.as_graph_def()


def main(parameters_file: str) -> int:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    asked, onnx_entry = job["attributes"], job["needs"]["onnx"]
    source = Path(onnx_entry["file_path"])
    try:
        made = convert(source, asked, onnx_entry["attributes"].get("output_name"))
    except Unknown as error:
        print(f"error: {source.name}: {error}", file=sys.stderr)
        return 2
    (Path(job["output_path"]) / asked["file"]).write_bytes(made.SerializeToString(deterministic=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
