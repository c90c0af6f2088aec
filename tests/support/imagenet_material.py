"""Small files in the places of ImageNet's and ResNet50's: an ONNX network, archives of images and of labels.

    python imagenet_material.py onnx FILE
    python imagenet_material.py images FILE COUNT
    python imagenet_material.py labels FILE COUNT

The network answers class 7 (output 8 of 1001) to everything; the first half of the images has that label.
"""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path


def write_onnx(file: Path) -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    bias = np.zeros(1001, np.float32)
    bias[8] = 1
    nodes = [
        helper.make_node("GlobalAveragePool", ["input_tensor:0"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["ArgMax:0"], axis=1, keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("input_tensor:0", TensorProto.FLOAT, ["N", 3, 224, 224])],
        [helper.make_tensor_value_info("ArgMax:0", TensorProto.INT64, ["N"])],
        [
            numpy_helper.from_array(np.zeros((3, 1001), np.float32), "weights"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 8)], ir_version=4), str(file))


def name(number: int) -> str:
    return f"ILSVRC2012_val_{number:08d}.JPEG"


def add(archive: tarfile.TarFile, path: str, data: bytes) -> None:
    entry = tarfile.TarInfo(path)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def write_images(file: Path, count: int) -> None:
    from PIL import Image

    with tarfile.open(file, "w") as archive:
        for number in range(1, count + 1):
            stream = io.BytesIO()
            Image.new("RGB", (300, 260), (number, 2 * number, 3 * number)).save(stream, "JPEG")
            add(archive, name(number), stream.getvalue())


def write_labels(file: Path, count: int) -> None:
    lines = (f"{name(number)} {7 if number <= count // 2 else 9}\n" for number in range(1, count + 1))
    with tarfile.open(file, "w:gz") as archive:
        add(archive, "val.txt", "".join(lines).encode())
        add(archive, "synset_words.txt", "".join(f"n{number:08d} thing\n" for number in range(1000)).encode())


if __name__ == "__main__":
    what, target, *count = sys.argv[1:]
    if what == "onnx":
        write_onnx(Path(target))
    else:
        {"images": write_images, "labels": write_labels}[what](Path(target), int(count[0]))
