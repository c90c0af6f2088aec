"""A session opens what it has when that is first asked for, and a workspace holds nothing else."""

from __future__ import annotations

from support.toy import Toys

from axs_core.base.settings import Settings
from axs_core.making.session import Session


def test_each_part_is_opened_at_its_first_use(toys: Toys) -> None:
    space = toys.space()
    assert set(vars(space)) == {"session"}
    assert set(vars(space.session)) == {"settings", "reporter"}
    assert space.session.store.root == toys.work
    assert set(vars(space.session)) == {"settings", "reporter", "store"}
    resolver = space.session.resolver
    assert resolver is space.session.resolver
    assert {"index", "trust", "world"} <= set(vars(space.session))


def test_other_settings_over_the_same_store(toys: Toys) -> None:
    here = Session(Settings(toys.environ()))
    there = here.within(here.settings.with_values(AXS_SYSTEM="another machine"))
    assert (there.store, there.index, there.trust) == (here.store, here.index, here.trust)
    assert (here.world.machine, there.world.machine) == ("toy machine", "another machine")


def test_after_a_move_it_looks_elsewhere(toys: Toys) -> None:
    toys.maker("toy", "thing")
    space = toys.space()
    made = space.byquery("thing")
    moved = space.work_collection().move(toys.work.with_name("moved"))
    assert space.session.settings.work_collection == space.session.store.root == moved
    assert space.byquery("thing").path == moved / made.name
    assert toys.made("toy") == 1
