"""What is different between two entries: how they were asked for and made, where, and what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from axs_core.base.columns import aligned
from axs_core.compare.cells import Cells, declared
from axs_core.entry import Entry, Record
from axs_core.entry.record import Making, RecordedNeed
from axs_core.store.entry_files import present_files, read_files

SHORT = 12
"""Digits of a digest that are shown."""
WIDEST = 60
"""Longer texts are cut in the middle, or around the place where they differ."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
FIGURES, VALUES, FILES = "figures", "values", "files"
_PLACE = ("file", "replay_of")
"""Values that say where something is, not what."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same; None: there is no such thing on that side."""

    what: str
    old: Any
    new: Any

    @property
    def change(self) -> str:
        """Between two numbers, in per cent of the old one; ``same`` where there is none."""
        if self.old == self.new:
            return "same"
        numbers = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in (self.old, self.new))
        try:
            return f"{100 * (self.new - self.old) / abs(self.old):+.2f} %" if numbers and self.old else ""
        except OverflowError:  # whole numbers that no float holds
            return ""


@dataclass(frozen=True)
class Comparison:
    """Two entries: ``sections`` are the differences by subject, those without any are named in ``same``."""

    old: str
    new: str
    sections: Mapping[str, tuple[Difference, ...]]
    same: tuple[str, ...]
    cautions: tuple[tuple[str, str], ...] = ()
    """What has to be known before anything is compared: the side, and a sentence."""

    def warnings(self) -> Iterator[str]:
        """The cautions as lines, and an empty one after them."""
        yield from (f"caution ({side}): {text}" for side, text in self.cautions)
        yield from [""] if self.cautions else []

    def lines(self) -> Iterator[str]:
        """As text, columns aligned."""
        yield from self.warnings()
        yield from aligned([("old", self.old, "", ""), ("new", self.new, "", "")])
        for title, differences in self.sections.items():
            yield ""
            yield title
            yield from aligned([row_of(each) for each in differences], indent="  ")
        if self.same:
            yield ""
            yield f"the same: {', '.join(self.same)}" if self.sections else "nothing is different"


def compare(old: Entry, new: Entry) -> Comparison:
    """Compare two entries by their records, their files and their values. Times are not compared."""
    sections: dict[str, tuple[Difference, ...]] = {}
    same: list[str] = []
    mine, theirs = _aspects(old), _aspects(new)
    for title in sorted({*mine, *theirs}, key=[*mine, *theirs].index):
        differences = tuple(_differences(mine.get(title, {}), theirs.get(title, {})))
        if differences:
            sections[title] = differences
        elif mine.get(title):
            same.append(title)
    cautions = tuple((side, text) for side, entry in (("old", old), ("new", new)) for text in cautions_of(entry))
    return Comparison(old.name, new.name, sections, tuple(same), cautions)


def cautions_of(entry: Entry) -> list[str]:
    """What has to be known before an entry's figures are used: of the values that it, or a parent of it, names in an
    attribute ``caution``, those that are a text, and the names of those that are true.
    """
    row = Cells().of(entry)
    values = {name: row.get(name) for name in declared(entry, "caution") or ()}
    return [name if value is True else str(value) for name, value in values.items() if value]


def surroundings(comparison: Comparison) -> dict[str, tuple[Difference, ...]]:
    """What is not the same of how it was made, less what came of it."""
    return {title: rows for title, rows in comparison.sections.items() if title not in (FIGURES, VALUES, FILES)}


def _aspects(entry: Entry) -> dict[str, dict[str, Any]]:
    """What there is to compare, by subject."""
    record = Record.read(entry.path)
    needs = dict(_all_needs(record))
    packages = dict(_all_packages(record))
    own = {name: short(item["digest"]) for name, item in record.recipes.items()}
    values = _flat({name: value for name, value in entry.values.items() if name not in {*record.values, *_PLACE}})
    figures = {name: value for name, value in values.items() if _is_number(value)}
    return {
        "query": {"query": record.query} if record.query else {},
        "parameters": _flat(record.values),
        "recipes": {**_recipes(needs.values()), **own},
        "needs": {place: _need(item) for place, item in needs.items() if place not in packages},
        **{f"packages ({need})": _versions(frozen) for need, frozen in packages.items()},
        "machine": _flat(record.machine),
        "environment": dict(record.environment or {}),
        VALUES: {name: value for name, value in values.items() if name not in figures},
        FIGURES: figures,
        FILES: files_of(entry),
    }


def short(digest: str | None) -> str:
    """The beginning of a digest."""
    return str(digest or "unknown")[:SHORT]


def _all_needs(made: Making, above: str = "") -> Iterator[tuple[str, RecordedNeed]]:
    """Needs, needs of needs and so on, each with its place: ``images/dataset``."""
    for item in made.needs:
        place = f"{above}{item.need}"
        yield place, item
        yield from _all_needs(item, f"{place}/")


def _all_packages(made: Making, above: str = "") -> Iterator[tuple[str, Sequence[str]]]:
    """The packages of every environment among them, by its place."""
    for need, frozen in made.packages.items():
        yield f"{above}{need}", frozen
    for item in made.needs:
        yield from _all_packages(item, f"{above}{item.need}/")


def _recipes(needs: Iterable[RecordedNeed]) -> dict[str, str]:
    """The recipes that needs were made by, each with the beginning of its digest."""
    return {name: short(digest) for item in needs for name, digest in sorted(item.recipes.items())}


def _need(item: RecordedNeed) -> str:
    """What met a need: by content where that is known, whatever the folder is called here."""
    return f"{item.recipe} {short(item.digest)}" if item.digest else item.entry


def _versions(frozen: Sequence[str]) -> dict[str, str]:
    pairs = (line.partition("==") for line in frozen)  # or "name @ address"
    return {name: version or "?" for name, _, version in pairs}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Members of mappings as ``a.b``."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def files_of(entry: Entry) -> dict[str, str]:
    """An entry's files as they were recorded: size and the beginning of the digest, by name."""
    files = read_files(entry.path)
    if files is None:
        files = present_files(entry.path) if entry.path.is_dir() else {}
    return {name: _file(item) for name, item in files.items()}


def _file(item: Mapping[str, Any]) -> str:
    return f"-> {item['link']}" if "link" in item else f"{item['size']:,} bytes {short(item['sha256'])}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        mine, theirs = old.get(name), new.get(name)
        if mine != theirs and not (_is_time(mine) and _is_time(theirs)):
            yield Difference(name, mine, theirs)


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.match(value) is not None


def row_of(difference: Difference) -> tuple[str, str, str, str]:
    """Name, old, new, change. Of long texts that part is shown in which they differ."""
    old, new = _text(difference.old), _text(difference.new)
    shown = _shortened(old), _shortened(new)
    if shown[0] == shown[1] and old != new:
        place = next(at for at, (mine, theirs) in enumerate(zip_longest(old, new)) if mine != theirs)
        shown = _around(old, place), _around(new, place)
    return difference.what, *shown, difference.change


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return " ".join(text.split())


def _shortened(text: str) -> str:
    half = WIDEST // 2 - 2
    return text if len(text) <= WIDEST else f"{text[:half]} .. {text[-half:]}"


def _around(text: str, place: int) -> str:
    """The text from a little before ``place`` on."""
    begin = max(0, place - WIDEST // 3)
    end = begin + WIDEST - 6
    return f"{'.. ' if begin else ''}{text[begin:end]}{' ..' if end < len(text) else ''}"
