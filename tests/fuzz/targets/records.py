"""What axs keeps inside an entry (record, list of files, copy of the meta): changed, then read by all that read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fuzz.guard import told
from fuzz.mutation import mutated
from fuzz.parts import join, split
from fuzz.target import Target
from fuzz.toy_room import ToyRoom
from hypothesis import strategies as st

from axs_core.base.errors import AxsError
from axs_core.base.reporter import Reporter
from axs_core.compare.audit import audit
from axs_core.compare.diff import compare
from axs_core.compare.replay import Replay
from axs_core.making.fulfil import Runner
from axs_core.store.failure import Failure
from axs_core.store.hosts import beacon

RECORD, FILES, META = "record.json", ".axs/files.json", ".axs/meta.json"
FAILED, BEACON = ".axs/failed.json", ".axs/beacon"
_KNOWN = {
    "format": 1,
    "axs": "0.1.0",
    "query": "user,n=3",
    "typed": None,
    "recipe": {"name": "user", "tags": ["user"], "producers": ["python"]},
    "recipes": {"user": {"digest": "ab" * 32, "stamp": "cd" * 32}, "maker": {"digest": "ab" * 32, "stamp": "x"}},
    "parameters": {"n": {"value": 3, "origin": "query"}},
    "needs": [
        {
            "need": "thing",
            "entry": "maker_x",
            "kind": "produced",
            "recipe": "maker",
            "key": "k",
            "query": "thing,n=3",
            "digest": "ef" * 32,
            "recipes": {},
            "python": {},
            "needs": [],
        }
    ],
    "python": {"python": ["numpy==2.2.6"]},
    "archives": {
        "python": [{"name": "numpy", "version": "2.2.6", "hashes": {"sha256": "ab"}, "url": "https://x/y.whl"}]
    },
    "found": {"size": 5},
    "machine": {"cpu": "x", "cores": 2, "python": "3.11.7"},
    "started": "2026-01-02T03:04:05.000Z",
    "finished": "2026-01-02T03:04:06.000Z",
    "exit_code": 0,
    "asked": "directly",
    "files": {"count": 1, "bytes": 5, "digest": "ab" * 32},
    "again": "axs byquery 'user,n=3' --fresh",
}
_LIST = {"out.txt": {"size": 12, "sha256": "ab" * 32}, "a/link": {"link": "out.txt"}}
_COPY = {
    "of": "ab" * 32,
    "meta": {"tags": ["user"], "attributes": {"n": 3}, "produced": {"recipe": "user", "by": ["python"]}},
}
_FAILURE = {
    "attempt": "ab",
    "who": "process 1",
    "reason": "KeyError: 'a'",
    "message": "it failed",
    "hint": None,
    "exit_code": 1,
}
_SEEN = {
    "token": "ab", "who": {"host": "here", "pid": 1}, "doing": "making it", "since": "2026-01-02 03:04:05",
    "command": "axs", "every": 1.0, "domain": "x",
}  # fmt: skip
_GOOD = {RECORD: _KNOWN, FILES: _LIST, META: _COPY, FAILED: _FAILURE, BEACON: _SEEN}
SEEDS = (
    *(join({name: json.dumps(data).encode()}) for name, data in _GOOD.items()),
    join({name: json.dumps(_GOOD[name]).encode() for name in (RECORD, FILES)}),
)
TOKENS = (
    *(json.dumps(key).encode() for key in _KNOWN),
    b'": ',
    b", ",
    b"### .axs/files.json\n",
    b"### record.json\n",
)
_PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["user,n=3", "maker", "thing", "numpy==1", "../../x", "/etc/passwd", 10**400]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=5,
)


def _changed(name: str, path: list[int], value: Any, drop: bool) -> bytes:
    """A good file with another value, or none, somewhere in it."""
    data = json.loads(json.dumps(_GOOD[name]))
    inner = data
    for number, step in enumerate(path):
        places = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        if not places:
            break
        place = places[step % len(places)]
        if number < len(path) - 1 and isinstance(inner[place], (dict, list)) and inner[place]:
            inner = inner[place]
            continue
        if drop:
            del inner[place]
        else:
            inner[place] = value
        break
    return join({name: json.dumps(data).encode()})


class Room(ToyRoom):
    """The made entry ``user`` (with a need) gets the input's files in the place of its own."""

    def fill(self) -> None:
        self.toys.maker("user", "user", parameters={"n": {"type": "int"}}, needs={"thing": "thing,n={{ n }}"})
        super().fill()
        made = self.space.byquery("user,n=3")
        self.folder, self.name = made.path, made.name
        self.other = self.space.byquery("user,n=4").name
        self.own = {name: (made.path / name).read_bytes() for name in (RECORD, FILES, META)}

    def tried(self, data: bytes) -> str:
        self.number += 1
        if self.number % 8 == 0 or self.thorough:
            self.renew()
        files = {name: text for name, text in split(data).items() if name in _GOOD}
        try:
            for name, text in files.items():
                (self.folder / name).write_bytes(text)
            self.space = self.toys.space()
            return self._read() if files else "left out: no file"
        finally:
            self._restore()

    def _restore(self) -> None:
        self.space.session.index.close()
        for name in (FAILED, BEACON):
            (self.folder / name).unlink(missing_ok=True)
        if not (self.folder / "meta.yaml").is_file():
            return
        for name, text in self.own.items():
            (self.folder / name).write_bytes(text)

    def _read(self) -> str:
        said = []
        acts = self._acts()
        for act in acts:
            try:
                act()
            except AxsError as error:
                said.append(told(error))
        return f"{len(said)} of its readers refuse it; {said[0] if said else 'no error'}"

    def _acts(self) -> list[Callable[[], Any]]:
        """Those that write are tried with one input of eight, unless the room is thorough: they take long."""
        space = self.space
        writing = [lambda: self._replayed(), self._zipped, lambda: space.gc()]
        return [
            lambda: space.byname(self.name).describe(),
            lambda: space.table("user", ["name", "record.files.bytes", "record.parameters.n", "n"]),
            lambda: compare(space.session.index.by_name(self.name), space.session.index.by_name(self.other)),
            lambda: list(
                compare(space.session.index.by_name(self.other), space.session.index.by_name(self.name)).lines()
            ),
            lambda: space.verify(self.name),
            lambda: audit(space.session.index.by_name(self.name), Reporter()),
            lambda: space.byname(self.name).lock(),
            lambda: space.byquery("user,n=3"),
            lambda: space.plan("user,n=3"),
            self._others,
            *(writing if self.thorough or self.number % 8 == 0 else []),
        ]

    def _others(self) -> None:
        """What processes that wait for a making read."""
        if (failure := Failure.read(self.folder / FAILED)) is not None:
            told(failure.error(None))
        file = self.folder / BEACON
        if file.is_file():
            file.write_bytes(b"0000000001\n" + file.read_bytes())
            str(beacon.read(file))

    def _zipped(self) -> None:
        output = self.root / "out.zip"
        output.unlink(missing_ok=True)
        self.space.zip("user", output, with_needs=True)

    def _replayed(self) -> None:
        space = self.space
        entry = space.session.index.by_name(self.name)
        made = Replay(entry, space.session, Runner(space.session)).run()
        list(made.text())
        space.byname(made.new.name).remove()


TARGET = Target(
    "records",
    Room,
    st.one_of(
        mutated(SEEDS, TOKENS),
        st.builds(
            _changed,
            st.sampled_from(sorted(_GOOD)),
            st.lists(st.integers(0, 30), min_size=1, max_size=4),
            _PLAIN,
            st.booleans(),
        ),
        st.builds(
            _changed, st.just(RECORD), st.lists(st.integers(0, 30), min_size=1, max_size=4), _PLAIN, st.booleans()
        ),
        st.builds(lambda name, data: join({name: json.dumps(data).encode()}), st.sampled_from(sorted(_GOOD)), _PLAIN),
    ),
    SEEDS,
    TOKENS,
)
