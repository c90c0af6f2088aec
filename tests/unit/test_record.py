"""The record: how an entry came about, enough to make it again."""

from __future__ import annotations

import json
import shlex
from datetime import datetime
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core import __version__
from axs_core.base import machine
from axs_core.base.digest import of_tree, of_value
from axs_core.base.errors import EntryError


def test_all_of_it(toys: Toys) -> None:
    toys.add("given", {"provides": [["given"]], "attributes": {"frozen": ["numpy==2.2.6"]}})
    toys.maker("base", "base", attributes={"size": 3})
    toys.add("parent", {})
    toys.maker(
        "toy",
        "thing",
        "return {'version': '1.10'}",
        provides=[["thing", "kind=small", "n?=2"]],
        parents=["parent"],
        parameters={"m": {"default": 4, "type": "int"}, "quick": {"type": "bool", "how": True}, "unset": {}},
        needs={"given": "given", "bases": {"query": "base", "each": [1]}},
    )
    space = toys.space()
    made = space.byquery("thing, kind=small,m=5")
    record = made.record
    base = space.byquery("base")
    files = of_tree(made.path, frozenset({".axs", "meta.yaml", "record.json"}))

    started, finished = (
        datetime.fromisoformat(record.pop(name).replace("Z", "+00:00")) for name in ("started", "finished")
    )
    assert started <= finished
    assert set(record["recipes"]) == {"given", "parent", "toy"}
    assert all(set(item) == {"digest", "stamp"} for item in record.pop("recipes").values())
    facts = record.pop("machine")
    assert facts["cores"] == machine.cores()
    assert {"name", "cpu", "memory_bytes", "accelerators", "os", "kernel", "architecture", "python"} < set(facts)
    assert record == {
        "format": 1,
        "axs": __version__,
        "query": "thing,kind=small,m=5",
        "typed": "thing, kind=small,m=5",
        "recipe": {"name": "toy", "tags": ["thing"], "producers": ["python"]},
        "parameters": {"m": {"value": 5, "origin": "query"}, "n": {"value": 2, "origin": "alternative"}},
        "needs": [
            {"need": "given", "entry": "given", "kind": "static"},
            {
                "need": "bases",
                "entry": base.name,
                "kind": "produced",
                "recipe": "base",
                "key": base.entry.produced["key"],
                "query": "base",
                "digest": base.record["files"]["digest"],
                "recipes": {"base": base.record["recipes"]["base"]["digest"]},
                "stamps": {"base": base.record["recipes"]["base"]["stamp"]},
                "python": {},
                "needs": [],
            },
        ],
        "python": {"given": ["numpy==2.2.6"]},
        "found": {"version": "1.10"},
        "exit_code": 0,
        "asked": "directly",
        "files": {
            "count": 1,
            "bytes": files["out.txt"]["size"],
            "digest": of_value(files),
        },
        "again": "axs byquery thing,kind=small,m=5 --fresh",
    }
    assert base.record["asked"] == "as a need"
    assert base.record["typed"] is None


@pytest.mark.parametrize("value", ["it's", "a b", "$HOME", '"', "a;b", "100%"])
def test_the_command_that_makes_it_again_survives_a_shell(toys: Toys, value: str) -> None:
    toys.maker("toy", "thing", parameters={"note": {"type": "str"}})
    made = toys.space().byquery(["thing", f'note="{value.replace(chr(34), chr(34) * 2)}"'])
    program, action, query, option = shlex.split(made.record["again"])
    assert (program, action, option) == ("axs", "byquery", "--fresh")
    assert toys.space().byquery(query).name == made.name


def test_the_recipe_is_recorded_as_it_was_used(toys: Toys) -> None:
    toys.maker("toy", "thing")
    first = toys.space().byquery("thing").record["recipes"]["toy"]
    (toys.recipes / "toy" / "more.txt").write_text("changed")
    second = toys.space().byquery("thing", fresh="one").record["recipes"]["toy"]
    assert first["digest"] != second["digest"]


def test_caches_are_no_content(toys: Toys) -> None:
    toys.maker("toy", "thing", "(path / '__pycache__').mkdir()\n(path / '__pycache__' / 'x.pyc').touch()")
    made = toys.space().byquery("thing")
    assert list(json.loads((made.path / ".axs" / "files.json").read_text())) == ["out.txt"]


@pytest.mark.process
@pytest.mark.parametrize("query", ["thing", "base"])
def test_an_ask_that_hits_reads_the_record_once(toys: Toys, query: str) -> None:
    """Of what it finds, whether it was asked for directly or made as a need, and of nothing else."""
    toys.maker("base", "base")
    toys.maker("toy", "thing", needs={"base": "base"})
    toys.space().byquery("thing")
    child = toys.child(f"""
        opened = []
        sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
        made = space.byquery({query!r})
        print(made.path / "record.json", *[file for file in opened if file.endswith("record.json")])
    """)
    out, err = child.communicate()
    assert child.returncode == 0, err
    own, *read = out.split()
    assert read == [own]
    assert toys.made("toy") == toys.made("base") == 1


def test_an_entry_that_a_person_wrote_has_none(toys: Toys) -> None:
    toys.add("given", {})
    given = toys.space().byname("given")
    assert given.record == {}
    assert "record" not in given.describe()


def test_a_record_that_is_damaged(toys: Toys) -> None:
    toys.maker("toy", "thing")
    made = toys.space().byquery("thing")
    file = made.path / "record.json"
    file.write_text("{")
    with pytest.raises(EntryError) as caught:
        toys.space().byname(made.name).record  # noqa: B018
    assert str(caught.value).startswith(f"{file}: is not valid JSON: ")
    assert caught.value.exit_code == 2


def test_no_path_of_this_machine_is_stored(toys: Toys, tmp_path: Path) -> None:
    """What was made can be moved: neither its meta nor its record says where it lay."""
    toys.maker("base", "base")
    toys.maker("toy", "thing", attributes={"file_in": "out.txt"}, paths=["file_in"], needs={"b": "base"})
    made = toys.space().byquery("thing")
    assert made["file_in"] == str(made.path / "out.txt")
    for name in ("meta.yaml", "record.json"):
        assert str(tmp_path) not in (made.path / name).read_text()
    moved = tmp_path / "moved"
    toys.work.rename(moved)
    toys.work = moved
    assert toys.space().byquery("thing")["file_in"] == str(moved / made.name / "out.txt")
    assert toys.made("toy") == 1
