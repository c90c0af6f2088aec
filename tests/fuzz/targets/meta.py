"""``meta.yaml``: any bytes as an entry of a collection, loaded, indexed, listed, explained and planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from fuzz.guard import told
from fuzz.mutation import mutated
from fuzz.target import Target
from fuzz.toy_room import ToyRoom
from hypothesis import strategies as st

from axs_core.api.vocabulary import vocabulary
from axs_core.base.errors import AxsError
from axs_core.entry import META
from axs_core.entry.load import read_meta

_SHIPPED = Path(__file__).parents[3] / "entries"
SEEDS = (
    *(
        (_SHIPPED / name / META).read_bytes()
        for name in ("program_image_classification", "model_resnet50", "loadgen_program", "python_env", "shell_tool")
        if (_SHIPPED / name / META).is_file()
    ),
    b"title: x\ntags: [a, b]\nattributes: {n: 5, t: '{{ n }}'}\nparents: [note]\n",
    b"provides:\n  - [thing2, 'n?=3', 'm=4']\nparameters:\n  n: {default: 1, type: int, choices: [1, 3], minimum: 0}\n"
    b"needs:\n  x: 'thing,n={{ n }}'\n  y: {query: 'note', forward: [n], each: '{{ [1, 2] }}', when: '{{ n > 1 }}'}\n"
    b"make:\n  python: {function: f}\nresults: [r]\nentry_name: 'a_{{ n }}'\npreference: 2\nlocal: true\n",
    b"tags: [collection]\nattributes: {entries_path: inner, priority: 5}\n",
    b"tags: [old]\nattributes: {a: 1}\nproduced: {recipe: maker, by: [python], key: abc, at: '2026-01-02T03:04:05Z'}\n",
)
TOKENS = (
    b"&a ",
    b"*a",
    b"&a [*a, *a]",
    b"<<: ",
    b"!!python/object:os.system x",
    b"!!binary aGk=",
    b"!!set {a}",
    b"? a\n: b\n",
    b"---\n",
    b"%YAML 9.9\n",
    b"2026-01-01",
    b"0x1f",
    b"1_000",
    b"1:30:00",
    b".inf",
    b"- ",
    b"  ",
    b"|\n",
    b">\n",
    b"#",
    b"parents: [maker]\n",
    b"parents: [odd]\n",
    b"tags: [thing]\n",
    b"preference: .inf\n",
    b"attributes: {}\n",
)
_PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from(["{{ n }}", "{{ x.path }}", "thing", "n=3", "n?=4", "python", "{{", "f", "../x", "int", "odd"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)
_NAMES = st.sampled_from(["n", "m", "x", "t", "file", "entries_path", "priority", "machine", "path", "name", "key"])
_TEXT = st.one_of(st.text(max_size=12), st.sampled_from(["{{ n }}", "{{ x.path }}", "{{ odd }}", "{{", "x", "1.10"]))
_LIST = st.lists(_NAMES, max_size=2)
_NUMBER = st.one_of(st.integers(), st.floats(), st.just(10**400))
_TRUTH = st.booleans()
_CONDITION = st.sampled_from(
    [
        "thing2",
        "thing",
        "n=3",
        "n?=4",
        "n?={{ m }}",
        "m?={{ n }}",
        "n>2",
        "m:=1:2",
        "-x",
        "x.",
        't="{{ n }}"',
        "p+",
        "note",
        "file=a",
    ]
)
_PARAMETER = st.fixed_dictionaries(
    {},
    optional={
        "default": _PLAIN,
        "type": st.sampled_from(["str", "int", "float", "bool", "list", "dict", "file", "folder", "version"]),
        "help": _TEXT,
        "choices": st.lists(_PLAIN, min_size=1, max_size=3),
        "minimum": _NUMBER,
        "maximum": _NUMBER,
        "exclusive_minimum": _NUMBER,
        "how": _TRUTH,
        "required": _TRUTH,
    },
)
_QUERY = st.lists(_CONDITION, min_size=1, max_size=3).map(",".join)
_NEED = st.one_of(
    _QUERY,
    st.fixed_dictionaries({"query": _QUERY}, optional={"forward": _LIST, "all": _TRUTH, "each": _PLAIN, "when": _TEXT}),
)
_MAKE = st.one_of(
    st.fixed_dictionaries(
        {"python": st.fixed_dictionaries({"function": _TEXT}, optional={"when": _TEXT, "file": _TEXT})}
    ),
    st.fixed_dictionaries(
        {
            "fetch": st.fixed_dictionaries(
                {"urls": st.one_of(_TEXT, st.lists(_TEXT, max_size=2)), "file": _TEXT},
                optional={"when": _TEXT, "md5": _TEXT},
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "program": st.fixed_dictionaries(
                {"run": st.lists(st.one_of(_TEXT, _NUMBER), min_size=1, max_size=2)},
                optional={"env": st.dictionaries(_TEXT, _PLAIN, max_size=1)},
            )
        }
    ),
    st.fixed_dictionaries({"git": st.fixed_dictionaries({"url": _TEXT})}),
)
_PRODUCED = st.fixed_dictionaries(
    {},
    optional={
        "recipe": _TEXT,
        "by": st.lists(st.sampled_from(["python", "git", "unzip", "detect", "x"]), max_size=2),
        "key": _TEXT,
        "machine": _TEXT,
        "at": _TEXT,
        "more": _PLAIN,
    },
)
_KEYS: dict[str, st.SearchStrategy[Any]] = {
    "title": _TEXT,
    "license": _TEXT,
    "entry_name": _TEXT,
    "plan_notes": _TEXT,
    "local": _TRUTH,
    "preference": _NUMBER,
    "tags": st.lists(st.sampled_from(["thing", "collection", "a", "thing2"]), max_size=3),
    "parents": st.lists(st.sampled_from(["note", "maker", "odd", "none"]), max_size=3),
    "provides": st.lists(st.lists(_CONDITION, min_size=1, max_size=4), min_size=1, max_size=3),
    "attributes": st.dictionaries(_NAMES, _PLAIN, max_size=4),
    "parameters": st.dictionaries(_NAMES, _PARAMETER, max_size=3),
    "needs": st.dictionaries(_NAMES, _NEED, max_size=2),
    "make": _MAKE,
    "finds": _LIST,
    "results": _LIST,
    "paths": _LIST,
    "result_parents": st.lists(st.sampled_from(["note", "odd", "none"]), max_size=2),
    "produced": _PRODUCED,
}
_META = st.fixed_dictionaries({}, optional=_KEYS)
"""Of the right form, whatever it means."""
_SPOILT = st.builds(
    lambda meta, key, value: {**meta, key: value}, _META, st.one_of(st.sampled_from(sorted(_KEYS)), _TEXT), _PLAIN
)


def _yaml(data: object) -> bytes:
    return yaml.dump(data, Dumper=yaml.SafeDumper, allow_unicode=True).encode("utf-8", "surrogatepass")


class Room(ToyRoom):
    """A collection in which one entry, ``odd``, has the input as its ``meta.yaml``."""

    def tried(self, data: bytes) -> str:
        folder = self.toys.recipes / "odd"
        folder.mkdir(exist_ok=True)
        (folder / META).write_bytes(data)
        self.space = self.toys.space()
        try:
            return self._used(folder)
        finally:
            self.space.session.index.close()
            (folder / META).unlink()
            folder.rmdir()

    def _used(self, folder: Path) -> str:
        rows = self.space.entries()
        assert {"maker", "note", "odd"} <= {row.name for row in rows}, "an entry is missing from the list"
        said = []
        try:
            read_meta(folder / META)
        except AxsError as error:
            len(self.space.all_byquery("n>1"))
            return told(error)
        for act in (self._looked_at, self._planned, self._found):
            try:
                act()
            except AxsError as error:
                said.append(told(error))
        return "; ".join(said[:1]) or "a good entry"

    def _looked_at(self) -> None:
        entry = self.space.byname("odd")
        entry.describe()
        entry.parameters()
        for name in entry.entry.values:
            try:
                entry.get(name)
            except AxsError as error:
                told(error)

    def _planned(self) -> None:
        """What it provides, and what others do beside it."""
        for alternative in self.space.byname("odd").entry.alternatives:
            for act in (self.space.plan, self.space.explain, self.space.fetch_list):
                try:
                    act(str(alternative.query))
                except AxsError as error:
                    told(error)
        self.space.plan("thing,n=3")

    def _found(self) -> None:
        for query in ("n>1", "tag", "n=5", "priority.", "t:x", "machine=x"):
            len(self.space.all_byquery(query))
        vocabulary(self.space.session)
        self.space.table("n.")
        self.space.collections()


TARGET = Target("meta", Room, st.one_of(mutated(SEEDS, TOKENS), _META.map(_yaml), _SPOILT.map(_yaml)), SEEDS, TOKENS)
