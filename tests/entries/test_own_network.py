"""A user's own PyTorch network and pictures by query alone, in every form: the answers that PyTorch alone gives."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MAKE = Path(__file__).parents[1] / "support" / "own_network.py"
PREPARED = "preprocess_method=pillow,crop_percentage=100,resolution=48,mean=127.5,std=64"
TENSORFLOW = pytest.mark.skipif(
    not os.environ.get("AXS_TEST_TENSORFLOW"), reason="installs 1.5 GB; AXS_TEST_TENSORFLOW=1 runs it"
)


@pytest.fixture(scope="module")
def mine(axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mine")
    subprocess.run([axs.python_of("pytorch"), str(MAKE), str(folder)], check=True)
    return folder


def query(mine: Path, file: str, *said: str) -> str:
    own = [f"model_file={mine / file}", f"images_dir={mine / 'pics'}", f"labels_file={mine / 'labels.txt'}"]
    return ",".join(["loadgen_output,task=image_classification", *own, PREPARED, *said])


@pytest.mark.parametrize(
    ("file", "said", "engine"),
    [
        ("net.pth", ["class_file={mine}/net.py", "class_name=Net"], "torch"),
        ("net.pth", ["class_file={mine}/net.py"], "torch"),
        ("net.pth", ["class_file={mine}/net.py", "pytorch_mode=torchscript"], "torch"),
        ("script.pt", [], "torch"),
        ("net.pth", ["class_file={mine}/net.py", "convert_to=torchscript"], "torch"),
        ("net.pth", ["class_file={mine}/net.py", "convert_to=onnx", "opset=8"], "onnxruntime"),
        ("net.pth", ["class_file={mine}/net.py", "convert_to=onnx", "opset=17"], "onnxruntime"),
        pytest.param(
            "net.pth", ["class_file={mine}/net.py", "convert_to=frozen_graph"], "tensorflow", marks=TENSORFLOW
        ),
    ],
)
def test_every_form_gives_the_answers_of_pytorch_alone(
    axs: AxsCommand, mine: Path, file: str, said: list[str], engine: str
) -> None:
    asked = query(mine, file, *(text.format(mine=mine) for text in said))
    assert axs.ask(asked, "get", "accuracy_report") == "accuracy=75.000%, good=30, total=40"
    assert axs.ask(asked, "get", "engine") == engine
    assert axs.ask(asked, "get", "effective_precision") == "fp32"


def test_an_onnx_file_as_it_was_exported(axs: AxsCommand, mine: Path) -> None:
    """Size, channels and names come from the file."""
    exported = axs.ask(
        f"model,model_file={mine}/net.pth,class_file={mine}/net.py,resolution=48,convert_to=onnx", "get_path"
    )
    (mine / "net.onnx").write_bytes(Path(exported).read_bytes())
    asked = query(mine, "net.onnx").replace("resolution=48,", "")
    assert axs.ask(asked, "get", "accuracy_report") == "accuracy=75.000%, good=30, total=40"
    assert axs.ask(f"model,model_file={mine}/net.onnx", "get", "opset") == "11"


def labels(mine: Path, name: str, label: Callable[[int], object]) -> str:
    """The labels written in another way, as ``labels_file=``."""
    rows = (line.rpartition(" ") for line in (mine / "labels.txt").read_text().splitlines())
    (mine / name).write_text("".join(f"{file},{label(int(number))}\n" for file, _, number in rows))
    return f"labels_file={mine / name}"


def test_labels_from_one_are_told_with_the_offset(axs: AxsCommand, mine: Path) -> None:
    said = labels(mine, "from_one.csv", lambda number: number + 1)
    asked = query(mine, "script.pt").replace(f"labels_file={mine / 'labels.txt'}", said)
    refused = axs.run("byquery", asked, expect=1)
    assert "the network has 7 classes, so labels are 0 to 6 with label_offset=0; these are" in refused.stderr
    assert "to 7: say label_offset=-1" in refused.stderr
    assert axs.ask(f"{asked},label_offset=-1", "get", "accuracy_report") == "accuracy=75.000%, good=30, total=40"


def test_labels_that_only_the_answers_show_to_be_shifted(axs: AxsCommand, mine: Path) -> None:
    """Every fourth label is wrong on purpose: without those, and one less, none is right."""
    said = labels(mine, "less.csv", lambda number: (number - 1) % 7)
    file = mine / "less.csv"
    file.write_text("".join(line for place, line in enumerate(file.read_text().splitlines(True)) if place % 4))
    asked = query(mine, "script.pt").replace(f"labels_file={mine / 'labels.txt'}", said)
    refused = axs.run("byquery", asked, expect=1)
    assert "error: 0 of 30 answers are right, and " in refused.stderr
    assert "count from one less: say label_offset=1, or label_offset=0 if it is meant so" in refused.stderr
    assert axs.ask(f"{asked},label_offset=0", "get", "accuracy") == "0.0"


def test_names_of_classes_in_the_file(axs: AxsCommand, mine: Path) -> None:
    """As exporters leave them in ONNX's metadata: field 14 of the message, which may be written at its end."""
    exported = axs.ask(
        f"model,model_file={mine}/net.pth,class_file={mine}/net.py,resolution=48,convert_to=onnx", "get_path"
    )
    names = str({number: f"kind {number}" for number in range(7)}).encode()
    entry = b"\x0a\x05names\x12" + bytes([len(names)]) + names
    (mine / "named.onnx").write_bytes(Path(exported).read_bytes() + b"\x72" + bytes([len(entry)]) + entry)
    said = labels(mine, "named.csv", "kind {}".format)
    asked = query(mine, "named.onnx").replace(f"labels_file={mine / 'labels.txt'}", said)
    assert axs.ask(asked, "get", "accuracy_report") == "accuracy=75.000%, good=30, total=40"


