"""Writing the tree of a submission."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axs_core.sdk import NOT_CONTENT, UsageError, of_folder

from .compliance import PASS, Judge, sampled_accuracy
from .mlperf_log import ACCURACY, DETAIL, SUMMARY
from .rules import UNVERIFIED, Rules
from .runs import Cell, Choice, Run
from .system import remarks

# As MLPerf's rules spell the types of a model's inputs.
INPUT_TYPES = {"float32": "fp32", "float16": "fp16"}
KEPT_OF_LOG = 4096  # bytes from each end, as MLPerf's own script keeps them


def write(
    root: Path,
    parameters: Mapping[str, Any],
    choice: Choice,
    described: Mapping[str, str],
    rules: Rules,
    recipes: Path,
    judge: Judge,
) -> None:
    """Write ``{division}/{submitter}/...`` into ``root``; ``recipes`` is the folder of shipped entries, for ``src``;
    ``judge`` looks at the compliance runs.
    """
    home = root / str(parameters["division"]) / str(parameters["submitter"])
    system = str(parameters["system"])
    _json(home / "systems" / f"{system}.json", dict(described))
    results = home / "results" / system
    for cell in choice.taken:
        _cell(results / cell.benchmark / cell.scenario, cell, parameters, rules, judge)
    for benchmark in sorted({cell.benchmark for cell in choice.taken}):
        cells = [cell for cell in choice.taken if cell.benchmark == benchmark]
        _text(results / benchmark / "README.md", _benchmark_readme(benchmark, cells, system))
    if parameters["division"] == "open":
        _json(home / "model_mapping.json", model_mapping(choice, parameters, rules))
    _sources(home / "src", choice, recipes)
    _text(home / "documentation" / "README.md", _readme(choice, parameters))


def model_mapping(choice: Choice, parameters: Mapping[str, Any], rules: Rules) -> dict[str, str]:
    """The folder of each benchmark, and the name under which the checker knows the benchmark."""
    names = sorted({cell.benchmark for cell in choice.taken})
    return {
        name: rules.official_name(name if rules.benchmark(name) else str(parameters["mapped_to"])) for name in names
    }


def measurements(cell: Cell, parameters: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """What is said of the model: by the query, else by what the run computed in, else by the model itself."""
    run = cell.performance
    assert run is not None
    own = run.get("model_declaration") or {}
    given = (run.get("input_form") or {}).get("dtype")
    seen = {"weight_data_types": run.get("effective_precision"), "input_data_types": INPUT_TYPES.get(given, given)}
    computed = {name: value for name, value in seen.items() if value not in (None, "unknown")}
    return {name: parameters.get(name) or computed.get(name) or own.get(name) for name in rules.data["measurements"]}


def _cell(folder: Path, cell: Cell, parameters: Mapping[str, Any], rules: Rules, judge: Judge) -> None:
    performance, accuracy = cell.performance, cell.accuracy
    assert performance is not None and accuracy is not None
    _copy(performance, folder / "performance" / "run_1", SUMMARY, DETAIL)
    _copy(accuracy, folder / "accuracy", SUMMARY, DETAIL)
    digest = _truncated(accuracy.path / ACCURACY, folder / "accuracy" / ACCURACY, rules.data["accuracy_log_bytes"])
    _text(folder / "accuracy" / "accuracy.txt", f"{accuracy.get('accuracy_report')}\n\nhash={digest}\n")
    conf = (performance.path / "user.conf").read_text(encoding="utf-8")
    _text(folder / "user.conf", conf or "# no setting differs from MLPerf's own\n")
    _json(folder / "measurements.json", measurements(cell, parameters, rules))
    _text(folder / "README.md", _scenario_readme(cell))
    for name, test in cell.tests.items():
        _compliance(folder / name, name, test, cell, rules, judge)


def _compliance(folder: Path, name: str, test: Run, cell: Cell, rules: Rules, judge: Judge) -> None:
    assert cell.performance is not None and cell.accuracy is not None
    _copy(test, folder / "performance" / "run_1", SUMMARY, DETAIL)
    _text(folder / "verify_performance.txt", judge.performance(name, test.path, cell.performance.path))
    if name != "TEST01":
        return
    dtype = str(cell.accuracy.get("accuracy_dtype") or "float32")
    verified = judge.accuracy(test.path, cell.accuracy.path, dtype)
    _text(folder / "verify_accuracy.txt", verified)
    log = folder / "accuracy" / ACCURACY
    digest = _truncated(test.path / ACCURACY, log, rules.data["accuracy_log_bytes"])
    baseline, compliance = sampled_accuracy(test.path, cell.accuracy.path, dtype)
    _text(folder / "accuracy" / "accuracy.txt", f"{compliance}\nhash={digest}\n")
    if PASS not in verified:
        _text(folder / "accuracy" / "baseline_accuracy.txt", baseline)
        _text(folder / "accuracy" / "compliance_accuracy.txt", compliance)


def _copy(run: Run, folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in names:
        if not (run.path / name).is_file():
            raise UsageError(f"{run.name} has no {name}", hint="another run of the same kind: axs byquery ... --fresh")
        shutil.copy2(run.path / name, folder / name)


def _truncated(log: Path, copy: Path, most: int) -> str:
    """Copy a log, only its ends where it is longer than ``most`` bytes; gives the SHA-256 of the whole."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    content = log.read_bytes()
    if len(content) > most:
        content = content[:KEPT_OF_LOG] + b"\n\n...\n\n" + content[-KEPT_OF_LOG:]
    copy.write_bytes(content)
    with log.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _sha256(file)


