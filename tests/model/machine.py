"""The real store, index and runner beside a model of them: what must be there, what answers, what never may."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from model.children import STAGES, killed_at
from support.toy import Toys

from axs_core import Workspace
from axs_core.base.errors import EntryError
from axs_core.collections import folders as collection
from axs_core.entry import META

RECIPES = ("leaf", "user")
NUMBERS = st.integers(1, 3)
Identity = tuple[str, int]
MAKE = "    if (path.parents[1] / 'fail').exists(): raise RuntimeError('asked to fail')"


class StoreMachine(RuleBasedStateMachine):
    """``user,n=N`` needs ``leaf,n=N``; hosts ``a`` and ``b`` have an index each, over one work collection."""

    steps: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.present: dict[str, Identity] = {}
        self.asked: set[str] = set()
        self.notes: dict[str, int] = {}
        self.archived: dict[Path, list[Identity]] = {}
        self.opened: list[Identity] = []

    @initialize()
    def begin(self) -> None:
        memory = Path("/dev/shm")
        self.folder = tempfile.mkdtemp(dir=memory if memory.is_dir() else None)
        self.root = Path(os.path.realpath(self.folder))
        self.before = collection.shipped, os.environ.get("AXS_INDEX"), os.fsync, os.sync
        collection.shipped = lambda: self.root / "nothing is shipped"
        os.fsync, os.sync = lambda _: None, lambda: None  # type: ignore[assignment]
        self.toys = Toys(self.root)
        n = {"n": {"type": "int", "default": 1}}
        self.toys.maker("leaf", "leaf", MAKE, parameters=n)
        self.toys.maker("user", "user", MAKE, parameters=n, needs={"leaf": "leaf,n={{ n }}"})
        self.lasting = self.space("a")
        self.lasting.entries()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            collection.shipped, index, os.fsync, os.sync = self.before  # type: ignore[assignment]
            os.environ.pop("AXS_INDEX", None)
            if index is not None:
                os.environ["AXS_INDEX"] = index
            shutil.rmtree(self.folder)

    # how the world is seen

    def space(self, host: str) -> Workspace:
        """A new process on a host."""
        os.environ["AXS_INDEX"] = str(self.root / f"index_{host}.sqlite")
        space = self.toys.space()
        space.session.index  # noqa: B018 - opened while the variable says which
        return space

    def names(self, identity: Identity) -> list[str]:
        return [name for name, other in self.present.items() if other == identity]

    def folders(self) -> set[str]:
        if not self.toys.work.is_dir():
            return set()
        return {item.name for item in self.toys.work.iterdir() if item.is_dir() and item.name[0] != "."}

    def complete(self) -> set[str]:
        return {name for name in self.folders() if (self.toys.work / name / META).is_file()}

    def record(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.toys.work / name / "record.json").read_text(encoding="utf-8"))
        return found

    def identity(self, name: str) -> Identity:
        record = self.record(name)
        return record["recipe"]["name"], record["parameters"]["n"]["value"]

    def count(self, what: str) -> None:
        StoreMachine.steps[what] += 1

    def learn(self, allowed: dict[Identity, int], direct: Identity | None = None) -> None:
        """Take in what was made: so many at most of each identity, and nothing else."""
        made = Counter[Identity]()
        for name in self.complete() - self.present.keys():
            if (self.toys.work / name / "entries").is_dir():
                continue  # a collection out of an archive
            identity = self.identity(name)
            self.present[name] = identity
            made[identity] += 1
            if identity == direct:
                self.asked.add(name)
        assert all(made[identity] <= allowed.get(identity, 0) for identity in made), (made, allowed)

    def would_make(self, recipe: str, n: int, fresh: bool = False) -> dict[Identity, int]:
        made = {}
        if fresh or not self.names((recipe, n)):
            made[recipe, n] = 1
            if recipe == "user" and not self.names(("leaf", n)):
                made["leaf", n] = 1
        return made

    # what people and processes do

    @rule(recipe=st.sampled_from(RECIPES), n=NUMBERS, host=st.sampled_from("ab"), lasting=st.booleans())
    def ask(self, recipe: str, n: int, host: str, lasting: bool) -> None:
        self.count("ask")
        expected = self.would_make(recipe, n)
        before = {each: self.toys.made(each) for each in RECIPES}
        entry = (self.lasting if lasting else self.space(host)).byquery(f"{recipe},n={n}")
        for each in RECIPES:
            assert self.toys.made(each) - before[each] == expected.get((each, n), 0), f"{each} is made again, or not"
        self.learn(expected, direct=(recipe, n))
        assert self.present[entry.name] == (recipe, n)
        assert (entry.path / "out.txt").read_text() == f"[('n', {n})]"
        self.asked.add(entry.name)

    @rule(recipe=st.sampled_from(RECIPES), n=NUMBERS)
    def ask_afresh(self, recipe: str, n: int) -> None:
        self.count("ask afresh")
        old = set(self.present)
        entry = self.space("a").byquery(f"{recipe},n={n}", fresh="one")
        assert entry.name not in old
        self.learn(self.would_make(recipe, n, fresh=True), direct=(recipe, n))
        self.asked.add(entry.name)

    @rule(recipe=st.sampled_from(RECIPES), n=NUMBERS)
    def ask_and_fail(self, recipe: str, n: int) -> None:
        self.count("fail")
        (self.root / "fail").touch()
        try:
            entry = self.space("a").byquery(f"{recipe},n={n}")
        except EntryError as error:
            assert "asked to fail" in str(error)
            assert not self.names((recipe, n))
            self.learn({})
        else:
            assert self.present[entry.name] == (recipe, n)
            self.asked.add(entry.name)
        finally:
            (self.root / "fail").unlink()

    @rule(
        recipe=st.sampled_from(RECIPES), n=NUMBERS, stage=st.sampled_from(STAGES[:-1]), occurrence=st.integers(1, 2),
        host=st.sampled_from("ab"), fresh=st.booleans(),
    )  # fmt: skip
    def ask_and_be_killed(self, recipe: str, n: int, stage: str, occurrence: int, host: str, fresh: bool) -> None:
        allowed = self.would_make(recipe, n, fresh)
        killed = killed_at(
            stage, occurrence, lambda: self.space(host).byquery(f"{recipe},n={n}", fresh="one" if fresh else None)
        )
        self.count(f"killed when {stage}" if killed else "not killed, it was done before")
        if killed and stage != "present":
            allowed.pop((recipe, n) if occurrence == len(allowed) else ("leaf", n))
            if occurrence == 1:
                allowed = {}
        elif not killed:
            self.asked.update(name for name in self.complete() if self.names((recipe, n)) and self._was_asked(name))
        self.learn(allowed, direct=(recipe, n))

    def _was_asked(self, name: str) -> bool:
        folder = self.toys.work / name
        return (folder / ".axs" / "asked").exists() or self.record(name).get("asked") == "directly"

    @rule(data=st.data(), host=st.sampled_from("ab"))
    def remove(self, data: st.DataObject, host: str) -> None:
        if self.present:
            self.count("remove")
            name = data.draw(st.sampled_from(sorted(self.present)))
            self.space(host).byname(name).remove()
            assert name not in self.folders()
            self._forget(name)

    @rule(data=st.data())
    def be_killed_while_removing(self, data: st.DataObject) -> None:
        if self.present:
            name = data.draw(st.sampled_from(sorted(self.present)))
            if killed_at("removing", 1, lambda: self.space("a").byname(name).remove()):
                self.count("killed when removing")
            self._forget(name)

    def _forget(self, name: str) -> None:
        del self.present[name]
        self.asked.discard(name)

    @rule(data=st.data())
    def delete_by_hand(self, data: st.DataObject) -> None:
        if self.present:
            self.count("deleted by hand")
            name = data.draw(st.sampled_from(sorted(self.present)))
            shutil.rmtree(self.toys.work / name)
            self._forget(name)

    @rule(data=st.data())
    def copy_by_hand(self, data: st.DataObject) -> None:
        if self.present:
            self.count("copied by hand")
            name = data.draw(st.sampled_from(sorted(self.present)))
            copy = f"copy{sum(StoreMachine.steps.values())}_of_{name}"  # a name that was never there
            shutil.copytree(self.toys.work / name, self.toys.work / copy)
            self.present[copy] = self.present[name]
            if self._was_asked(copy):
                self.asked.add(copy)

    @rule(name=st.sampled_from(["note_x", "note_y"]), value=st.integers(0, 9), host=st.sampled_from("ab"))
    def write_by_hand(self, name: str, value: int, host: str) -> None:
        self.count("written by hand")
        self.toys.add(name, {"tags": ["note"], "attributes": {"value": value, "twice": "{{ value * 2 }}"}})
        file = self.toys.recipes / name / META
        time = 1_700_000_000_000_000_000 + 1_000_000_000 * sum(StoreMachine.steps.values())
        os.utime(file, ns=(time, time))  # a person does not edit twice within one tick of the file system's clock
        self.notes[name] = value
        assert [entry["twice"] for entry in self.space(host).all_byquery(f"note,value={value}")].count(2 * value) >= 1

    @rule(name=st.sampled_from(["note_x", "note_y"]))
    def delete_what_was_written(self, name: str) -> None:
        if name in self.notes:
            self.count("deleted what was written")
            shutil.rmtree(self.toys.recipes / name)
            del self.notes[name]

    @rule(host=st.sampled_from("ab"), how=st.sampled_from(["reindex", "deleted", "garbage", "emptied"]))
    def lose_the_index(self, host: str, how: str) -> None:
        self.count(f"index: {how}")
        if how == "reindex":
            self.space(host).work_collection().reindex()
            return
        file = self.root / f"index_{host}.sqlite"
        for each in self.root.glob(f"{file.name}*"):
            each.unlink()  # SQLite maps the side files into memory: cut under it, they would end the process
        if how != "deleted":
            file.write_bytes(b"garbage" * 500 if how == "garbage" else b"")

    @rule(host=st.sampled_from("ab"))
    def collect_garbage(self, host: str) -> None:
        self.count("gc")
        expected = set(self.present)
        needs = {name: {need["entry"] for need in self.record(name)["needs"]} for name in expected}
        needed = {need for each in needs.values() for need in each} | self._needed_by_archives()
        kept = expected & self.asked
        kept |= {need for name in kept for need in needs[name]} & expected
        removed = set(self.space(host).gc())
        assert self.complete() >= kept, f"gc removed what was asked for: {kept - self.complete()}"
        assert not removed & kept
        loose = {name for name in expected - kept if name not in needed}
        assert not loose & self.complete(), f"gc left {loose & self.complete()}"
        for name in set(self.present) - self.complete():
            self._forget(name)
        assert self.folders() - self.complete() == set(), "gc left something broken"

    def _needed_by_archives(self) -> set[str]:
        """Results that were opened from an archive keep what they were made from, if that is here."""
        records = self.toys.work.glob("*/entries/*/record.json")
        return {need["entry"] for file in records for need in json.loads(file.read_text())["needs"]}

    @rule(recipe=st.sampled_from(RECIPES))
    def put_into_an_archive(self, recipe: str) -> None:
        here = [*self.present, *(str(path.relative_to(self.toys.work)) for path in self.toys.work.glob("*/entries/*"))]
        if chosen := [name for name in here if self.identity(name)[0] == recipe]:
            self.count("zip")
            archive = self.root / f"archive{len(self.archived)}.zip"
            self.space("a").zip(recipe, archive)
            once = {(Path(name).name, json.dumps(self.record(name))): name for name in chosen}  # however often opened
            self.archived[archive] = [self.identity(name) for name in once.values()]

    @rule(data=st.data())
    def open_an_archive(self, data: st.DataObject) -> None:
        if self.archived and len(self.opened) < 20:
            self.count("unzip")
            archive = data.draw(st.sampled_from(sorted(self.archived)))
            self.space("b").unzip(archive)
            self.opened += self.archived[archive]

    # what must hold after each of these

    @invariant()
    def nothing_half_made_answers(self) -> None:
        if hasattr(self, "toys"):
            made = {name for name in self.complete() if not (self.toys.work / name / "entries").is_dir()}
            assert made == set(self.present)

    @invariant()
    def all_see_the_same(self) -> None:
        if not hasattr(self, "toys"):
            return
        with suppress(FileNotFoundError):
            (self.root / "index_new.sqlite").unlink()
        for host in ("a", "b", "new"):
            self._seen_by(self.space(host), host)

    def _seen_by(self, space: Workspace, host: str) -> None:
        for recipe in RECIPES:
            found = Counter(int(entry["n"]) for entry in space.all_byquery(recipe))
            wanted = Counter(n for name, n in [*self.present.values(), *self.opened] if name == recipe)
            assert found == wanted, f"{host} finds {found} of {recipe}, {wanted} are there"
        assert {entry.name: entry["value"] for entry in space.all_byquery("note")} == self.notes, host
        rows = [row for row in space.entries() if row.kind == "produced" and Path(row.collection) == self.toys.work]
        present = {row.name for row in rows if row.state == "present"}
        assert {name for name in present if name in self.present} == set(self.present), host
        assert not {row.name for row in rows if row.state == "producing"}, "a lock is leaked"

    @invariant()
    def what_is_there_is_planned_to_be_used(self) -> None:
        if hasattr(self, "toys"):
            space = self.space("a")
            for recipe, n in {*self.present.values()}:
                assert space.plan(f"{recipe},n={n}").action == "reuse"

    @invariant()
    def nobody_holds_a_lock(self) -> None:
        if hasattr(self, "toys") and self.toys.work.is_dir():
            space = self.space("a")
            for name in sorted(self.folders())[:5]:
                with space.session.store.held(name, wait=False):
                    pass
