"""ResNet-20 for small pictures (K. He et al. 2015, "Deep residual learning for image recognition", section 4.2).

Three stages of three blocks with 16, 32 and 64 filters; a block has two 3x3 convolutions. Where the size changes, the
shortcut is a 1x1 convolution (option B of the paper). About 272 thousand parameters.
"""

from __future__ import annotations

import torch
from torch import nn

STAGES = ((16, 1), (32, 2), (64, 2))  # filters, stride of the first block
BLOCKS = 3


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut round them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(inner)) + self.shortcut(x))


class ResNet20(nn.Module):
    """Pictures in, (N, channels, 32, 32) normalised float32; logits out, (N, classes)."""

    def __init__(self, classes: int = 10, channels: int = 1) -> None:
        super().__init__()
        width = STAGES[0][0]
        self.conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        blocks = []
        for outputs, stride in STAGES:
            for number in range(BLOCKS):
                blocks.append(Block(width, outputs, stride if number == 0 else 1))
                width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.blocks(self.relu(self.bn(self.conv(x))))
        return self.classify(torch.flatten(self.pool(features), 1))
