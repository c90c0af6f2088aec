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

SAMPLES, SAMPLED = 50_000, 300
"""Answers of an accuracy run; answers that TEST01 logs."""
OVERLOADED = 1.3
"""An overloaded Server completes so many times its limit: large batches are quicker, and too late."""
FIGURES = {
    "Offline": ("result_samples_per_second", "Samples per second"),
    "Server": ("result_completed_samples_per_sec", "Completed samples per second"),
    "SingleStream": ("early_stopping_latency_ss", "90.0th percentile latency (ns)"),
    "MultiStream": ("early_stopping_latency_ms", "99.0th percentile latency (ns)"),
}
NOTHING_WRONG = "No warnings encountered during test.\n\nNo errors encountered during test.\n"
ENTRIES = Path(__file__).parents[2] / "entries"
SHIPPED = (
    *("loadgen_program", "loadgen_experiment", "loadgen_comparison", "loadgen_logs", "loadgen_report", "report_page"),
    *("loadgen_signature", "mlperf_rules", "submission", "submission_tree"),
)
META: dict[str, Any] = {
    "title": "Toy under LoadGen",
    "parents": ["loadgen_program"],
    "provides": [["loadgen_output", "framework?=toy", "model_name?=resnet50"]],
    "entry_name": "{{ model_name }}_{{ loadgen_scenario }}_{{ loadgen_mode }}",
    "parameters": {
        "limit": {"default": 100.0, "type": "float"},
        "official_limit": {"type": "float", "help": "the same for loadgen_official+, if it is another"},
        "hopeless_above": {"type": "float", "help": "from which load on a Server's run is ended"},
        "weights": {"type": "str"},
        "mean": {"default": 0.0, "type": "float"},
        "needs_queries": {"default": 0, "type": "int", "help": "fewer do not suffice for a Server's early stopping"},
        "noise_file": {"type": "str", "help": "as long as it holds a line, a run takes one, is NOISY and too late"},
        "slow_test": {"default": 1.0, "type": "float", "help": "how much slower compliance runs are"},
        "wrong_every": {"default": 5, "type": "int", "help": "of so many answers one is wrong"},
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
    if scenario == "Server" and target > (known.get("hopeless_above") or target):
        print(f"error: {target:g} queries/s are far too many", file=sys.stderr)
        sys.exit(3)
    limit = (known.get("official_limit") if known.get("loadgen_official") else None) or known["limit"]
    valid = {"Server": target <= limit, "Offline": target >= limit}.get(scenario, target <= limit)
    noisy = _takes_noise(known.get("noise_file"))
    sure = scenario != "Server" or (known.get("loadgen_min_query_count") or 662) >= known["needs_queries"]
    kept = valid and not noisy
    valid = kept and sure
    speed = limit / known["slow_test"] if known.get("loadgen_compliance_test") else limit
    figure = float(round(1e9 / speed)) if kind == "latency" else speed
    if scenario == "Server" and not kept:
        figure = min(target, OVERLOADED * limit)
    write_logs(folder, known, valid, figure, lacks=known["needs_queries"] - 662 if kept and not sure else 0)
    conf = {f"target_{kind}": target} if known["loadgen_mode"] != "AccuracyOnly" else {}
    conf |= {} if known.get("loadgen_official") else {"min_duration": 3000}
    text = "".join(f"*.{scenario}.{key} = {value:.12g}\n" for key, value in conf.items())
    (folder / "user.conf").write_text(text, encoding="utf-8")
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


def write_logs(folder: Path, known: dict[str, Any], valid: bool, figure: float, lacks: int = 0) -> None:
    """LoadGen's logs, and ``labels.txt``, of a run with the parameters ``known`` (``samples``: of the data set)."""
    scenario = known["loadgen_scenario"]
    target = known.get(f"loadgen_target_{'latency' if 'Stream' in scenario else 'qps'}") or 50.0
    settings = _settings(known, target)
    results = {} if known["loadgen_mode"] == "AccuracyOnly" else _results(settings, valid, figure)
    _detail(folder, settings, results)
    text = _summary(settings, results, lacks) if results else NOTHING_WRONG
    (folder / "mlperf_log_summary.txt").write_text(text, encoding="utf-8")
    _answers(folder, known)


def _takes_noise(file: str | None) -> bool:
    if file is None or not (lines := Path(file).read_text(encoding="utf-8").splitlines()):
        return False
    Path(file).write_text("".join(f"{line}\n" for line in lines[1:]), encoding="utf-8")
    return True


def _settings(known: dict[str, Any], target: float) -> dict[str, Any]:
    """What LoadGen's detailed log says of the settings, as mlcommons-loadgen 6.0.17 has it for resnet50."""
    scenario, test = known["loadgen_scenario"], known.get("loadgen_compliance_test")
    duration = 600_000 if known.get("loadgen_official") else 3000
    targets = {
        "Offline": {"offline_expected_qps": target},
        "Server": {"server_target_qps": target, "server_target_latency_ns": 15_000_000},
        "SingleStream": {"single_stream_expected_latency_ns": round(1e6 * target)},
        "MultiStream": {
            "multi_stream_expected_latency_ns": round(1e6 * target),
            "multi_stream_samples_per_query": 8,
        },
    }
    alike = {
        "scenario": scenario,
        "test_mode": known["loadgen_mode"],
        "min_duration_ms": duration,
        "max_duration_ms": 0,
        "min_query_count": {"MultiStream": 662, "SingleStream": 100, "Server": 100}.get(scenario, 1),
        "max_query_count": 0,
        "qsl_rng_seed": 2085463073848966840,
        "sample_index_rng_seed": 2747215439041700203,
        "schedule_rng_seed": 16159082839903944936,
        "accuracy_log_rng_seed": 720381539243781796 if test == "TEST01" else 0,
        "accuracy_log_sampling_target": 4096 if test == "TEST01" else 0,
        "performance_issue_unique": False,
        "performance_issue_same": test == "TEST04",
        "performance_issue_same_index": 3 if test == "TEST04" else 0,
        "sample_concatenate_permutation": False,
    }
    found_audit = {"warning_generic_message": "Found Audit Config file (audit.config). Overriding TestSettings."}
    return {
        "loadgen_version": "6.0.17 @ d6147c7eb7",
        "test_datetime": "2026-11-21T10:00:00Z",
        "sut_name": "ToySUT",
        "qsl_reported_total_count": known.get("samples", SAMPLES),
        "qsl_reported_performance_count": 1024,
        **(found_audit if test else {}),
        **{f"requested_{key}": value for key, value in {**alike, **targets[scenario]}.items()},
        "requested_performance_sample_count_override": 1024,
        **{f"effective_{key}": value for key, value in alike.items()},
        "effective_samples_per_query": {
            "Offline": max(24_576, round(1.1e-3 * target * duration)),
            "MultiStream": 8,
        }.get(scenario, 1),
        "effective_target_qps": target if scenario in ("Offline", "Server") else 1e3 / target,
        "effective_target_latency_ns": 15_000_000 if scenario == "Server" else 0,
        "effective_performance_sample_count": 1024,
        "effective_accuracy_sample_count": known.get("samples", SAMPLES),
    }


def _results(settings: dict[str, Any], valid: bool, figure: float) -> dict[str, Any]:
    scenario, samples = settings["effective_scenario"], settings["effective_samples_per_query"]
    latencies = {"99.00": 17_000_000} if scenario == "Server" and not valid else {}
    if "Stream" in scenario:
        latencies = {"90.00": round(0.9 * figure), "99.00": round(0.99 * figure)}
    name = "per_query_latency" if scenario == "MultiStream" else "latency"
    of_one_query = {
        "generated_samples_per_query": samples,
        "result_query_count": 1,
        "result_max_latency_ns": round(1e9 * samples / figure),
    }
    return {
        **(of_one_query if scenario == "Offline" else {}),
        "result_validity": "VALID" if valid else "INVALID",
        "result_min_duration_met": True,
        "early_stopping_met": valid,
        "early_stopping_result": "",
        FIGURES[scenario][0]: figure,
        **({"result_mean_latency_ns": figure, "early_stopping_latency_ms": figure} if "Stream" in scenario else {}),
        **{f"result_{percentile}_percentile_{name}_ns": value for percentile, value in latencies.items()},
        "num_errors": 0,
    }


def _summary(settings: dict[str, Any], results: dict[str, Any], lacks: int) -> str:
    scenario, valid = settings["effective_scenario"], results["result_validity"] == "VALID"
    reason = "Performance constraints" if scenario == "Server" else "Min duration"
    percentiles = {key.split("_")[1]: value for key, value in results.items() if "_percentile_" in key}
    figure = results[FIGURES[scenario][0]]
    headline = percentiles[FIGURES[scenario][1][:2] + ".00"] if "Stream" in scenario else figure
    lines = ["MLPerf Results Summary", "SUT name : ToySUT", f"Scenario : {scenario}", "Mode     : PerformanceOnly"]
    lines += [f"{FIGURES[scenario][1]} : {f'{headline:.2f}' if scenario == 'Server' else headline}"]
    lines += [f"Result is : {'VALID' if valid else 'INVALID'}", f"  {reason} satisfied : {'Yes' if valid else 'NO'}"]
    if lacks:
        lines[-1] = "  Early stopping satisfied: NO"
        lines += ["Early Stopping Result:", " * Run unsuccessful.", " * Processed 662 queries."]
        lines += [f" * Would need to run at least {lacks} more queries,", " with the run being successful if ..."]
    if "Stream" in scenario:
        place = FIGURES[scenario][1].partition(" ")[0]
        lines += ["Early Stopping Result:", f" * Early stopping {place} percentile estimate: {figure:.0f}"]
    lines += [f"{percentile} percentile latency (ns)   : {value}" for percentile, value in percentiles.items()]
    shown = ("samples_per_query", "target_qps", "min_query_count", "max_query_count", "performance_sample_count")
    shown += ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed", "accuracy_log_sampling_target")
    lines += ["", "Test Parameters Used", *(f"{name} : {settings[f'effective_{name}']}" for name in shown)]
    lines += [f"{name} (ms): {settings[f'effective_{name}_ms']}" for name in ("min_duration", "max_duration")]
    lines += [f"performance_issue_same : {settings['effective_performance_issue_same']:d}", "", NOTHING_WRONG]
    return "\n".join(lines)


def _detail(folder: Path, settings: dict[str, Any], results: dict[str, Any]) -> None:
    rows = [
        {"key": key, "value": value, "metadata": {"is_error": False, "is_warning": key.startswith("warning")}}
        for key, value in {**settings, **results}.items()
    ]
    text = "".join(f":::MLLOG {json.dumps(row)}\n" for row in rows)
    (folder / "mlperf_log_detail.txt").write_text(text, encoding="utf-8")


def _answers(folder: Path, known: dict[str, Any]) -> None:
    """Every fifth answer is wrong, or as many as ``wrong_every`` says."""
    test = known.get("loadgen_compliance_test")
    labels = {index: index % 10 for index in range(known.get("samples", SAMPLES))}
    count = len(labels) if known["loadgen_mode"] == "AccuracyOnly" else SAMPLED if test == "TEST01" else 0
    good, bad = [_hex(label) for label in range(10)], _hex(99)
    answers = [good[labels[i]] if i % known.get("wrong_every", 5) else bad for i in range(count)]
    for changed in range(1, 1 + known.get("other_answers", 0) if test == "TEST01" else 1):
        answers[changed] = _hex(77)
    rows = [f'{{ "seq_id" : {i}, "qsl_idx" : {i}, "data" : "{data}" }}' for i, data in enumerate(answers)]
    (folder / "mlperf_log_accuracy.json").write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
    text = "".join(f"{index} {index}.png {label}\n" for index, label in labels.items())
    (folder / "labels.txt").write_text(text, encoding="utf-8")


def _hex(value: int) -> str:
    return struct.pack("<f", value).hex().upper()


if __name__ == "__main__":
    main(sys.argv[1])
