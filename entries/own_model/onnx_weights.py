"""Where an ONNX file keeps the weights that are not in it, read straight from the protobuf encoding (onnx.proto).

A query's identity depends on it, and that is known before there is any environment with the package ``onnx``.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

# Message -> its fields that lead to weights: number -> the message there.
FIELDS = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "pair"},
}
KEY, VALUE = 1, 2  # of a pair


def places(file: Path) -> list[str]:
    """Relative paths of the files with weights, each once; none for a file that is no ONNX file."""
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            pairs = [_pair(data, begin, end) for begin, end in _pairs(data, "model", 0, len(data))]
    except (OSError, ValueError, IndexError):
        return []
    return sorted({value for key, value in pairs if key == "location" and value})


def _pairs(data: mmap.mmap, message: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    for number, start, stop in _fields(data, begin, end):
        inner = FIELDS[message].get(number)
        if inner == "pair":
            yield start, stop
        elif inner is not None and stop >= 0:
            yield from _pairs(data, inner, start, stop)


def _pair(data: mmap.mmap, begin: int, end: int) -> tuple[str, str]:
    found = {number: data[start:stop].decode() for number, start, stop in _fields(data, begin, end)}
    return found.get(KEY, ""), found.get(VALUE, "")


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
