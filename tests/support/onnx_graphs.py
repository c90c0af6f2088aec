"""Small ONNX files, and what ONNX Runtime makes of them through its backend; prints JSON: by case, what was found.

PYTHONPATH=FOLDER_OF_LOADGEN_HARNESS python onnx_graphs.py FOLDER_OF_BACKEND FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
from loadgen_harness.backend import Options, backend_module, open_backend
from loadgen_harness.parameters import HarnessError, Need
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(0)
WIDTH = 64


def save(
    file: Path,
    nodes: list[Any],
    weights: dict[str, Any],
    kind: int = TensorProto.FLOAT,
    batch: Any = "N",
    outputs: dict[str, tuple[int, list[Any]]] | None = None,
    more_inputs: dict[str, list[Any]] | None = None,
) -> Path:
    """A network over images of 3 x 8 x 8: flattened to ``features``, where ``nodes`` begin."""
    head = [helper.make_node("Flatten", ["image"], ["features"])]
    graph = helper.make_graph(
        head + nodes,
        "net",
        [
            helper.make_tensor_value_info("image", kind, [batch, 3, 8, 8]),
            *(helper.make_tensor_value_info(name, kind, shape) for name, shape in (more_inputs or {}).items()),
        ],
        [
            helper.make_tensor_value_info(name, of, shape)
            for name, (of, shape) in (outputs or {"logits": (kind, [batch, 4])}).items()
        ],
        [
            one if isinstance(one, onnx.TensorProto) else numpy_helper.from_array(one, name)
            for name, one in weights.items()
        ],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), file)
    return file


def matmuls(dtype: Any) -> tuple[list[Any], dict[str, Any]]:
    weights = {
        "w1": RANDOM.normal(size=(3 * 8 * 8, WIDTH)).astype(dtype),
        "w2": RANDOM.normal(size=(WIDTH, 4)).astype(dtype),
    }
    nodes = [
        helper.make_node("MatMul", ["features", "w1"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "w2"], ["logits"]),
    ]
    return nodes, weights


def packed(bits: int) -> tuple[list[Any], dict[str, Any]]:
    nodes, weights = matmuls(np.float32)
    weights["packed"] = RANDOM.integers(0, 255, (4, WIDTH // 32, 32 * bits // 8), dtype=np.uint8)
    weights["scales"] = RANDOM.random(4 * WIDTH // 32).astype(np.float32)
    del weights["w2"]
    said = {"K": WIDTH, "N": 4, "bits": bits, "block_size": 32}
    nodes[1] = helper.make_node(
        "MatMulNBits", ["hidden", "packed", "scales"], ["logits"], domain="com.microsoft", **said
    )
    return nodes, weights


def four_bits() -> tuple[list[Any], dict[str, Any]]:
    nodes, weights = matmuls(np.float32)
    values = RANDOM.integers(-8, 7, WIDTH * 4)
    weights["w2"] = helper.make_tensor("w2", TensorProto.INT4, [WIDTH, 4], values)
    weights["scale"] = np.float32(0.1)
    nodes.insert(1, helper.make_node("DequantizeLinear", ["w2", "scale"], ["wide"]))
    nodes[2] = helper.make_node("MatMul", ["hidden", "wide"], ["logits"])
    return nodes, weights


def quantised() -> tuple[list[Any], dict[str, Any]]:
    nodes, weights = matmuls(np.float32)
    weights |= {"scale": np.float32(0.05), "zero": np.int8(0)}
    weights["w2"] = RANDOM.integers(-127, 127, (WIDTH, 4)).astype(np.int8)
    tail = [
        helper.make_node("QuantizeLinear", ["hidden", "scale", "zero"], ["narrow"]),
        helper.make_node("DequantizeLinear", ["narrow", "scale", "zero"], ["again"]),
        helper.make_node("DequantizeLinear", ["w2", "scale", "zero"], ["wide"]),
        helper.make_node("MatMul", ["again", "wide"], ["logits"]),
    ]
    return [nodes[0], *tail], weights


def quantised_weights() -> tuple[list[Any], dict[str, Any]]:
    nodes, weights = matmuls(np.float32)
    weights |= {"scale": np.float32(0.05), "w2": RANDOM.integers(-127, 127, (WIDTH, 4)).astype(np.int8)}
    wide = helper.make_node("DequantizeLinear", ["w2", "scale"], ["wide"])
    return [nodes[0], wide, helper.make_node("MatMul", ["hidden", "wide"], ["logits"])], weights


def files(folder: Path) -> dict[str, Path]:
    half, two = TensorProto.FLOAT16, {"logits": (TensorProto.FLOAT, ["N", 4]), "hidden": (TensorProto.FLOAT, ["N", 64])}
    found = {
        "fp32": save(folder / "fp32.onnx", *matmuls(np.float32)),
        "fp16": save(folder / "fp16.onnx", *matmuls(np.float16), kind=half),
        "fp64": save(folder / "fp64.onnx", *matmuls(np.float64), kind=TensorProto.DOUBLE),
        "4 bits packed": save(folder / "nbits.onnx", *packed(4)),
        "8 bits packed": save(folder / "8bits.onnx", *packed(8)),
        "int4": save(folder / "int4.onnx", *four_bits()),
        "int8": save(folder / "int8.onnx", *quantised()),
        "int8 weights": save(folder / "int8_weights.onnx", *quantised_weights()),
        "no weights": save(
            folder / "bare.onnx",
            [helper.make_node("Relu", ["features"], ["logits"])],
            {},
            outputs={"logits": (TensorProto.FLOAT, ["N", 192])},
        ),
        "fixed": save(folder / "fixed.onnx", *matmuls(np.float32), batch=3),
        "two inputs": save(folder / "two.onnx", *matmuls(np.float32), more_inputs={"scale": [1]}),
        "two outputs": save(folder / "outputs.onnx", *matmuls(np.float32), outputs=two),
    }
    external = onnx.load(found["fp32"])
    found["external"] = folder / "external.onnx"
    onnx.save(external, found["external"], save_as_external_data=True, location="external.data", size_threshold=0)
    return found


def look(entry: Need, file: Path, **asked: Any) -> dict[str, Any]:
    """What the backend says of itself before and after a batch, and of the file; the message where it refuses."""
    model = Need("net", file.parent, file, {})
    try:
        backend = open_backend(entry, model, Options(4, **asked))
        before = backend.effective()
        batch = np.zeros((backend.fixed_batch or 2, 3, 8, 8), backend.input_dtype)
        outputs = backend.predict(batch)
        after = backend.effective()
        told = backend_module(entry).describe(model)
    except HarnessError as error:
        return {"refused": str(error).replace(str(file.parent), "FOLDER")}
    return {
        "effective": [after.device, after.precision, after.fallback],
        "unchanged": before == after,
        "fixed_batch": backend.fixed_batch,
        "input_dtype": backend.input_dtype,
        "outputs": dict(zip(backend.output_names, (list(output.shape) for output in outputs), strict=True)),
        "data_files": [one.name for one in backend.data_files],
        "file": told["precision"],
        "told": [told["input_name"], told["input_dtype"], told["input_shape"], told["output_dtypes"], told["opset"]],
    }


class Placed:
    """A session of which only the placement is known."""

    def __init__(self, providers: list[str], placed: dict[str, list[str]]) -> None:
        self.get_providers = lambda: providers
        self.get_provider_graph_assignment_info = lambda: [
            SimpleNamespace(ep_name=name, get_nodes=lambda kinds=kinds: [SimpleNamespace(op_type=k) for k in kinds])
            for name, kinds in placed.items()
        ]


def placements(entry: Need) -> dict[str, Any]:
    place, cuda, cpu = backend_module(entry)._placement, "CUDAExecutionProvider", "CPUExecutionProvider"
    return {
        "all on the GPU": place(Placed([cuda, cpu], {cuda: ["Conv", "Relu"]})),
        "some elsewhere": place(Placed([cuda, cpu], {cpu: ["Shape", "Gather", "Gather"], cuda: ["Conv"]})),
        "all elsewhere": place(Placed([cuda, cpu], {cpu: ["Conv", "Relu"]})),
        "one provider": place(Placed([cpu], {})),
        "cannot tell": place(SimpleNamespace(get_providers=lambda: [cuda, cpu])),
    }


def main(backend: Path, folder: Path) -> None:
    entry = Need("onnxrt", backend, None, {})
    made = files(folder)
    found: dict[str, Any] = {name: look(entry, file) for name, file in made.items()}
    found["fp16 as fp16"] = look(entry, made["fp16"], precision="fp16")
    found["fp16 as fp32"] = look(entry, made["fp16"], precision="fp32")
    found["int4 as fp32"] = look(entry, made["int4"], precision="fp32")
    found["placements"] = placements(entry)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
