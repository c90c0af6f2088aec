"""Asking and making, on toy collections: what is reused, what is made, and what a failure leaves."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core.api import WorkspaceEntry
from axs_core.base.errors import AxsError, EntryError, NotFound, ProduceError, Refused, StoreError, UsageError


def folders(toys: Toys) -> list[str]:
    return (
        sorted(item.name for item in toys.work.iterdir() if not item.name.startswith(".")) if toys.work.exists() else []
    )


def only_folder(toys: Toys) -> Path:
    (name,) = folders(toys)
    return toys.work / name


def record(entry: WorkspaceEntry) -> Any:
    return json.loads((entry.path / "record.json").read_text())


# reuse and make


def test_made_once_then_reused(toys: Toys) -> None:
    toys.maker("toy", "thing", attributes={"a": 1}, parameters={"n": {"default": 2, "type": "int"}})
    space = toys.space()
    first = space.byquery("thing")
    assert (first["a"], first["n"], first["file"]) == (1, 2, "out.txt")
    assert first.get_path() == first.path / "out.txt"
    assert toys.reporter.steps == ["making thing"]
    again = toys.space().byquery("thing,n=2")
    assert again.path == first.path
    assert toys.made("toy") == 1
    assert toys.reporter.steps == []
    assert toys.reporter.notes == [f"{first.name}: made {first.entry.made_at}"]


def test_other_values_are_another_thing(toys: Toys) -> None:
    toys.maker("toy", "thing", parameters={"n": {"default": 2, "type": "int"}})
    space = toys.space()
    names = {space.byquery(query).name for query in ("thing", "thing,n=3", "thing,n=2", "thing,n=03")}
    assert len(names) == 2
    assert toys.made("toy") == 2


@pytest.mark.parametrize(
    ("declared", "queries"),
    [
        ({"default": 1, "type": "float"}, ["thing", "thing,n=1", "thing,n=1.0", "thing,n=1e0"]),
        ({"default": 5, "type": "str"}, ["thing", "thing,n=5"]),
        ({"default": "yes", "type": "bool"}, ["thing", "thing,n+", "thing,n=true"]),
        ({"default": [1, "2"], "type": "list"}, ["thing", "thing,n:=1:2"]),
        ({"default": "{{ 1 + 1 }}"}, ["thing", "thing,n=2"]),
        ({"default": None}, ["thing"]),
    ],
)
def test_a_value_that_is_said_and_the_same_by_default_are_one_thing(
    toys: Toys, declared: dict[str, Any], queries: list[str]
) -> None:
    toys.maker("toy", "thing", parameters={"n": declared})
    space = toys.space()
    assert len({space.byquery(query).name for query in queries}) == 1


def test_fresh_makes_it_again_and_keeps_the_old_one(toys: Toys) -> None:
    toys.maker("base", "base")
    toys.maker("toy", "thing", needs={"base": "base"})
    space = toys.space()
    first = space.byquery("thing")
    second = space.byquery("thing", fresh="one")
    assert second.name == f"{first.name}_2"
    assert first.path.is_dir()
    assert toys.space().byquery("thing").name == second.name
    assert (toys.made("toy"), toys.made("base")) == (2, 1)


def test_fresh_all_makes_the_needs_again_each_once(toys: Toys) -> None:
    toys.maker("base", "base")
    toys.maker("left", "left", needs={"base": "base"})
    toys.maker("right", "right", needs={"base": "base"})
    toys.maker("toy", "thing", needs={"left": "left", "right": "right"})
    toys.space().byquery("thing")
    made = toys.space().byquery("thing", fresh="all")
    assert [toys.made(name) for name in ("toy", "left", "right", "base")] == [2, 2, 2, 2]
    assert all(need["entry"].endswith("_2") for need in record(made)["needs"])


def test_fresh_of_what_is_its_own_answer_keeps_what_the_query_says(toys: Toys) -> None:
    toys.add("given", {"provides": [["thing", "size?=1"]], "attributes": {"twice": "{{ size * 2 }}"}})
    space = toys.space()
    assert space.byquery("thing,size=4")["twice"] == 8
    assert space.byquery("thing,size=4", fresh="one")["twice"] == 8
    assert space.byquery("thing", fresh="all")["size"] == 1


def test_the_newest_answers(toys: Toys) -> None:
    toys.maker("toy", "thing")
    names = [toys.space().byquery("thing", fresh="one").name for _ in range(3)]
    assert toys.space().byquery("thing").name == names[-1]
    space = toys.space()
    space.work_collection().reindex()
    assert space.byquery("thing").name == names[-1]


def test_needs_are_made_first_and_seen_by_name(toys: Toys) -> None:
    toys.maker("base", "base", attributes={"size": 3}, parameters={"n": {"default": 1, "type": "int"}})
    toys.maker(
        "toy",
        "thing",
        attributes={"twice": "{{ base.size * 2 }}"},
        parameters={"k": {"default": 5, "type": "int"}},
        needs={"base": "base,n={{ k }}"},
    )
    made = toys.space().byquery("thing")
    assert made["twice"] == 6
    (need,) = record(made)["needs"]
    assert (need["need"], need["query"]) == ("base", "base,n=5")
    assert toys.space().byname(need["entry"])["n"] == 5


def test_a_query_that_only_an_entry_answers(toys: Toys) -> None:
    toys.add("given", {"tags": ["data"], "attributes": {"size": 1, "half": "{{ size / 2 }}"}})
    space = toys.space()
    assert space.byquery("data").name == "given"
    assert space.byquery("data,size>=1,half=0.5").name == "given"
    with pytest.raises(NotFound):
        space.byquery("data,half=1")


# handing over, and failures


def test_what_does_not_apply_hands_over_and_leaves_nothing(toys: Toys) -> None:
    toys.maker("first", "thing", "from axs_core.sdk import DoesNotApply\nraise DoesNotApply('no tool')", preference=1)
    toys.maker("second", "thing")
    made = toys.space().byquery("thing")
    assert made.entry.produced["recipe"] == "second"
    assert folders(toys) == [made.name]


def test_nothing_applies(toys: Toys) -> None:
    for name, reason in (("first", "no tool"), ("second", "no data")):
        toys.maker(name, "thing", f"from axs_core.sdk import DoesNotApply\nraise DoesNotApply({reason!r}, hint='x')",
                   preference={"first": 1, "second": 0}[name])  # fmt: skip
    with pytest.raises(NotFound) as caught:
        toys.space().byquery("thing")
    assert str(caught.value) == "nothing on this machine serves thing\n    first: no tool\n    second: no data"
    assert caught.value.hint == "x"
    assert folders(toys) == []


def test_a_failure_is_a_failure_and_does_not_hand_over(toys: Toys) -> None:
    toys.maker("first", "thing", "from axs_core.sdk import ProduceError\nraise ProduceError('it broke')", preference=1)
    toys.maker("second", "thing")
    with pytest.raises(ProduceError, match=r"^it broke$"):
        toys.space().byquery("thing")
    assert toys.made("second") == 0


def test_a_failure_leaves_nothing_that_looks_finished(toys: Toys) -> None:
    body = """
        from axs_core.base.errors import ProduceError
        (path / ".axs" / "log.txt").write_text("what happened")
        if not (path.parent / "better").exists():
            raise ProduceError("it broke")
    """
    toys.maker("toy", "thing", body)
    with pytest.raises(ProduceError) as caught:
        toys.space().byquery("thing")
    folder = only_folder(toys)
    assert sorted(str(item.relative_to(folder)) for item in folder.rglob("*") if item.is_file()) == [
        ".axs/failed.json",
        ".axs/log.txt",
        ".axs/parameters.json",
    ]
    assert caught.value.log == folder / ".axs" / "log.txt"
    assert json.loads((folder / ".axs" / "failed.json").read_text())["reason"] == "ProduceError: it broke"
    space = toys.space()
    assert [(row.name, row.state) for row in space.entries() if row.name != "toy"] == [(folder.name, "broken")]
    assert list(space.all_byquery("thing")) == []
    (toys.work / "better").touch()
    assert toys.space().byquery("thing").path == folder  # made again at the next ask
    assert toys.made("toy") == 2


def test_an_error_does_not_cause_itself(toys: Toys) -> None:
    toys.maker("toy", "thing", "from axs_core.sdk import ProduceError\nraise ProduceError('it broke')")
    with pytest.raises(ProduceError) as caught:
        toys.space().byquery("thing")
    assert caught.value.__cause__ is not caught.value


def test_a_function_that_raises_is_a_mistake_of_the_entry(toys: Toys) -> None:
    recipe = toys.maker("toy", "thing", "raise KeyError('gone')")
    with pytest.raises(EntryError) as caught:
        toys.space().byquery("thing")
    assert str(caught.value) == f"{recipe / 'code.py'}:6: function 'make_it' raised KeyError: 'gone'"
    assert not (only_folder(toys) / "meta.yaml").exists()


def test_an_interrupt_leaves_a_broken_folder(toys: Toys) -> None:
    toys.maker("toy", "thing", "if not (path.parent / 'go').exists():\n    raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        toys.space().byquery("thing")
    folder = only_folder(toys)
    assert not (folder / "out.txt").exists()
    (toys.work / "go").touch()
    assert toys.space().byquery("thing").path == folder


def test_a_full_disk(toys: Toys) -> None:
    body = """
        import errno
        raise OSError(errno.ENOSPC, "No space left on device", "big.bin")
    """
    toys.maker("toy", "thing", body)

    with pytest.raises(StoreError) as caught:
        toys.space().byquery("thing")
    assert str(caught.value) == "the disk is full: big.bin"
    assert caught.value.hint == "free some room (axs gc removes what nobody needs) and ask again"
    assert not (only_folder(toys) / "out.txt").exists()


def test_a_full_disk_while_the_entry_is_completed(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    from axs_core.store import store as store_module

    toys.maker("toy", "thing")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "sync_tree", full)
        with pytest.raises(StoreError) as caught:
            toys.space().byquery("thing")
    assert str(caught.value) == f"the disk is full: {only_folder(toys)}"
    assert [row.state for row in toys.space().entries() if row.name != "toy"] == ["broken"]


def test_who_needed_what_failed(toys: Toys) -> None:
    toys.maker("base", "base", "from axs_core.sdk import ProduceError\nraise ProduceError('it broke')")
    toys.maker("middle", "middle", needs={"b": "base"})
    toys.maker("toy", "thing", needs={"m": "middle"})
    with pytest.raises(ProduceError) as caught:
        toys.space().byquery("thing")
    assert caught.value.needed_by == ("thing", "middle")


def test_the_plan_is_checked_before_anything_is_made(toys: Toys) -> None:
    toys.maker("base", "base")
    toys.maker("toy", "thing", needs={"first": "base", "second": "gone"})
    for fresh in (None, "one", "all"):
        with pytest.raises(NotFound):
            toys.space().byquery("thing", fresh=fresh)  # type: ignore[arg-type]
    assert toys.made("base") == 0


def test_a_function_that_is_not_there(toys: Toys) -> None:
    recipe = toys.add(
        "toy", {"provides": [["thing"]], "make": {"python": {"function": "mak_it"}}}, "def make_it(): pass"
    )
    with pytest.raises(EntryError) as caught:
        toys.space().byquery("thing")
    assert str(caught.value) == f"{recipe / 'meta.yaml'}: make: there is no function 'mak_it' in its code.py"


def test_what_is_found_must_be_plain_data(toys: Toys) -> None:
    toys.maker("toy", "thing", "return {'odd': {1, 2}}")
    with pytest.raises(EntryError) as caught:
        toys.space().byquery("thing")
    assert str(caught.value) == (
        f"{toys.recipes / 'toy' / 'meta.yaml'}: the value of 'odd' is no plain data (text, number, list, mapping): set"
    )


# found, results, refused


def test_found_values_and_paths(toys: Toys) -> None:
    toys.maker("toy", "thing", "return {'version': '1.10', 'where': path / 'sub', 'nothing': None}", finds=["version"])
    made = toys.space().byquery("thing")
    assert made["version"] == "1.10"
    assert made["where"] == str(made.path / "sub")
    with pytest.raises(NotFound):
        made["nothing"]


def test_restrictions_on_what_is_found(toys: Toys) -> None:
    toys.maker("toy", "thing", "return {'version': '1.10'}", finds=["version"])
    space = toys.space()
    made = space.byquery("thing,version>=1.9")
    assert space.byquery("thing,version=1.10").name == made.name
    with pytest.raises(NotFound) as caught:
        space.byquery("thing,version>=2")
    assert str(caught.value) == (
        "nothing on this machine serves thing,version>=2\n    toy: version>=2 does not hold: version is '1.10'"
    )
    assert folders(toys) == [made.name]


def test_a_restriction_that_no_first_one_meets_hands_over(toys: Toys) -> None:
    toys.maker("old", "thing", "return {'version': '1.0'}", finds=["version"], preference=1)
    toys.maker("new", "thing", "return {'version': '2.0'}", finds=["version"])
    assert toys.space().byquery("thing,version>=2")["version"] == "2.0"
    assert toys.space().byquery("thing")["version"] == "1.0"


RESULTS = """
    from axs_core.base.errors import Refused

    def figure(path, factor, allow_invalid=False, labels=None):
        if factor < 0 and not allow_invalid:
            raise Refused("the run is INVALID: factor is negative")
        return 10 * factor

    def doubled(figure):
        return 2 * figure

    def absent():
        return None
