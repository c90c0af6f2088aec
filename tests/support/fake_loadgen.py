"""A program that leaves what a LoadGen run leaves, in no time; and the recipe around it. What it measures follows from
the parameters: a Server holds ``limit`` queries/s, an Offline run needs to be told at least ``limit`` samples/s.

python fake_loadgen.py PARAMETERS_FILE
"""

from __future__ import annotations

import json
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

SAMPLES = 300
OVERLOADED = 1.3
"""An overloaded Server completes so many times its limit: large batches are quicker, and too late."""
FIGURES = {
    "Offline": ("result_samples_per_second", "Samples per second"),
    "Server": ("result_completed_samples_per_sec", "Completed samples per second"),
    "SingleStream": ("early_stopping_latency_ss", "90.0th percentile latency (ns)"),
    "MultiStream": ("early_stopping_latency_ms", "99.0th percentile latency (ns)"),
}
ENTRIES = Path(__file__).parents[2] / "entries"
SHIPPED = (
    *("loadgen_program", "loadgen_experiment", "loadgen_comparison", "loadgen_logs"),
    *("loadgen_signature", "mlperf_rules", "submission", "submission_tree"),
)
META: dict[str, Any] = {
    "title": "Toy under LoadGen",
    "parents": ["loadgen_program"],
    "provides": [["loadgen_output", "framework?=toy", "model_name?=resnet50"]],
    "entry_name": "{{ model_name }}_{{ loadgen_scenario }}_{{ loadgen_mode }}",
    "parameters": {
        "limit": {"default": 100.0, "type": "float"},
        "weights": {"type": "str"},
        "mean": {"default": 0.0, "type": "float"},
        "needs_queries": {"default": 0, "type": "int", "help": "fewer do not suffice for a Server's early stopping"},
        "noise_file": {"type": "str", "help": "as long as it holds a line, a run takes one, is NOISY and too late"},
        "slow_test": {"default": 1.0, "type": "float", "help": "how much slower compliance runs are"},
        "other_answers": {"default": 0, "type": "int", "help": "answers of TEST01 that differ"},
    },
    "make": {
        "python": {"when": "{{ searched }}", "function": "several_runs"},
        "program": {
            "when": "{{ not searched }}",
            "run": [sys.executable, str(Path(__file__)), "{{ parameters_file }}"],
            "found_file": "measured.json",
            "file": "mlperf_log_summary.txt",
        },
    },
}


def add_to(recipes: Path) -> None:
    """Put the toy program beside the shipped entries that it and its results use into a collection."""
    import yaml

    for name in SHIPPED:
        shutil.copytree(ENTRIES / name, recipes / name, ignore=shutil.ignore_patterns("__pycache__"))
    here = {"loadgen_harness": {"provides": [["loadgen_harness"]]}, "toy_program": META}
    for name, meta in here.items():
        (recipes / name).mkdir()
        (recipes / name / "meta.yaml").write_text(yaml.safe_dump(meta, sort_keys=False), encoding="utf-8")


def main(file: str) -> None:
    given = json.loads(Path(file).read_text(encoding="utf-8"))
    known = {**given["attributes"], **given["parameters"]}
    folder, scenario = Path(given["output_path"]), known["loadgen_scenario"]
    kind = "latency" if "Stream" in scenario else "qps"
    target = known.get(f"loadgen_target_{kind}") or 50.0
    limit = known["limit"]
    valid = {"Server": target <= limit, "Offline": target >= limit}.get(scenario, target <= limit)
    noisy = _takes_noise(known.get("noise_file"))
    sure = scenario != "Server" or (known.get("loadgen_min_query_count") or 662) >= known["needs_queries"]
    kept = valid and not noisy
    valid = kept and sure
    speed = limit / known["slow_test"] if known.get("loadgen_compliance_test") else limit
    figure = 1e9 / speed if kind == "latency" else speed
    if scenario == "Server" and not kept:
        figure = min(target, OVERLOADED * limit)
    _summary(folder, scenario, valid, figure, lacks=known["needs_queries"] - 662 if kept and not sure else 0)
    _detail(folder, known, valid, figure)
    _answers(folder, known)
    (folder / "user.conf").write_text("", encoding="utf-8")
    weaker = [] if known.get("loadgen_official") else ["min_duration 3000 ms (MLPerf: 600000 ms)"]
    measured = {
        "loadgen_benchmark": known["model_name"] if known["model_name"] == "resnet50" else None,
        "mlperf_benchmark": known["model_name"] if known["model_name"] == "resnet50" else None,
        "loadgen_user_conf": {f"target_{kind}": target},
        "loadgen_weaker_settings": weaker,
        "loadgen_version": "6.0.17",
        "model_digest": "d" * 64,
        "model_weights": known.get("weights"),
        "model_declaration": {
            "input_data_types": "fp32",
            "weight_data_types": "fp32",
            "weight_transformations": "none",
            "retraining": "no",
            "starting_weights_filename": "toy.onnx",
        },
        "engine": "toy engine",
        "engine_version": "1.0",
        "engine_options": {},
        "environment_digest": "a" * 64,
        "question_digest": "b" * 64,
        "input_form": {"mean": known["mean"]},
        "dataset_used": "imagenet",
        "dataset_digest": "c" * 64,
        "labels_digest": "f" * 64,
        "effective_precision": "fp32",
        "effective_device": "cpu",
        "effective_batch_size": known["batch_size"],
        "effective_threads": known.get("num_threads") or 1,
        "samples_used": SAMPLES,
        "sample_list_digest": "e" * 64,
        "warmup_samples_per_second": 2 * limit if scenario == "Server" else 10.0,
        "noisy": noisy,
        "foreign_cpu_share": 0.5 if noisy else 0.01,
    }
    (folder / "measured.json").write_text(json.dumps(measured), encoding="utf-8")


