"""The accuracy of MLPerf's own script and ours, from one log.

The script (accuracy-imagenet.py of MLPerf Inference) reads records ``{seq_id, qsl_idx, data}`` in their order, counts
each ``qsl_idx`` once, takes the first number of ``data`` (hex digits of the answer's memory) as the class, compares it
with the label on line ``qsl_idx`` of val_map.txt, and divides by the samples seen. Read here in a few lines of its own.
"""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import pytest
from support.entry_code import functions

TYPES = {"float32": "<f", "int32": "<i", "int64": "<q"}


def as_the_script_does(log: Path, labels: list[int], pattern: str) -> str:
    seen: set[int] = set()
    good = 0
    for record in json.loads(log.read_text(encoding="utf-8")):
        if record["qsl_idx"] in seen:
            continue
        seen.add(record["qsl_idx"])
        found = int(struct.unpack_from(pattern, bytes.fromhex(record["data"]))[0])
        good += found == labels[record["qsl_idx"]]
    return f"accuracy={100.0 * good / len(seen):.3f}%, good={good}, total={len(seen)}"


def ours(folder: Path, dtype: str) -> str:
    code = functions("loadgen_experiment")
    return str(code.accuracy_report(code.metrics(folder, "AccuracyOnly", dtype), folder))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("total", "share"), [(1, 1.0), (500, 0.75), (5_000, 0.7646), (64, 0.0)])
def test_one_log_one_figure(tmp_path: Path, dtype: str, total: int, share: float) -> None:
    chance = random.Random(total)
    labels = [chance.randrange(1000) for _ in range(total)]
    order = chance.sample(range(total), total)
    if total > 1:
        order += order[:5]  # LoadGen may send a sample again; its first answer counts
    records = []
    for number, index in enumerate(order):
        right = chance.random() < share and number < total
        answer = labels[index] if right else (labels[index] + 1) % 1000
        records.append({"seq_id": number, "qsl_idx": index, "data": struct.pack(TYPES[dtype], answer).hex().upper()})
    log = tmp_path / "mlperf_log_accuracy.json"
    log.write_text(json.dumps(records), encoding="utf-8")
    lines = (f"{index} ILSVRC2012_val_{index + 1:08d}.JPEG {label}\n" for index, label in enumerate(labels))
    (tmp_path / "labels.txt").write_text("".join(lines), encoding="utf-8")
    assert ours(tmp_path, dtype) == as_the_script_does(log, labels, TYPES[dtype])
