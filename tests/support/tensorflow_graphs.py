"""Small frozen graphs, and what TensorFlow makes of them through its backend; prints JSON: by case, what was found.

PYTHONPATH=FOLDER_OF_LOADGEN_HARNESS python tensorflow_graphs.py FOLDER_OF_BACKEND FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from loadgen_harness.backend import Options, backend_module, open_backend
from loadgen_harness.parameters import HarnessError, Need


def save(file: Path, kind: Any = tf.float32, batch: int | None = None, two: bool = False) -> Path:
    graph, chance = tf.Graph(), np.random.default_rng(0)
    with graph.as_default():
        images = tf.compat.v1.placeholder(kind, [batch, 8, 8, 3], name="images")
        layer = tf.nn.relu(tf.nn.conv2d(images, tf.constant(chance.normal(size=(3, 3, 3, 16)), kind), 1, "SAME"))
        features = tf.reduce_mean(layer, [1, 2])
        if two:
            features *= tf.compat.v1.placeholder(kind, [1], name="scale")
        tf.identity(tf.matmul(features, tf.constant(chance.normal(size=(16, 4)), kind)), name="logits")
    file.write_bytes(graph.as_graph_def().SerializeToString())
    return file


def look(entry: Need, file: Path, **asked: Any) -> dict[str, Any]:
    model = Need("net", file.parent, file, {})
    try:
        backend = open_backend(entry, model, Options(4, **asked))
        outputs = backend.predict(np.zeros((backend.fixed_batch or 2, 8, 8, 3), backend.input_dtype))
        told, effective = backend_module(entry).describe(model), backend.effective()
    except HarnessError as error:
        return {"refused": str(error).replace(str(file.parent), "FOLDER")}
    return {
        "effective": [effective.device, effective.precision, effective.fallback],
        "fixed_batch": backend.fixed_batch,
        "input_dtype": backend.input_dtype,
        "outputs": dict(zip(backend.output_names, (list(output.shape) for output in outputs), strict=True)),
        "told": [told["input_name"], told["input_dtype"], told["outputs"], told["precision"]],
    }


def main(backend: Path, folder: Path) -> None:
    entry = Need("tensorflow", backend, None, {})
    half = save(folder / "half.pb", tf.float16)
    found = {
        "fp32": look(entry, save(folder / "fp32.pb")),
        "fp16": look(entry, half),
        "fp16 as fp32": look(entry, half, precision="fp32"),
        "fixed": look(entry, save(folder / "fixed.pb", batch=3)),
        "two inputs": look(entry, save(folder / "two.pb", two=True)),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
