"""Which files belong to a user's network, and what is understood from what an engine tells of one."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from axs_core import Workspace
from axs_core.base.errors import UsageError

ENTRIES = Path(__file__).parents[2] / "entries"


def field(number: int, content: bytes | int) -> bytes:
    """One field of a protobuf message (documentation: Encoding, protobuf.dev)."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def tensor(place: str | None = None) -> bytes:
    """A weight; with ``place``, one that lies in that file."""
    if place is None:
        return field(1, 64) + field(2, 1) + field(9, b"\x00" * 256)
    pairs = {"offset": "0", "location": place, "length": "256"}
    told = b"".join(field(13, field(1, key.encode()) + field(2, value.encode())) for key, value in pairs.items())
    return field(1, 64) + field(2, 1) + told + field(14, 1)


def graph(*initializers: bytes, inner: bytes | None = None, constant: bytes | None = None) -> bytes:
    nodes = [field(4, b"Relu")]
    if inner is not None:
        nodes.append(field(4, b"If") + field(5, field(1, b"then_branch") + field(6, inner)))
    if constant is not None:
        nodes.append(field(4, b"Constant") + field(5, field(1, b"value") + field(5, constant)))
    return b"".join([*(field(1, node) for node in nodes), *(field(5, one) for one in initializers)])


def model(graph: bytes) -> bytes:
    return field(1, 8) + field(8, field(2, 11)) + field(7, graph)


def parts(name: str, **said: Any) -> list[str]:
    """What ``own_model`` says."""
    code = Workspace().byname("own_model")
    found: list[str] = code.call(name, **said)
    return found


class TestWeightsOfOnnx:
    @pytest.mark.parametrize(
        ("content", "places"),
        [
            (model(graph(tensor())), []),
            (model(graph(tensor("net.onnx.data"), tensor(), tensor("net.onnx.data"))), ["net.onnx.data"]),
            (model(graph(tensor("b.bin"), tensor("a/a.bin"))), ["a/a.bin", "b.bin"]),
            (model(graph(inner=graph(tensor("inner.bin")))), ["inner.bin"]),
            (model(graph(constant=tensor("constant.bin"))), ["constant.bin"]),
            (model(graph(tensor("cut.bin")))[:-5], []),
            (b"", []),
            (b"no ONNX file at all, but text with a location", []),
        ],
    )
    def test_places(self, tmp_path: Path, content: bytes, places: list[str]) -> None:
        (tmp_path / "net.onnx").write_bytes(content)
        for place in places:
            (tmp_path / place).parent.mkdir(exist_ok=True)
            (tmp_path / place).write_bytes(b"weights")
        assert parts("model_parts", model_file=str(tmp_path / "net.onnx")) == places

    def test_shipped_network_has_all_in_it(self) -> None:
        assert parts("model_parts", model_file=str(ENTRIES / "model_digits_onnx" / "resnet20_digits.onnx")) == []

    def test_missing_file_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "net.onnx"
        file.write_bytes(model(graph(tensor("net.onnx.data"))))
        with pytest.raises(UsageError) as error:
            parts("model_parts", model_file=str(file))
        assert error.value.message == f"{file} keeps weights in net.onnx.data, which is not there"
        assert error.value.hint == f"put net.onnx.data into {tmp_path}: the two files belong together"

    @pytest.mark.parametrize("place", ["../weights.bin", "/etc/passwd"])
    def test_files_elsewhere_are_refused(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "net.onnx").write_bytes(model(graph(tensor(place))))
        with pytest.raises(UsageError, match="which is not in its folder"):
            parts("model_parts", model_file=str(tmp_path / "net.onnx"))


class TestImportsOfAClass:
    def test_files_beside_it_and_what_they_import(self, tmp_path: Path) -> None:
        files = {
            "net.py": "import layers, torch\nfrom blocks.residual import Block\n",
            "layers.py": "import net\nfrom sizes import WIDTH\n",
            "sizes.py": "WIDTH = 3\n",
            "blocks/__init__.py": "",
            "blocks/residual.py": "from .common import pad\n",
            "blocks/common.py": "def pad(): ...\n",
            "train.py": "import net\n",
        }
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        assert parts("class_parts", class_file=str(tmp_path / "net.py")) == [
            "blocks/__init__.py",
            "blocks/common.py",
            "blocks/residual.py",
            "layers.py",
            "sizes.py",
        ]

    def test_file_that_is_no_python(self, tmp_path: Path) -> None:
        (tmp_path / "net.py").write_text("import (")
        assert parts("class_parts", class_file=str(tmp_path / "net.py")) == []

    def test_a_file_that_belongs_to_it_is_part_of_the_identity(self, tmp_path: Path) -> None:
        (tmp_path / "net.onnx").write_bytes(model(graph(tensor("net.onnx.data"))))
        keys = set()
        for content in (b"weights", b"others!"):
            (tmp_path / "net.onnx.data").write_bytes(content)
            for query in ("loadgen_output,loadgen_mode=PerformanceOnly,images_dir={0}", "model"):
                space = Workspace(tmp_path / "work")
                plan = space.plan(f"{query.format(tmp_path)},model_file={tmp_path / 'net.onnx'}")
                assert plan.match is not None
                keys.add(plan.match.key)
        assert len(keys) == 4