"""


def with_results(toys: Toys) -> None:
    toys.add("reports", {}, RESULTS)
    toys.maker(
        "toy",
        "thing",
        parameters={"factor": {"default": 1, "type": "int"}, "allow_invalid": {"type": "bool", "how": True}},
        results=["figure", "doubled", "absent"],
        result_parents=["reports"],
    )


def test_results_are_stored_and_need_no_code_later(toys: Toys) -> None:
    with_results(toys)
    made = toys.space().byquery("thing")
    assert (made["figure"], made["doubled"]) == (10, 20)
    assert "absent" not in made.entry.attributes
    (toys.recipes / "reports" / "code.py").write_text("raise RuntimeError\n")
    space = toys.space()
    assert [entry["figure"] for entry in space.all_byquery("thing,figure>5")] == [10]
    assert list(space.all_byquery("thing,figure>50")) == []


def test_a_refused_figure_is_not_stored_and_refused_each_time(toys: Toys) -> None:
    with_results(toys)
    made = toys.space().byquery("thing,factor=-2")
    assert not {"figure", "doubled"} & set(made.entry.attributes)
    for name in ("figure", "doubled"):
        with pytest.raises(Refused, match=r"^the run is INVALID: factor is negative$"):
            made[name]


def test_how_parameters_are_seen_when_a_value_is_asked_for(toys: Toys) -> None:
    with_results(toys)
    refused = toys.space().byquery("thing,factor=-2")
    allowed = toys.space().byquery("thing,factor=-2,allow_invalid+")
    assert allowed.name == refused.name
    assert (allowed["figure"], allowed["doubled"]) == (-20, -40)
    assert toys.made("toy") == 1
    fresh = toys.space().byquery("thing,factor=-3,allow_invalid+")
    assert "figure" not in fresh.entry.attributes  # allowing it is for this ask only
    with pytest.raises(Refused):
        toys.space().byquery("thing,factor=-3")["figure"]


def test_a_result_without_a_function(toys: Toys) -> None:
    recipe = toys.maker("toy", "thing", results=["figure"])
    with pytest.raises(EntryError) as caught:
        toys.space().byquery("thing")
    assert str(caught.value) == (
        f"{recipe / 'meta.yaml'}: results: there is no value and no function 'figure' in result_parents"
    )


def test_results_are_not_made_up_from_what_is_stored(toys: Toys) -> None:
    """A value found while making is the result of that name."""
    with_results(toys)
    toys.maker("other", "other", "return {'figure': 7}", results=["figure"], result_parents=["reports"])
    assert toys.space().byquery("other")["figure"] == 7


def test_a_made_entry_holds_all_it_was_made_from(toys: Toys) -> None:
    toys.maker("base", "base", attributes={"size": 3})
    toys.add("parent", {"attributes": {"inherited": 1}, "parameters": {"p": {"default": 4}}})
    toys.maker(
        "toy",
        "thing",
        parents=["parent"],
        provides=[["thing", "kind=small", "n?=2"]],
        title="Toy of size {{ base.size }}",
        needs={"base": "base"},
    )
    made = toys.space().byquery("thing,kind=small")
    meta = dict(made.entry.meta)
    produced = meta.pop("produced")
    assert meta == {
        "title": "Toy of size 3",
        "tags": ["thing"],
        "attributes": {"inherited": 1, "kind": "small", "p": 4, "n": 2, "file": "out.txt"},
    }
    assert (produced["recipe"], produced["by"]) == ("toy", ["python"])


# identity: files, machines


def test_a_file_is_known_by_its_content(toys: Toys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toys.maker("toy", "thing", parameters={"labels": {"type": "file"}})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.txt").write_text("one")
    (tmp_path / "copy.txt").write_text("one")
    first = toys.space().byquery("thing,labels=labels.txt")
    assert first["labels"] == str(tmp_path / "labels.txt")
    assert toys.space().byquery(f"thing,labels={tmp_path}/labels.txt").name == first.name
    assert toys.space().byquery("thing,labels=copy.txt").name == first.name
    (tmp_path / "labels.txt").write_text("two")
    second = toys.space().byquery("thing,labels=labels.txt")
    assert second.name != first.name
    os.utime(tmp_path / "labels.txt", ns=(0, 0))
    assert toys.space().byquery("thing,labels=labels.txt").name == second.name


def test_a_folder_is_known_by_its_listing(toys: Toys, tmp_path: Path) -> None:
    toys.maker("toy", "thing", parameters={"images": {"type": "folder"}})
    images = tmp_path / "images"
    images.mkdir()
    (images / "a.jpg").write_text("a")
    query = f"thing,images={images}"
    first = toys.space().byquery(query)
    assert toys.space().byquery(query).name == first.name
    (images / "b.jpg").write_text("b")
    assert toys.space().byquery(query).name != first.name


@pytest.mark.parametrize(
    ("kind", "value", "message", "hint"),
    [
        ("file", "gone/x", "there is no file {0}/gone/x", "there is no folder {0}/gone either"),
        ("file", "label.txt", "there is no file {0}/label.txt", "did you mean {0}/labels.txt?"),
        ("file", ".", "there is no file {0}: it is a folder", None),
        ("folder", "labels.txt", "there is no folder {0}/labels.txt: it is a file", None),
    ],
)
def test_a_file_that_is_not_there(
    toys: Toys, tmp_path: Path, kind: str, value: str, message: str, hint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "labels.txt").touch()
    toys.maker("toy", "thing", parameters={"labels": {"type": kind}})
    with pytest.raises(UsageError) as caught:
        toys.space().byquery(f"thing,labels={value}")
    assert str(caught.value) == message.format(here)
    if hint is not None:
        assert caught.value.hint == hint.format(here)


def test_what_is_local_answers_on_its_own_machine_only(toys: Toys) -> None:
    toys.maker("toy", "thing", local=True)
    here = toys.space().byquery("thing")
    assert here.entry.produced["machine"] == "toy machine"
    there = toys.space(AXS_SYSTEM="other").byquery("thing")
    assert there.name != here.name
    assert toys.made("toy") == 2
    assert toys.space(AXS_SYSTEM="other").byquery('thing,machine="toy machine"').name == here.name
    assert toys.space(AXS_SYSTEM="third").byquery("thing,machine:other").name == there.name
    assert toys.space().byquery("thing").name == here.name
    assert {entry.name for entry in toys.space().all_byquery("thing")} == {here.name, there.name}
    with pytest.raises(NotFound) as caught:
        toys.space().byquery("thing,machine=moon")
    assert str(caught.value) == "nothing that answers thing,machine=moon was made on such a machine"
    assert caught.value.hint == "axs all_byquery shows what there is"


def test_what_is_not_local_answers_everywhere(toys: Toys) -> None:
    toys.maker("toy", "thing")
    assert toys.space().byquery("thing").name == toys.space(AXS_SYSTEM="other").byquery("thing").name


# needs: forward, all, each, when, later


def test_forward_hands_on_what_was_said_and_nothing_else(toys: Toys) -> None:
    toys.maker("model", "model", parameters={"opset": {"default": 8, "type": "int"}, "layers": {"default": 3}})
    toys.maker("toy", "thing", needs={"model": {"query": "model", "forward": ["opset", "layers"]}})
    space = toys.space()
    assert record(space.byquery("thing"))["needs"][0]["query"] == "model"
    made = space.byquery("thing,opset=11")
    assert record(made)["needs"][0]["query"] == "model,opset=11"
    assert space.byquery("thing").name != made.name


def test_forwarded_restrictions_travel_and_are_part_of_the_identity(toys: Toys) -> None:
    toys.maker("model", "model", attributes={"opset": 11}, provides=[["model", "kind?=a"]])
    toys.maker("toy", "thing", needs={"model": {"query": "model", "forward": ["opset"]}})
    space = toys.space()
    made = space.byquery("thing,opset>=9")
    assert record(made)["needs"][0]["entry"] == space.byquery("model").name
    assert space.byquery("thing,opset>=9").name == made.name
    assert space.byquery("thing").name != made.name
    with pytest.raises(NotFound):
        space.byquery("thing,opset>=12")


def test_all_takes_every_entry_that_satisfies_the_query(toys: Toys) -> None:
    toys.maker("run", "run", parameters={"n": {"default": 1, "type": "int"}})
    toys.add(
        "report",
        {
            "provides": [["report"]],
            "needs": {"runs": {"query": "run", "all": True}},
            "make": {"python": {"function": "collect"}},
        },
        "def collect(needs): return {'ns': [run['attributes']['n'] for run in needs['runs']]}",
    )
    assert toys.space().byquery("report")["ns"] == []
    for n in (2, 1, 3):
        toys.space().byquery(f"run,n={n}")
    assert sorted(toys.space().byquery("report")["ns"]) == [1, 2, 3]
    assert len(toys.space().all_byquery("report")) == 2
    assert sorted(toys.space().byquery("report")["ns"]) == [1, 2, 3]
    assert len(toys.space().all_byquery("report")) == 2


def test_each_makes_one_need_an_item(toys: Toys) -> None:
    toys.maker("run", "run", parameters={"n": {"type": "int"}})
    toys.maker(
        "report",
        "report",
        attributes={"total": "{{ runs | map(attribute='n') | sum }}"},
        parameters={"sizes": {"default": [1, 2], "type": "list"}},
        needs={"runs": {"query": "run,n={{ item }}", "each": "{{ sizes }}"}},
    )
    made = toys.space().byquery("report")
    assert made["total"] == 3
    assert [need["query"] for need in record(made)["needs"]] == ["run,n=1", "run,n=2"]
    assert toys.space().byquery("report,sizes:=2:5")["total"] == 7
    assert toys.made("run") == 3


def test_each_must_be_a_list(toys: Toys) -> None:
    recipe = toys.maker("report", "report", needs={"runs": {"query": "run", "each": "{{ 5 }}"}})
    with pytest.raises(EntryError) as caught:
        toys.space().byquery("report")
    assert str(caught.value) == f"{recipe / 'meta.yaml'}: needs.runs.each: each must give a list, not 5"


def test_when_leaves_a_need_out(toys: Toys) -> None:
    toys.maker("tool", "tool", attributes={"v": 1})
    toys.maker(
        "toy",
        "thing",
        attributes={"tool_version": "{{ tool.v if tool else 'none' }}"},
        parameters={"check": {"default": False, "type": "bool"}},
        needs={"tool": {"query": "tool", "when": "{{ check }}"}},
    )
    space = toys.space()
    assert space.byquery("thing")["tool_version"] == "none"
    assert toys.made("tool") == 0
    assert space.byquery("thing,check+")["tool_version"] == 1


def test_a_need_that_is_known_later(toys: Toys) -> None:
    toys.maker("base", "base", "return {'version': '7'}", finds=["version"])
    toys.maker("data", "data", parameters={"v": {"type": "str"}})
    toys.maker("toy", "thing", needs={"base": "base", "data": "data,v={{ base.version }}"})
    plan = toys.space().plan("thing")
    assert [(name, step.action, step.reason) for name, step in plan.needs] == [
        ("base", "make", "by base, python: not there yet"),
        ("data", "later", "base.version is known after base was made"),
    ]
    assert record(toys.space().byquery("thing"))["needs"][1]["query"] == 'data,v="7"'


def test_a_static_entry_as_a_need(toys: Toys) -> None:
    backend = toys.add(
        "backend",
        {
            "provides": [["backend", "framework=onnxrt", "threads?=1"]],
            "attributes": {"requirements": ["onnxruntime"], "module": "mod.py"},
            "paths": ["module"],
        },
    )
    toys.maker(
        "toy",
        "thing",
        attributes={
            "r": "{{ backend.requirements }}",
            "m": "{{ backend.module }}",
            "p": "{{ backend.path }}",
            "t": "{{ backend.threads }}",
        },
        needs={"backend": "backend,framework=onnxrt,threads=4"},
    )
    made = toys.space().byquery("thing")
    assert (made["r"], made["m"], made["p"], made["t"]) == (
        ["onnxruntime"],
        str(backend / "mod.py"),
        str(backend),
        4,
    )


def test_an_attribute_that_depends_on_a_need_can_be_asked_for(toys: Toys) -> None:
    toys.maker("base", "base", attributes={"size": 3})
    toys.maker("toy", "thing", attributes={"twice": "{{ base.size * 2 }}"}, needs={"base": "base"})
    space = toys.space()
    assert space.byquery("thing,twice=6")["twice"] == 6
    with pytest.raises(AxsError) as caught:
        space.byquery("thing,twice=7")
    assert "twice=7 does not hold: twice is 6" in str(caught.value)


def test_needs_without_end(toys: Toys) -> None:
    recipe = toys.maker(
        "toy", "thing", parameters={"n": {"default": 1, "type": "int"}}, needs={"more": "thing,n={{ n + 1 }}"}
    )
    with pytest.raises(EntryError) as caught:
        toys.space().byquery("thing")
    assert str(caught.value) == f"{recipe / 'meta.yaml'}: needs: needs of needs go on for more than 30 levels"


# what is said


def test_a_changed_recipe_is_noted(toys: Toys) -> None:
    toys.maker("base", "base")
    toys.maker("toy", "thing", needs={"base": "base"})
    name = toys.space().byquery("thing").name
    (toys.recipes / "toy" / "more.txt").write_text("new")
    toys.space().byquery("thing")
    assert toys.reporter.notes[-1] == "toy changed since; --fresh makes it again"
    (toys.recipes / "toy" / "more.txt").unlink()
    toys.space().byquery("thing")
    assert toys.reporter.notes == [f"{name}: made {toys.space().byname(name).entry.made_at}"]


def chain_of_three(toys: Toys) -> None:
    toys.maker("deep", "deep")
    toys.maker("base", "base", needs={"deep": "deep"})
    toys.maker("toy", "thing", needs={"base": "base"})


@pytest.mark.parametrize("changed", ["base", "deep"])
def test_a_changed_recipe_of_a_need_is_noted(toys: Toys, changed: str) -> None:
    chain_of_three(toys)
    toys.space().byquery("thing")
    (toys.recipes / changed / "more.txt").write_text("new")
    toys.space().byquery("thing")
    assert toys.reporter.notes[-1] == f"{changed} changed since; --fresh=all makes it and its needs again"
    toys.space().byquery("thing", fresh="one")  # of the same old needs
    toys.space().byquery("thing")
    assert toys.reporter.notes[-1] == f"{changed} changed since; --fresh=all makes it and its needs again"
    name = toys.space().byquery("thing", fresh="all").name
    toys.space().byquery("thing")
    assert toys.reporter.notes == [f"{name}: made {toys.space().byname(name).entry.made_at}"]


def test_a_recipe_and_those_of_its_needs_that_changed(toys: Toys) -> None:
    chain_of_three(toys)
    toys.space().byquery("thing")
    for name in ("toy", "base", "deep"):
        (toys.recipes / name / "more.txt").write_text("new")
    toys.space().byquery("thing")
    assert toys.reporter.notes[-1] == "toy, base, deep changed since; --fresh=all makes it and its needs again"


def test_older_records_tell_which_recipes_of_needs_changed(toys: Toys) -> None:
    """They have digests only, without the stamps that spare reading the files."""
    chain_of_three(toys)
    made = toys.space().byquery("thing")
    file = made.path / "record.json"
    file.write_text(file.read_text().replace('"stamps"', '"unknown_to_me"'))
    toys.space().byquery("thing")
    assert toys.reporter.notes == [f"{made.name}: made {made.entry.made_at}"]
    toys.space().byquery("deep").remove()
    (toys.recipes / "deep" / "more.txt").write_text("new")
    toys.space().byquery("thing")
    assert toys.reporter.notes[-1] == "deep changed since; --fresh=all makes it and its needs again"


def test_parameters_file(toys: Toys) -> None:
    toys.maker("base", "base", attributes={"size": 3})
    toys.maker(
        "toy",
        "thing",
        "return {'seen': (path / '.axs' / 'parameters.json').read_text()}",
        attributes={"a": "{{ n + 1 }}"},
        parameters={"n": {"default": 2, "type": "int"}, "gone": {}},
        needs={"base": "base"},
    )
    made = toys.space().byquery("thing")
    seen = json.loads(made["seen"])
    base = toys.space().byquery("base")
    assert seen == {
        "parameters": {"n": 2, "gone": None},
        "attributes": {"a": 3, "n": 2, "gone": None},
        "needs": {
            "base": {
                "name": base.name,
                "path": str(base.path),
                "file_path": str(base.path / "out.txt"),
                "attributes": {"size": 3, "file": "out.txt"},
                "produced": dict(base.entry.produced),
            }
        },
        "output_path": str(made.path),
    }


def test_entry_name(toys: Toys) -> None:
    toys.maker("base", "base", attributes={"label": "a/b"})
    toys.maker("toy", "thing", entry_name="{{ base.label }}_{{ n }}", parameters={"n": {"default": 2}},
               needs={"base": "base"})  # fmt: skip
    assert toys.space().byquery("thing").name.startswith("a_b_2_")
