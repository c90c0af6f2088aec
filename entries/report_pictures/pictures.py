"""The plots of a report as PNG files, for slides: pictures.py REPORT.json FOLDER prints the names of the files."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

Run = dict[str, Any]
DOTS_PER_INCH = 200
INCHES = (10, 5.6)
LAST = 3.5  # where the largest latency stands on the axis of percentiles, in powers of ten from 100 %
TICKS = {0: "min", 50: "50 %", 90: "90 %", 95: "95 %", 99: "99 %", 99.9: "99.9 %", 100: "max"}
MOST_LABELS = 12
MOST_NAMES = 24


def throughput(runs: list[Run], axes: Any) -> bool:
    """Samples per second by scenario, framework and model."""
    axes.set_ylabel("samples/s")
    return _figures([run for run in runs if run["unit"] == "samples/s"], axes, 1)


def latency(runs: list[Run], axes: Any) -> bool:
    """The latency that is the scenario's figure."""
    axes.set_ylabel("latency, ms")
    return _figures([run for run in runs if run["unit"] == "ns"], axes, 1e-6)


def _figures(runs: list[Run], axes: Any, scale: float) -> bool:
    measured = [run for run in runs if isinstance(run["performance"], (int, float))]
    labels = sorted({_label(run) for run in measured})
    for run in measured:
        figure, place, colour = run["performance"], labels.index(_label(run)), _colour(run, runs)
        spread = run.get("spread")
        bar = [[(figure - spread["min"]) * scale], [(spread["max"] - figure) * scale]] if spread else None
        face = "none" if run["noisy"] else colour
        axes.errorbar(place, figure * scale, yerr=bar, fmt="o", capsize=4, color=colour, markerfacecolor=face, ms=8)
    _name_places(axes, labels)
    axes.set_ylim(bottom=0)
    return bool(measured)


def distribution(runs: list[Run], axes: Any) -> bool:
    """Percentiles of latency, a line for each run."""
    shown = [run for run in runs if run.get("latency")]
    styles = dict(zip(sorted({_pair(run) for run in shown}), _styles(), strict=False))
    named: set[str] = set()
    for run in shown:
        pair = _pair(run)
        label = None if pair in named or len(named) >= MOST_LABELS else pair
        named.add(pair)
        x, y = [_along(at) for at, _ in run["latency"]], [ns / 1e6 for _, ns in run["latency"]]
        shown_as = _plain(label) if label else None
        axes.plot(x, y, styles.get(pair, "-"), marker=".", color=_colour(run, runs), label=shown_as)
    axes.set_yscale("log")
    axes.set_xticks([_along(at) for at in TICKS], list(TICKS.values()))
    axes.set_xlabel("percentile")
    axes.set_ylabel("ms")
    if named:
        axes.legend(fontsize=8, frameon=False)
    return bool(shown)


def accuracy(runs: list[Run], axes: Any) -> bool:
    """Top-1 with the 95 % interval; each accuracy run once."""
    known = {run["accuracy_from"]: run for run in runs if isinstance(run["accuracy"], (int, float))}
    labels = sorted({f"{run['framework']} {run['model']}" for run in known.values()})
    for run in known.values():
        place, value = labels.index(f"{run['framework']} {run['model']}"), run["accuracy"]
        low, high = (run[end] if run[end] is not None else value for end in ("accuracy_low", "accuracy_high"))
        axes.errorbar(place, value, yerr=[[value - low], [high - value]], fmt="o", capsize=4, color=_colour(run, runs))
    _name_places(axes, labels)
    axes.set_ylabel("top-1, %")
    return bool(known)


def spread(runs: list[Run], axes: Any) -> bool:
    """Repetitions in per cent of their median."""
    shown = [run for run in runs if (run.get("spread") or {}).get("median")]
    for place, run in enumerate(shown):
        ends = {"whislo": "min", "q1": "q1", "med": "median", "q3": "q3", "whishi": "max"}
        box = {end: 100 * run["spread"][name] / run["spread"]["median"] for end, name in ends.items()}
        axes.bxp([box], positions=[place], showfliers=False)
    _name_places(axes, [f"{_pair(run)}, n={run['spread']['n']}" for run in shown])
    axes.set_ylabel("% of the median")
    return bool(shown)


def search(runs: list[Run], axes: Any) -> bool:
    """How the target of one result was found: what each attempt was told and what it measured."""
    found = runs[0]["search"]
    attempts = found["attempts"]
    word = {True: "VALID", False: "INVALID"}
    names = {each["number"]: f"{each['number']}\n{each['purpose']}\n{word[each['valid']]}" for each in attempts}
    told = [math.nan if each["target"] is None else each["target"] for each in attempts]
    axes.plot(list(names), told, "k.:", alpha=0.5, label="target")
    for valid, style in ((True, "C2o"), (False, "C3X")):
        shown = [each for each in attempts if each["valid"] is valid and each["figure"] is not None]
        if shown:
            axes.plot(
                [each["number"] for each in shown], [each["figure"] for each in shown], style, ms=9, label=word[valid]
            )
    if found["chosen"] is not None:
        axes.axhline(found["chosen"], color="C0", linestyle="--", label=f"chosen: {found['chosen']:g} {found['unit']}")
    axes.set_xticks(list(names), list(names.values()), fontsize=8)
    axes.set_xlabel("attempt")
    axes.set_ylabel(found["unit"])
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, frameon=False)
    return True


Draw = Callable[[list[Run], Any], bool]
PICTURES: dict[str, tuple[str, Draw]] = {
    "throughput.png": ("Throughput", throughput),
    "latency.png": ("Latency", latency),
    "distribution.png": ("Latency distribution", distribution),
    "accuracy.png": ("Accuracy", accuracy),
    "spread.png": ("Spread over repetitions", spread),
}


def pictures(runs: list[Run]) -> Iterator[tuple[str, str, Draw, list[Run]]]:
    """(file, title, function, runs) of each picture: those of all runs, and one for each search of a target."""
    for name, (title, draw) in PICTURES.items():
        yield name, title, draw, runs
    for number, run in enumerate((run for run in runs if run.get("search")), 1):
        yield f"search_{number}.png", f"Search of the target: {_plain(run['name'])}", search, [run]


def _label(run: Run) -> str:
    return f"{run['scenario']}\n{run['framework']} {run['model']}"


def _pair(run: Run) -> str:
    return f"{run['scenario']} {run['framework']}"


def _colour(run: Run, runs: Iterable[Run]) -> str:
    frameworks = sorted({str(each["framework"]) for each in runs})
    return f"C{frameworks.index(str(run['framework'])) % 10}"


def _styles() -> list[str]:
    return ["-", ":", "--", "-."] * 10


def _along(at: float) -> float:
    return LAST if at >= 100 else min(LAST, -math.log10(1 - at / 100))


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
    for name, title, draw, runs in pictures(data["runs"]):
        figure, axes = plt.subplots(figsize=INCHES, layout="constrained")
        if draw(runs, axes):
            axes.set_title(title)
            axes.grid(axis="y", alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
            figure.savefig(Path(folder) / name, dpi=DOTS_PER_INCH)
            print(name)
        plt.close(figure)


if __name__ == "__main__":
    main(*sys.argv[1:])