def _sha256(file: Any) -> str:
    digest = hashlib.sha256()  # Python 3.10 has no file_digest
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _sources(folder: Path, choice: Choice, recipes: Path) -> None:
    """The recipes that the runs were made with, as far as they lie beside the one that makes the tree."""
    folder.mkdir(parents=True)
    lines = ["# How the results were made", "", "The recipes of axs that the runs were made with, by name.", ""]
    used: dict[str, str] = {}
    for cell in choice.taken:
        for run in (cell.performance, cell.accuracy, *cell.tests.values()):
            used.update(
                {name: item["digest"] for name, item in (run.record.get("recipes") if run else {} or {}).items()}
            )
    for name, digest in sorted(used.items()):
        source = recipes / name
        if not source.is_dir():
            lines.append(f"* {name}: not in this tree; sha256 of its files {digest}")
            continue
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*NOT_CONTENT))
        changed = "" if of_folder(source)["digest"] == digest else " (has changed since the runs)"
        lines.append(f"* {name}: sha256 of its files {digest}{changed}")
    _text(folder / "README.md", "\n".join(lines) + "\n")


def _scenario_readme(cell: Cell) -> str:
    run, accuracy = cell.performance, cell.accuracy
    assert run is not None and accuracy is not None
    lines = [f"# {cell.benchmark}, {cell.scenario}", "", UNVERIFIED, ""]
    if cell.inferred:
        lines += [f"**Not measured.** {cell.inferred}; the figure is {cell.inferred.value:.6g}.", ""]
    if cell.deviations:
        lines += ["**Not as the rules want it:**", "", *(f"* {text}" for text in cell.deviations), ""]
    lines += ["```", *(f"axs byquery {item.record.get('query')!r}" for item in (run, accuracy)), "```", ""]
    rows = {
        "performance run": f"{run.name}, {run.made}",
        "accuracy run": f"{accuracy.name}, {accuracy.made} (it has the whole accuracy log)",
        **{name: f"{test.name}, {test.made}" for name, test in cell.tests.items()},
        "model": f"{run.get('model_name')}, sha256 {run.get('model_digest')}",
        "engine": f"{run.get('engine')} {run.get('engine_version')}, {run.get('effective_device')}",
        "computed in": run.get("effective_precision"),
        "samples in a call": run.get("effective_batch_size"),
        "samples": f"{accuracy.get('samples_used')}, sha256 of their list {accuracy.get('sample_list_digest')}",
        "machine": run.machine.get("name"),
    }
    return "\n".join([*lines, *(f"* {name}: {value}" for name, value in rows.items())]) + "\n"


def _benchmark_readme(benchmark: str, cells: list[Cell], system: str) -> str:
    lines = [f"# {benchmark} on {system}", ""]
    for cell in cells:
        mark = f" ({cell.inferred})" if cell.inferred else ""
        lines += [f"* [{cell.scenario}]({cell.scenario}/README.md){mark}", *(f"  * {text}" for text in cell.deviations)]
    return "\n".join(lines) + "\n"


def _readme(choice: Choice, parameters: Mapping[str, Any]) -> str:
    lines = [f"# {parameters['system']} of {parameters['submitter']}, {parameters['division']} division", ""]
    deviations = [f"{c.benchmark} {c.scenario}: {text}" for c in choice.taken for text in c.deviations]
    for title, items in (
        ("Not as the rules want it", deviations),
        ("Required, but not there", [item.what for item in choice.missing]),
        ("Left out", choice.notes),
        ("The description of the system", remarks(parameters)),
    ):
        if items:
            lines += [f"## {title}", "", *(f"* {item}" for item in items), ""]
    return "\n".join([*lines, "Each scenario has its own README.md; src has the recipes."]) + "\n"


def _text(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _json(file: Path, content: dict[str, Any]) -> None:
    _text(file, json.dumps(content, indent=2) + "\n")
