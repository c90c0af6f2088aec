"""The plots of a report as PNG files, for slides: pictures.py REPORT.json FOLDER prints the names of the files.

What is drawn, the results declare (``shown`` in the data; docs/report.md); this knows the kinds of plots only.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

Run = dict[str, Any]
DOTS_PER_INCH = 200
INCHES = (10, 5.6)
LAST = 3.5  # where the largest value stands on the axis of percentiles, in powers of ten from 100 %
TICKS = {0: "min", 50: "50 %", 90: "90 %", 95: "95 %", 99: "99 %", 99.9: "99.9 %", 100: "max"}
STYLES = ("-", ":", "--", "-.")
BOX = {"whislo": "min", "q1": "q1", "med": "median", "q3": "q3", "whishi": "max"}
MOST_LABELS = 12
MOST_NAMES = 24
UNKNOWN = "unknown"
UNSAID = {"across": [["name"]], "by": ["name"], "words": {"told": "told", "good": "good", "bad": "bad"}}


@dataclass(frozen=True)
class Report:
    """The results, and what is declared of them."""

    runs: list[Run]
    shown: Mapping[str, Any]

    def plots(self) -> Iterator[dict[str, Any]]:
        """Each plot with what is declared of its figure."""
        for said in self.shown.get("plots", ()):
            name = said.get("figure")
            figure = {"value": name, **self.shown.get("figures", {}).get(name, {})} if name else {}
            yield {**UNSAID, **figure, **said}

    def scale(self, said: Mapping[str, Any]) -> float:
        """What a stored value is divided by to be shown in the unit."""
        return float(self.shown.get("units", {}).get(said.get("unit"), 1))

    def doubtful(self, run: Run, said: Mapping[str, Any]) -> bool:
        """Is its marker open?"""
        words: Mapping[str, Any] = said.get("doubtful", self.shown.get("doubtful", {}))
        return any(run.get(name) in _listed(values) for name, values in words.items())

    @cached_property
    def _groups(self) -> list[str]:
        return sorted({self._group(run) for run in self.runs})

    def _group(self, run: Run) -> str:
        return str(run.get(self.shown.get("colour", "")) or UNKNOWN)

    def colour(self, run: Run) -> str:
        """One colour a group."""
        return f"C{self._groups.index(self._group(run)) % 10}"

    def style(self, run: Run) -> str:
        """Of a line."""
        name = self.shown.get("dash", "")
        order = self.shown.get("order", {}).get(name, [])
        return STYLES[order.index(run.get(name)) % len(STYLES)] if run.get(name) in order else STYLES[0]


def points(report: Report, said: dict[str, Any], axes: Any) -> bool:
    """A point for each result, with the ends of its spread or interval; ``once``: one for those that share a value."""
    runs = [run for run in report.runs if _number(run, said["value"]) is not None and _among(run, said.get("when", {}))]
    if "once" in said:
        runs = list({run.get(said["once"]) or run["name"]: run for run in runs}.values())
    labels = sorted({_label(run, said["across"]) for run in runs})
    scale = report.scale(said)
    for run in runs:
        value, colour = _at(run, said["value"]), report.colour(run)
        low, high = ends if (ends := _ends(run, said)) else (value, value)
        bar = [[(value - low) / scale], [(high - value) / scale]] if ends else None
        face = "none" if report.doubtful(run, said) else colour
        place = labels.index(_label(run, said["across"]))
        axes.errorbar(place, value / scale, yerr=bar, fmt="o", capsize=4, color=colour, markerfacecolor=face, ms=8)
    _name_places(axes, labels)
    if said.get("from_zero"):
        axes.set_ylim(bottom=0)
    return bool(runs)


def percentiles(report: Report, said: dict[str, Any], axes: Any) -> bool:
    """A line for each result, of [percentile, value] pairs."""
    runs = [run for run in report.runs if _at(run, said["value"])]
    scale, named = report.scale(said), set[str]()
    for run in runs:
        name = _told(run, said["by"])
        label = None if name in named or len(named) >= MOST_LABELS else _plain(name)
        named.add(name)
        pairs = _at(run, said["value"])
        x, y = [_along(place) for place, _ in pairs], [value / scale for _, value in pairs]
        axes.plot(x, y, report.style(run), marker=".", color=report.colour(run), label=label)
    axes.set_yscale("log")
    axes.set_xticks([_along(place) for place in TICKS], list(TICKS.values()))
    axes.set_xlabel("percentile")
    if named:
        axes.legend(fontsize=8, frameon=False)
    return bool(runs)


def boxes(report: Report, said: dict[str, Any], axes: Any) -> bool:
    """Quartiles in per cent of their median."""
    runs = [run for run in report.runs if (_at(run, said["value"]) or {}).get("median")]
    for place, run in enumerate(runs):
        of = _at(run, said["value"])
        axes.bxp(
            [{end: 100 * of[name] / of["median"] for end, name in BOX.items()}], positions=[place], showfliers=False
        )
    _name_places(axes, [f"{_label(run, said['across'])}, n={_at(run, said['value'])['n']}" for run in runs])
    return bool(runs)


def attempts(report: Report, said: dict[str, Any], axes: Any) -> bool:
    """How one result was searched: what each attempt was told and what it measured."""
    found = _at(report.runs[0], said["value"])
    tried, words = found["attempts"], said["words"]
    word = {True: words["good"], False: words["bad"]}
    names = {each["number"]: f"{each['number']}\n{each['purpose']}\n{word[each['valid']]}" for each in tried}
    told = [math.nan if each["target"] is None else each["target"] for each in tried]
    axes.plot(list(names), told, "k.:", alpha=0.5, label=words["told"])
    for valid, style in ((True, "C2o"), (False, "C3X")):
        kept = [each for each in tried if each["valid"] is valid and each["figure"] is not None]
        if kept:
            x, y = [each["number"] for each in kept], [each["figure"] for each in kept]
            axes.plot(x, y, style, ms=9, label=word[valid])
    if found["chosen"] is not None:
        axes.axhline(found["chosen"], color="C0", linestyle="--", label=f"chosen: {found['chosen']:g} {found['unit']}")
    axes.set_xticks(list(names), list(names.values()), fontsize=8)
    axes.set_xlabel("attempt")
    axes.set_ylabel(found["unit"])
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, frameon=False)
    return True


Draw = Callable[[Report, dict[str, Any], Any], bool]
KINDS: dict[str, Draw] = {"points": points, "percentiles": percentiles, "boxes": boxes, "attempts": attempts}


def pictures(report: Report) -> Iterator[tuple[str, str, dict[str, Any], Report]]:
    """(file, title, plot, results) of each picture: those of all results, and one for each search."""
    for said in report.plots():
        if said["kind"] not in KINDS:
            print(f"no pictures are drawn of the kind {said['kind']!r}", file=sys.stderr)
            continue
        if said["kind"] != "attempts":
            yield f"{said['name']}.png", said["title"], said, report
            continue
        for number, run in enumerate((run for run in report.runs if _at(run, said["value"])), 1):
            title = f"{said['title']}: {_plain(run['name'])}"
            yield f"{said['name']}_{number}.png", title, said, Report([run], report.shown)


def _at(value: Any, path: str) -> Any:
    """A member of a value: ``a.b``; None where there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _number(run: Run, path: str) -> float | None:
    found = _at(run, path)
    return found if isinstance(found, (int, float)) else None


