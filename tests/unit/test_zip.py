"""Archives of results: what goes in, what comes out, on another machine under other names."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core.api import Workspace
from axs_core.base.errors import AxsError, NotFound, ProduceError, UsageError
from axs_core.base.reporter import Progress
from axs_core.exchange.archive import WHOLE, ArchiveWriter, Member
from axs_core.store import INCOMING, PRIVATE

FUNCTIONS = """
def accuracy(right, n):
    return 100.0 * right / n
def report(path):
    return (path / "out.txt").read_text()
"""


@pytest.fixture
def toys(toys: Toys) -> Toys:
    """``run`` is a local recipe with a need ``data`` and functions of ``functions``."""
    furnish(toys)
    return toys


def furnish(toys: Toys) -> None:
    toys.add("functions", {"title": "functions"}, FUNCTIONS)
    toys.maker("data", "data", "(path / 'big.bin').write_bytes(b'0123456789' * 1000)")
    toys.maker(
        "run",
        "run",
        "(path / 'logs').mkdir(); (path / 'logs' / 'tool.sh').write_text('#!/bin/sh')\n"
        "(path / 'logs' / 'tool.sh').chmod(0o755)\n",
        title="A run",
        license="MIT",
        local=True,
        needs={"data": "data"},
        attributes={"right": 3},
        parameters={"n": {"default": 4, "type": "int"}},
        result_parents=["functions"],
    )


def elsewhere(tmp_path: Path, *, functions: bool = True) -> Toys:
    """Another home, under other names, with the functions only."""
    root = tmp_path / "somebody" / "else"
    root.mkdir(parents=True)
    toys = Toys(root)
    toys.settings["AXS_SYSTEM"] = "another machine"
    toys.settings["AXS_INDEX"] = str(root / "index.sqlite")
    if functions:
        toys.add("functions", {"title": "functions"}, FUNCTIONS)
    return toys


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def member(archive: Path, name: str) -> bytes:
    with zipfile.ZipFile(archive) as opened:
        return opened.read(name)


def test_a_result_answers_elsewhere(toys: Toys, tmp_path: Path) -> None:
    """Without its recipe, its needs and its collection of origin."""
    made = toys.space().byquery("run,n=8")
    archive = toys.space().zip("run", tmp_path / "results.zip")
    stored = made.get("accuracy")
    shutil.rmtree(toys.work)
    shutil.rmtree(toys.recipes)
    other = elsewhere(tmp_path).space()
    collection = other.unzip(archive)
    found = list(other.all_byquery("run,n=8"))
    assert [entry.get("accuracy") for entry in found] == [stored] == [37.5]
    assert other.byname(made.name).get("report") == "[('n', 8)]"
    assert other.byname(made.name).path == collection.path / "entries" / made.name
    assert other.byname(made.name).record["query"] == "run,n=8"
    assert other.verify() == []
    assert other.session.reporter.warnings == []  # type: ignore[attr-defined]


def test_byquery_answers_only_where_the_machine_is_named(toys: Toys, tmp_path: Path) -> None:
    made = toys.space().byquery("run")
    archive = toys.space().zip("run", tmp_path / "results.zip")
    there = elsewhere(tmp_path, functions=False)
    furnish(there)
    space = there.space()
    space.unzip(archive)
    imported = space.byquery("run,machine=toy machine")
    assert imported.name == made.name and imported.path.is_relative_to(there.work / "results")
    own = space.byquery("run")
    assert there.made("run") == 1
    assert own.path.parent == there.work
    assert there.space().byquery("run").path == own.path
    with pytest.raises(NotFound) as raised:
        there.space().byquery("run,machine=a third one")
    assert str(raised.value) == "nothing that answers run,machine=a third one was made on such a machine"


def test_on_the_same_machine_it_is_made_anew_too(toys: Toys, tmp_path: Path) -> None:
    """Somebody could have written anything into an archive: what is measured here is measured here."""
    toys.space().byquery("run")
    archive = toys.space().zip("run", tmp_path / "results.zip", with_needs=True)
    toys.space().work_collection().remove()
    space = toys.space()
    space.unzip(archive)
    assert space.byquery("run").path.parent == toys.work
    assert (toys.made("run"), toys.made("data")) == (2, 2)


def test_trusted_entries_answer(toys: Toys, tmp_path: Path) -> None:
    toys.space().byquery("run")
    archive = toys.space().zip("run", tmp_path / "results.zip", with_needs=True)
    toys.space().work_collection().remove()
    space = toys.space()
    collection = space.unzip(archive, trust=True)
    assert space.byquery("run").path.is_relative_to(collection.path)
    assert space.byquery("data").path.is_relative_to(collection.path)
    assert (toys.made("run"), toys.made("data")) == (1, 1)


def test_same_content_same_bytes(toys: Toys, tmp_path: Path) -> None:
    for n in (5, 6, 7):
        toys.space().byquery(f"run,n={n}")
    first = toys.space().zip("run", tmp_path / "first.zip")
    moved = tmp_path / "moved"
    toys.work.rename(moved)
    for path in moved.rglob("*"):
        os.utime(path, (1, 1))
    second = Workspace(moved, environ=toys.environ(), reporter=toys.reporter).zip("run", tmp_path / "second.zip")
    assert first.read_bytes() == second.read_bytes()
    again = elsewhere(tmp_path).space()
    again.unzip(first, "there")
    assert again.zip("there", tmp_path / "third.zip").read_bytes() == first.read_bytes()


def test_what_goes_in(toys: Toys, tmp_path: Path) -> None:
    run = toys.space().byquery("run").name
    archive = toys.space().zip("run", tmp_path / "results.zip")
    own = [f"entries/{run}/{file}" for file in ("logs/tool.sh", "meta.yaml", "out.txt", "record.json")]
    assert names(archive) == [*own, "ro-crate-metadata.json", "manifest.json"]
    with zipfile.ZipFile(archive) as opened:
        assert {item.date_time for item in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        modes = {item.filename: item.external_attr >> 16 & 0o7777 for item in opened.infolist()}
    assert modes.pop(own[0]) == 0o755
    assert set(modes.values()) == {0o644}
    for name in names(archive):
        assert str(tmp_path).encode() not in member(archive, name)


def test_with_needs(toys: Toys, tmp_path: Path) -> None:
    space = toys.space()
    run = space.byquery("run").name
    data = next(iter(space.all_byquery("data"))).name
    archive = space.zip("run", tmp_path / "results.zip", with_needs=True)
    assert {"/".join(name.split("/")[:2]) for name in names(archive) if "/" in name} == {
        f"entries/{data}",
        f"entries/{run}",
        "sources/data",
        "sources/run",
    }
    other = elsewhere(tmp_path).space()
    collection = other.unzip(archive)
    assert (collection.path / "sources" / "run" / "code.py").is_file()
    assert other.verify() == []
    with pytest.raises(NotFound, match="nothing provides run,n=5"):
        other.byquery("run,n=5")  # the recipe is there to be read; it is not asked


def test_what_is_bound_to_this_machine_stays(toys: Toys, tmp_path: Path) -> None:
    toys.add("tool", {"provides": [["tool"]], "make": {"detect": {"tool": "sh"}}})
    toys.maker("user", "user", needs={"tool": "tool"})
    space = toys.space()
    space.byquery("user")
    tool = next(iter(space.all_byquery("tool"))).name
    archive = space.zip("user", tmp_path / "results.zip", with_needs=True)
    assert f"left out, bound to this machine: {tool}" in toys.reporter.notes
    assert not [name for name in names(archive) if tool in name]
    with pytest.raises(NotFound) as raised:
        space.zip("tool", tmp_path / "tool.zip")
    assert str(raised.value) == (
        f"there is nothing to put into an archive: {tool} are bound to this machine, or were not made by axs"
    )


def test_changed_needs_are_named(toys: Toys, tmp_path: Path) -> None:
    space = toys.space()
    space.byquery("run")
    (toys.recipes / "run" / "code.py").write_text("changed = True\n")
    space.zip("run", tmp_path / "results.zip", with_needs=True)
    assert toys.reporter.warnings == ["not there any more, or changed since: run"]


def test_changed_files_are_not_handed_on(toys: Toys, tmp_path: Path) -> None:
    run = toys.space().byquery("run")
    (run.path / "note.txt").write_text("not recorded, so it stays here")
    toys.space().zip("run", tmp_path / "fine.zip")
    assert not [name for name in names(tmp_path / "fine.zip") if "note" in name]
    (run.path / "out.txt").write_text("better")
    with pytest.raises(ProduceError) as raised:
        toys.space().zip("run", tmp_path / "results.zip")
    assert str(raised.value) == f"{run.path / 'out.txt'} is not what was recorded when it was made"
    (run.path / "out.txt").unlink()
    with pytest.raises(ProduceError):
        toys.space().zip("run", tmp_path / "results.zip")
    assert [path.name for path in tmp_path.glob("*.zip*")] == ["fine.zip"]
    assert not list(tmp_path.glob(".*"))


def test_links_do_not_travel(toys: Toys, tmp_path: Path) -> None:
    toys.maker("linker", "linker", "(path / 'link').symlink_to('out.txt')")
    linker = toys.space().byquery("linker").name
    with pytest.raises(ProduceError) as raised:
        toys.space().zip("linker", tmp_path / "results.zip")
    assert str(raised.value) == f"{linker} holds a link, link; links do not travel"


def test_an_archive_is_never_replaced(toys: Toys, tmp_path: Path) -> None:
    toys.space().byquery("run")
    toys.space().zip("run", tmp_path / "results.zip")
    before = (tmp_path / "results.zip").read_bytes()
    with pytest.raises(UsageError) as raised:
        toys.space().zip("run", tmp_path / "results.zip")
    assert str(raised.value) == f"{tmp_path / 'results.zip'} is there already"
    assert (tmp_path / "results.zip").read_bytes() == before


def test_a_taken_name_gets_a_number(toys: Toys, tmp_path: Path) -> None:
    toys.space().byquery("run")
    archive = toys.space().zip("run", tmp_path / "run.zip")
    space = toys.space()
    assert [space.unzip(archive).name for _ in range(2)] == ["run_2", "run_3"]  # 'run' is the recipe
    assert space.unzip(archive, "mine").name == "mine"
    with pytest.raises(UsageError) as raised:
        space.unzip(archive, "../mine")
    assert str(raised.value) == "'../mine' is not a name for a folder"
    with pytest.raises(NotFound) as missing:
        space.unzip(tmp_path / "gone.zip")
    assert str(missing.value) == f"there is no file {tmp_path / 'gone.zip'}"


def test_no_name_from_an_archive_hides_another(toys: Toys, tmp_path: Path) -> None:
    """An entry that goes by the name of a parent of recipes is asked last."""
    run = toys.space().byquery("run")
    archive = toys.space().zip("run", tmp_path / "results.zip")
    there = elsewhere(tmp_path)
    there.add(run.name, {"title": "mine", "attributes": {"right": 1, "n": 1}})
    space = there.space()
    space.unzip(archive)
    assert space.byname(run.name).entry.meta["title"] == "mine"
    space.entries()
    assert there.reporter.warnings == [
        f"{run.name} is in several collections: {there.recipes}, {there.work / 'results' / 'entries'}; "
        "the first goes by the name"
    ]


def test_code_in_an_archive_is_never_run(toys: Toys, tmp_path: Path) -> None:
    toys.maker("coder", "run", "(path / 'code.py').write_text('raise SystemExit(5)')", parameters={"c": {}})
    made = toys.space().byquery("run,c=1")
    archive = toys.space().zip("run", tmp_path / "results.zip")
    other = elsewhere(tmp_path).space()
    other.unzip(archive)
    assert (other.byname(made.name).path / "code.py").is_file()
    with pytest.raises(NotFound):
        other.byname(made.name).get("nothing")


def test_the_crate(toys: Toys, tmp_path: Path) -> None:
    space = toys.space()
    run = space.byquery("run").name
    data = next(iter(space.all_byquery("data"))).name
    archive = space.zip(
        "run",
        tmp_path / "results.zip",
        identifier="https://doi.org/10.5281/zenodo.1",
        authors=["Ann Author <https://orcid.org/0000-0002-1825-0097>", "Ben"],
        with_needs=True,
    )
    from rocrate.rocrate import ROCrate

    folder = tmp_path / "crate"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    crate = ROCrate(folder)
    assert crate.root_dataset["identifier"] == "https://doi.org/10.5281/zenodo.1"
    assert [person["name"] for person in crate.root_dataset["author"]] == ["Ann Author", "Ben"]
    assert crate.root_dataset["license"].id == "https://spdx.org/licenses/MIT"
    assert crate.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"
    actions = {entity.id: entity for entity in crate.get_entities() if entity.type == "CreateAction"}
    assert set(actions) == {f"#run-{run}", f"#run-{data}"}
    action = actions[f"#run-{run}"]
    assert action["instrument"]["name"] == "run"
    assert [found.id for found in action["result"]] == [f"entries/{run}/"]
    assert [found.id for found in action["object"]] == [f"#parameter-{run}-n", f"entries/{data}/"]
    graph = json.loads(member(archive, "ro-crate-metadata.json"))["@graph"]
    assert [entity["@id"] for entity in graph[:2]] == ["ro-crate-metadata.json", "./"]


def test_large_files_are_streamed(tmp_path: Path) -> None:
    """What shrinks is compressed, what does not is stored; both as a stream and as a whole."""
    files = {
        "large.txt": b"0123456789abcdef" * (WHOLE // 16 + 1),
        "large.bin": os.urandom(WHOLE + 1),
        "small.txt": b"0123456789abcdef" * 1000,
        "small.bin": os.urandom(5000),
        "empty": b"",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    for round_ in ("one.zip", "two.zip"):
        with ArchiveWriter(tmp_path / round_, Progress()) as archive:
            shipped = archive.add(Member(name, tmp_path / name) for name in files)
        assert {name: file.size for name, file in shipped.items()} == {name: len(data) for name, data in files.items()}
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in files} == files
        assert {item.filename: item.compress_type for item in opened.infolist()} == {
            "empty": zipfile.ZIP_STORED,
            "large.bin": zipfile.ZIP_STORED,
            "large.txt": zipfile.ZIP_DEFLATED,
            "small.bin": zipfile.ZIP_STORED,
            "small.txt": zipfile.ZIP_DEFLATED,
        }


@pytest.mark.process
def test_killed_while_opening_nothing_looks_finished(toys: Toys, tmp_path: Path) -> None:
    toys.maker("wide", "wide", "for i in range(300): (path / f'{i}.bin').write_bytes(bytes([i % 256]) * 200_000)")
    toys.space().byquery("wide")
    archive = toys.space().zip("wide", tmp_path / "results.zip")
    there = elsewhere(tmp_path)
    for wait in (0.0, 0.05, 0.1):
        child = there.child(f"print('go', flush=True)\nspace.unzip({str(archive)!r})\nprint('done')")
        assert child.stdout is not None
        child.stdout.readline()
        while not (there.work / PRIVATE / INCOMING).exists() and child.poll() is None:
            time.sleep(0.001)
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        finished = "done" in child.communicate()[0]
        space = there.space()
        here = [entry.name for entry in space.all_byquery("wide")]
        assert finished or len(here) <= 1
        for name in here:
            assert space.verify(name) == []
        space.work_collection().remove()
    assert there.space().unzip(archive).name == "results"
    assert not (there.work / PRIVATE / INCOMING).exists()


def test_what_a_dead_process_left_is_reclaimed(toys: Toys) -> None:
    left = toys.work / PRIVATE / INCOMING / "new"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    space = toys.space()
    assert space.gc() == []
    assert not left.parent.exists()


def test_without_the_functions_stored_values_answer(toys: Toys, tmp_path: Path) -> None:
    made = toys.space().byquery("run")
    archive = toys.space().zip("run", tmp_path / "results.zip")
    space = elsewhere(tmp_path, functions=False).space()
    space.unzip(archive)
    assert [entry.get("n") for entry in space.all_byquery("run")] == [4]
    assert space.byname(made.name).get("right") == 3


def test_the_whole_work_collection(toys: Toys, tmp_path: Path) -> None:
    toys.space().byquery("run")
    archive = toys.space().zip(None, tmp_path / "all.zip")
    assert len({name.split("/")[1] for name in names(archive) if name.startswith("entries/")}) == 2
    with pytest.raises(AxsError) as raised:
        elsewhere(tmp_path).space().zip(None, tmp_path / "none.zip")
    assert str(raised.value) == "there is nothing to put into an archive"


@pytest.mark.parametrize(
    ("labels", "message", "hint"),
    [
        ({"licence": "MIT"}, "'zip' has no option --licence", "--license"),
        ({"title": 5}, "title has to be text, not 5", None),
        ({"authors": ["A", 5]}, "authors has to be text, not ['A', 5]", None),
    ],
)
def test_labels_that_are_none(
    tmp_path: Path, toys: Toys, labels: dict[str, Any], message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        toys.space().zip("run", tmp_path / "results.zip", **labels)
    assert (str(caught.value), caught.value.hint) == (message, hint)