@pytest.fixture
def describe(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ENTRIES / "loadgen_harness"))
    monkeypatch.syspath_prepend(str(ENTRIES / "model_file" / "program"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = ENTRIES / "model_file" / "program" / "describe.py"
    spec = importlib.util.spec_from_file_location("model_file_describe", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    for name in [name for name in sys.modules if name.split(".")[0] == "loadgen_harness"]:
        del sys.modules[name]


LOGITS, FEATURES = {"logits": [None, 4]}, {"features": [None, 3]}
DETECTION = {"boxes": [1, 16, 4], "scores": [1, 2, 16], "selected": [None, 3]}
INTEGERS = {"selected": "int64", "argmax": "int64"}


class TestOutputs:
    def told(self, outputs: dict[str, Any]) -> dict[str, Any]:
        return {"outputs": outputs, "output_dtypes": {name: INTEGERS.get(name, "float32") for name in outputs}}

    @pytest.mark.parametrize(
        ("outputs", "said", "found"),
        [
            (LOGITS, None, ("logits", 4)),
            (FEATURES | LOGITS, "logits", ("logits", 4)),
            ({"logits": [None, 1000, 1, 1]}, None, ("logits", 1000)),
            ({"logits": [None, None]}, None, ("logits", None)),
            ({"logits": []}, None, ("logits", None)),
            ({"argmax": [None], "probabilities": [None, 1001]}, None, ("probabilities", 1001)),
            ({"argmax": [None]}, None, ("argmax", None)),
            ({"argmax": [None], "probabilities": [None, 1001]}, "argmax", ("argmax", None)),
        ],
    )
    def test_chosen(self, describe: ModuleType, outputs: dict[str, Any], said: str | None, found: Any) -> None:
        assert describe.classes_of(self.told(outputs), said) == found

    @pytest.mark.parametrize(
        ("outputs", "said", "refused"),
        [
            (
                FEATURES | LOGITS,
                None,
                "2 outputs could be the class scores; say which by output_name=features or output_name=logits: "
                "features [None, 3] float32, logits [None, 4] float32",
            ),
            (
                DETECTION,
                None,
                "no output can be class scores, a row of two or more for each image: "
                "boxes [1, 16, 4] float32, scores [1, 2, 16] float32, selected [None, 3] int64",
            ),
            (
                DETECTION,
                "scores",
                "output 'scores' cannot be class scores, a row of two or more for each image: "
                "boxes [1, 16, 4] float32, scores [1, 2, 16] float32, selected [None, 3] int64",
            ),
            (LOGITS, "logit", "the network has no output 'logit', only: logits [None, 4] float32"),
            (
                {"probability": [None, 1]},
                None,
                "no output can be class scores, a row of two or more for each image: probability [None, 1] float32",
            ),
        ],
    )
    def test_asked_or_refused(
        self, describe: ModuleType, outputs: dict[str, Any], said: str | None, refused: str
    ) -> None:
        from loadgen_harness.parameters import HarnessError

        with pytest.raises(HarnessError) as error:
            describe.classes_of(self.told(outputs), said)
        assert str(error.value) == refused

    @pytest.mark.parametrize(
        ("told", "said", "found"),
        [
            ("float", None, "float32"),
            ("float16", None, "float16"),
            ("double", None, "float64"),
            ("uint8", None, "uint8"),
            (None, None, "float32"),
            (None, "uint8", "uint8"),
            ("float16", "float16", "float16"),
        ],
    )
    def test_type_of_the_input(self, describe: ModuleType, told: str | None, said: str | None, found: str) -> None:
        assert describe.dtype_found(told, said) == found

    @pytest.mark.parametrize(
        ("told", "said", "refused"),
        [
            (
                "bfloat16",
                None,
                "the input is of type bfloat16; images can be given as float32, float16, float64 or uint8",
            ),
            ("float", "uint8", "input_dtype=uint8 was said, but the file's input is of type float32"),
        ],
    )
    def test_type_that_cannot_be_given(self, describe: ModuleType, told: str, said: str | None, refused: str) -> None:
        from loadgen_harness.parameters import HarnessError

        with pytest.raises(HarnessError) as error:
            describe.dtype_found(told, said)
        assert str(error.value) == refused
