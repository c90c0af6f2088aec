"""Save the network as a whole, pickled module, with the source of its class beside it.

    PYTHONPATH=FOLDER_OF_RESNET20 python save_whole.py PARAMETERS_FILE

The pickle names the class as ``resnet20.ResNet20``: who loads the file must be able to import ``resnet20``.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import resnet20
import torch


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    folder = Path(job["output_path"])
    network = resnet20.load(job["needs"]["weights"]["file_path"])
    shutil.copyfile(resnet20.__file__, folder / "resnet20.py")
    torch.save(network, folder / job["attributes"]["file"])


if __name__ == "__main__":
    main(sys.argv[1])
