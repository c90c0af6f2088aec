"""In which precision an ONNX graph computes, and its opset, read from the file itself.

A session tells only the type of its inputs, and a quantised graph takes floats too. So the graph's operators and the
types of its weights are read here, straight from the protobuf encoding (onnx.proto, IR version 3 and later): it
spares the onnx package. ONNX Runtime's CPU kernels compute in the type that the graph says.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

# Field numbers of onnx.proto.
MODEL_OPSETS, OPSET_DOMAIN, OPSET_VERSION = 8, 1, 2
MODEL_GRAPH, GRAPH_NODE, GRAPH_INITIALIZER = 7, 1, 5
NODE_OP_TYPE, NODE_ATTRIBUTE, ATTRIBUTE_TENSOR = 4, 5, 5
TENSOR_DIMS, TENSOR_TYPE = 1, 2
FLOAT_TYPES = {1: "fp32", 10: "fp16", 11: "fp64", 16: "bf16"}
QUANTISED = ("QLinear", "DequantizeLinear", "ConvInteger", "MatMulInteger", "DynamicQuantize", "QGemm", "QAttention")


def precision(file: Path) -> str:
    """One of fp32, fp16, bf16, fp64, int8 (there are quantised operators), mixed, unknown."""
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _precision(data)
    except (OSError, ValueError, IndexError):
        return "unknown"


def opset(file: Path) -> int | None:
    """Version of ONNX's own operators that the file is written for; None where it is no ONNX file."""
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _opset(data)
    except (OSError, ValueError, IndexError):
        return None


def _opset(data: mmap.mmap) -> int | None:
    for number, begin, end in _fields(data, 0, len(data)):
        if number == MODEL_OPSETS:
            domain, version = "", 0
            for part, start, stop in _fields(data, begin, end):
                if part == OPSET_DOMAIN:
                    domain = data[start:stop].decode()
                elif part == OPSET_VERSION:
                    version = start
            if domain in ("", "ai.onnx"):
                return version
    return None


def _precision(data: mmap.mmap) -> str:
    weights: set[int] = set()
    for number, begin, end in _fields(data, 0, len(data)):
        if number != MODEL_GRAPH:
            continue
        for kind, start, stop in _fields(data, begin, end):
            if kind == GRAPH_INITIALIZER:
                weights |= _matrix_type(data, start, stop)
            elif kind == GRAPH_NODE:
                for part, first, last in _fields(data, start, stop):
                    if part == NODE_OP_TYPE and data[first:last].decode().startswith(QUANTISED):
                        return "int8"
                    if part == NODE_ATTRIBUTE:
                        for inner, low, high in _fields(data, first, last):
                            weights |= _matrix_type(data, low, high) if inner == ATTRIBUTE_TENSOR else set()
    floats = {FLOAT_TYPES[w] for w in weights if w in FLOAT_TYPES}
    return floats.pop() if len(floats) == 1 else "mixed" if floats else "unknown"


def _matrix_type(data: mmap.mmap, begin: int, end: int) -> set[int]:
    """The element type of a tensor that has at least two axes: a weight, and not a bias, a scale or a shape."""
    axes, kind = 0, 0
    for number, start, stop in _fields(data, begin, end):
        if number == TENSOR_DIMS:
            # Written one by one (start is the value itself), or packed: as many as there are last bytes of a number.
            axes += 1 if stop < 0 else sum(byte < 0x80 for byte in data[start:stop])
        elif number == TENSOR_TYPE:
            kind = start
    return {kind} if axes >= 2 else set()


def _fields(data: mmap.mmap, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Fields of a message as (number, begin, end of its bytes); a plain number as (number, value, -1)."""
    at = begin
    while at < end:
        key, at = _number(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _number(data, at)
            yield key >> 3, value, -1
            continue
        if kind == 2:
            length, at = _number(data, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"not a protobuf message: wire type {kind} at {at}")
        if at + length > end:
            raise ValueError(f"not a protobuf message: a field of {length} bytes at {at}")
        yield key >> 3, at, at + length
        at += length


def _number(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
