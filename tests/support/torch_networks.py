"""Small PyTorch networks in many files, and what the backend makes of them; prints JSON: by case, what was found.

PYTHONPATH=FOLDER_OF_LOADGEN_HARNESS python torch_networks.py FOLDER_OF_BACKEND FOLDER
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from loadgen_harness.backend import Options, backend_module, open_backend
from loadgen_harness.parameters import HarnessError, Need

warnings.simplefilter("ignore")
CLASS = """
import torch
from torch import nn
{imports}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = {layer}(3, 8), nn.Linear(8, 4)

    def forward(self, x{more}):
        {before}
        x = self.first(x.mean((2, 3)))
        return {answer}
"""
PLAIN = {"imports": "", "layer": "nn.Linear", "more": "", "before": "pass", "answer": "self.last(x)"}
CLASSES = {
    "plain": {},
    "sibling": {"imports": "from layers import Layer", "layer": "Layer"},
    "broken": {"imports": "import nowhere"},
    "dictionary": {"answer": '{"logits": self.last(x), "hidden": x}'},
    "pair": {"answer": "(self.last(x), x)"},
    "masked": {"more": ", mask"},
    "coarse": {"before": "torch.set_float32_matmul_precision('medium')"},
}


def write(folder: Path) -> None:
    (folder / "layers.py").write_text("from torch import nn\n\nLayer = nn.Linear\n")
    for name, text in CLASSES.items():
        (folder / f"{name}.py").write_text(CLASS.format(**{**PLAIN, **text}))
    sys.path.insert(0, str(folder))
    torch.manual_seed(0)
    network = importlib.import_module("plain").Net().eval()
    weights = network.state_dict()
    torch.save(weights, folder / "weights.pth")
    torch.save({"model": weights, "epoch": 3}, folder / "checkpoint.pth")
    torch.save({"model": {"state_dict": {f"module.{k}": v for k, v in weights.items()}}}, folder / "nested.pth")
    torch.save({"optimiser": {"lr": 1}, "epoch": 3}, folder / "strange.pth")
    torch.save({"epoch": 3, "model": network}, folder / "whole.pth")
    example = torch.zeros(2, 3, 8, 8)
    torch.jit.script(network).save(str(folder / "script.pt"))
    dynamic = torch.ao.quantization.quantize_dynamic(network, {torch.nn.Linear})
    torch.save(dynamic, folder / "quantised.pth")
    torch.jit.trace(dynamic, example).save(str(folder / "quantised.pt"))
    torch.save(importlib.import_module("plain").Net().bfloat16(), folder / "bfloat16.pth")
    torch.jit.script(importlib.import_module("plain").Net().half().eval()).save(str(folder / "half.pt"))


def look(backend: Path, file: Path, mode: str = "eager", **attributes: Any) -> dict[str, Any]:
    """What the backend says of itself after a batch; the message where it, or its description of the file, refuses."""
    entry = Need("pytorch", backend, None, {"pytorch_mode": mode})
    said = {"model_class": "plain.py:Net", "resolution": 8, **attributes}
    model = Need("net", file.parent, file, said)
    try:
        told = backend_module(entry).describe(model)
        opened = open_backend(entry, model, Options(4))
        outputs = opened.predict(np.zeros((2, 8, 8, 3), opened.input_dtype or "float32"))
    except HarnessError as error:
        return {"refused": str(error).replace(str(file.parent), "FOLDER")}
    effective = opened.effective()
    return {
        "effective": [effective.device, effective.precision],
        "input_dtype": opened.input_dtype,
        "outputs": [list(output.shape) for output in outputs],
        "told": told["outputs"],
    }


def main(backend: Path, folder: Path) -> None:
    write(folder)

    def at(file: str, **said: Any) -> dict[str, Any]:
        return look(backend, folder / file, **said)

    found = {
        "weights": at("weights.pth"),
        "half script": at("half.pt"),
        "frozen script": at("weights.pth", mode="torchscript"),
        "bfloat16": at("bfloat16.pth", model_format="whole"),
        "quantised modules": at("quantised.pth", model_format="whole"),
        "quantised script": at("quantised.pt"),
        "imports": at("weights.pth", model_class="sibling.py:Net"),
        "checkpoint": at("checkpoint.pth"),
        "nested checkpoint": at("nested.pth"),
        "whole in a checkpoint": at("whole.pth", model_format="whole"),
        "strange checkpoint": at("strange.pth"),
        "dictionary": at("weights.pth", model_class="dictionary.py:Net"),
        "no such output": at("weights.pth", model_class="dictionary.py:Net", output_name="logit"),
        "named output": at("weights.pth", model_class="dictionary.py:Net", output_name="logits"),
        "tuple": at("weights.pth", model_class="pair.py:Net"),
        "second of a tuple": at("weights.pth", model_class="pair.py:Net", output_name="1"),
        "two inputs": at("weights.pth", model_class="masked.py:Net"),
        "import that is not here": at("weights.pth", model_class="broken.py:Net"),
    }
    with torch.autocast("cpu", torch.bfloat16):
        found["autocast"] = at("weights.pth")
    found["less precise products"] = at("weights.pth", model_class="coarse.py:Net")
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
