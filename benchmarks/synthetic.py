"""Work collections of any size, as a long sweep of LoadGen runs would leave them. Folders, ``meta.yaml``, record and
the engine's own files are what the store writes; only the bulky logs are left out.

    V/bin/python benchmarks/synthetic.py WORK 0 1000 [--own=10 --named=10 --each=250]

writes entries 0 to 999 into the work collection WORK, and ten collections of results in it; the settings are those of
the environment.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axs_core import Workspace, __version__
from axs_core.base.digest import of_value
from axs_core.making.recording import now
from axs_core.query import parse
from axs_core.resolver import Match, Step
from axs_core.store.content import of_folder
from axs_core.store.entry_files import dump_yaml

HIT = "loadgen_output,framework=onnxrt,loadgen_scenario=Offline"
"""The query of the README's first command; one of the entries answers it."""
SCENARIOS = ("Offline", "SingleStream", "MultiStream", "Server")


@dataclass(frozen=True)
class Pattern:
    """The entry that answers :data:`HIT`; the others differ from it in a few values."""

    name: str
    meta: Mapping[str, Any]
    record: Mapping[str, Any]


def pattern(environ: Mapping[str, str]) -> Pattern:
    """What the runner would write for :data:`HIT` on this machine, with the recipes as they are installed."""
    os.environ.update(environ)  # the index of this process is not the one of the person who runs it
    space = Workspace(environ=environ)
    found = space.session.resolver.matches(parse(HIT))[0]
    values = {name: value for name, value in found.values.items() if value is not None}
    meta = {
        "title": found.recipe.meta["title"],
        "license": "Apache-2.0",
        "tags": sorted(found.alternative.tags),
        "parents": list(found.recipe.result_parents),
        "attributes": {**found.recipe.attributes, **found.stated, **values, **MEASURED},
        "produced": {
            "recipe": found.recipe.name,
            "by": list(found.recipe.make),
            "key": found.key,
            "machine": space.session.resolver.world.machine,
            "at": now(),
        },
    }
    return Pattern(f"digits_onnxrt_Offline_AccuracyOnly_{found.key[:10]}", meta, _record(space, found))


MEASURED = {
    "engine": "onnxruntime",
    "engine_version": "1.31.1",
    "effective_device": "cpu",
    "effective_precision": "fp32",
    "cpu_seconds": 0.84,
    "foreign_cpu_share": 0.0213,
    "loadgen_version": "6.0.17",
    "loadgen_user_conf": {"min_duration": 3000, "min_query_count": 1, "performance_sample_count_override": 768},
    "loadgen_weaker_settings": ["min_duration 3000 ms (MLPerf: 600000 ms)", "min_query_count 1 queries (MLPerf: 100)"],
    "model_digest": "16de7828f1f3abfb6190403983f28493d891a280b3287c087b75ce7a604b5838",
    "noisy": False,
    "sample_list_digest": "52f7d315a204ed58ece02c6003c747f45dbd46e571de0c479f64236e0f54c5fa",
    "samples_used": 768,
    "test_seconds": 0.668,
    "file": "mlperf_log_summary.txt",
    "accuracy": 98.4375,
    "accuracy_report": "accuracy=98.438%, good=756, total=768",
    "accuracy_interval": "97.3 .. 99.1 (95 %, n=768)",
    "verdict": "VALID (accuracy only: each of 768 samples was answered)",
}
"""What a run of the embedded default finds out, as of one of its runs."""


def _record(space: Workspace, found: Match) -> dict[str, Any]:
    step = space.plan(HIT)
    static = [*found.recipe.lineage, *(entry for each in _below(step) if each.entry for entry in each.entry.lineage)]
    return {
        "format": 1,
        "axs": __version__,
        "query": HIT,
        "recipe": {"name": found.recipe.name, "tags": sorted(found.alternative.tags), "producers": ["program"]},
        "recipes": {entry.name: of_folder(entry.path) for entry in static if entry.kind != "produced"},
        "parameters": {
            name: {"value": value, "origin": found.origins.get(name, "default")}
            for name, value in found.values.items()
            if value is not None
        },
        "needs": [{"need": name, "entry": below.name, "kind": "static"} for name, below in step.needs],
        "machine": {"name": space.session.resolver.world.machine},
        "started": now(),
        "finished": now(),
        "exit_code": 0,
        "asked": "directly",
        "again": f"axs byquery '{HIT}' --fresh",
    }


def _below(step: Step) -> Iterator[Step]:
    for _, need in step.needs:
        yield need
        yield from _below(need)


def fill(work: Path, model: Pattern, count: int) -> None:
    """Bring the work collection at ``work`` to ``count`` entries; number 0 is the one that answers :data:`HIT`."""
    work.mkdir(parents=True, exist_ok=True)
    there = sum(1 for item in os.scandir(work) if not item.name.startswith("."))
    if there > count:
        raise ValueError(f"{work} has {there} entries already")
    plain = _plain(model)
    for number in range(there, count):
        write(work, model, number, plain)


