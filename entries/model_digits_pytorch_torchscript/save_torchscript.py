"""Save the network as TorchScript, compiled and not traced, so that any batch size works.

    PYTHONPATH=FOLDER_OF_RESNET20 python save_torchscript.py PARAMETERS_FILE

Makes the attribute ``file`` in the output folder; loading it needs no source.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import resnet20
import torch


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    network = resnet20.load(job["needs"]["weights"]["file_path"])
    torch.jit.script(network).save(str(Path(job["output_path"]) / job["attributes"]["file"]))


if __name__ == "__main__":
    main(sys.argv[1])
