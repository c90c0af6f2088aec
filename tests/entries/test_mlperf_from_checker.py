"""The script that writes the rules of a round from the checker's tables; and our arithmetic beside the checker's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from support.entry_code import module
from support.foreign import git
from support.mlperf_runs import MULTI, STREAM

pytestmark = pytest.mark.process

HERE = Path(__file__).parents[2] / "entries" / "mlperf_rules"
SCRIPT = HERE / "from_checker.py"
CHECKOUT = os.environ.get("AXS_TEST_MLPERF_INFERENCE")
"""A clone of mlcommons/inference, with or without a work tree."""
has_checkout = pytest.mark.skipif(
    CHECKOUT is None, reason="AXS_TEST_MLPERF_INFERENCE names no clone of mlcommons/inference"
)
CONSTANTS = """
    MODEL_CONFIG = {
        "v0.1": {
            "models": ["toy", "talker"],
            "required-scenarios-datacenter": {"talker": ["Offline"]},
            "optional-scenarios-datacenter": {"talker": ["Interactive", "Server"]},
            "required-scenarios-edge": {"toy": ["Offline"]},
            "optional-scenarios-edge": {},
            "required-scenarios-datacenter-edge": {"toy": ["Offline", "Server"]},
            "optional-scenarios-datacenter-edge": {},
            "accuracy-target": {
                "toy": ("acc", 50 * 0.5, "len", 9),
                "talker": {"Offline": ("acc", 1), "Interactive": ("acc", 2)},
            },
            "accuracy-upper-limit": {"toy": ("len", 11, "width", 3.5)},
            "accuracy-delta-perc": {"toy": {"acc": 2}},
            "performance-sample-count": {"toy": 4, "talker": 5},
            "accuracy-sample-count": {"talker": {"Offline": 5, "Interactive": 2}},
            "dataset-size": {"toy": 6, "talker": 5},
            "model_mapping": {"toy50": "toy", "gone": "retired"},
            "seeds": {"qsl_rng_seed": 18446744073709551615},
            "latency-constraint": {"toy": {"Server": 7}},
            "min-queries": {"toy": {"Offline": 1}},
            "models_TEST04": ["toy"],
            "models_TEST01": ["toy"],
        },
        "v0.0": {},
    }
    VALID_DIVISIONS = ["open"]
    VALID_AVAILABILITIES = ["rdi"]
    TEST_DURATION_MS = 60
    MAX_ACCURACY_LOG_SIZE = 10 * 1024
    OFFLINE_MIN_SPQ_SINCE_V4 = {"toy": 3}
    REQUIRED_ACC_BENCHMARK = {"toy": {"v0.1": {"images": ["1"]}, "v0.0": {"images": ["2"]}}}
    SCENARIO_MAPPING = {}
    RESULT_FIELD_NEW = {"v0.1": {"Offline": "samples"}}
    RESULT_FIELD_BENCHMARK_OVERWRITE = {"v0.1": {"talker": {"Offline": "tokens"}}}
    UNIT_DICT = {"Offline": "Samples/s", "offline": "Samples/s"}
    SPECIAL_UNIT_DICT = {"talker": {"Offline": "Tokens/s", "offline": "Tokens/s"}}
    LLM_LATENCY_LIMITS = {"talker": {"Server": {"ttft": 2 * 10, "tpot": 1}}}
    ACC_PATTERN = {"acc": r"acc=([\\d.]+)", "len": r"len: '(\\d+)'", "width": r"w (\\d+)"}
    TEST09_LOW, TEST09_HIGH = 1.5, 2.5
    SYSTEM_DESC_REQUIRED_FIELDS = ["cooling"]
    SYSTEM_DESC_MEANINGFUL_RESPONSE_REQUIRED_FIELDS = ["cooling"]
    SYSTEM_DESC_REQUIRED_FIELDS_POWER = ["filesystem"]
    SYSTEM_DESC_REQUIRED_FIELDS_NETWORK_MODE = ["is_network"]
    SYSTEM_IMP_REQUIRED_FILES = ["retraining"]
"""
CONFIGURATION = """
    from ..constants import ACC_PATTERN, MODEL_CONFIG, SCENARIO_MAPPING

    class Config:
        def __init__(self, version, mapping):
            self.base = MODEL_CONFIG[version]

        def get_llm_models(self):
            return ["talker"]
"""
WRITTEN = r"""
    round: v0.1
    source: {repository: mlcommons/inference, commit: COMMIT, date: '2026-01-02'}
    min_duration_ms: 60
    accuracy_log_bytes: 10240
    seeds: {qsl_rng_seed: 18446744073709551615}
    divisions: [open]
    statuses: [rdi]
    measurements: [retraining]
    scores: {Offline: samples}
    units: {Offline: Samples/s}
    test09_output_tokens: {target: 1.5, limit: 2.5}
    system:
      keys: [cooling]
      not_empty: [cooling]
      power_keys: [filesystem]
      network_keys: [is_network]
    also_called: {toy50: toy}
    benchmarks:
      toy:
        dataset_size: 6
        performance_sample_count: 4
        offline_samples: 3
        min_queries: {Offline: 1}
        metrics:
        - {metric: acc, target: 25.0, pattern: 'acc=([\d.]+)'}
        - {metric: len, target: 9, limit: 11, pattern: 'len: ''(\d+)'''}
        - {metric: width, limit: 3.5, pattern: w (\d+)}
        accuracy_delta_percent: {acc: 2}
        accuracy_files:
          images: ['1']
        latency_ns: {Server: 7}
        tests: [TEST01, TEST04]
        required:
          edge: [Offline]
          both: [Offline, Server]
      talker:
        dataset_size: 5
        accuracy_samples: {Offline: 5, Interactive: 2}
        performance_sample_count: 5
        metrics:
          Offline:
          - {metric: acc, target: 1, pattern: 'acc=([\d.]+)'}
          Interactive:
          - {metric: acc, target: 2, pattern: 'acc=([\d.]+)'}
        token_latency_ns:
          Server: {ttft: 20, tpot: 1}
        tests: []
        required:
          datacenter: [Offline]
        optional:
          datacenter: [Interactive, Server]
        llm: true
        scores: {Offline: tokens}
        units: {Offline: Tokens/s}
