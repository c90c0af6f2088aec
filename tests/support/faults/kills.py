"""Kill a query at points over its whole life, and look at what is left; see :mod:`support.faults.killable`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from support.faults.world import ACTION, ANSWER, ASKED, Ended, World

from axs_core.api import Workspace

Point = tuple[str, str, str]

CHANGING = frozenset(
    [
        *("mkdir", "rename", "replace", "unlink", "remove", "rmdir", "link", "symlink"),
        *("fsync", "fork_exec", "flock", "connect"),
    ]
)
"""Calls directly before and after which a kill is worth more than beside others."""


_VARY = ("cache/axs/index/", "work/.axs/locks/", "work/.axs/using/", "work/.axs/claims/")
_OF_THE_DEAD = ("claims", "using", "trash")
"""Where a process that dies may leave some bytes that only the collection of garbage takes away."""


@dataclass(frozen=True)
class Kill:
    """Where to end it: at the ``number``-th point of that kind, ``later`` seconds after it."""

    point: Point
    number: int
    later: float = 0.0

    def settings(self) -> dict[str, str]:
        """What tells it to :mod:`support.faults.killable`."""
        return {"KILL_AT": ",".join([*self.point, str(self.number)]), "KILL_LATER": str(self.later)}

    def __str__(self) -> str:
        phase, call, when = self.point
        return f"{phase}: {when} {call} {self.number}" + (f" and {self.later:.2f} s" if self.later else "")


@dataclass(frozen=True)
class Fate:
    """What a kill came to: ``faults`` is empty where all is as promised."""

    kill: Kill
    hit: Point | None
    faults: tuple[str, ...]

    @property
    def phase(self) -> str:
        return self.hit[0] if self.hit else "never reached"


def choose(points: Sequence[Point], many: int) -> list[Kill]:
    """So many kills, the same number in each phase as far as it has points: each kind of call in each module first,
    then those that change something, evenly, then others; some are delayed, so that they meet children at work.
    """
    phases: dict[str, list[Kill]] = defaultdict(list)
    seen: Counter[Point] = Counter()
    for point in points:
        seen[point] += 1
        phases[point[0]].append(Kill(point, seen[point]))
    kills: list[Kill] = []
    for done, members in enumerate(sorted(phases.values(), key=len)):
        kills += _of_phase(members, -(-(many - len(kills)) // (len(phases) - done)))
    return kills


def _of_phase(members: Sequence[Kill], share: int) -> list[Kill]:
    started = [kill for kill in members if kill.point[1:] == ("fork_exec", "after")]
    delayed = _evenly(
        [replace(kill, later=0.02 + 0.06 * (place % 6)) for place, kill in enumerate(started)], share // 5
    )
    chosen = dict.fromkeys(_evenly([kill for kill in members if kill.number == 1], share // 3))
    for wanted in (CHANGING, {kill.point[1] for kill in members}):
        others = [kill for kill in members if kill.point[1] in wanted and kill not in chosen]
        chosen |= dict.fromkeys(_evenly(others, share - len(delayed) - len(chosen)))
    return [*chosen, *delayed]


def _evenly(kills: Sequence[Kill], many: int) -> list[Kill]:
    """So many of them, from the first to the last."""
    if many >= len(kills):
        return list(kills)
    return [kills[round((i + 0.5) * len(kills) / many - 0.5)] for i in range(max(many, 0))]


class Hunt:
    """Kills in one world, which is reset for each: of ``killed`` (a command line; asking, where none is given). Then
    ``query`` is asked, which must print ``answer``; with ``tidy`` garbage is collected before.
    """

    def __init__(
        self,
        world: World,
        query: str = ASKED,
        action: Sequence[str] = ACTION,
        answer: str = ANSWER,
        killed: Sequence[str] = (),
        tidy: bool = False,
    ) -> None:
        self.world, self.query, self.answer, self.tidy = world, query, answer, tidy
        self.asking = ("byquery", query, ",", *action)
        self.killed = tuple(killed) or self.asking
        self.present: dict[str, str] = {}
        self.names: set[str] = set()

    def points(self) -> list[Point]:
        """Those of a whole run; it also tells which files there are when all is done."""
        self.world.reset()
        assert (run := self.world.axs(*self.asking)).code == 0, run.err
        self.names = self.lasting()
        self.world.reset()
        return self.world.points(*self.killed)

    def lasting(self) -> set[str]:
        """Names of all files below the folder that every run writes to, but for what is cache or differs by nature."""
        live = self.world.live
        files = (
            item.relative_to(live).as_posix() for item in live.rglob("*") if not item.is_dir() and not _is_trial(item)
        )
        return {name for name in files if not name.startswith(_VARY) and not name.endswith(("/.axs/used", ".lock"))}

    def kill(self, *kills: Kill) -> Fate:
        """End it there (several: the next run is ended, too), and look."""
        world, faults = self.world, []
        world.reset()
        for kill in kills:
            run = world.killable(*self.killed, **kill.settings())
            faults += self.after_the_kill(run)
        if self.tidy:
            faults += self.tidied()
        faults += self.asked_again()
        return Fate(kills[-1], run.point, tuple(faults))

    def after_the_kill(self, run: Ended) -> list[str]:
        """Nothing runs on, nothing half-made is there, and what is there is whole."""
        faults = [f"still runs: {left}" for left in self.world.left_running()]
        if run.code not in (-9, 0):
            faults.append(f"exit code {run.code}: {run.err}")
        self.present, space = self.world.content(), self._space()
        listed = {row.name: row.state for row in space.entries()}
        faults += [f"{name} is {state}" for name, state in listed.items() if state not in ("present", "broken")]
        faults += [f"not whole: {problem}" for problem in space.verify()]
        for entry in [*space.all_byquery(self.query.split(",")[0]), *space.session.index.all_produced()]:
            if not (entry.path / "meta.yaml").is_file() or listed[entry.name] != "present":
                faults.append(f"{entry.name} is found and is {listed[entry.name]}")
        space.session.index.close()
        return faults

    def tidied(self) -> list[str]:
        """Collecting garbage takes all that is not whole."""
        run = self.world.axs("gc")
        faults = [] if run.code == 0 else [f"gc: exit code {run.code}: {run.err}"]
        for folder in self.world.work.iterdir():
            if not folder.name.startswith(".") and not (folder / "meta.yaml").is_file():
                faults.append(f"gc leaves {folder.name}: {sorted(item.name for item in folder.iterdir())}")
        self.present = {name: digest for name, digest in self.present.items() if (self.world.work / name).exists()}
        inner = [item for name in _OF_THE_DEAD for item in (self.world.work / ".axs" / name).glob("*")]
        return faults + [f"gc leaves {item}" for item in inner]

    def asked_again(self) -> list[str]:
        """The answer is right, nothing that was complete was touched, nothing is left of the dead attempt."""
        world = self.world
        run = world.axs(*self.asking)
        faults = [] if (run.code, run.out) == (0, self.answer) else [f"answered {run.out!r}, {run.code}: {run.err}"]
        now = world.content()
        whole = {Path(name).parts[0] for name in self.present if name.count("/") == 1 and name.endswith("/meta.yaml")}
        for name, digest in self.present.items():
            if name.split("/")[0] in whole and now.get(name) != digest:
                faults.append(f"was complete and is {'changed' if name in now else 'gone'}: {name}")
        names = self.lasting()
        faults += [f"left behind: {name}" for name in sorted(names - self.names)]
        if self.killed == self.asking:  # else what was asked to go may be gone, where the answer does not need it
            faults += [f"missing: {name}" for name in sorted(self.names - names)]
        checked = world.axs("verify")
        faults += [] if (checked.code, checked.out) == (0, "") else [f"verify: {checked.out} {checked.err}"]
        return faults + [f"still runs: {left}" for left in world.left_running()]

    def _space(self) -> Workspace:
        return Workspace(environ=self.world.environ())


def _is_trial(file: Path) -> bool:
    """Python tries a folder for temporary files with four bytes before it uses it."""
    return file.parent.name == "tmp" and file.stat().st_size <= len(b"blat")


def table(fates: Iterable[tuple[str, Fate]]) -> str:
    """Kills by what was killed and, of a query, by phase; those that came too late; and how many showed a fault."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for what, fate in fates:
        for row in ("all", f"{what}: {fate.phase}" if what == "a query" else what):
            rows[row] += Counter(kills=1, faults=bool(fate.faults), missed=fate.hit is None)
    rows["all"] = rows.pop("all", Counter())
    lines = [f"| {name} | {row['kills'] - row['missed']} | {row['faults']} |" for name, row in rows.items()]
    return "\n".join(["| killed while axs worked on | kills | faults |", "|---|---:|---:|", *lines])
