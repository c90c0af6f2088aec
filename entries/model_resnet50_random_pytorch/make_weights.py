"""Write a state_dict of ResNet50 with seeded random weights, and the file of its class.

    PYTHONPATH=FOLDER_OF_RESNET50_WEIGHTS:FOLDER_OF_RESNET50 python make_weights.py PARAMETERS_FILE

Makes the attribute ``file`` and ``resnet50.py`` in the output folder.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import resnet50
import torch
from resnet50_weights import random_weights


def main(parameters_file: str) -> None:
    job = json.loads(Path(parameters_file).read_text(encoding="utf-8"))
    folder = Path(job["output_path"])
    network = resnet50.ResNet50()
    arrays = random_weights(job["parameters"]["seed"])
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    torch.save(network.state_dict(), folder / job["attributes"]["file"])
    shutil.copyfile(resnet50.__file__, folder / "resnet50.py")


if __name__ == "__main__":
    main(sys.argv[1])
