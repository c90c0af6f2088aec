"""What engines say of themselves: the precision and device that they really use, their inputs and outputs, and what
they refuse.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ENTRIES = Path(__file__).parents[2] / "entries"
SUPPORT = Path(__file__).parents[1] / "support"


def found(axs: AxsCommand, framework: str, program: str, folder: Path) -> dict[str, Any]:
    """What the program in tests/support prints, in the environment that runs of this engine have."""
    done = subprocess.run(
        [axs.python_of(framework), "-B", SUPPORT / program, ENTRIES / f"loadgen_backend_{framework}", folder],
        env={**os.environ, "PYTHONPATH": str(ENTRIES / "loadgen_harness")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def onnx_told(axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return found(axs, "onnxrt", "onnx_graphs.py", tmp_path_factory.mktemp("graphs"))


@pytest.fixture(scope="module")
def torch_told(axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return found(axs, "pytorch", "torch_networks.py", tmp_path_factory.mktemp("networks"))


@pytest.fixture(scope="module")
def tensorflow_told(axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return found(axs, "tensorflow", "tensorflow_graphs.py", tmp_path_factory.mktemp("graphs"))


class TestOnnxRuntime:
    @pytest.mark.parametrize(
        ("case", "effective", "file"),
        [
            ("fp32", "fp32", "fp32"),
            ("fp16", "fp32", "fp16"),  # on a CPU there are casts
            ("fp64", "fp64", "fp64"),
            ("4 bits packed", "int4", "int4"),
            ("8 bits packed", "int8", "int8"),
            ("int4", "int4", "int4"),
            ("int8", "int8", "int8"),
            ("int8 weights", "int8", "int8"),
            ("no weights", "fp32", "fp32"),
        ],
    )
    def test_precision_is_that_of_the_optimised_graph(
        self, onnx_told: dict[str, Any], case: str, effective: str, file: str
    ) -> None:
        assert onnx_told[case]["effective"] == ["cpu", effective, {}]
        assert onnx_told[case]["unchanged"]
        assert onnx_told[case]["file"] == file

    def test_other_precision_than_asked_for(self, onnx_told: dict[str, Any]) -> None:
        refused = "precision '{}' was asked for, but onnxruntime really uses '{}'"
        assert onnx_told["fp16 as fp16"] == {"refused": refused.format("fp16", "fp32")}
        assert onnx_told["int4 as fp32"] == {"refused": refused.format("fp32", "int4")}
        assert onnx_told["fp16 as fp32"]["effective"] == ["cpu", "fp32", {}]

    def test_operators_that_run_elsewhere_are_counted(self, onnx_told: dict[str, Any]) -> None:
        """Providers other than the CPU's are made up: there is no GPU."""
        assert onnx_told["placements"] == {
            "all on the GPU": ["cuda", {}],
            "some elsewhere": ["cuda", {"Shape": 1, "Gather": 2}],
            "all elsewhere": ["cpu", {}],
            "one provider": ["cpu", {}],
            "cannot tell": ["cuda", None],
        }

    def test_inputs_are_given_as_the_graph_wants_them(self, onnx_told: dict[str, Any]) -> None:
        assert [onnx_told[case]["input_dtype"] for case in ("fp32", "fp16", "fp64")] == [
            "float32",
            "float16",
            "float64",
        ]
        assert onnx_told["fp16"]["told"] == ["image", "float16", [None, 3, 8, 8], {"logits": "float16"}, 21]
        assert (onnx_told["fixed"]["fixed_batch"], onnx_told["fixed"]["outputs"]) == (3, {"logits": [3, 4]})

    def test_two_inputs_are_refused(self, onnx_told: dict[str, Any]) -> None:
        assert onnx_told["two inputs"] == {
            "refused": "FOLDER/two.onnx takes 2 inputs: image [N, 3, 8, 8], scale [1]; here a network is given its "
            "samples alone. Save it again with constants for the others, and one input"
        }

    def test_weights_outside_of_the_file(self, onnx_told: dict[str, Any]) -> None:
        assert (onnx_told["fp32"]["data_files"], onnx_told["external"]["data_files"]) == ([], ["external.data"])
        assert onnx_told["external"]["effective"] == ["cpu", "fp32", {}]


