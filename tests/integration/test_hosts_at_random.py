"""Hosts that ask, make, die, sleep, collect garbage and remove, at random: nothing is spoiled, and nothing stays.

The short run is part of the tests; the long one is started by hand: ``pytest -m endurance -s`` with this file.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.hosts import MEMORY, Hosts, needs_namespaces, send_to_all
from support.toy import Toys

pytestmark = [needs_namespaces(), pytest.mark.timeout(7200)]

LEASE = 2.0
MAKE = """
    import os, time
    token = os.urandom(8).hex()
    for name in "abcd":
        (path / name).write_text(token)
        time.sleep(float(int(token[:2], 16)) / 600)
    told = [(path / name).read_text() for name in "abcd"]
    assert told == [token] * 4, f"somebody else writes here: {told}"
"""
ACT = """
    import signal, time
    from axs_core.base import suspension
    suspension.respect()  # both as the command line does
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from axs_core.base.errors import AxsError
    try:
        {act}
    except AxsError as error:
        print(f"{{type(error).__name__}}: {{error}}", file=sys.stderr)
        sys.exit(error.exit_code)
"""
ASK = """entry = space.byquery({query!r})
        try:
            before = (entry.path / "meta.yaml").stat()
            told = {{(entry.path / name).read_text() for name in "abcd"}}
            if len(told) > 1:
                time.sleep(2 * {memory})  # a mount may still show the meta.yaml that was there before
            after = (entry.path / "meta.yaml").stat()
        except FileNotFoundError:
            sys.exit()  # removed just now, and perhaps being made again
        assert len(told) == 1 or before.st_mtime_ns != after.st_mtime_ns, told
"""
GC = "space.gc()"
REMOVE = "[entry.remove() for entry in space.all_byquery('thing')][:2]"
REFUSED = ("was taken over: ", " is in use: ", " was removed ", "there is no entry named", "which this one waited for")
"""What may be said of a failure here."""


@dataclass
class Trouble:
    """Processes on several hosts, and what happens to them."""

    toys: Toys
    hosts: Hosts
    names: list[str]
    chance: random.Random
    living: list[subprocess.Popen[str]] = field(default_factory=list)
    asleep: dict[int, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def step(self) -> None:
        """Something happens."""
        kinds = {"ask": 12, "kill": 2, "sleep": 2, "gc": 1, "remove": 1}
        kind = self.chance.choices(list(kinds), list(kinds.values()))[0]
        if kind in ("kill", "sleep"):
            self.strike(kind)
        elif len(self.living) < 8:
            ask = ASK.format(query=f"thing,n={self.chance.randrange(4)}", memory=MEMORY)
            self.start(kind, {"ask": ask, "gc": GC, "remove": REMOVE}[kind])
        self.look()

    def start(self, kind: str, act: str) -> None:
        self.counts[kind] += 1
        child = self.toys.child(ACT.format(act=act), self.hosts.on(self.chance.choice(self.names)))
        self.living.append(child)

    def strike(self, kind: str) -> None:
        awake = [child for child in self.living if child.pid not in self.asleep]
        if not awake:
            return
        child = self.chance.choice(awake)
        self.counts[kind] += 1
        if kind == "kill":
            send_to_all(child.pid, signal.SIGKILL)
        else:
            send_to_all(child.pid, signal.SIGSTOP)
            self.asleep[child.pid] = time.monotonic() + LEASE * self.chance.uniform(0.5, 3)

    def look(self, last: bool = False) -> None:
        """Wake who has slept enough; see how those ended that have."""
        for pid, until in list(self.asleep.items()):
            if last or time.monotonic() > until:
                del self.asleep[pid]
                send_to_all(pid, signal.SIGCONT)
        for child in list(self.living):
            if last or child.poll() is not None:
                self.living.remove(child)
                self.ended(child, *child.communicate(timeout=300))

    def ended(self, child: subprocess.Popen[str], _: str, said: str) -> None:
        if child.returncode in (0, -signal.SIGKILL):
            return
        reason = next((reason for reason in REFUSED if reason in said), None)
        assert reason is not None, said
        assert "Traceback" not in said, said
        self.counts[reason.strip(": ")] += 1


@pytest.mark.parametrize(
    ("steps", "seed"),
    [
        pytest.param(60, 1, marks=pytest.mark.slow),
        *(pytest.param(2000, seed, marks=pytest.mark.endurance) for seed in range(2, 7)),
    ],
)
@pytest.mark.parametrize("fuse", [False, True])
def test_nothing_is_spoiled(toys: Toys, tmp_path: Path, steps: int, seed: int, fuse: bool) -> None:
    toys.settings["AXS_LEASE"] = str(LEASE)
    toys.maker("base", "base", "import time\ntime.sleep(0.1)")
    toys.maker("toy", "thing", MAKE, parameters={"n": {"type": "int"}}, needs={"base": "base"})
    toys.space().session.store.open()
    hosts, names = Hosts(toys.work, tmp_path / "hosts"), [f"node{n}" for n in range(4)]
    trouble = Trouble(toys, hosts, names, random.Random(seed))
    try:
        if fuse:
            hosts.mount(*names)
        for _ in range(steps):
            trouble.step()
            time.sleep(trouble.chance.uniform(0, 0.3))
        trouble.look(last=True)
    finally:
        hosts.close()
    print(f"\nseed {seed}: {dict(trouble.counts)}, made {toys.made('toy')} times")
    nothing_is_left(toys)


def nothing_is_left(toys: Toys) -> None:
    """What is there is whole; what is not there has left nothing."""
    space = toys.space()
    space.gc()
    assert space.verify() == []
    for entry in space.all_byquery("thing"):
        assert len({(entry.path / name).read_text() for name in "abcd"}) == 1
        entry.remove()
    space.gc()
    assert [item.name for item in toys.work.iterdir()] == [".axs"]
    for folder in ("claims", "using", "trash"):
        assert list((toys.work / ".axs" / folder).iterdir()) == []
