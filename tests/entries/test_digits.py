"""The digits entries agree with each other; nothing is installed or made for this."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ENTRIES = Path(__file__).parents[2] / "entries"
READ_BY_BACKENDS = (
    "dataset_name",
    "resolution",
    "channels",
    "mean",
    "std",
    "num_classes",
    "reference_accuracy",
    "parameter_count",
)


def meta(name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ENTRIES / name / "meta.yaml").read_text(encoding="utf-8"))
    return data


@pytest.mark.parametrize("attribute", READ_BY_BACKENDS)
def test_both_frameworks_describe_the_same_network(attribute: str) -> None:
    assert meta("model_digits_onnx")["attributes"][attribute] == meta("model_digits_pytorch")["attributes"][attribute]


@pytest.mark.parametrize("name", ["model_digits_onnx", "model_digits_pytorch"])
def test_normalisation_has_one_number_a_channel(name: str) -> None:
    attributes = meta(name)["attributes"]
    assert len(attributes["mean"]) == len(attributes["std"]) == attributes["channels"]


@pytest.mark.parametrize("name", ["model_digits_onnx", "model_digits_pytorch"])
def test_weights_ship_with_the_entry(name: str) -> None:
    size = (ENTRIES / name / meta(name)["attributes"]["file"]).stat().st_size
    assert 4 * meta(name)["attributes"]["parameter_count"] < size < 1_200_000


def test_state_dict_is_a_plain_archive_of_tensors() -> None:
    with zipfile.ZipFile(ENTRIES / "model_digits_pytorch" / "resnet20_digits.pt") as archive:
        pickled = next(archive.read(name) for name in archive.namelist() if name.endswith("data.pkl"))
    assert b"resnet20" not in pickled, "a class was pickled with the weights"


def test_class_named_by_the_state_dict_is_beside_it() -> None:
    file, name = meta("model_digits_pytorch")["attributes"]["model_class"].split(":")
    assert f"class {name}(" in (ENTRIES / "model_digits_pytorch" / file).read_text(encoding="utf-8")


def test_data_and_preprocessing_share_one_environment() -> None:
    assert meta("dataset_digits")["needs"]["python"] == meta("preprocess_digits")["needs"]["python"]


def test_parts_are_the_same_for_data_and_preprocessing() -> None:
    data, preprocessed = (meta(name)["parameters"]["part"] for name in ("dataset_digits", "preprocess_digits"))
    assert (
        (data["choices"], data["default"])
        == (preprocessed["choices"], preprocessed["default"])
        == (["val", "train"], "val")
    )


def test_export_names_what_the_onnx_entry_names() -> None:
    trained, shipped = meta("train_digits")["attributes"], meta("model_digits_onnx")["attributes"]
    for attribute in ("opset", "input_name", "output_name"):
        assert trained[attribute] == shipped[attribute]


@pytest.mark.parametrize("saved", ["whole", "torchscript"])
def test_other_ways_of_saving_are_only_taken_when_they_are_named(saved: str) -> None:
    assert meta(f"model_digits_pytorch_{saved}")["provides"] == [
        ["model", "framework=pytorch", "model_name=digits", f"model_format={saved}"]
    ]
