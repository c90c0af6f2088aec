"""The command ``axs`` over a small made-up workspace: run it as a script, or take :class:`FakeWorkspace` from it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from axs_core.base.errors import NotFound, ProduceError, Refused
from axs_core.base.reporter import Reporter
from axs_core.base.results import OneCollection, OneEntry


@dataclass(frozen=True)
class FakeParameter:
    name: str
    type: str | None = None
    default: Any = None
    choices: tuple[Any, ...] | None = None
    help: str | None = None
    how: bool = False
    source: str = "program"


@dataclass(frozen=True)
class FakeRow:
    name: str
    kind: str
    state: str
    title: str | None
    collection: str


@dataclass
class FakeEntry(OneEntry):
    name: str
    values: dict[str, Any]
    declared: tuple[FakeParameter, ...] = ()
    removed: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return Path("/store") / self.name

    def get(self, name: str, /, **overrides: Any) -> Any:
        values = {**self.values, **overrides}
        if name == "refused":
            raise Refused("the run was INVALID", hint="ask with allow_invalid+")
        if name not in values:
            raise NotFound(f"entry '{self.name}' has no '{name}'")
        return values[name]

    def get_path(self, relative: str | None = None) -> Path:
        return self.path / relative if relative else self.path

    def remove(self) -> None:
        self.removed.append(self.name)

    def actions(self) -> dict[str, str]:
        return {"double": "Twice a number.\n\nAlso of text.", "told": "", "crash": "Fails as no action should."}

    def defines(self, action: str) -> bool:
        return action in self.actions()

    def given(self, values: Mapping[str, Any]) -> FakeEntry:
        return FakeEntry(self.name, {**values, **self.values}, self.declared, self.removed)

    def call(self, action: str, /, *args: Any, **kwargs: Any) -> Any:
        if action == "crash":
            raise RuntimeError("division by cucumber")
        return args[0] * 2 if action == "double" else {"args": list(args), "kwargs": kwargs}

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "values": self.values}

    def parameters(self) -> list[FakeParameter]:
        return list(self.declared)


class FakePlan:
    def lines(self) -> list[str]:
        return ["make model", "  reuse python"]


@dataclass
class FakeCollection(OneCollection):
    path: Path = Path("/store")
    removed: bool = False

    def remove(self) -> None:
        self.removed = True


class FakeIndex:
    """What completion asks of the index: names, tags, keys, and a recipe with choices."""

    def words(self) -> tuple[list[str], list[str]]:
        return ["model", "loadgen_output", "odd tag"], ["framework", "first_n", "model_name"]

    def rows(self) -> list[dict[str, str]]:
        return [{"name": name, "kind": "produced"} for name in ("digits", "digits_raw", "model_digits")]

    def all_recipes(self) -> list[Any]:
        choices = {"framework": ("onnxrt", "openvino", "pytorch"), "first_n": (20, 500), "model_name": ()}
        parameters = {name: SimpleNamespace(choices=known) for name, known in choices.items()}
        return [SimpleNamespace(parameters=parameters, alternatives=())]


class FakeWorkspace:
    """Two entries, ``small`` and ``large``, and a recipe, ``program``; remembers what was asked."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.session = SimpleNamespace(reporter=reporter, index=FakeIndex())
        self.asked: list[Any] = []
        small = {"accuracy": 98.60000000000001, "labels": ["a", "b"], "size": {"x": 1, "y": [5, 6]}, "n": 20}
        large = {"accuracy": 97, "labels": [], "size": {}, "n": 500, "only_large": True}
        declared = (
            FakeParameter("batch_size", "int", 32, None, "samples per call"),
            FakeParameter("mode", "str", None, ("AccuracyOnly", "PerformanceOnly")),
            FakeParameter("timeout", "float", 60.0, None, "seconds", True, "base"),
        )
        self.known = {
            "small": FakeEntry("small", small),
            "large": FakeEntry("large", large),
            "program": FakeEntry("program", {}, declared),
        }

    def byquery(self, query: str, fresh: str | None = None) -> FakeEntry:
        self.asked.append((query, fresh))
        if query == "slow":
            self._work()
        if query == "interrupt":
            raise KeyboardInterrupt
        if query == "broken":
            error = ProduceError(
                "pip could not install nope", log=Path("/store/x/axs.log"), hint="pip index versions nope"
            )
            raise error.needed_for("python_env").needed_for("loadgen_output")
        self.reporter.note(f"{query}: made on a machine")
        return self.known["small"]

    def _work(self) -> None:
        self.reporter.step("working")
        with self.reporter.progress("downloading", 40) as progress:
            for _ in range(40):
                progress.advance(1)
                time.sleep(0.05)
            self.reporter.warn("odd")

    def all_byquery(self, query: str) -> list[FakeEntry]:
        return [] if query == "nothing" else [self.known["small"], self.known["large"]]

    def byname(self, name: str) -> FakeEntry:
        if name not in self.known:
            raise NotFound(f"there is no entry '{name}'", hint="axs byname small")
        return self.known[name]

    def plan(self, query: str) -> FakePlan:
        return FakePlan()

    def explain(self, query: str) -> list[str]:
        return ["model_digits: framework=onnxrt, not pytorch"]

    def entries(self) -> list[FakeRow]:
        return [
            FakeRow("small", "produced", "present", "A small one", "work"),
            FakeRow("model_digits", "recipe", "present", None, "axs"),
        ]

    def work_collection(self) -> FakeCollection:
        return FakeCollection()

    def gc(self, policy: Any = None) -> list[str]:
        self.asked.append(policy)
        return ["broken_1", "broken_2"]


def open_fake(environ: Mapping[str, str], reporter: Reporter) -> FakeWorkspace:
    """What the command line opens instead of a real workspace."""
    return FakeWorkspace(reporter)


if __name__ == "__main__":
    from axs_core.__main__ import main

    sys.argv[0] = os.fspath(Path(sys.argv[0]).with_name("axs"))
    sys.exit(main(opener=open_fake))
