"""ONNX files as users have them, by query alone: a figure that is right, or a question."""

from __future__ import annotations

import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ENTRIES = Path(__file__).parents[2] / "entries"
MAKE = Path(__file__).parents[1] / "support" / "own_onnx.py"
PREPARED = "preprocess_method=pillow,crop_percentage=100,mean=127.5,std=64"


@pytest.fixture(scope="module")
def mine(axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mine")
    subprocess.run([axs.python_of("onnxrt"), str(MAKE), str(folder)], check=True)
    return folder


def query(mine: Path, file: str, *said: str) -> str:
    own = [f"model_file={mine / file}", f"images_dir={mine / 'pics'}", f"labels_file={mine / 'labels.txt'}"]
    return ",".join(["loadgen_output,task=image_classification", *own, PREPARED, *said])


@pytest.mark.parametrize(
    ("file", "said", "precision"),
    [
        ("plain.onnx", [], "fp32"),
        ("half.onnx", [], "fp32"),
        ("half.onnx", ["loadgen_scenario=SingleStream"], "fp32"),
        ("fixed.onnx", [], "fp32"),
        ("features_first.onnx", ["output_name=logits"], "fp32"),
    ],
)
def test_the_answers_of_numpy_alone(axs: AxsCommand, mine: Path, file: str, said: list[str], precision: str) -> None:
    asked = query(mine, file, *said)
    assert axs.ask(asked, "get", "accuracy_report") == "accuracy=75.000%, good=6, total=8"
    assert axs.ask(asked, "get", "effective_precision") == precision
    assert axs.ask(asked, "get", "fallback_nodes") == "{}"


@pytest.mark.parametrize("scenario", ["Offline", "Server", "MultiStream", "SingleStream"])
def test_speed_of_a_fixed_batch(axs: AxsCommand, mine: Path, scenario: str) -> None:
    short = "loadgen_mode=PerformanceOnly,loadgen_min_duration_s=0.3,allow_invalid+"
    asked = query(mine, "fixed.onnx", f"loadgen_scenario={scenario}", short)
    assert float(axs.ask(asked, "get", "performance")) > 0
    assert axs.ask(asked, "get", "effective_batch_size") == "3"


@pytest.mark.parametrize(
    ("file", "said", "refused"),
    [
        (
            "two_inputs.onnx",
            "",
            "two_inputs.onnx takes 2 inputs: image [N, 3, 32, 32], scale [1]; here a network is given its samples "
            "alone. Save it again with constants for the others, and one input",
        ),
        (
            "features_first.onnx",
            "",
            "error: 2 outputs could be the class scores; say which by output_name=features or output_name=logits: "
            "features [None, 3] float32, logits [None, 4] float32",
        ),
        (
            "boxes.onnx",
            "",
            "error: no output can be class scores, a row of two or more for each image: boxes [None, 2, 2] float32",
        ),
        (
            "boxes.onnx",
            "output_name=boxes",
            "error: output 'boxes' cannot be class scores, a row of two or more for each image: "
            "boxes [None, 2, 2] float32",
        ),
        (
            "half.onnx",
            "input_dtype=uint8",
            "error: input_dtype=uint8 was said, but the file's input is of type float16",
        ),
    ],
)
def test_asked_or_refused_before_the_run(axs: AxsCommand, mine: Path, file: str, said: str, refused: str) -> None:
    done = axs.run("byquery", query(mine, file, *filter(None, [said])), expect=1)
    assert refused in done.stderr
    assert "Traceback" not in done.stderr


def test_an_entry_that_leaves_the_output_open(
    axs: AxsCommand, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looked into the file beforehand: it is asked when the outputs come."""
    folder = tmp_path / "model_mine"
    folder.mkdir()
    (folder / "net.onnx").write_bytes((mine / "features_first.onnx").read_bytes())
    meta = {
        "parents": ["model_image_classification"],
        "provides": [["model", "framework=onnxrt", "model_name=mine"]],
        "attributes": {"file": "net.onnx", "resolution": 32, "mean": [127.5], "std": [64.0]},
    }
    (folder / "meta.yaml").write_text(yaml.safe_dump(meta))
    monkeypatch.setenv("AXS_COLLECTIONS", str(tmp_path))
    own = f"images_dir={mine / 'pics'},labels_file={mine / 'labels.txt'},preprocess_method=pillow,crop_percentage=100"
    done = axs.run("byquery", f"loadgen_output,framework=onnxrt,model_name=mine,{own}", expect=1)
    assert (
        "error: 2 outputs could be the class scores; say which by output_name=NAME: "
        "features [8, 3] float32, logits [8, 4] float32"
    ) in done.stderr


def test_weights_outside_of_the_file_are_part_of_the_model(axs: AxsCommand, mine: Path, tmp_path: Path) -> None:
    asked, model = query(mine, "external.onnx"), f"model,model_file={mine / 'external.onnx'}"
    assert axs.ask(asked, "get", "accuracy_report") == "accuracy=75.000%, good=6, total=8"
    digest, entry = axs.ask(asked, "get", "model_digest"), axs.folder(model)
    assert (entry / "weights.bin").read_bytes() == (mine / "weights.bin").read_bytes()
    kept = (mine / "weights.bin").read_bytes()
    (mine / "weights.bin").write_bytes((mine / "other.data").read_bytes())
    try:
        assert axs.ask(asked, "get", "accuracy_report") != "accuracy=75.000%, good=6, total=8"
        assert axs.ask(asked, "get", "model_digest") != digest
        assert axs.folder(model) != entry
    finally:
        (mine / "weights.bin").write_bytes(kept)
    assert axs.folder(model) == entry
    axs.run("zip", model, f"--output={tmp_path / 'model.zip'}")
    with ZipFile(tmp_path / "model.zip") as archive:
        assert any(name.endswith("/weights.bin") for name in archive.namelist())


def test_weights_that_are_not_there(axs: AxsCommand, mine: Path, tmp_path: Path) -> None:
    (tmp_path / "external.onnx").write_bytes((mine / "external.onnx").read_bytes())
    done = axs.run("byquery", f"model,model_file={tmp_path / 'external.onnx'}", expect=2)
    said = done.stderr.splitlines()
    assert said[0] == f"error: {tmp_path / 'external.onnx'} keeps weights in weights.bin, which is not there"
    assert said[-1] == f"hint: put weights.bin into {tmp_path}: the two files belong together"
