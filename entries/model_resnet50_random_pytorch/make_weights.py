"""Write a state_dict of ResNet50 with seeded random weights, and the file of its class.

python make_weights.py PARAMETERS_FILE
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import torch
from resnet50 import Bottleneck, ResNet50
from torch import nn

BLOCK_GAIN = 0.5  # of the last normalisation in a block: keeps the sum over sixteen blocks, and so the logits, near 1


def random_network(seed: int) -> ResNet50:
    """The network as before training: He's initialisation."""
    torch.manual_seed(seed)
    network = ResNet50()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, Bottleneck):
            nn.init.constant_(module.bn3.weight, BLOCK_GAIN)
    return network


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    folder = Path(job["output_path"])
    torch.save(random_network(job["parameters"]["seed"]).state_dict(), folder / job["attributes"]["file"])
    shutil.copyfile(Path(__file__).with_name("resnet50.py"), folder / "resnet50.py")


if __name__ == "__main__":
    main(sys.argv[1])
