"""Print what a model answers, as JSON: a row of logits for each image.

    python model_logits.py MODEL_FILE FORMAT MODEL_CLASS --random SIDE
    python model_logits.py MODEL_FILE FORMAT MODEL_CLASS --preprocessed FOLDER --mean M --std S

The images are three of seeded noise, or those of a preprocessed data set with one channel.
Written without the harness, its backends and the entries' own code, to check them. Runs where the engine is installed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def by_onnxruntime(file: Path, images: Any) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def by_torch(file: Path, saved_as: str, model_class: str, images: Any) -> Any:
    import torch

    sys.path.insert(0, str(file.parent))
    if saved_as == "torchscript":
        network = torch.jit.load(str(file))
    elif saved_as == "whole":
        network = torch.load(file, weights_only=False)
    else:
        module, name = model_class.split(".py:")
        network = getattr(importlib.import_module(module), name)()
        network.load_state_dict(torch.load(file, weights_only=True))
    with torch.no_grad():
        return network.eval()(torch.from_numpy(images)).numpy()


def by_tensorflow(file: Path, images: Any) -> Any:
    import tensorflow

    definition = tensorflow.compat.v1.GraphDef.FromString(file.read_bytes())
    wrapped = tensorflow.compat.v1.wrap_function(lambda: tensorflow.import_graph_def(definition, name=""), [])
    network = wrapped.prune("images:0", "logits:0")
    return network(tensorflow.constant(images.transpose(0, 2, 3, 1))).numpy()


def read_images(folder: Path, mean: float, std: float) -> Any:
    """Normalised images of one channel, (N, 1, H, W) float32."""
    height, width, _ = json.loads((folder / "index.json").read_text(encoding="utf-8"))["shape"]
    pixels = np.fromfile(folder / "images.u8", np.uint8).reshape(-1, 1, height, width)  # one channel: NHWC is NCHW
    return ((pixels - mean) / std).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("saved_as")
    parser.add_argument("model_class")
    parser.add_argument("--random", type=int)
    parser.add_argument("--preprocessed", type=Path)
    parser.add_argument("--mean", type=float)
    parser.add_argument("--std", type=float)
    asked = parser.parse_args()
    if asked.random:
        images = np.random.default_rng(0).standard_normal((3, 3, asked.random, asked.random), np.float32)
    else:
        images = read_images(asked.preprocessed, asked.mean, asked.std)
    if asked.saved_as == "onnx":
        logits = by_onnxruntime(asked.file, images)
    elif asked.saved_as == "frozen_graph":
        logits = by_tensorflow(asked.file, images)
    else:
        logits = by_torch(asked.file, asked.saved_as, asked.model_class, images)
    json.dump(logits.tolist(), sys.stdout)


if __name__ == "__main__":
    main()
