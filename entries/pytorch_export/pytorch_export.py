"""Open a PyTorch network as its entry describes it, and save it in another form.

    python pytorch_export.py PARAMETERS_FILE

Reads the need ``weights``, a model of one of the forms below, and saves it as the recipe's attributes and parameters
say: ``model_format`` and ``file``; for ONNX ``opset``, ``input_name``, ``output_name``, ``channels``, ``resolution``.

    state_dict    tensors only; ``model_class`` is FILE:CLASS, the file beside the weights
    whole         a pickled module; the file of its class is put beside it
    torchscript   compiled, not traced, so that any batch size works; needs no source
    onnx          any opset that the exporter knows, any batch size
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

# Where training leaves the weights in a checkpoint; loadgen_backend_pytorch, which looked at the file before, knows the
# same.
WEIGHTS = ("state_dict", "model_state_dict", "model", "net", "network", "weights")


def network_class(folder: Path, model_class: str) -> Callable[[], nn.Module]:
    """Import CLASS of ``model_class`` (FILE:CLASS, FILE in ``folder``) under the file's name, as a pickle wants it."""
    file, name = model_class.split(":")
    module_name = Path(file).stem
    spec = importlib.util.spec_from_file_location(module_name, folder / file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder / file} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))  # it imports what lies beside it
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    found: Callable[[], nn.Module] = getattr(module, name)
    return found


def open_network(file: Path, attributes: dict[str, Any]) -> nn.Module:
    """Open the network in ``file``, on the CPU and ready to answer (``eval``)."""
    saved_as = attributes["model_format"]
    if saved_as == "torchscript":
        return torch.jit.load(str(file), map_location="cpu").eval()
    make = network_class(file.parent, attributes["model_class"])
    if saved_as == "whole":
        whole = torch.load(file, map_location="cpu", weights_only=False)
        if isinstance(whole, dict):
            whole = next(whole[key] for key in WEIGHTS if isinstance(whole.get(key), nn.Module))
        return whole.eval()
    network = make()
    network.load_state_dict(state_dict(file))
    return network.eval()


def state_dict(file: Path) -> dict[str, torch.Tensor]:
    """The weights in a file, also where training left them in a larger dictionary or with names ``module.NAME``."""
    content = torch.load(file, map_location="cpu", weights_only=True)
    while not any(isinstance(value, torch.Tensor) for value in content.values()):
        content = next(content[key] for key in WEIGHTS if isinstance(content.get(key), dict))
    if all(name.startswith("module.") for name in content):
        content = {name.removeprefix("module."): weights for name, weights in content.items()}
    return content


def save_onnx(network: nn.Module, file: Path, attributes: dict[str, Any]) -> None:
    """Export to ONNX, for batches of any size. Traced with two samples, so that no size of 1 is taken as fixed."""
    side = attributes["resolution"]
    inputs, outputs = attributes["input_name"], attributes["output_name"]
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


def save_network(network: nn.Module, file: Path, attributes: dict[str, Any]) -> None:
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


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    asked, weights = job["attributes"], job["needs"]["weights"]
    source, target = Path(weights["file_path"]), Path(job["output_path"]) / asked["file"]
    save_network(open_network(source, weights["attributes"]), target, asked)
    if asked["model_format"] in ("whole", "state_dict"):
        module = weights["attributes"]["model_class"].split(":")[0]
        shutil.copyfile(source.parent / module, target.parent / module)


if __name__ == "__main__":
    main(sys.argv[1])
