"""One's own model file: what it is by its content and by its name, and a normalisation that cannot be meant: told
before anything is made.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pytest
from support.entry_code import functions
from support.toy import Listening

from axs_core import Workspace
from axs_core.base.errors import AxsError, UsageError

OPENED = "which no engine here opens; what they open: .onnx (onnxrt), .pt (pytorch), .pth (pytorch), .pb (tensorflow)"


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, b"")
    return out.getvalue()


# First bytes of real files: ONNX of PyTorch and of onnx.helper, a graph of TensorFlow, torch.save of now and of old.
ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.4.0:\xb8\xff\x01"
ONNX_BARE = b"\x08\x0a:\x8d\x01\x0a"
GRAPH = b"\x0a\x1c\x0a\x06images\x12\x0bPlaceholder*"
TORCH = archive("net/data.pkl", "net/byteorder", "net/data/0")
TORCHSCRIPT = archive("net/data.pkl", "net/constants.pkl", "net/code/__torch__.py")
OLD_TORCH = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
EXPORTED = archive("net/archive_format", "net/models/model.json", "net/data/sample_inputs/model.pt/data.pkl")
KERAS = archive("metadata.json", "config.json", "model.weights.h5")
SAFETENSORS = b'\x40\0\0\0\0\0\0\0{"w":{'
UNKNOWN = b"who knows"


DEFAULT = {".onnx": "onnxrt", ".pb": "tensorflow"}


functions_of_model = lru_cache(1)(partial(functions, "model_file"))


def engine(file: Path, framework: str | None = None, **said: Any) -> str:
    """The engine for a file, by default the one of its suffix; what is refused in a plan is refused here."""
    asked: str = functions_of_model().engine(str(file), framework or DEFAULT.get(file.suffix, "pytorch"), **said)
    return asked


def refused(file: Path, **said: Any) -> AxsError:
    with pytest.raises(AxsError) as caught:
        engine(file, **said)
    assert caught.value.exit_code == 2
    return caught.value


def plan(folder: Path, file: str, *said: str) -> Any:
    """What would be done for a run of ``file`` with images and labels."""
    (folder / "pics").mkdir(exist_ok=True)
    (folder / "labels.txt").write_text("a.png 0\n")
    own = [f"model_file={folder / file}", f"images_dir={folder / 'pics'}", f"labels_file={folder / 'labels.txt'}"]
    return Workspace(reporter=Listening()).plan(",".join(["loadgen_output", *own, *said]))


@pytest.mark.parametrize(
    ("name", "content", "framework"),
    [
        ("NET.ONNX", UNKNOWN, "onnxrt"),
        ("Net.Onnx", ONNX, "onnxrt"),
        ("net.onnx", ONNX_BARE, "onnxrt"),
        ("NET.PB", GRAPH, "tensorflow"),
        ("net.PTH", TORCH, "pytorch"),
        ("net.pt", TORCHSCRIPT, "pytorch"),
        ("net.pt", OLD_TORCH, "pytorch"),
        ("net.bin", TORCH, "pytorch"),
        ("net", UNKNOWN, "pytorch"),
    ],
)
def test_the_engine_follows_the_suffix(tmp_path: Path, name: str, content: bytes, framework: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert plan(tmp_path, name).match.values["framework"] == framework


@pytest.mark.parametrize(
    ("name", "content", "what", "framework", "opener"),
    [
        ("net.pt", ONNX, "an ONNX file by its content", "pytorch", "onnxrt"),
        ("net.pb", ONNX_BARE, "an ONNX file by its content", "tensorflow", "onnxrt"),
        ("net", ONNX, "an ONNX file by its content", "pytorch", "onnxrt"),
        ("net.onnx", TORCH, "a PyTorch file by its content", "onnxrt", "pytorch"),
        ("net.onnx", OLD_TORCH, "a PyTorch file by its content", "onnxrt", "pytorch"),
        ("net.onnx", GRAPH, "a TensorFlow graph by its content", "onnxrt", "tensorflow"),
    ],
)
def test_a_name_that_lies_is_told_with_what_to_say(
    tmp_path: Path, name: str, content: bytes, what: str, framework: str, opener: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    error = refused(file)
    assert str(error) == f"{file} is {what}, which framework={framework} does not open"
    assert error.hint is not None
    say = f"model_file={file},framework={opener}"
    assert error.hint.partition(", or ")[0] == f"say {say}"
    assert engine(file, opener) == opener


def test_an_onnx_file_where_a_pytorch_file_is_converted(tmp_path: Path) -> None:
    """framework=pytorch may not have been typed: it is what convert_to= counts on."""
    file = tmp_path / "net.onnx"
    file.write_bytes(ONNX)
    with pytest.raises(UsageError) as caught:
        Workspace(reporter=Listening()).plan(f"model,model_file={file},convert_to=onnx")
    assert str(caught.value) == f"{file} is an ONNX file, which framework=pytorch does not open"
    leave = f"say model_file={file},framework=onnxrt, or leave framework out"
    assert caught.value.hint == f"{leave}; convert_to=onnx and convert_to=torchscript take PyTorch files only"


@pytest.mark.parametrize(
    ("name", "content", "what", "hint"),
    [
        (
            "net.tflite",
            UNKNOWN,
            "a TensorFlow Lite file",
            "python -m tf2onnx.convert --tflite {file} --output {stem}.onnx",
        ),
        ("net.xml", UNKNOWN, "an OpenVINO file", "take the ONNX or PyTorch file that it was made from"),
        (
            "net.keras",
            UNKNOWN,
            "a Keras file",
            "in Keras: load_model('{file}').export('{stem}.onnx', format='onnx')",
        ),
        (
            "NET.PT2",
            UNKNOWN,
            "a program of torch.export",
            "in PyTorch: torch.onnx.export(torch.export.load('{file}'), f='{stem}.onnx')",
        ),
        ("net.engine", UNKNOWN, "a TensorRT engine", "take the ONNX or PyTorch file that it was made from"),
        ("net.pt", EXPORTED, "a program of torch.export by its content", None),
        ("net.pb", b"\x08\x01\x12\xff\x01\x0a", "a TensorFlow SavedModel by its content", None),
        ("net.onnx", b"\x1c\0\0\0TFL3", "a TensorFlow Lite file by its content", None),
        ("net.pt", KERAS, "a Keras file by its content", None),
        ("net.pt", b"\x89HDF\r\n\x1a\n", "a Keras file by its content", None),
        ("net.bin", SAFETENSORS, "a file of safetensors by its content", None),
        ("net.onnx", b'<?xml version="1.0"?>\n<net name="x">', "an OpenVINO file by its content", None),
    ],
)
def test_what_no_engine_opens(tmp_path: Path, name: str, content: bytes, what: str, hint: str | None) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    error = refused(file)
    assert str(error) == f"{file} is {what}, {OPENED}"
    assert hint is None or error.hint == hint.format(file=file, stem=file.with_suffix(""))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 97000000\n",
            "is a Git LFS pointer, not the file: git lfs pull",
        ),
        (b"\n<!DOCTYPE html>\n<html>", "is a web page, not the file: download it again"),
        (b"<html><body>404", "is a web page, not the file: download it again"),
        (b'<?xml version="1.0"?><Error><Code>NoSuchKey', "is a web page, not the file: download it again"),
    ],
)
@pytest.mark.parametrize("name", ["net.onnx", "net.pth", "net.pb", "net.py"])
def test_what_came_in_the_place_of_a_file(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    weights = tmp_path / "weights.pth"
    weights.write_bytes(TORCH)
    error = refused(weights, class_file=str(file)) if name == "net.py" else refused(file)
    assert str(error) == f"{file} {what}"


def test_it_is_refused_before_an_environment_is_made(tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(UNKNOWN)
    with pytest.raises(AxsError) as caught:
        plan(tmp_path, "net.tflite")
    assert str(caught.value) == f"{tmp_path}/net.tflite is a TensorFlow Lite file, {OPENED}"


def test_labels_that_cannot_be_read_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(ONNX)
    (tmp_path / "pics").mkdir()
    (tmp_path / "latin1.txt").write_bytes(b"gr\xfcn.png 1\n")
    query = f"model_file={tmp_path}/net.onnx,images_dir={tmp_path}/pics,labels_file={tmp_path}/latin1.txt"
    with pytest.raises(AxsError) as caught:
        Workspace(reporter=Listening()).plan(f"loadgen_output,{query}")
    assert str(caught.value) == f"{tmp_path}/latin1.txt:1: this is no UTF-8 (byte 0xfc)"


# normalisation


def values(said: str) -> dict[str, Any]:
    """What ``mean=1,std:=1:2`` sets."""
    numbers = (term.partition("=")[::2] for term in said.split(","))
    return {
        name.rstrip(":"): [float(x) for x in text.split(":")] if ":" in text else float(text) for name, text in numbers
    }


@pytest.mark.parametrize(
    "said",
    [
        "mean=0,std=1",
        "mean:=0:0:0,std:=1:1:1",
        "std=1",
        "mean=0",
        "mean=127.5,std=127.5",
        "mean=128",
        "std=255",
        "mean:=103.939:116.779:123.68,std=1",
        "mean:=123.675:116.28:103.53,std:=58.395:57.12:57.375",
        "mean:=0.485:0.456:0.406,std:=0.229:0.224:0.225,scale=255",
        "mean=0.5,std=0.5,scale=1",
        "mean=1,std=1,scale=127.5",
    ],
)
def test_a_normalisation_that_can_be_meant(tmp_path: Path, said: str) -> None:
    (tmp_path / "net.onnx").write_bytes(ONNX)
    assert engine(tmp_path / "net.onnx", **values(said)) == "onnxrt"


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            "mean:=0.5:0.5:0.5,std:=0.5:0.5:0.5",
            "mean:=0.5:0.5:0.5,std:=0.5:0.5:0.5 fits pixels of 0 to 1; here they are 0 to 255",
            "say mean:=0.5:0.5:0.5,std:=0.5:0.5:0.5,scale=255, or the same as mean:=127.5:127.5:127.5,"
            "std:=127.5:127.5:127.5; or scale=1 if it is meant so",
        ),
        (
            "mean:=0.485:0.456:0.406,std:=0.229:0.224:0.225",
            "mean:=0.485:0.456:0.406,std:=0.229:0.224:0.225 fits pixels of 0 to 1; here they are 0 to 255",
            "say mean:=0.485:0.456:0.406,std:=0.229:0.224:0.225,scale=255, or the same as mean:=123.675:116.28:103.53,"
            "std:=58.395:57.12:57.375; or scale=1 if it is meant so",
        ),
        (
            "mean=0.1307,std=0.3081",
            "mean=0.1307,std=0.3081 fits pixels of 0 to 1; here they are 0 to 255",
            "say mean=0.1307,std=0.3081,scale=255, or the same as mean=33.3285,std=78.5655; "
            "or scale=1 if it is meant so",
        ),
        (
            "mean=0.5",
            "mean=0.5 fits pixels of 0 to 1; here they are 0 to 255",
            "say mean=0.5,scale=255, or the same as mean=127.5; or scale=1 if it is meant so",
        ),
        (
            "mean:=103.94:116.78:123.68,std=0.017",
            "std=0.017 is what is divided by: pixels would become larger than they are",
            "say std=58.8235 if they are to be multiplied by it; or scale=1 if it is meant so",
        ),
        ("std=0", "std=0: nothing can be divided by 0", "leave std out"),
    ],
)
def test_a_normalisation_of_other_units(tmp_path: Path, said: str, message: str, hint: str) -> None:
    (tmp_path / "net.onnx").write_bytes(ONNX)
    error = refused(tmp_path / "net.onnx", **values(said))
    assert (str(error), error.hint) == (message, hint)


def test_a_normalisation_is_refused_in_the_plan(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(ONNX)
    with pytest.raises(AxsError) as caught:
        plan(tmp_path, "net.onnx", "mean=half")
    assert (str(caught.value), caught.value.hint) == ("mean must be a number, or one a channel: 'half'", "mean:=R:G:B")


# an accuracy needs labels


@pytest.mark.parametrize("mode", ["AccuracyOnly", "SubmissionRun"])
def test_an_accuracy_without_labels_is_refused_in_the_plan(tmp_path: Path, mode: str) -> None:
    (tmp_path / "net.onnx").write_bytes(ONNX)
    (tmp_path / "pics").mkdir()
    query = f"loadgen_output,model_file={tmp_path}/net.onnx,images_dir={tmp_path}/pics"
    with pytest.raises(AxsError) as caught:
        Workspace(reporter=Listening()).plan(f"{query},loadgen_mode={mode}")
    assert str(caught.value) == (
        f"loadgen_mode={mode} measures an accuracy, and the images in {tmp_path}/pics have no labels"
    )
    assert caught.value.hint == (
        "add labels_file=FILE (a line FILE LABEL for each image), or loadgen_mode=PerformanceOnly"
    )
    assert Workspace(reporter=Listening()).plan(f"{query},loadgen_mode=PerformanceOnly").action == "make"
