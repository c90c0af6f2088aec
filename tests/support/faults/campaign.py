"""All kills: a query with everything that it needs, an environment, garbage collection, removals."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.faults.kills import Fate, Hunt, Kill, choose
from support.faults.world import ASKED, World
from support.http_server import Server

FULL = {
    "a query": 160,
    "a query, again and again": 20,
    "a query, then garbage collection": 30,
    "an environment": 30,
    "a removal": 20,
    "garbage collection": 20,
    "removal of all": 12,
}
"""How many kills of what, for the endurance run."""


@contextmanager
def world_at(root: Path | None = None) -> Iterator[World]:
    """A world with its server; whatever still runs of it ends with it."""
    with tempfile.TemporaryDirectory(prefix="axs-kills-") as folder, Server() as server:
        world = World(root or Path(folder), server)
        world.build()
        os.environ["XDG_CACHE_HOME"] = str(world.live / "cache")  # the index of what is looked at in this process
        try:
            yield world
        finally:
            world.end_all()


def hunt(world: World, what: str) -> Hunt:
    """The hunt of that name, with what there is before it."""
    world.settings.clear()
    for folder in (world.live, world.kept):
        world.clear(folder)
    must(world, "byquery", "words")
    if what in ("a removal", "garbage collection", "removal of all"):
        must(world, "byquery", ASKED)
    if what == "garbage collection":
        must(world, "byquery", ASKED, ",", "remove")
    world.keep()
    if what == "an environment":
        return Hunt(world, "own_python", ("get", "version"), "1.0")
    if what == "a removal":
        return Hunt(world, killed=("byquery", ASKED, ",", "remove"), tidy=True)
    if what == "removal of all":
        return Hunt(world, killed=("work_collection", ",", "remove"), tidy=True)
    if what == "garbage collection":
        return Hunt(world, killed=("gc",), tidy=True)
    return Hunt(world, tidy=what == "a query, then garbage collection")


def must(world: World, *words: str) -> None:
    run = world.axs(*words)
    assert run.code == 0, run.err


def fates(world: World, what: str, many: int) -> Iterator[Fate]:
    """So many kills of one kind."""
    one = hunt(world, what)
    kills = choose(one.points(), many)
    for place, kill in enumerate(kills):
        again: list[Kill] = kills[len(kills) - place :][:2] if what == "a query, again and again" else []
        fate = one.kill(*again, kill)
        if fate.hit is None:  # a copied index is taken as it is where the file system gives it the number it had
            fate = one.kill(*again, kill)
        yield fate
