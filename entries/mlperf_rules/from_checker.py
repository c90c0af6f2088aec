"""Writes the rules of a round as data, from the tables of MLPerf's submission checker.

    python entries/mlperf_rules/from_checker.py CHECKOUT --round=v6.1

CHECKOUT is a clone of mlcommons/inference, with or without a work tree. The two files of the checker that hold its
tables are read at one commit and run as Python, so give it a clone that you trust. What comes out, ``v6.1.yaml`` beside
this file, names the commit. What only the text of the rules says stands in ``v6.1.text.yaml``, written by hand.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

REPOSITORY = "mlcommons/inference"
PACKAGE = "submission_checker"
MODULES = (f"{PACKAGE}.constants", f"{PACKAGE}.configuration.configuration")
KINDS = {"edge": "edge", "datacenter": "datacenter", "both": "datacenter-edge"}
"""Our word for a type of system, and the checker's in the names of its tables."""
HEAD = """\
# What MLPerf's submission checker asks for in round {round}. Made by from_checker.py, do not edit:
#     python entries/mlperf_rules/from_checker.py CHECKOUT --round={round}
# Latencies are in ns. A metric's `target` is the least, its `limit` the most that is accepted; `pattern` is a line of
# accuracy.txt. `both` is a system that is handed in for the datacenter and the edge. What the text of the rules says
# besides, or otherwise, stands in {round}.text.yaml.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the rules of one round beside this file, or to ``--output``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path, help=f"clone of {REPOSITORY}")
    parser.add_argument("--round", required=True, help="as v6.1")
    parser.add_argument("--commit", default="HEAD", help="commit, tag or branch that is read (default: HEAD)")
    parser.add_argument("--output", type=Path, help="file (default: ROUND.yaml beside this script)")
    said = parser.parse_args(arguments)
    output = said.output or Path(__file__).with_name(f"{said.round}.yaml")
    output.write_text(text_of(rules(said.checkout, said.round, said.commit)), encoding="utf-8")
    print(output)


def rules(checkout: Path, round: str, commit: str = "HEAD") -> dict[str, Any]:
    """The rules of ``round`` as the checker has them at ``commit``; ends with a message where it has none."""
    with tempfile.TemporaryDirectory() as folder:
        for module in MODULES:
            path = Path(*module.split(".")).with_suffix(".py")
            copy = Path(folder, path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(_git(checkout, "show", f"{commit}:tools/submission/{path.as_posix()}"), encoding="utf-8")
        tables, configuration = _imported(folder)
    known = sorted(tables.MODEL_CONFIG)
    if round not in known:
        raise SystemExit(f"the checker has no round {round}: it has {', '.join(known)}")
    digest, date = _git(checkout, "log", "-1", "--format=%H %cs", commit).split()
    source = {"repository": REPOSITORY, "commit": digest, "date": date}
    return {"round": round, "source": source, **_of_round(tables, configuration.Config(round, {}), round)}


def text_of(found: Mapping[str, Any]) -> str:
    """The file: lists and mappings of plain values on one line each."""
    body = yaml.dump(found, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True)
    return HEAD.format(round=found["round"]) + body


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


GIT_TIMEOUT = 600  # seconds; a clone without its files may have to get some


def _git(checkout: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(checkout), *words], capture_output=True, text=True, timeout=GIT_TIMEOUT)
    if done.returncode:
        raise SystemExit(f"{checkout} is no clone of {REPOSITORY} that has this: {done.stderr.strip()}")
    return done.stdout


def _imported(folder: str) -> list[ModuleType]:
    sys.path.insert(0, folder)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        return [importlib.import_module(module) for module in MODULES]
    finally:
        sys.dont_write_bytecode = written
        sys.path.remove(folder)
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


def _of_round(tables: ModuleType, config: Any, round: str) -> dict[str, Any]:
    base = config.base
    return {
        "min_duration_ms": tables.TEST_DURATION_MS,
        "accuracy_log_bytes": tables.MAX_ACCURACY_LOG_SIZE,
        "seeds": base["seeds"],
        "divisions": tables.VALID_DIVISIONS,
        "statuses": tables.VALID_AVAILABILITIES,
        "measurements": tables.SYSTEM_IMP_REQUIRED_FILES,
        "scores": tables.RESULT_FIELD_NEW[round],
        "units": {name: unit for name, unit in tables.UNIT_DICT.items() if not name.islower()},
        "test09_output_tokens": {"target": tables.TEST09_LOW, "limit": tables.TEST09_HIGH},
        "system": {
            "keys": tables.SYSTEM_DESC_REQUIRED_FIELDS,
            "not_empty": tables.SYSTEM_DESC_MEANINGFUL_RESPONSE_REQUIRED_FIELDS,
            "power_keys": tables.SYSTEM_DESC_REQUIRED_FIELDS_POWER,
            "network_keys": tables.SYSTEM_DESC_REQUIRED_FIELDS_NETWORK_MODE,
        },
        "also_called": {name: model for name, model in base["model_mapping"].items() if model in base["models"]},
        "benchmarks": {model: _benchmark(tables, config, model, round) for model in base["models"]},
    }


def _benchmark(tables: ModuleType, config: Any, model: str, round: str) -> dict[str, Any]:
    """Everything that a table of the checker says of one benchmark; what none says is left out."""
    base = config.base
    units = tables.SPECIAL_UNIT_DICT.get(model, {})
    found = {
        "dataset_size": base["dataset-size"].get(model),
        "accuracy_samples": base["accuracy-sample-count"].get(model),
        "performance_sample_count": base["performance-sample-count"].get(model),
        "offline_samples": tables.OFFLINE_MIN_SPQ_SINCE_V4.get(model),
        "min_queries": base["min-queries"].get(model),
        "metrics": _metrics(tables, base, model),
        "accuracy_delta_percent": base["accuracy-delta-perc"].get(model),
        "accuracy_files": tables.REQUIRED_ACC_BENCHMARK.get(model, {}).get(round),
        "latency_ns": base["latency-constraint"].get(model),
        "token_latency_ns": tables.LLM_LATENCY_LIMITS.get(model),
        "tests": _tests(base, model),
        "required": _by_kind(base, "required", model),
        "optional": _by_kind(base, "optional", model),
        "llm": model in config.get_llm_models() or None,
        "scores": tables.RESULT_FIELD_BENCHMARK_OVERWRITE.get(round, {}).get(model),
        "units": {name: unit for name, unit in units.items() if not name.islower()} or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _metrics(tables: ModuleType, base: Mapping[str, Any], model: str) -> Any:
    """A list of metrics; where they depend on the scenario, one a scenario."""
    targets = base["accuracy-target"].get(model, ())
    limits = _pairs(base["accuracy-upper-limit"].get(model, ()))
    if isinstance(targets, dict):
        return {scenario: _listed(tables, _pairs(each), limits) for scenario, each in targets.items()}
    return _listed(tables, _pairs(targets), limits)


def _listed(tables: ModuleType, targets: Mapping[str, float], limits: Mapping[str, float]) -> list[dict[str, Any]]:
    bounds = {"target": targets, "limit": limits}
    return [
        {
            "metric": metric,
            **{bound: values[metric] for bound, values in bounds.items() if metric in values},
            "pattern": tables.ACC_PATTERN[metric],
        }
        for metric in {**targets, **limits}
    ]


def _pairs(flat: Sequence[Any]) -> dict[str, float]:
    """``("ROUGE1", 38.4, "ROUGE2", 15.7)`` as a mapping."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _tests(base: Mapping[str, Any], model: str) -> list[str]:
    prefix = "models_"
    return sorted(
        key.removeprefix(prefix) for key, models in base.items() if key.startswith(prefix) and model in models
    )


def _by_kind(base: Mapping[str, Any], what: str, model: str) -> dict[str, Any] | None:
    found = {kind: base[f"{what}-scenarios-{name}"].get(model) for kind, name in KINDS.items()}
    return {kind: scenarios for kind, scenarios in found.items() if scenarios} or None


if __name__ == "__main__":
    main()
