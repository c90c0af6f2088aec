"""What a model file is: by its first bytes, which know best, else by its suffix; and which shipped engine opens it."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .user_files.stand_in import HEAD


@dataclass(frozen=True)
class Format:
    """``name`` with its article; the ``engine`` that opens it, else what to do ``instead``."""

    name: str
    engine: str | None
    instead: str = ""


ONNX = Format("an ONNX file", "onnxrt")
PYTORCH = Format("a PyTorch file", "pytorch")
GRAPH = Format("a TensorFlow graph", "tensorflow")
_ORIGIN = "take the ONNX or PyTorch file that it was made from"
TFLITE = Format("a TensorFlow Lite file", None, "python -m tf2onnx.convert --tflite {file} --output {stem}.onnx")
KERAS = Format("a Keras file", None, "in Keras: load_model('{file}').export('{stem}.onnx', format='onnx')")
EXPORTED = Format(
    "a program of torch.export", None, "in PyTorch: torch.onnx.export(torch.export.load('{file}'), f='{stem}.onnx')"
)
SAVED_MODEL = Format(
    "a TensorFlow SavedModel", None, "python -m tf2onnx.convert --saved-model {folder} --output {stem}.onnx"
)
SAFETENSORS = Format(
    "a file of safetensors",
    None,
    "in PyTorch: torch.save(safetensors.torch.load_file('{file}'), '{stem}.pth'); then add class_file=FILE.py",
)
OPENVINO = Format("an OpenVINO file", None, _ORIGIN)
ORT = Format("a file in ONNX Runtime's own form", None, _ORIGIN)
GGUF = Format("a GGUF file", None, _ORIGIN)

BY_SUFFIX = {
    "onnx": ONNX,
    "pt": PYTORCH,
    "pth": PYTORCH,
    "pb": GRAPH,
    "tflite": TFLITE,
    "keras": KERAS,
    "h5": KERAS,
    "hdf5": KERAS,
    "pt2": EXPORTED,
    "safetensors": SAFETENSORS,
    "xml": OPENVINO,
    "ort": ORT,
    "gguf": GGUF,
    "mlmodel": Format("a Core ML file", None, _ORIGIN),
    "engine": Format("a TensorRT engine", None, _ORIGIN),
    "plan": Format("a TensorRT engine", None, _ORIGIN),
    "pdmodel": Format("a Paddle file", None, _ORIGIN),
    "caffemodel": Format("a Caffe file", None, _ORIGIN),
}
_SIGNS = {b"\x89HDF\r\n\x1a\n": KERAS, b"GGUF": GGUF, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.": PYTORCH}
_SIGNS_AT_4 = {b"TFL3": TFLITE, b"ORTM": ORT}  # FlatBuffers
# Protobuf. ONNX begins with its version, a small number above 1, and another field; a graph with a node, which begins
# with its name.
_ONNX = re.compile(rb"\x08[\x02-\x3f][\x12\x1a\x22\x28\x32\x3a\x42]")
_GRAPH = re.compile(rb"\x0a[\x80-\xff]*[\x00-\x7f]\x0a([\x01-\x7f])", re.DOTALL)
_SAVED_MODEL = b"\x08\x01\x12"
_OPENVINO = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<net\s")
_SAFETENSORS = re.compile(rb".{5}\x00\x00\x00\{\s*\"", re.DOTALL)
# Names in an archive that only one kind has, the rarer kind first: an exported program may hold PyTorch files.
_MEMBERS = (
    (EXPORTED, re.compile(r"(^|/)(archive_format|serialized_exported_program\.json)$")),
    (PYTORCH, re.compile(r"(^|/)data\.pkl$")),
    (KERAS, re.compile(r"^model\.weights\.h5$")),
)


def by_suffix(file: Path) -> Format | None:
    """What its name says, in small or capital letters."""
    return BY_SUFFIX.get(file.suffix.lower().removeprefix("."))


def by_content(file: Path) -> Format | None:
    """What its bytes say; None where they tell nothing."""
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    if head.startswith(b"PK\x03\x04"):
        return _in_archive(file)
    signs = [kind for sign, kind in _SIGNS.items() if head.startswith(sign)]
    signs += [kind for sign, kind in _SIGNS_AT_4.items() if head[4:8] == sign]
    if signs:
        return signs[0]
    if _ONNX.match(head):
        return ONNX
    if head.startswith(_SAVED_MODEL):
        return SAVED_MODEL
    if _SAFETENSORS.match(head):
        return SAFETENSORS
    if _OPENVINO.match(head):
        return OPENVINO
    return GRAPH if _is_graph(head) else None


def opened() -> str:
    """The suffixes that the shipped engines open, each with its engine."""
    return ", ".join(f".{suffix} ({kind.engine})" for suffix, kind in BY_SUFFIX.items() if kind.engine)


def _is_graph(head: bytes) -> bool:
    """A first node whose name is followed by its operator."""
    found = _GRAPH.match(head)
    return found is not None and head[found.end() + found[1][0] :][:1] == b"\x12"


def _in_archive(file: Path) -> Format | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return None
    return next((kind for kind, sign in _MEMBERS if any(sign.search(name) for name in names)), None)