"""


def run(checkout: Path | str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(checkout), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a checker of one round and two benchmarks, one of them a language model."""
    folder = tmp_path / "inference"
    checker = folder / "tools" / "submission" / "submission_checker"
    (checker / "configuration").mkdir(parents=True)
    (checker / "constants.py").write_text(dedent(CONSTANTS))
    (checker / "configuration" / "configuration.py").write_text(dedent(CONFIGURATION))
    git(folder, "init", "-q")
    git(folder, "add", ".")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02T12:00:00Z")
    git(folder, "commit", "-q", "-m", "checker")
    return folder


@pytest.mark.parametrize("bare", [False, True])
def test_the_script_writes_what_the_tables_say_and_from_which_commit(
    checkout: Path, tmp_path: Path, bare: bool
) -> None:
    where, output = checkout / ".git" if bare else checkout, tmp_path / "v0.1.yaml"
    done = run(where, "--round=v0.1", f"--output={output}")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{output}\n", "")
    comment, _, body = output.read_text().partition("round:")
    assert all(line.startswith("# ") for line in comment.splitlines())
    assert f"round:{body}" == dedent(WRITTEN).lstrip().replace("COMMIT", git(checkout, "rev-parse", "HEAD"))
    assert not list(checkout.rglob("__pycache__"))


def test_the_script_reads_the_commit_that_is_asked_for(checkout: Path, tmp_path: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    git(checkout, "rm", "-qr", "tools")
    git(checkout, "commit", "-q", "-m", "gone")
    assert run(checkout, "--round=v0.1", f"--output={tmp_path / 'a.yaml'}").returncode == 1
    done = run(checkout, "--round=v0.1", f"--output={tmp_path / 'a.yaml'}", f"--commit={first[:10]}")
    assert done.returncode == 0
    assert yaml.safe_load((tmp_path / "a.yaml").read_text())["source"]["commit"] == first


def test_a_round_that_the_checker_does_not_have(checkout: Path, tmp_path: Path) -> None:
    done = run(checkout, "--round=v9", f"--output={tmp_path / 'v9.yaml'}")
    assert (done.returncode, done.stderr) == (1, "the checker has no round v9: it has v0.0, v0.1\n")
    assert not (tmp_path / "v9.yaml").exists()


def test_a_folder_that_is_no_clone_of_it(tmp_path: Path) -> None:
    done = run(tmp_path, "--round=v0.1", f"--output={tmp_path / 'v0.1.yaml'}")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path} is no clone of mlcommons/inference that has this: ")
    assert not (tmp_path / "v0.1.yaml").exists()


@has_checkout
@pytest.mark.parametrize("round", module("mlperf_rules", "rules").rounds())
def test_what_is_kept_is_what_the_checker_says(round: str, tmp_path: Path) -> None:
    kept = (HERE / f"{round}.yaml").read_text(encoding="utf-8")
    commit = yaml.safe_load(kept)["source"]["commit"]
    done = run(str(CHECKOUT), f"--round={round}", f"--commit={commit}", f"--output={tmp_path / 'made.yaml'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "made.yaml").read_text(encoding="utf-8") == kept


ASK_THE_CHECKER = """
import json, sys
from types import SimpleNamespace
from submission_checker.checks.performance_check import PerformanceCheck
from submission_checker.configuration.configuration import Config

for scenario, log in json.load(sys.stdin):
    names = {"scenario": log["effective_scenario"], "scenario_fixed": scenario, "mlperf_log": log}
    system = {"system_type": "edge"}
    check = SimpleNamespace(config=Config("v6.1", {}), system_json=system, log=None, path="", **names)
    print(PerformanceCheck.inferred_check(check), *PerformanceCheck.get_inferred_result(check, None))
"""


@has_checkout
def test_the_checker_infers_the_same(tmp_path: Path) -> None:
    """Its MultiStream is in ms."""
    commit = module("mlperf_rules", "rules").rules_of("v6.1").data["source"]["commit"]
    package = "tools/submission/submission_checker"
    for name in git(Path(str(CHECKOUT)), "ls-tree", "-r", "--name-only", commit, package).splitlines():
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(git(Path(str(CHECKOUT)), "show", f"{commit}:{name}"), encoding="utf-8")
    more = {
        "result_99.00_percentile_per_query_latency_ns": 0,
        "effective_samples_per_query": 1,
        "result_qps_without_loadgen_overhead": 50,
    }
    asked = [("MultiStream", {**more, **STREAM}), ("Offline", {**more, **STREAM}), ("Offline", {**more, **MULTI})]
    done = subprocess.run(
        [sys.executable, "-c", ASK_THE_CHECKER],
        input=json.dumps(asked),
        cwd=tmp_path / "tools" / "submission",
        capture_output=True,
        text=True,
        check=True,
    )
    infer = module("mlperf_rules", "inferred").infer
    ours = [infer(scenario, log).value for scenario, log in asked]
    theirs = [line.split() for line in done.stdout.splitlines()]
    assert [(allowed, float(value), valid) for allowed, value, valid in theirs] == [
        ("True", ours[0] / 1e6, "True"),
        ("True", ours[1], "True"),
        ("True", ours[2], "True"),
    ]
