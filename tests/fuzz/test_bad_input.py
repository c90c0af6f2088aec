"""Bad input in bulk: a short run of each kind, every input that was a fault once, and the watch itself.

The long run: ``python benchmarks/bad_input.py`` (or ``pytest -m endurance tests/fuzz``).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from fuzz.campaign import by_structure, opened
from fuzz.guard import LONGEST, Fault
from fuzz.mutation import mutate, smaller
from fuzz.parts import join, split
from fuzz.target import outcome
from fuzz.targets import NAMES, load

from axs_core.base.errors import AxsError

pytestmark = pytest.mark.process

CASES = Path(__file__).with_name("cases")
SHORT = {"query": 200, "templates": 200, "pipeline": 200, "archives": 200, "meta": 80, "records": 60, "logs": 80}
LONG = 100_000


@pytest.mark.parametrize("name", NAMES)
def test_a_short_run(name: str) -> None:
    campaign = by_structure(name, SHORT[name])
    assert campaign.faults == {}
    assert campaign.inputs >= SHORT[name] * 0.9  # hypothesis may find that there are no more
    assert len(campaign.outcomes) > 8  # they do not all fail at the same door


@pytest.mark.endurance
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", NAMES)
def test_a_long_run(name: str) -> None:
    assert by_structure(name, LONG, start=1).faults == {}


@pytest.mark.parametrize("name", NAMES)
def test_what_was_a_fault_once(name: str) -> None:
    """Each file below ``cases`` is an input; its name says what went wrong."""
    found = {}
    with opened(load(name)) as room:
        room.thorough = True
        for case in sorted((CASES / name).iterdir()):
            try:
                outcome(room, case.read_bytes())
            except Fault as fault:
                found[case.name] = str(fault)
    assert found == {}


@pytest.mark.parametrize("name", NAMES)
def test_good_input_is_taken(name: str) -> None:
    """The seeds, which are all changed in some way, are good ones."""
    target = load(name)
    with opened(target) as room:
        outcomes = [outcome(room, seed) for seed in target.seeds]
    assert [told for told in outcomes if not re.match(r"\w+Error:|NotFound|BadArchive", told)], outcomes


class Careless:
    """A target's room that does what ``act`` does."""

    def __init__(self, root: Path, act: Callable[[Path], object]) -> None:
        self.root, self.act, self.thorough = root, act, True

    def tried(self, data: bytes) -> str:
        self.act(self.root)
        return "done"

    def close(self) -> None:
        """Nothing is open."""


def _raise(error: Exception) -> Callable[[Path], object]:
    def act(root: Path) -> None:
        raise error

    return act


def _through_a_link(root: Path) -> None:
    (root / "out").symlink_to(root.parent)
    (root / "out" / "x").write_text("x")


def _swallowed(root: Path) -> None:
    with suppress(OSError):
        (root.parent / "x").mkdir()


def _loop(root: Path) -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda root: (root.parent / "x").write_text("x"), "outside: open"),
        (lambda root: (root / ".." / "x").mkdir(), "outside: os.mkdir"),
        (lambda root: (root / "a").rename(root.parent / "a"), "outside: os.rename"),
        (lambda root: (root.parent / "kept").unlink(), "outside: os.remove"),
        (lambda root: (root.parent / "kept").chmod(0o600), "outside: os.chmod"),
        (lambda root: (root.parent / "y").symlink_to("x"), "outside: os.symlink"),
        (_through_a_link, "outside: open"),
        (_swallowed, "outside: os.mkdir"),
        (lambda root: subprocess.run(["true"], check=True), "outside: subprocess.Popen"),
        (_raise(KeyError("a")), "KeyError comes out"),
        (_raise(RecursionError("deep")), "RecursionError comes out"),
        (_raise(AxsError("")), "says nothing"),
        (_raise(AxsError("\n".join(["x" * 500] * (LONGEST // 400)))), "characters"),
        (_raise(AxsError("function 'f' raised KeyError: 'x'")), "says how Python failed"),
    ],
)
def test_the_watch_sees_it(tmp_path: Path, act: Callable[[Path], object], told: str) -> None:
    (tmp_path / "kept").write_text("kept")
    root = tmp_path / "room"
    root.mkdir()
    (root / "a").write_text("a")
    with pytest.raises(Fault, match=told):
        outcome(Careless(root, act), b"")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["kept", "room"]


def test_the_watch_sees_a_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.guard.SECONDS", 0.05)
    with pytest.raises(Fault, match="processor time"):
        outcome(Careless(tmp_path, _loop), b"")


def test_the_watch_lets_good_work_pass(tmp_path: Path) -> None:
    def act(root: Path) -> None:
        (root / "a").mkdir()
        (root / "a" / "b").write_text("b")
        (root / "a" / "b").rename(root / "c")

    assert outcome(Careless(tmp_path, act), b"") == "done"
    assert (
        outcome(Careless(tmp_path, _raise(AxsError("there is no 'x' in /a/b"))), b"")
        == "AxsError: there is no .. in .."
    )


def test_mutation_depends_on_its_number_alone() -> None:
    tokens = (b"token",)
    changed = [mutate(b"some good input", number, tokens, b"another") for number in range(50)]
    assert changed == [mutate(b"some good input", number, tokens, b"another") for number in range(50)]
    assert len(set(changed)) > 40


def test_smaller_keeps_what_fails() -> None:
    assert smaller(b"aaaaXbbbbYcccc", lambda data: b"X" in data and b"Y" in data) == b"XY"


def test_parts_read_back() -> None:
    files = {"a.json": b"{}", ".axs/b": b"two\nlines"}
    assert split(join(files)) == files