def _takes_noise(file: str | None) -> bool:
    if file is None or not (lines := Path(file).read_text(encoding="utf-8").splitlines()):
        return False
    Path(file).write_text("".join(f"{line}\n" for line in lines[1:]), encoding="utf-8")
    return True


def _summary(folder: Path, scenario: str, valid: bool, figure: float, lacks: int) -> None:
    reason = "Performance constraints" if scenario == "Server" else "Min duration"
    lines = [f"Scenario : {scenario}", f"{FIGURES[scenario][1]} : {figure}"]
    lines += [f"Result is : {'VALID' if valid else 'INVALID'}", f"  {reason} satisfied : {'Yes' if valid else 'NO'}"]
    if lacks:
        lines[-1] = "  Early stopping satisfied: NO"
        lines += ["Early Stopping Result:", " * Run unsuccessful.", " * Processed 662 queries."]
        lines += [f" * Would need to run at least {lacks} more queries,", " with the run being successful if ..."]
    if scenario == "Server" and not valid:
        lines += ["99.00 percentile latency (ns)   : 17000000"]
    (folder / "mlperf_log_summary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _detail(folder: Path, known: dict[str, Any], valid: bool, figure: float) -> None:
    scenario = known["loadgen_scenario"]
    values = {
        "effective_scenario": scenario,
        "effective_test_mode": known["loadgen_mode"],
        "effective_min_duration_ms": 600_000 if known.get("loadgen_official") else 3000,
        "effective_performance_sample_count": 1024,
        "effective_accuracy_sample_count": 50_000,
        "effective_samples_per_query": 24_576,
        "effective_min_query_count": 1,
        "effective_target_latency_ns": 15_000_000,
        "effective_qsl_rng_seed": 2085463073848966840,
        "effective_sample_index_rng_seed": 2747215439041700203,
        "effective_schedule_rng_seed": 16159082839903944936,
        "early_stopping_met": True,
        "result_validity": "VALID" if valid else "INVALID",
        FIGURES[scenario][0]: figure,
    }
    rows = [{"key": key, "value": value, "metadata": {"is_error": False}} for key, value in values.items()]
    text = "".join(f":::MLLOG {json.dumps(row)}\n" for row in rows)
    (folder / "mlperf_log_detail.txt").write_text(text, encoding="utf-8")


def _answers(folder: Path, known: dict[str, Any]) -> None:
    """Every fifth answer is wrong."""
    test = known.get("loadgen_compliance_test")
    labels = {index: index % 10 for index in range(SAMPLES)}
    answers = [{"seq_id": i, "qsl_idx": i, "data": _hex(label if i % 5 else 99)} for i, label in labels.items()]
    for changed in range(1, 1 + known["other_answers"] if test else 0):
        answers[changed]["data"] = _hex(77)
    logged = answers if known["loadgen_mode"] == "AccuracyOnly" or test == "TEST01" else []
    (folder / "mlperf_log_accuracy.json").write_text(json.dumps(logged), encoding="utf-8")
    text = "".join(f"{index} {index}.png {label}\n" for index, label in labels.items())
    (folder / "labels.txt").write_text(text, encoding="utf-8")


def _hex(value: int) -> str:
    return struct.pack("<f", value).hex().upper()


if __name__ == "__main__":
    main(sys.argv[1])
