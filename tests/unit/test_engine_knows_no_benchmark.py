"""The engine knows no benchmark: in none of its files stands the name of a shipped entry, or a word of MLPerf's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.toy import SOURCES

from axs_core.plugins.shipped import PLACES

PACKAGE = SOURCES / "axs_core"
WORDS = (
    r"(?i:mlperf|mlcommons|\w*loadgen\w*|\w*target_qps|single_?stream|multi_?stream)",
    r"(?i:\w*accurac(?:y|ies)\w*|\w*latenc(?:y|ies)\w*|\w*throughput\w*|top-?1|framework\w*|percentiles?|division)",
    r"(?i:imagenet\w*|resnet\w*|onnx\w*|pytorch\w*|torch\w*|tensorflow\w*|tflite|openvino|tensorrt|model_\w+)",
    r"Offline|Server|SUBMITTABLE|INVALID|NOISY",
)
SHIPPED = {file.parent.name for file in (SOURCES / "entries").glob("*_*/meta.yaml")} - set(PLACES)
"""Names of one ordinary word are not looked for, nor those that a producer has."""
KNOWN = re.compile(rf"(?<![\w-])(?:{'|'.join((*WORDS, *map(re.escape, sorted(SHIPPED))))})(?![\w-])")


def files() -> list[Path]:
    """All of the engine: code with its descriptions, schemas, scripts for shells, whatever else lies there."""
    found = [file for file in sorted(PACKAGE.rglob("*")) if file.is_file() and file.suffix != ".pyc"]
    return [file for file in found if "entries" not in file.relative_to(PACKAGE).parts]


def test_the_engine_knows_no_shipped_entry_and_no_benchmark() -> None:
    assert {file.suffix for file in files()} >= {".py", ".json", ".bash", ".zsh"}
    wrong = [
        f"{file.relative_to(SOURCES)}:{number}: {', '.join(found)}"
        for file in files()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (found := KNOWN.findall(line))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text", ["axs byname git_repo , pull", "MLPerf's score", "the loadgen_mode", "Offline: 1", "resnet50"]
)
def test_what_is_looked_for(text: str) -> None:
    assert KNOWN.search(text)


@pytest.mark.parametrize(
    "text", ["AXS_OFFLINE=1", "python_env", "a server", "--offline", "a collection", "an invalid name"]
)
def test_what_is_an_ordinary_word(text: str) -> None:
    assert not KNOWN.search(text)