def test_a_size_that_the_file_does_not_take_is_refused(axs: AxsCommand, mine: Path) -> None:
    exported = axs.ask(
        f"model,model_file={mine}/net.pth,class_file={mine}/net.py,resolution=48,convert_to=onnx", "get_path"
    )
    refused = axs.run("byquery", f"model,model_file={exported},resolution=64", expect=1)
    assert "resolution=64 was said, but the file's input has the shape [None, 3, 48, 48]" in refused.stderr


def test_weights_without_their_class_are_refused(axs: AxsCommand, mine: Path) -> None:
    refused = axs.run("byquery", f"model,model_file={mine}/net.pth", expect=1)
    assert "model 'net' is saved without its class: with model_file, say class_file=FILE.py" in refused.stderr


@pytest.mark.parametrize(
    ("name", "framework", "said"),
    [
        ("net.onnx", "pytorch", "an ONNX file, which framework=pytorch does not open"),
        ("net.pth", "onnxrt", "a PyTorch file, which framework=onnxrt does not open"),
        ("net.pb", "pytorch", "a TensorFlow graph, which framework=pytorch does not open"),
    ],
)
def test_an_engine_that_cannot_open_the_file(
    axs: AxsCommand, tmp_path: Path, name: str, framework: str, said: str
) -> None:
    (tmp_path / name).write_bytes(b"anything")
    asked = f"loadgen_output,model_file={tmp_path / name},images_dir={tmp_path},framework={framework}"
    refused = axs.run("byquery", asked, expect=2)
    opener = {"net.onnx": "onnxrt", "net.pth": "pytorch", "net.pb": "tensorflow"}[name]
    assert refused.stderr.splitlines()[0] == f"error: {tmp_path / name} is {said}"
    assert f"hint: say model_file={tmp_path / name},framework={opener}, or leave framework out" in refused.stderr
    assert not list(axs.collection.glob(f"model_{name}*"))


def test_a_compiled_network_takes_batches_of_any_size(axs: AxsCommand) -> None:
    """77 samples: two batches of 32, and the rest."""
    asked = "loadgen_output,framework=pytorch,pytorch_mode=compile,loadgen_dataset_size=77,execution_device=cpu"
    assert axs.ask(asked, "get", "accuracy") == axs.ask(asked.replace("compile", "eager"), "get", "accuracy")
    assert axs.ask(asked, "get", "effective_precision") == "fp32"


