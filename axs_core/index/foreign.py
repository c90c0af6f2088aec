"""What a clone holds in the forms of krai's axs and of Collective Knowledge, whose entries are not read here."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axs_core.collections.folders import listing
from axs_core.entry import META, Entry
from axs_core.index.index import Index
from axs_core.index.refreshing import inner_folder

AXS = "data_axs.json"
CK = ".cm/meta.json"
NAMED = 6
"""So many tags a message names."""
LARGEST = 1_000_000
"""Bytes of a file that is looked into."""


def what_it_holds(clone: Entry, index: Index) -> str | None:
    """In words: how many entries of another form a collection has, and which tags of theirs something here provides.
    None where it has entries that are read, or none in those forms.
    """
    folder = inner_folder(clone.path, dict(clone.meta))
    if any((folder / name / META).is_file() for name in listing(folder)):
        return None
    axs, ck = (list(_entries(folder, form)) for form in (AXS, CK))
    if not axs and not ck:
        return None
    whose = f"entries of krai's axs ({len(axs)} x {AXS})" if axs else f"entries of CK ({len(ck)} x {CK})"
    shared = _shared_tags(axs, index) - clone.tags
    answers = f"; what ships here answers to {', '.join(sorted(shared))}" if shared else ""
    return f"{clone.name} holds {whose}, which are not read here{answers}; docs/coming-from.md says what to type"


def _entries(folder: Path, form: str) -> Iterator[Path]:
    """The files that make entries of a form, below the folder; the clone itself may be one, and is not counted."""
    for place, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", ".cm"))
        if Path(place) != folder and (file := Path(place) / form).is_file():
            yield file


def _shared_tags(files: list[Path], index: Index) -> set[str]:
    """Of the tags that rules in these files answer to, those that something here provides; the most frequent ones."""
    known = set(index.words()[0])
    counted = Counter(tag for file in files for tag in _rule_tags(file) if tag in known)
    return {tag for tag, _ in counted.most_common(NAMED)}


def _rule_tags(file: Path) -> set[str]:
    """The tags in the producer rules of an entry of krai's axs, which is JSON."""
    try:
        data = json.loads(file.read_bytes()) if file.stat().st_size <= LARGEST else {}
    except (OSError, ValueError, RecursionError):
        return set()
    rules: Any = data.get("_producer_rules") if isinstance(data, dict) else None
    conditions = [rule[0] for rule in rules if isinstance(rule, list) and rule] if isinstance(rules, list) else []
    return {tag for each in conditions if isinstance(each, list) for tag in each if isinstance(tag, str)}
