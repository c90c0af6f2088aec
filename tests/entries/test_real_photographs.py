"""A real network on real photographs by the ordinary command, where the material is there.

The folder ``AXS_REALDATA`` (default: ``shared/realdata`` beside the project) holds MobileNetV2 as an ONNX file with
int8 weights, which gets 254 of 300 photographs right by an independent reading; its kernels differ between processors.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from support.axs_command import AxsCommand

MATERIAL = Path(os.environ.get("AXS_REALDATA") or Path(__file__).parents[3] / "shared" / "realdata")
MODEL = MATERIAL / "models" / "mobilenet_v2_1.0_224_quant.qdq.onnx"
DATASET = MATERIAL / "images" / "nips2017_dev" / "dataset"
EXPECTED, TOLERANCE = 84.67, 0.5

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not MODEL.is_file(), reason=f"there is no {MODEL}"),
]


@pytest.fixture(scope="module")
def labels_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of photographs counts classes from 1; labels here begin with 0."""
    with (DATASET / "images.csv").open(encoding="utf-8", newline="") as stream:
        labels = {f"{row['ImageId']}.png": int(row["TrueLabel"]) - 1 for row in csv.DictReader(stream)}
    lines = [f"{name} {label}\n" for name, label in labels.items() if (DATASET / "images" / name).is_file()]
    assert len(lines) == 300
    file = tmp_path_factory.mktemp("labels") / "labels.txt"
    file.write_text("".join(lines), encoding="utf-8")
    return file


def test_accuracy_and_the_same_labels_in_two_scenarios(axs: AxsCommand, labels_file: Path) -> None:
    query = (
        f"loadgen_output,task=image_classification,model_file={MODEL},images_dir={DATASET / 'images'},"
        f"labels_file={labels_file},preprocess_method=squash,mean=127.5,std=127.5"
    )
    answers = []
    for scenario in ("Offline", "SingleStream"):
        asked = f"{query},loadgen_scenario={scenario}"
        assert float(axs.ask(asked, "get", "accuracy")) == pytest.approx(EXPECTED, abs=TOLERANCE)
        answers.append((axs.folder(asked) / "predictions.txt").read_text(encoding="utf-8"))
        assert axs.ask(asked, "get", "effective_precision") == "int8"
    assert answers[0] == answers[1]
