"""What axs knows of the trees that it made: digests of the logs at the end of the runs, and of the tree as written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from axs_core.sdk import of_file, of_value, read_files

from .mlperf_log import ACCURACY, DETAIL, SUMMARY
from .runs import Run

TREE, WRITTEN = "tree", "tree_digests.json"
LOGS = (SUMMARY, DETAIL, ACCURACY, "user.conf")
FREE = ("README.md", "src", "documentation")
"""What may be changed by hand: names of files and folders."""


def changed_runs(runs: Iterable[Run]) -> list[str]:
    """The logs that are not as they were when their runs ended."""
    found = []
    for run in {run.name: run for run in runs}.values():
        known = read_files(run.path) or {}
        changed = [name for name in LOGS if "sha256" in known.get(name, {}) and not _is(run.path / name, known[name])]
        found += [f"{run.name}: {', '.join(changed)} changed after the run: make it again"] if changed else []
    return found


def _is(file: Path, known: dict[str, str]) -> bool:
    return file.is_file() and of_file(file) == known["sha256"]


def note(entry: Path) -> None:
    """Keep the digests of the tree in ``entry``, beside it."""
    files = {name: _digest(file) for name, file in _files(entry)}
    (entry / WRITTEN).write_text(json.dumps(files, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def changed(entry: Path) -> list[str]:
    """What in the tree of ``entry`` is not as axs wrote it, but for blanks at the ends of lines and the form of JSON;
    nothing for a tree that another made.
    """
    try:
        known = dict(json.loads((entry / WRITTEN).read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError, RecursionError):
        return []
    here = dict(_files(entry))
    gone = [f"{name} is gone" for name in sorted(known.keys() - here.keys())]
    return gone + [
        f"{name} is not as axs wrote it"
        for name in sorted(known)
        if name in here and _digest(here[name]) != known[name]
    ]


def _files(entry: Path) -> list[tuple[str, Path]]:
    """The files of the tree that are not free to be changed, by their names below the submitter's folder."""
    found = []
    for file in (entry / TREE).rglob("*"):
        parts = file.relative_to(entry / TREE).parts[2:]
        if file.is_file() and parts and parts[0] not in FREE and parts[-1] not in FREE:
            found.append(("/".join(parts), file))
    return found


def _digest(file: Path) -> str:
    """Of what a file says: JSON by its content, text without blanks at the ends of lines."""
    content = file.read_bytes()
    if file.suffix == ".json":
        try:
            return of_value(json.loads(content))
        except (ValueError, RecursionError):
            pass
    lines = [line.rstrip() for line in content.rstrip().splitlines()]
    return sha256(b"\n".join(lines)).hexdigest()
