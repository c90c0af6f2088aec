"""Print what a model answers to the held-out digits, as JSON: a row of logits for each image.

    python digits_logits.py MODEL_FILE FORMAT PREPROCESSED_FOLDER MEAN STD

Written without the harness, its backends and the entries' own code, to check them. Runs where the engine is installed.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def read_images(folder: Path, mean: float, std: float) -> Any:
    """Normalised images, (N, 1, 32, 32) float32."""
    pixels = np.fromfile(folder / "images.u8", np.uint8).reshape(-1, 1, 32, 32)  # one channel: NHWC is NCHW
    return ((pixels - mean) / std).astype(np.float32)


def by_onnxruntime(file: Path, images: Any) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def by_torch(file: Path, saved_as: str, images: Any) -> Any:
    import torch

    sys.path.insert(0, str(file.parent))
    if saved_as == "torchscript":
        network = torch.jit.load(str(file))
    elif saved_as == "whole":
        network = torch.load(file, weights_only=False)
    else:
        network = importlib.import_module("resnet20").ResNet20()
        network.load_state_dict(torch.load(file, weights_only=True))
    with torch.no_grad():
        return network.eval()(torch.from_numpy(images)).numpy()


def main(file: str, saved_as: str, folder: str, mean: str, std: str) -> None:
    images = read_images(Path(folder), float(mean), float(std))
    logits = by_onnxruntime(Path(file), images) if saved_as == "onnx" else by_torch(Path(file), saved_as, images)
    json.dump(logits.tolist(), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