def _plain(model: Pattern) -> str:
    """A ``meta.yaml`` with places to be filled in: YAML is slow."""
    return dump_yaml(_numbered(model.meta, "@KEY@", "@SCENARIO@", "@BATCH@", "@QPS@", "@ACCURACY@"))


def write(work: Path, model: Pattern, number: int, plain: str = "") -> Path:
    """Write entry ``number``; returns its folder. ``plain`` is the ``meta.yaml`` with places to be filled in (made anew
    where it is empty; YAML is slow).
    """
    if number == 0:
        return _write(work / model.name, model.meta, dump_yaml(model.meta), model.record)
    key = of_value(number)
    scenario, batch, qps = SCENARIOS[number % 4], 1 + number % 64, number
    accuracy = 90 + number % 1000 / 100
    meta = _numbered(model.meta, key, scenario, batch, qps, accuracy)
    text = plain or dump_yaml(meta)
    values = {"@KEY@": key, "@SCENARIO@": scenario, "@BATCH@": batch, "@QPS@": qps, "@ACCURACY@": accuracy}
    for place, value in values.items():
        text = text.replace(f"'{place}'", str(value))
    name = f"digits_onnxrt_{scenario}_AccuracyOnly_{key[:10]}"
    query = f"loadgen_output,framework=onnxrt,loadgen_scenario={scenario},batch_size={batch},loadgen_target_qps={qps}"
    return _write(work / name, meta, text, {**model.record, "query": query, "again": f"axs byquery '{query}' --fresh"})


def _numbered(meta: Mapping[str, Any], key: Any, scenario: Any, batch: Any, qps: Any, accuracy: Any) -> dict[str, Any]:
    attributes = {
        **meta["attributes"],
        "loadgen_scenario": scenario,
        "batch_size": batch,
        "loadgen_target_qps": qps,
        "accuracy": accuracy,
    }
    return {**meta, "attributes": attributes, "produced": {**meta["produced"], "key": key}}


def _write(folder: Path, meta: Mapping[str, Any], text: str, record: Mapping[str, Any]) -> Path:
    """The files of a finished entry, in the order in which the store writes them."""
    private = folder / ".axs"
    private.mkdir(parents=True)
    (private / "files.json").write_text("{}")
    (private / "meta.json").write_text(json.dumps({"of": of_value(text), "meta": meta}))
    (folder / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    (folder / "meta.yaml").write_text(text)
    return folder


def own_collections(work: Path, model: Pattern, collections: int, each: int) -> None:
    """``collections`` collections of one's own in the work collection, of ``each`` results; they are older than all."""
    for number in range(collections):
        folder = work / f"campaign_{number}"
        folder.mkdir(parents=True)
        (folder / "meta.yaml").write_text(f"title: Campaign {number}\ntags: [collection]\n")
        plain = _plain(model)
        for item in range(each):
            write(folder, model, -1 - number * each - item, plain)


def named_collections(folder: Path, collections: int, each: int) -> list[Path]:
    """``collections`` folders of ``each`` entries that people wrote, every tenth a recipe; ``synthetic_0_0,size=N``
    makes an entry by the first one of all.
    """
    made = []
    for number in range(collections):
        root = folder / f"collection_{number}"
        for item in range(each):
            entry = root / f"written_{number}_{item}"
            entry.mkdir(parents=True, exist_ok=True)
            (entry / "meta.yaml").write_text(_recipe(number, item) if item % 10 == 0 else _written(number, item))
        made.append(root)
    return made


def _recipe(number: int, item: int) -> str:
    return (
        f"title: Recipe {item} of collection {number}\n"
        f'provides: [[synthetic_{number}_{item}, "size?=1"]]\n'
        "parameters: {size: {type: int, help: how much}}\n"
        "make: {program: {run: ['true']}}\n"
    )


def _written(number: int, item: int) -> str:
    return (
        f"title: Item {item} of collection {number}\n"
        f"tags: [written, written_{number}]\n"
        f"attributes: {{item: {item}, weights: random, mean: [123.68, 116.78, 103.94]}}\n"
    )


def main() -> None:
    """Write a part of a work collection. (In a process of its own: the memory of who measures is counted with that of
    the processes it starts.)
    """
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("work", type=Path)
    options.add_argument("start", type=int)
    options.add_argument("end", type=int)
    options.add_argument("--own", type=int, default=0, help="collections of one's own beside them")
    options.add_argument("--named", type=int, default=0, help="named collections, in the folder WORK/../collections")
    options.add_argument("--each", type=int, default=0, help="entries in each of those")
    given = options.parse_args()
    named_collections(given.work.parent / "collections", given.named, given.each)
    model = pattern(os.environ)
    own_collections(given.work, model, given.own, given.each)
    (given.work / ".axs").mkdir(exist_ok=True)  # there since the first entry of all was made
    plain = _plain(model)
    for number in range(given.start, given.end):
        write(given.work, model, number, plain)


if __name__ == "__main__":
    main()