def _ends(run: Run, said: Mapping[str, Any]) -> tuple[float, float] | None:
    ends = [_number(run, path) for path in said.get("ends", ())]
    return (ends[0], ends[1]) if len(ends) == 2 and ends[0] is not None and ends[1] is not None else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _among(run: Run, conditions: Mapping[str, Any]) -> bool:
    return all(run.get(name) in _listed(values) for name, values in conditions.items())


def _told(run: Run, names: Iterable[str]) -> str:
    return " ".join(str(_at(run, name) or UNKNOWN) for name in names)


def _label(run: Run, across: Iterable[Iterable[str]]) -> str:
    return "\n".join(_told(run, names) for names in across)


def _along(place: float) -> float:
    return LAST if place >= 100 else min(LAST, -math.log10(1 - place / 100))


def _plain(text: str) -> str:
    """Text without matplotlib's notation for formulas, and without what hides a legend's line."""
    return text.replace("$", r"\$").lstrip("_")


def _name_places(axes: Any, labels: list[str]) -> None:
    places = list(range(0, len(labels), 1 + len(labels) // MOST_NAMES))
    turned = 30 if len(places) > 6 else 0
    names = [_plain(labels[place]) for place in places]
    axes.set_xticks(places, names, rotation=turned, ha="right" if turned else "center")


def main(file: str, folder: str) -> None:
    """Draw what there is something to draw of."""
    data = json.loads(Path(file).read_text(encoding="utf-8"))
    for name, title, said, report in pictures(Report(data["runs"], data["shown"])):
        figure, axes = plt.subplots(figsize=INCHES, layout="constrained")
        axes.set_ylabel(said.get("axis") or said.get("unit") or "")
        if KINDS[said["kind"]](report, said, axes):
            axes.set_title(title)
            axes.grid(axis="y", alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
            figure.savefig(Path(folder) / name, dpi=DOTS_PER_INCH)
            print(name)
        plt.close(figure)


if __name__ == "__main__":
    main(*sys.argv[1:])
