"""ResNet50 with random weights: one network in every format, and no figure of accuracy."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.axs_command import AxsCommand

ENTRIES = Path(__file__).parents[2] / "entries"
SUPPORT = Path(__file__).parents[1] / "support"
TENSORFLOW_ENVIRONMENT = (
    "python_env,requirements:=mlcommons-loadgen==6.0.17:numpy==2.2.6:onnx==1.20.0:tensorflow-cpu==2.21.0"  # likewise
)
RESNET50 = "model,model_name=resnet50,weights=random"
FORMATS = {
    "state_dict": f"{RESNET50},framework=pytorch",
    "whole": f"{RESNET50},framework=pytorch,model_format=whole",
    "torchscript": f"{RESNET50},framework=pytorch,model_format=torchscript",
    "onnx opset 8": f"{RESNET50},framework=onnxrt,opset=8",
    "onnx opset 17": f"{RESNET50},framework=onnxrt,opset=17",
}
FROZEN_GRAPH = f"{RESNET50},framework=tensorflow"


def constants(file: Path) -> dict[str, Any]:
    """Plain values that a module assigns to names in capitals."""
    assigned = (node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign))
    named = {node.targets[0].id: node.value for node in assigned if isinstance(node.targets[0], ast.Name)}
    return {name: ast.literal_eval(value) for name, value in named.items() if name.isupper()}


def test_class_and_weights_have_the_same_stages() -> None:
    network = constants(ENTRIES / "resnet50_network" / "resnet50.py")
    weights = constants(ENTRIES / "resnet50_random_weights" / "resnet50_weights.py")
    assert {name: weights[name] for name in network} == network


@pytest.mark.parametrize("name", sorted(folder.name for folder in ENTRIES.glob("model_resnet50_random_*")))
def test_random_weights_must_be_asked_for_by_name(name: str) -> None:
    meta = yaml.safe_load((ENTRIES / name / "meta.yaml").read_text(encoding="utf-8"))
    assert all("weights=random" in alternative for alternative in meta["provides"])
    assert "random weights" in meta["title"]
    assert "speed only" in meta["title"]


def logits(axs: AxsCommand, saved_as: str) -> list[float]:
    """What the model answers to three images of noise, one image after the other."""
    onnx = saved_as.startswith("onnx")
    if saved_as == "frozen_graph":
        interpreter = axs.ask(TENSORFLOW_ENVIRONMENT, "get", "interpreter")
    else:
        interpreter = axs.python_of("onnxrt" if onnx else "pytorch")
    words = [
        axs.ask(FORMATS.get(saved_as, FROZEN_GRAPH), "get_path"),
        "onnx" if onnx else saved_as,
        "resnet50.py:ResNet50",
        "--random",
        "224",
    ]
    command = [interpreter, str(SUPPORT / "model_logits.py"), *words]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return list(chain.from_iterable(rows))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_format_gives_the_same_logits(axs: AxsCommand) -> None:
    reference = logits(axs, "state_dict")
    largest = max(map(abs, reference))
    for saved_as in FORMATS:
        pairs = zip(logits(axs, saved_as), reference, strict=True)
        assert max(abs(one - other) for one, other in pairs) <= 1e-4 * largest, saved_as


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not os.environ.get("AXS_TEST_TENSORFLOW"), reason="installs 1.5 GB; AXS_TEST_TENSORFLOW=1 runs it")
def test_the_frozen_graph_gives_the_same_logits(axs: AxsCommand) -> None:
    reference = logits(axs, "onnx opset 17")
    pairs = zip(logits(axs, "frozen_graph"), reference, strict=True)
    assert max(abs(one - other) for one, other in pairs) <= 1e-4 * max(map(abs, reference))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_state_dict_has_the_names_of_torchvision(axs: AxsCommand) -> None:
    interpreter = axs.python_of("pytorch")
    command = [interpreter, str(SUPPORT / "state_dict_names.py"), axs.ask(FORMATS["state_dict"], "get_path")]
    shapes = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert len(shapes) == 320
    assert shapes["conv1.weight"] == [64, 3, 7, 7]
    assert shapes["layer4.2.bn3.running_var"] == [2048]
    assert shapes["layer3.0.downsample.0.weight"] == [1024, 512, 1, 1]
    assert shapes["fc.weight"] == [1000, 2048]


OLD_FILE = """
import sys, torch
from collections import OrderedDict
sys.path.insert(0, sys.argv[1])
from resnet50 import ResNet50
weights = torch.load(sys.argv[2], weights_only=True)
old = OrderedDict((name, value) for name, value in weights.items() if not name.endswith("num_batches_tracked"))
torch.save(old, "old.pth", _use_new_zipfile_serialization=False)
ResNet50().load_state_dict(torch.load("old.pth", weights_only=True))
print(len(old))
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_class_takes_files_as_old_as_mlperfs(axs: AxsCommand, tmp_path: Path) -> None:
    """It was saved in 2017: another container, and 267 entries, without the counters of its normalisations."""
    interpreter = axs.python_of("pytorch")
    words = [str(ENTRIES / "resnet50_network"), axs.ask(FORMATS["state_dict"], "get_path")]
    done = subprocess.run(
        [interpreter, "-B", "-c", OLD_FILE, *words], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout == "267\n"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_accuracy_of_random_weights_is_refused(axs: AxsCommand) -> None:
    refused = axs.run("byquery", FORMATS["onnx opset 17"], ",", "get", "reference_accuracy", expect=1)
    assert refused.stdout == ""
    assert "the weights of this model are random numbers (weights=random)" in refused.stderr
