"""Make a small PyTorch network and pictures, as a user would have them, and what the network says about the pictures.

    python own_network.py FOLDER

Leaves net.py, net.pth (a training checkpoint), script.pt, pics/*.png (40 of 48x48) and labels.txt, whose labels are the
network's own answers by PyTorch alone, every fourth one wrong on purpose.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from png_file import png

SOURCE = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, groups=width),
            nn.BatchNorm2d(width),
            nn.ReLU6(),
            nn.Conv2d(width, width, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.block = Block(16)
        self.last = nn.Linear(16, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        x = nn.functional.avg_pool2d(nn.functional.max_pool2d(self.block(x), 3, 2, 1), 2)
        return self.last(x.mean([2, 3]))
"""
MEAN, STD, COUNT, SIDE = 127.5, 64.0, 40, 48


def load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("net", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Net()


def main(folder: Path) -> None:
    (folder / "net.py").write_text(SOURCE, encoding="utf-8")
    torch.manual_seed(0)
    network = load(folder / "net.py").eval()
    with torch.no_grad():
        network.last.weight.mul_(20)
    torch.save(
        {"epoch": 3, "state_dict": {f"module.{n}": w for n, w in network.state_dict().items()}}, folder / "net.pth"
    )
    torch.jit.trace(network, torch.zeros(2, 3, SIDE, SIDE)).save(str(folder / "script.pt"))
    chance = np.random.default_rng(0)
    (folder / "pics").mkdir()
    lines = []
    for number in range(COUNT):
        levels = chance.integers(0, 256, 3)
        pixels = np.clip(levels + chance.normal(0, 40, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
        (folder / "pics" / f"{number:02d}.png").write_bytes(png(pixels))
        images = torch.from_numpy((pixels.astype(np.float32) - MEAN) / STD).permute(2, 0, 1)[None]
        with torch.no_grad():
            answer = int(network(images).argmax())
        lines.append(f"{number:02d}.png {(answer + (number % 4 == 0)) % 7}\n")
    (folder / "labels.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
