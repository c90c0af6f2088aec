"""Random weights for ResNet50 v1.5 (K. He et al. 2015, table 1) under the names of torchvision's state_dict."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))  # width of the 3x3 convolutions, blocks
EXPANSION = 4  # a block gives out so many times its width
BLOCK_GAIN = 0.5  # of the last normalisation in a block: keeps the sum over sixteen blocks, and so the logits, near 1

Weights = dict[str, NDArray[Any]]


class Initialiser:
    """Draws weights one after the other: He's initialisation for convolutions, neutral normalisations."""

    def __init__(self, seed: int) -> None:
        self._draw = np.random.default_rng(seed)
        self.weights: Weights = {}

    def convolution(self, name: str, outputs: int, inputs: int, side: int) -> None:
        spread = np.float32(np.sqrt(2 / (outputs * side * side)))
        self.weights[f"{name}.weight"] = spread * self._normal(outputs, inputs, side, side)

    def normalisation(self, name: str, channels: int, gain: float = 1.0) -> None:
        self.weights[f"{name}.weight"] = np.full(channels, gain, np.float32)
        self.weights[f"{name}.bias"] = np.zeros(channels, np.float32)
        self.weights[f"{name}.running_mean"] = np.zeros(channels, np.float32)
        self.weights[f"{name}.running_var"] = np.ones(channels, np.float32)
        self.weights[f"{name}.num_batches_tracked"] = np.zeros((), np.int64)

    def classifier(self, name: str, outputs: int, inputs: int) -> None:
        self.weights[f"{name}.weight"] = np.float32(1 / np.sqrt(inputs)) * self._normal(outputs, inputs)
        self.weights[f"{name}.bias"] = np.zeros(outputs, np.float32)

    def block(self, name: str, inputs: int, width: int, *, with_shortcut: bool) -> None:
        outputs = EXPANSION * width
        self.convolution(f"{name}.conv1", width, inputs, 1)
        self.normalisation(f"{name}.bn1", width)
        self.convolution(f"{name}.conv2", width, width, 3)
        self.normalisation(f"{name}.bn2", width)
        self.convolution(f"{name}.conv3", outputs, width, 1)
        self.normalisation(f"{name}.bn3", outputs, BLOCK_GAIN)
        if with_shortcut:
            self.convolution(f"{name}.downsample.0", outputs, inputs, 1)
            self.normalisation(f"{name}.downsample.1", outputs)

    def _normal(self, *shape: int) -> NDArray[np.float32]:
        return self._draw.standard_normal(shape, np.float32)


def random_weights(seed: int, classes: int = 1000) -> Weights:
    """Make the 320 arrays of the network, the same for the same seed on every machine."""
    made = Initialiser(seed)
    made.convolution("conv1", 64, 3, 7)
    made.normalisation("bn1", 64)
    inputs = 64
    for stage, (width, blocks) in enumerate(STAGES, start=1):
        for number in range(blocks):
            made.block(f"layer{stage}.{number}", inputs, width, with_shortcut=number == 0)
            inputs = EXPANSION * width
    made.classifier("fc", classes, inputs)
    return made.weights
