"""Open a PyTorch network as its entry describes it, and save it in another form.

    PYTHONPATH=FOLDER_OF_LOADGEN_HARNESS python pytorch_export.py PARAMETERS_FILE

Opens the need ``weights``, a model of any form that the need ``backend`` reads, and saves it in one of the forms below,
as the recipe's attributes and parameters say: ``model_format`` and ``file``; for ONNX ``opset``, ``input_name``,
``output_name``, ``channels``, ``resolution``.

    state_dict    tensors only; ``model_class`` is FILE:CLASS, the file beside the weights
    whole         a pickled module; the file of its class is put beside it
    torchscript   compiled, not traced, so that any batch size works; needs no source
    onnx          any opset that the exporter knows, any batch size
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from loadgen_harness.backend import backend_module
from loadgen_harness.parameters import HarnessError, Job
from torch import nn


class OneOutput(nn.Module):
    """A network that gives only the output ``name`` of another: a key of its dictionary, a number from 0 of its
    tuple.
    """

    __constants__ = ("key",)

    def __init__(self, network: nn.Module, name: str) -> None:
        super().__init__()
        self.network, self.key = network, int(name) if name.isdecimal() else name

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs = self.network(images)
        return outputs if isinstance(outputs, torch.Tensor) else outputs[self.key]


def save_onnx(network: nn.Module, file: Path, attributes: Mapping[str, Any]) -> None:
    """Export to ONNX, for batches of any size. Traced with two samples, so that no size of 1 is taken as fixed."""
    side = attributes["resolution"]
    inputs, said = attributes["input_name"], str(attributes.get("output_name", "logits"))
    outputs = "logits" if said.isdecimal() else said  # the exporter takes no number for a name
    torch.onnx.export(
        network,
        (torch.zeros(2, attributes["channels"], side, side),),
        str(file),
        opset_version=attributes["opset"],
        input_names=[inputs],
        output_names=[outputs],
        dynamic_axes={inputs: {0: "batch"}, outputs: {0: "batch"}},
        dynamo=False,  # the other exporter writes opset 18 whatever is asked for
    )
    if outputs != said:
        rename_output(file, outputs, said)


def rename_output(file: Path, old: str, new: str) -> None:
    """Call an output of the graph in an ONNX file otherwise."""
    import onnx  # only there where it is exported to

    model = onnx.load(file)
    for node in model.graph.node:
        node.output[:] = [new if name == old else name for name in node.output]
    model.graph.output[0].name = new
    onnx.checker.check_model(model)
    onnx.save(model, file)


def save_network(network: nn.Module, file: Path, attributes: Mapping[str, Any]) -> None:
    """Save ``network`` as ``attributes["model_format"]``."""
    saved_as = attributes["model_format"]
    if saved_as == "onnx":
        save_onnx(network, file, attributes)
    elif saved_as == "torchscript":
        torch.jit.script(network).save(str(file))
    elif saved_as == "whole":
        torch.save(network, file)
    elif saved_as == "state_dict":
        torch.save(network.state_dict(), file)
    else:
        raise ValueError(f"model_format={saved_as}: known are state_dict, whole, torchscript, onnx")


def main(parameters_file: str) -> int:
    job = Job.read(Path(parameters_file))
    asked, weights, backend = job.attributes, job.need("weights"), backend_module(job.need("backend"))
    target = job.output_path / asked["file"]
    try:
        network = backend.load(weights)
        if asked["model_format"] in ("onnx", "torchscript") and weights.attributes.get("output_name") is not None:
            network = OneOutput(network, weights.attributes["output_name"]).eval()
        save_network(network, target, asked)
    except (HarnessError, RuntimeError) as error:
        print(f"error: {weights.name} does not become {asked['model_format']}: {error}", file=sys.stderr)
        return 2
    if asked["model_format"] in ("whole", "state_dict"):
        module = weights.attributes["model_class"].split(":")[0]
        shutil.copyfile(weights.path / module, target.parent / module)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
