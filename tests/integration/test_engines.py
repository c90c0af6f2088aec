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
import yaml
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ENTRIES = Path(__file__).parents[2] / "entries"
SUPPORT = Path(__file__).parents[1] / "support"


def requirements(name: str) -> list[str]:
    meta = yaml.safe_load((ENTRIES / name / "meta.yaml").read_text(encoding="utf-8"))
    return [line.replace("{{ gpu }}", "") for line in meta["attributes"]["requirements"]]


def found(axs: AxsCommand, backend: str, installed: list[str], program: str, folder: Path) -> dict[str, Any]:
    """What the program in tests/support prints, in the environment that runs of this engine have."""
    environment = ":".join([*requirements("loadgen_harness"), *installed])
    python = axs.ask(f"python_env,requirements:={environment}", "get", "interpreter")
    done = subprocess.run(
        [python, "-B", str(SUPPORT / program), str(ENTRIES / backend), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ENTRIES / "loadgen_harness")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


class TestOnnxRuntime:
    @pytest.fixture(scope="class")
    def told(self, axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
        name = "loadgen_backend_onnxrt"
        return found(axs, name, requirements(name), "onnx_graphs.py", tmp_path_factory.mktemp("graphs"))

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
            ("no weights", "fp32", "fp32"),
        ],
    )
    def test_precision_is_that_of_the_optimised_graph(
        self, told: dict[str, Any], case: str, effective: str, file: str
    ) -> None:
        assert told[case]["effective"] == ["cpu", effective, {}]
        assert told[case]["unchanged"]
        assert told[case]["file"] == file

    def test_other_precision_than_asked_for(self, told: dict[str, Any]) -> None:
        refused = "precision '{}' was asked for, but onnxruntime really uses '{}'"
        assert told["fp16 as fp16"] == {"refused": refused.format("fp16", "fp32")}
        assert told["int4 as fp32"] == {"refused": refused.format("fp32", "int4")}
        assert told["fp16 as fp32"]["effective"] == ["cpu", "fp32", {}]

    def test_operators_that_run_elsewhere_are_counted(self, told: dict[str, Any]) -> None:
        """Providers other than the CPU's are made up: there is no GPU."""
        assert told["placements"] == {
            "all on the GPU": ["cuda", {}],
            "some elsewhere": ["cuda", {"Shape": 1, "Gather": 2}],
            "all elsewhere": ["cpu", {}],
            "one provider": ["cpu", {}],
            "cannot tell": ["cuda", None],
        }

    def test_inputs_are_given_as_the_graph_wants_them(self, told: dict[str, Any]) -> None:
        assert [told[case]["input_dtype"] for case in ("fp32", "fp16", "fp64")] == ["float32", "float16", "float64"]
        assert told["fp16"]["told"] == ["image", "float16", [None, 3, 8, 8], {"logits": "float16"}, 21]
        assert (told["fixed"]["fixed_batch"], told["fixed"]["outputs"]) == (3, {"logits": [3, 4]})

    def test_two_inputs_are_refused(self, told: dict[str, Any]) -> None:
        assert told["two inputs"] == {
            "refused": "FOLDER/two.onnx takes 2 inputs: image [N, 3, 8, 8], scale [1]; here a network is given its "
            "samples alone. Save it again with constants for the others, and one input"
        }

    def test_weights_outside_of_the_file(self, told: dict[str, Any]) -> None:
        assert (told["fp32"]["data_files"], told["external"]["data_files"]) == ([], ["external.data"])
        assert told["external"]["effective"] == ["cpu", "fp32", {}]


class TestPyTorch:
    @pytest.fixture(scope="class")
    def told(self, axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("networks")
        return found(axs, "loadgen_backend_pytorch", ["torch==2.13.0"], "torch_networks.py", folder)

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
    def test_precision_is_that_of_what_runs(self, told: dict[str, Any], case: str, precision: str) -> None:
        assert told[case]["effective"] == ["cpu", precision]
        assert told[case]["outputs"] == [[2, 4]]

    def test_halves_are_given_halves(self, told: dict[str, Any]) -> None:
        assert [told[case]["input_dtype"] for case in ("weights", "half script", "bfloat16")] == [None, "float16", None]

    @pytest.mark.parametrize("case", ["imports", "checkpoint", "nested checkpoint", "whole in a checkpoint"])
    def test_files_as_training_leaves_them(self, told: dict[str, Any], case: str) -> None:
        assert told[case] == told["weights"]

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
    def test_asked_or_refused(self, told: dict[str, Any], case: str, refused: str) -> None:
        assert told[case] == {"refused": refused}

    def test_an_output_of_a_dictionary(self, told: dict[str, Any]) -> None:
        assert told["named output"] == {**told["weights"], "told": {"logits": [None, 4]}}
        assert told["tuple"]["told"] == {"0": [None, 4], "1": [None, 8]}
        assert told["second of a tuple"]["outputs"] == [[2, 8]]


@pytest.mark.skipif(not os.environ.get("AXS_TEST_TENSORFLOW"), reason="installs 1.5 GB; AXS_TEST_TENSORFLOW=1 runs it")
class TestTensorFlow:
    @pytest.fixture(scope="class")
    def told(self, axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
        name = "loadgen_backend_tensorflow"
        return found(axs, name, requirements(name), "tensorflow_graphs.py", tmp_path_factory.mktemp("graphs"))

    def test_what_runs_and_what_is_wanted(self, told: dict[str, Any]) -> None:
        assert told["fp32"] == {
            "effective": ["cpu", "fp32", {}],
            "fixed_batch": None,
            "input_dtype": "float32",
            "outputs": {"logits:0": [2, 4]},
            "told": ["images:0", "float32", {"logits:0": [None, 4]}, "fp32"],
        }
        assert (told["fp16"]["effective"], told["fp16"]["input_dtype"]) == (["cpu", "fp16", {}], "float16")
        assert (told["fixed"]["fixed_batch"], told["fixed"]["outputs"]) == (3, {"logits:0": [3, 4]})

    def test_refused(self, told: dict[str, Any]) -> None:
        assert told["fp16 as fp32"] == {"refused": "precision 'fp32' was asked for, but tensorflow really uses 'fp16'"}
        assert told["two inputs"] == {
            "refused": "FOLDER/two.pb takes 2 inputs: images:0 [None, 8, 8, 3], scale:0 [1]; here a network is given "
            "its samples alone. Save it again with constants for the others, and one input"
        }
