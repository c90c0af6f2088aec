"""Write ResNet50 with seeded random weights as an ONNX file, without any framework.

    PYTHONPATH=FOLDER_OF_RESNET50_WEIGHTS python make_onnx.py PARAMETERS_FILE

The graph takes any batch size. Normalisations stay nodes of their own: engines fold them when they load the file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper
from resnet50_weights import STAGES, Weights, random_weights

FIRST_IR_WITH_CONSTANT_WEIGHTS = 4  # before it, weights are inputs that a caller may change, and nothing can be folded


class Graph:
    """Nodes, one after the other; each method returns the name of what it gives out."""

    def __init__(self, weights: Weights) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.used: list[str] = []
        self._weights = weights

    def add(self, kind: str, *inputs: str, output: str = "", **settings: Any) -> str:
        self.used += [name for name in inputs if name in self._weights and name not in self.used]
        made = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [made], **settings))
        return made

    def convolution(self, x: str, convolution: str, normalisation: str, stride: int = 1) -> str:
        """A convolution that keeps the size (but for its stride), and its normalisation."""
        side = self._weights[f"{convolution}.weight"].shape[-1]
        x = self.add("Conv", x, f"{convolution}.weight", strides=[stride] * 2, pads=[side // 2] * 4)
        parts = ("weight", "bias", "running_mean", "running_var")
        return self.add("BatchNormalization", x, *(f"{normalisation}.{part}" for part in parts))

    def block(self, x: str, name: str, stride: int) -> str:
        inner = self.add("Relu", self.convolution(x, f"{name}.conv1", f"{name}.bn1"))
        inner = self.add("Relu", self.convolution(inner, f"{name}.conv2", f"{name}.bn2", stride))
        inner = self.convolution(inner, f"{name}.conv3", f"{name}.bn3")
        if f"{name}.downsample.0.weight" in self._weights:
            x = self.convolution(x, f"{name}.downsample.0", f"{name}.downsample.1", stride)
        return self.add("Relu", self.add("Add", inner, x))

    def network(self, images: str, logits: str) -> None:
        x = self.add("Relu", self.convolution(images, "conv1", "bn1", stride=2))
        x = self.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        for stage, (_, blocks) in enumerate(STAGES, start=1):
            for number in range(blocks):
                x = self.block(x, f"layer{stage}.{number}", stride=2 if number == 0 and stage > 1 else 1)
        x = self.add("Flatten", self.add("GlobalAveragePool", x))
        self.add("Gemm", x, "fc.weight", "fc.bias", output=logits, transB=1)


def model(weights: Weights, attributes: dict[str, Any]) -> onnx.ModelProto:
    """Build the checked model with the opset and the names that ``attributes`` say."""
    images, logits, side = attributes["input_name"], attributes["output_name"], attributes["resolution"]
    graph = Graph(weights)
    graph.network(images, logits)
    made = helper.make_graph(
        graph.nodes,
        "ResNet50_random_weights",
        [helper.make_tensor_value_info(images, TensorProto.FLOAT, ["batch", attributes["channels"], side, side])],
        [helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["batch", attributes["num_classes"]])],
        [numpy_helper.from_array(weights[name], name) for name in graph.used],
    )
    opset = [helper.make_opsetid("", attributes["opset"])]
    version = max(FIRST_IR_WITH_CONSTANT_WEIGHTS, helper.find_min_ir_version_for(opset))
    whole = helper.make_model(made, opset_imports=opset, ir_version=version)
    onnx.checker.check_model(whole)
    return whole


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    asked = {**job["attributes"], **job["parameters"]}
    onnx.save(model(random_weights(asked["seed"]), asked), str(Path(job["output_path"]) / asked["file"]))


if __name__ == "__main__":
    main(sys.argv[1])