class TestPyTorch:
    @pytest.mark.parametrize(
        ("case", "precision"),
        [
            ("weights", "fp32"),
            ("half script", "fp16"),
            ("frozen script", "fp32"),
            ("bfloat16", "bf16"),
            ("quantised modules", "int8"),
            ("quantised script", "int8"),
            ("autocast", "bf16"),
            ("less precise products", "bf16"),
        ],
    )
    def test_precision_is_that_of_what_runs(self, torch_told: dict[str, Any], case: str, precision: str) -> None:
        assert torch_told[case]["effective"] == ["cpu", precision]
        assert torch_told[case]["outputs"] == [[2, 4]]

    def test_halves_are_given_halves(self, torch_told: dict[str, Any]) -> None:
        assert [torch_told[case]["input_dtype"] for case in ("weights", "half script", "bfloat16")] == [
            None,
            "float16",
            None,
        ]

    @pytest.mark.parametrize("case", ["imports", "checkpoint", "nested checkpoint", "whole in a checkpoint"])
    def test_files_as_training_leaves_them(self, torch_told: dict[str, Any], case: str) -> None:
        assert torch_told[case] == torch_told["weights"]

    @pytest.mark.parametrize(
        ("case", "refused"),
        [
            (
                "strange checkpoint",
                "strange.pth holds optimiser, epoch, and weights under none of state_dict, model_state_dict, model, "
                "net, network, weights: save the weights alone, by torch.save(network.state_dict(), 'weights.pth'), "
                "and name that file",
            ),
            (
                "dictionary",
                "the network's output is a dictionary; say which is to be read by output_name=NAME: logits [1, 4], "
                "hidden [1, 8]",
            ),
            ("no such output", "the network has no output 'logit', only: logits [1, 4], hidden [1, 8]"),
            (
                "two inputs",
                "FOLDER/weights.pth takes 2 inputs: x, mask; here a network is given its samples alone. Save it again "
                "with constants for the others, and one input",
            ),
            ("import that is not here", "model 'net': broken.py imports what is not here: No module named 'nowhere'"),
        ],
    )
    def test_asked_or_refused(self, torch_told: dict[str, Any], case: str, refused: str) -> None:
        assert torch_told[case] == {"refused": refused}

    def test_an_output_of_a_dictionary(self, torch_told: dict[str, Any]) -> None:
        assert torch_told["named output"] == {**torch_told["weights"], "told": {"logits": [None, 4]}}
        assert torch_told["tuple"]["told"] == {"0": [None, 4], "1": [None, 8]}
        assert torch_told["second of a tuple"]["outputs"] == [[2, 8]]


@pytest.mark.skipif(not os.environ.get("AXS_TEST_TENSORFLOW"), reason="installs 1.5 GB; AXS_TEST_TENSORFLOW=1 runs it")
class TestTensorFlow:
    def test_what_runs_and_what_is_wanted(self, tensorflow_told: dict[str, Any]) -> None:
        assert tensorflow_told["fp32"] == {
            "effective": ["cpu", "fp32", {}],
            "fixed_batch": None,
            "input_dtype": "float32",
            "outputs": {"logits:0": [2, 4]},
            "told": ["images:0", "float32", {"logits:0": [None, 4]}, "fp32"],
        }
        assert (tensorflow_told["fp16"]["effective"], tensorflow_told["fp16"]["input_dtype"]) == (
            ["cpu", "fp16", {}],
            "float16",
        )
        assert (tensorflow_told["fixed"]["fixed_batch"], tensorflow_told["fixed"]["outputs"]) == (
            3,
            {"logits:0": [3, 4]},
        )

    def test_refused(self, tensorflow_told: dict[str, Any]) -> None:
        assert tensorflow_told["fp16 as fp32"] == {
            "refused": "precision 'fp32' was asked for, but tensorflow really uses 'fp16'"
        }
        assert tensorflow_told["two inputs"] == {
            "refused": "FOLDER/two.pb takes 2 inputs: images:0 [None, 8, 8, 3], scale:0 [1]; here a network is given "
            "its samples alone. Save it again with constants for the others, and one input"
        }
