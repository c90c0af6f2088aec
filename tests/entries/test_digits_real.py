"""The digits for real: environments are installed, images written, the network trained and asked."""

from __future__ import annotations

import json
import subprocess
from itertools import chain
from pathlib import Path

import pytest
import yaml
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SUPPORT = Path(__file__).parents[1] / "support"
SHIPPED = Path(__file__).parents[2] / "entries" / "model_digits_onnx" / "meta.yaml"
TOLERANCE = 1.0  # points of accuracy: training adds up in another order on another machine
DATA_ENVIRONMENT = "python_env,requirements:=numpy==2.2.6:pillow==12.0.0:scikit-learn==1.7.2"
PREPROCESSED = "preprocessed,dataset_name=digits"
MODEL_QUERIES = {
    "onnx": "model,framework=onnxrt,model_name=digits",
    "state_dict": "model,framework=pytorch,model_name=digits",
    "whole": "model,framework=pytorch,model_name=digits,model_format=whole",
    "torchscript": "model,framework=pytorch,model_name=digits,model_format=torchscript",
}


def run_json(interpreter: str, script: str, *arguments: object) -> object:
    """What ``script`` of tests/support prints, read as JSON."""
    command = [interpreter, str(SUPPORT / script), *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def labels_of(folder: Path) -> dict[str, int]:
    lines = (folder / "labels.txt").read_text(encoding="utf-8").splitlines()
    return {name: int(label) for name, label in (line.split() for line in lines)}


def test_parts_are_disjoint_and_complete(axs: AxsCommand) -> None:
    parts = {part: labels_of(axs.folder(f"dataset,dataset_name=digits,part={part}")) for part in ("train", "val")}
    assert {part: len(labels) for part, labels in parts.items()} == {"train": 1029, "val": 768}
    assert len(parts["train"].keys() | parts["val"].keys()) == 1797
    assert all(set(labels.values()) == set(range(10)) for labels in parts.values())
    assert axs.ask("dataset,dataset_name=digits", "get", "count") == "768"


def test_pixels_are_those_of_scikit_learn(axs: AxsCommand) -> None:
    images = axs.folder("dataset,dataset_name=digits") / "images"
    apart = run_json(
        axs.ask(DATA_ENVIRONMENT, "get", "interpreter"), "digits_pixels.py", images, axs.folder(PREPROCESSED)
    )
    assert isinstance(apart, dict)
    assert apart["form"] == list(range(10)) * 3, "the held-out part begins with a writer's form"
    assert apart["levels"] <= 0.5, "rounding to a whole grey level, nothing else"
    assert apart["resized"] <= 1.0


def test_first_n_takes_the_first_images(axs: AxsCommand) -> None:
    everything, few = axs.folder(PREPROCESSED), axs.folder(f"{PREPROCESSED},first_n=20")
    index = json.loads((few / "index.json").read_text(encoding="utf-8"))
    assert (index["shape"], index["dtype"], index["count"]) == ([32, 32, 1], "uint8", 20)
    assert index["files"] == json.loads((everything / "index.json").read_text(encoding="utf-8"))["files"][:20]
    assert (few / "images.u8").read_bytes() == (everything / "images.u8").read_bytes()[: 20 * 32 * 32]


def test_more_images_than_there_are(axs: AxsCommand) -> None:
    refused = axs.run("byquery", f"{PREPROCESSED},first_n=769", ",", "get_path", expect=1)
    assert refused.stdout == ""
    said = [line for line in refused.stderr.splitlines() if not line.startswith(("->", "  log: "))]
    assert said == [
        "error: preprocess.py: exit code 1",
        "    error: first_n=769 is more than the 768 images of the digits' part 'val'",
    ]


def logits(axs: AxsCommand, saved_as: str) -> list[list[float]]:
    """What the model answers to each held-out image."""
    interpreter = axs.python_of("onnxrt" if saved_as == "onnx" else "pytorch")
    model, attributes = axs.ask(MODEL_QUERIES[saved_as], "get_path"), yaml.safe_load(SHIPPED.read_text())["attributes"]
    images = [
        "--preprocessed",
        axs.folder(PREPROCESSED),
        "--mean",
        attributes["mean"][0],
        "--std",
        attributes["std"][0],
    ]
    rows = run_json(interpreter, "model_logits.py", model, saved_as, "resnet20.py:ResNet20", *images)
    assert isinstance(rows, list)
    return rows


def classes(rows: list[list[float]]) -> list[int]:
    return [row.index(max(row)) for row in rows]


def test_every_way_of_saving_gives_the_claimed_accuracy_and_the_same_labels(axs: AxsCommand) -> None:
    labels = list(labels_of(axs.folder("dataset,dataset_name=digits")).values())
    answers = {saved_as: logits(axs, saved_as) for saved_as in MODEL_QUERIES}
    reference = answers["onnx"]
    good = sum(answer == label for answer, label in zip(classes(reference), labels, strict=True))
    claimed = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["attributes"]["reference_accuracy"]
    assert round(100 * good / len(labels), 3) == claimed
    largest = max(abs(value) for row in reference for value in row)
    for saved_as, rows in answers.items():
        assert classes(rows) == classes(reference), saved_as
        pairs = zip(chain.from_iterable(rows), chain.from_iterable(reference), strict=True)
        assert max(abs(one - other) for one, other in pairs) <= 1e-4 * largest, saved_as


def test_training_for_a_while(axs: AxsCommand) -> None:
    """A few passes over the training part; what is saved is the network that the accuracy is of."""
    query = "trained_model,model_name=digits,epochs=3"
    assert float(axs.ask(query, "get", "accuracy")) > 80
    made = axs.folder(query)
    assert (made / "resnet20_digits.onnx").stat().st_size > 1_000_000


@pytest.mark.endurance
def test_training_again_gives_the_same_accuracy(axs: AxsCommand) -> None:
    claimed = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["attributes"]["reference_accuracy"]
    assert float(axs.ask("trained_model,model_name=digits", "get", "accuracy")) == pytest.approx(claimed, abs=TOLERANCE)
