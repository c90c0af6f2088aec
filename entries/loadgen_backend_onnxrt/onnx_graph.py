"""In which precision an ONNX graph computes, be it a file's or the one that ONNX Runtime made of it.

A session tells only the types of its inputs and outputs. What it computes in stands in the graph that it has optimised:
there are casts where a device has no operators for fp16, and weights are of the type that is multiplied.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto

FLOATS = {
    TensorProto.FLOAT: "fp32",
    TensorProto.FLOAT16: "fp16",
    TensorProto.BFLOAT16: "bf16",
    TensorProto.DOUBLE: "fp64",
}
NARROW = {  # types of weights that are never multiplied as they are
    TensorProto.INT4: "int4",
    TensorProto.UINT4: "int4",
    TensorProto.FLOAT4E2M1: "fp4",
    TensorProto.FLOAT8E4M3FN: "fp8",
    TensorProto.FLOAT8E4M3FNUZ: "fp8",
    TensorProto.FLOAT8E5M2: "fp8",
    TensorProto.FLOAT8E5M2FNUZ: "fp8",
}
PACKED = {"MatMulNBits", "GatherBlockQuantized", "MatMulBnb4", "QMoE"}  # weights of an attribute's bits, 4 without it
QUANTISED = (
    "QLinear",
    "DequantizeLinear",
    "ConvInteger",
    "MatMulInteger",
    "DynamicQuantize",
    "QGemm",
    "QAttention",
    "QOrdered",
    "QEmbed",
)
MOVES = (  # they compute nothing
    "Cast",
    "Gather",
    "Slice",
    "Split",
    "Concat",
    "Expand",
    "Pad",
    "Identity",
    "Reshape",
    "Transpose",
    "Reorder",
    "Memcpy",
)


class _Seen:
    """Element types of the tensors so far; which of them are constants, and which of these are weights: at least two
    axes, so no bias, scale or shape.
    """

    def __init__(self) -> None:
        self.types: dict[str, int] = {}
        self.constants: set[str] = set()
        self.weights: set[str] = set()

    def tensor(self, name: str, tensor: TensorProto) -> None:
        self.types[name] = tensor.data_type
        self.constants.add(name)
        if len(tensor.dims) >= 2:
            self.weights.add(name)


def precision(model: ModelProto) -> str:
    """One of fp32, fp16, bf16, fp64, mixed; int8, int4, int2, fp8, fp4 where weights are quantised; unknown."""
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    seen = _Seen()
    nodes = list(_nodes(model.graph, seen))
    narrow = {_bits(node) for node, _, _ in nodes if node.op_type in PACKED}
    narrow |= {NARROW[kind] for name in seen.constants if (kind := seen.types[name]) in NARROW}
    if narrow:
        return min(narrow, key=lambda name: int(name.lstrip("intfp")))
    if any(node.op_type.startswith(QUANTISED) for node, _, _ in nodes):
        return "int8"
    computing = [one for one in nodes if not one[0].op_type.startswith(MOVES)]
    found = _floats(kinds for _, kinds, weighs in computing if weighs) or _floats(kinds for _, kinds, _ in computing)
    return found.pop() if len(found) == 1 else "mixed" if found else "unknown"


def opset(model: ModelProto) -> int | None:
    """Version of ONNX's own operators that it is written for."""
    return next((own.version for own in model.opset_import if own.domain in ("", "ai.onnx")), None)


def data_files(file: Path) -> list[Path]:
    """The files beside an ONNX file that hold weights of it."""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(b"location") < 0:  # the key that each of them has: spares parsing gigabytes of weights
            return []
    model = onnx.load(file, load_external_data=False)
    tensors = [t for t in _tensors(model.graph) if onnx.external_data_helper.uses_external_data(t)]
    places = {onnx.external_data_helper.ExternalDataInfo(tensor).location for tensor in tensors}
    return [file.parent / place for place in sorted(places)]


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _floats(kinds: Iterator[set[int]]) -> set[str]:
    return {FLOATS[kind] for some in kinds for kind in some if kind in FLOATS}


def _bits(node: NodeProto) -> str:
    return f"int{next((a.i for a in node.attribute if a.name in ('bits', 'expert_weight_bits')), 4)}"


def _nodes(graph: GraphProto, seen: _Seen) -> Iterator[tuple[NodeProto, set[int], bool]]:
    """The graph's operators and those of the graphs in it, each with the types of its inputs and whether a weight is
    among them. What is computed from constants alone is itself a constant, and is left out, but for what tells that
    weights are quantised.
    """
    for tensor in graph.initializer:
        seen.tensor(tensor.name, tensor)
    for value in (*graph.input, *graph.value_info, *graph.output):
        seen.types.setdefault(value.name, value.type.tensor_type.elem_type)
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.type == AttributeProto.GRAPH else []), *attribute.graphs):
                yield from _nodes(inner, seen)
        inputs = [name for name in node.input if name]
        constant = seen.constants.issuperset(inputs)
        _outputs(node, seen, constant)
        if not constant or node.op_type.startswith(QUANTISED):
            kinds = {seen.types.get(name, TensorProto.UNDEFINED) for name in inputs}
            yield node, kinds, not seen.weights.isdisjoint(inputs)


def _outputs(node: NodeProto, seen: _Seen, constant: bool) -> None:
    """Note what comes out: the type that the operator says, else that of its first floating-point input."""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if node.op_type == "Constant" and "value" in attributes:
        seen.tensor(node.output[0], attributes["value"].t)
        return
    kinds = [seen.types.get(name, TensorProto.UNDEFINED) for name in node.input]
    if node.op_type == "CastLike":
        kinds = kinds[1:]
    kind = next((one for one in kinds if one in FLOATS), TensorProto.UNDEFINED)
    if node.op_type == "Cast":
        kind = attributes["to"].i
    for name in node.output:
        seen.types.setdefault(name, kind)
        if constant:
            seen.constants.add(name)
            if not seen.weights.isdisjoint(node.input):
                seen.weights.add(name)
