"""Print the names and shapes in a state_dict file as JSON: ``python state_dict_names.py FILE``."""

from __future__ import annotations

import json
import sys

import torch

if __name__ == "__main__":
    weights = torch.load(sys.argv[1], weights_only=True)
    print(json.dumps({name: list(tensor.shape) for name, tensor in weights.items()}))