def test_a_class_of_several_files_is_taken_along(axs: AxsCommand, mine: Path, tmp_path: Path) -> None:
    """The same network, its block in a file beside it."""
    source = (mine / "net.py").read_text()
    block = source[source.index("class Block") : source.index("class Net")]
    (tmp_path / "parts.py").write_text(source.partition("class Block")[0] + block)
    (tmp_path / "net.py").write_text("from parts import Block\n" + source.replace(block, ""))
    for name in ("net.pth", "labels.txt"):
        (tmp_path / name).write_bytes((mine / name).read_bytes())
    (tmp_path / "pics").symlink_to(mine / "pics")
    asked = query(tmp_path, "net.pth", f"class_file={tmp_path / 'net.py'}")
    assert axs.ask(asked, "get", "accuracy_report") == "accuracy=75.000%, good=30, total=40"
    assert axs.ask(f"{asked},convert_to=onnx", "get", "accuracy_report") == "accuracy=75.000%, good=30, total=40"
    model = f"model,model_file={tmp_path / 'net.pth'},class_file={tmp_path / 'net.py'},resolution=48"
    before = axs.folder(model)
    (tmp_path / "parts.py").write_text((tmp_path / "parts.py").read_text() + "# changed\n")
    assert axs.folder(model) != before


def test_a_dictionary_of_outputs_asks_for_one(axs: AxsCommand, mine: Path, tmp_path: Path) -> None:
    source = (
        (mine / "net.py")
        .read_text()
        .replace("return self.last(x.mean([2, 3]))", "return {'scores': self.last(x.mean([2, 3])), 'x': x}")
    )
    (tmp_path / "net.py").write_text(source)
    asked = query(mine, "net.pth", f"class_file={tmp_path / 'net.py'}")
    refused = axs.run("byquery", asked, expect=1)
    assert (
        "the network's output is a dictionary; say which is to be read by output_name=NAME: scores [1, 7]"
        in refused.stderr
    )
    for converted in ("", ",convert_to=onnx"):
        said = f"{asked}{converted},output_name=scores"
        assert axs.ask(said, "get", "accuracy_report") == "accuracy=75.000%, good=30, total=40"


def test_the_scores_of_a_tuple_are_what_is_converted(axs: AxsCommand, mine: Path, tmp_path: Path) -> None:
    """Features come first, and only the second output can be class scores; TorchScript believes the annotation."""
    changed = (
        (mine / "net.py")
        .read_text()
        .replace("-> torch.Tensor:\n        x =", "-> tuple[torch.Tensor, torch.Tensor]:\n        x =")
    )
    (tmp_path / "net.py").write_text(changed.replace("return self.last(", "return x, self.last("))
    asked = query(mine, "net.pth", f"class_file={tmp_path / 'net.py'}")
    for said in ("convert_to=onnx", "convert_to=onnx,output_name=1", "convert_to=torchscript"):
        assert axs.ask(f"{asked},{said}", "get", "accuracy_report") == "accuracy=75.000%, good=30, total=40"


def test_random_weights_have_speed_and_no_accuracy(axs: AxsCommand) -> None:
    run = "loadgen_output,model_name=resnet50,weights=random,dataset_name=sample_photos,loadgen_mode=PerformanceOnly"
    asked = f"{run},loadgen_dataset_size=16,batch_size=4,allow_invalid+"
    assert float(axs.ask(asked, "get", "performance")) > 0
    refused = axs.run("byquery", asked, ",", "get", "accuracy", expect=1)
    assert refused.stdout == ""
    assert "this model has random weights: it is for speed only, and its accuracy means nothing" in refused.stderr
    refused = axs.run("byquery", asked.replace("PerformanceOnly", "AccuracyOnly"), expect=1)
    assert "the images have no labels, so there is no accuracy: say loadgen_mode=PerformanceOnly" in refused.stderr
