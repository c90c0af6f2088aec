"""Make ONNX files as users have them, and pictures with the answers that numpy alone gives.

    python own_onnx.py FOLDER

Each network is the means of the three channels times a matrix. Leaves pics/*.png (8 of 32x32), labels.txt, whose labels
are right but for every fourth, and other.data: the weights of external.onnx with the classes in another order.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from png_file import png

MEAN, STD, COUNT, SIDE = 127.5, 64.0, 8, 32
MATRIX = np.array([[4, -1, -1, 0.5], [-1, 4, -1, 0.5], [-1, -1, 4, 0.5]], np.float32)


def save(
    file: Path, kind: int = TensorProto.FLOAT, batch: Any = "N", outputs: tuple[str, ...] = ("logits",), **more: Any
) -> None:
    matrix = MATRIX.astype(np.float16 if kind == TensorProto.FLOAT16 else np.float32)
    shapes = {"logits": [batch, 4], "features": [batch, 3], "boxes": [batch, 2, 2]}
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["features"]),
        helper.make_node("MatMul", ["features", "matrix"], ["logits"]),
        helper.make_node("Reshape", ["logits", "shape"], ["boxes"]),
    ]
    graph = helper.make_graph(
        nodes if "boxes" in outputs else nodes[:3],
        "net",
        [helper.make_tensor_value_info("image", kind, [batch, 3, SIDE, SIDE])]
        + [helper.make_tensor_value_info(name, kind, shape) for name, shape in more.items()],
        [helper.make_tensor_value_info(name, kind, shapes[name]) for name in outputs],
        [numpy_helper.from_array(matrix, "matrix"), numpy_helper.from_array(np.array([-1, 2, 2]), "shape")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), file)


def main(folder: Path) -> None:
    save(folder / "plain.onnx")
    save(folder / "half.onnx", TensorProto.FLOAT16)
    save(folder / "fixed.onnx", batch=3)
    save(folder / "two_inputs.onnx", scale=[1])
    save(folder / "features_first.onnx", outputs=("features", "logits"))
    save(folder / "boxes.onnx", outputs=("boxes",))
    model = onnx.load(folder / "plain.onnx")
    onnx.save(model, folder / "external.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    content = (folder / "weights.bin").read_bytes()
    at = content.index(MATRIX.tobytes())
    other = np.ascontiguousarray(MATRIX[:, [1, 2, 0, 3]]).tobytes()
    (folder / "other.data").write_bytes(content[:at] + other + content[at + len(other) :])
    chance, lines = np.random.default_rng(0), []
    (folder / "pics").mkdir()
    for number in range(COUNT):
        levels = np.full(3, 90) + 100 * (np.arange(3) == number % 3)
        pixels = np.clip(levels + chance.normal(0, 20, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
        (folder / "pics" / f"{number}.png").write_bytes(png(pixels))
        answer = int((((pixels.astype(np.float64) - MEAN) / STD).mean((0, 1)) @ MATRIX).argmax())
        lines.append(f"{number}.png {(answer + (number % 4 == 0)) % 4}\n")
    (folder / "labels.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
