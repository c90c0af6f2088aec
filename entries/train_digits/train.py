"""Train ResNet-20 on the training part of the digits, check it on the held-out part, save and export it.

    PYTHONPATH=FOLDER_OF_RESNET20:FOLDER_OF_PYTORCH_EXPORT:FOLDER_OF_LOADGEN_HARNESS python train.py PARAMETERS_FILE

Makes ``resnet20_digits.pt`` (state_dict), ``resnet20_digits.onnx`` (any batch size) and ``found.json`` with the
held-out accuracy. About half a minute on two cores. The held-out part is looked at once, after the last step: nothing
is chosen by it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_export import save_onnx
from resnet20 import ResNet20
from torch import Tensor, nn

# Augmentation: how far a picture is turned (radians), scaled, sheared and shifted (of half its side), at most.
TURN, SCALE, STRETCH, SHEAR, SHIFT = 0.26, 0.15, 0.10, 0.25, 0.12


def read_part(need: dict[str, Any], network: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Read preprocessed images as the network wants them, (N, C, H, W) float32, and their labels."""
    folder = Path(need["path"])
    index = json.loads((folder / need["attributes"]["index_file"]).read_text(encoding="utf-8"))
    pixels = np.fromfile(folder / "images.u8", dtype=index["dtype"]).reshape(index["count"], *index["shape"])
    scaled = (pixels.astype(np.float32) - np.float32(network["mean"])) / np.float32(network["std"])
    images = torch.from_numpy(scaled).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    return images, torch.tensor(index["labels"])


def spread(count: int, width: float) -> Tensor:
    """``count`` random numbers between -width and width."""
    return (torch.rand(count) * 2 - 1) * width


def augmented(images: Tensor) -> Tensor:
    """Turn, scale, shear and shift each image at random."""
    count = len(images)
    angle, shear = spread(count, TURN), spread(count, SHEAR)
    high = 1 + spread(count, SCALE)
    wide = high * (1 + spread(count, STRETCH))
    right, down = spread(count, SHIFT), spread(count, SHIFT)
    rows = [
        torch.stack([wide * angle.cos(), shear - high * angle.sin(), right], 1),
        torch.stack([wide * angle.sin(), high * angle.cos(), down], 1),
    ]
    grid = nn.functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    moved = nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return moved.contiguous(memory_format=torch.channels_last)


def train(network: nn.Module, images: Tensor, labels: Tensor, parameters: dict[str, Any]) -> None:
    """Train in place: SGD with momentum, one cycle of the learning rate, smoothed labels."""
    batch, epochs, rate = parameters["batch_size"], parameters["epochs"], parameters["learning_rate"]
    steps = len(images) // batch
    optimizer = torch.optim.SGD(network.parameters(), lr=rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * steps)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    network.train()
    for epoch in range(epochs):
        total = 0.0
        for chosen in torch.randperm(len(images))[: steps * batch].split(batch):
            loss = loss_of(network(augmented(images[chosen])), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}/{epochs}: loss {total / steps:.4f}", flush=True)


def save(network: nn.Module, folder: Path, attributes: dict[str, Any]) -> None:
    """Save the state_dict and the ONNX file under ``folder``."""
    network = network.to(memory_format=torch.contiguous_format)
    torch.save(network.state_dict(), folder / "resnet20_digits.pt")
    save_onnx(network, folder / "resnet20_digits.onnx", attributes)


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    needs, parameters, folder = job["needs"], job["parameters"], Path(job["output_path"])
    described = needs["network"]["attributes"]
    torch.manual_seed(parameters["seed"])
    network = ResNet20().to(memory_format=torch.channels_last)
    train(network, *read_part(needs["train"], described), parameters)
    images, labels = read_part(needs["val"], described)
    network.eval()
    with torch.no_grad():
        good = int((network(images).argmax(1) == labels).sum())
    print(f"accuracy={100 * good / len(labels):.3f}%, good={good}, total={len(labels)}")
    save(network, folder, {**described, **job["attributes"]})
    found = {"accuracy": round(100 * good / len(labels), 3), "good": good, "total": len(labels)}
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
