"""Collections: one's own, from git, from archives; their order, and what is never removed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base.errors import AxsError, NotFound, ProduceError, StoreError, UsageError

SHIPPED = Path(__file__).parents[2] / "entries"


@pytest.fixture
def toys(toys: Toys) -> Toys:
    """A recipe ``run``, and the shipped recipes for collections."""
    toys.maker("run", "run", parameters={"n": {"default": 1, "type": "int"}})
    for name in ("collection", "git_repo"):
        shutil.copytree(SHIPPED / name, toys.recipes / name)
    return toys


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository that is a collection: one static entry with the tag ``shared``."""
    folder = tmp_path / "upstream"
    write_shared(folder, "shared_one", 1)
    git(folder, "init", "-q")
    commit(folder)
    return folder


def write_shared(folder: Path, name: str, value: int) -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "meta.yaml").write_text(f"tags: [shared]\nattributes: {{value: {value}}}\n")


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "more")


def raised_by(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(AxsError) as raised:
        call(*args, **kwargs)  # type: ignore[operator]
    return str(raised.value)


def test_a_collection_of_ones_own(toys: Toys) -> None:
    """The same query answers from there, also after it was there before, and makes nothing twice."""
    space = toys.space()
    mine = space.byquery("collection,collection_name=mine")
    inner = mine.path / "entries"
    assert space.byquery("collection,collection_name=mine").path == mine.path
    first = space.byquery("run", into="mine")
    assert first.path.parent == inner
    assert toys.space().byquery("run").path == first.path
    second = space.byquery("run,n=2")
    assert second.path.parent == toys.work
    moved = toys.space().byquery("run,n=2", into=mine.name)
    assert (moved.name, moved.path.parent) == (second.name, inner)
    assert toys.space().byquery("run,n=2", into="mine").path == moved.path
    assert toys.made("run") == 2
    assert [entry.path.parent for entry in toys.space().all_byquery("run")] == [inner, inner]
    assert toys.space().verify() == []


def test_what_a_result_in_a_collection_needs_is_kept(toys: Toys) -> None:
    toys.maker("data", "data")
    toys.maker("user", "user", needs={"data": "data"})
    toys.space().byquery("collection,collection_name=mine")
    user = toys.space().byquery("user", into="mine")
    data = next(iter(toys.space().all_byquery("data"))).name
    assert toys.space().gc() == []
    user.remove()
    assert toys.space().gc() == [data]


def test_fresh_ones_go_beside(toys: Toys) -> None:
    toys.space().byquery("collection,collection_name=mine")
    first = toys.space().byquery("run", into="mine")
    second = toys.space().byquery("run", "one", into="mine")
    assert second.name == f"{first.name}_2"
    assert first.path.is_dir() and second.path.parent == first.path.parent
    assert toys.space().byquery("run").name in (first.name, second.name)
    assert toys.made("run") == 2


@pytest.mark.process
def test_what_cannot_go_into_a_collection(toys: Toys, repository: Path) -> None:
    toys.add("tool", {"provides": [["tool"]], "make": {"detect": {"tool": "sh"}}})
    toys.add("static", {"provides": [["static"]]})
    space = toys.space()
    assert raised_by(space.byquery, "run", into="mine") == "there is no collection 'mine'"
    assert toys.made("run") == 0
    space.byquery("collection,collection_name=mine")
    tool = space.byquery("tool").name
    assert raised_by(space.byquery, "tool", into="mine") == f"{tool} was made by detect and stays where it is"
    assert raised_by(space.byquery, "static", into="mine") == "static was not made here, so it cannot be moved"
    cloned = space.byquery(f"git_repo,collection,url=file://{repository}")
    assert raised_by(space.byquery, "run", into=cloned.name) == (
        f"{cloned.name} came from a git repository; results go into collections of one's own"
    )


def test_name_tags_and_note(toys: Toys) -> None:
    run = toys.space().byquery("run")
    run.edit(name="baseline", note="before the new driver", tags=["paper", "v1.0"])
    space = toys.space()
    again = space.byname("baseline")
    assert (again.path, again["note"], again.tags) == (run.path, "before the new driver", {"paper", "run", "v1.0"})
    assert [entry.name for entry in space.all_byquery("run,paper,name=baseline")] == [run.name]
    assert space.byquery("run").path == run.path
    assert space.verify() == []
    again.edit(name="", tags=[])
    assert "no entry named 'baseline'" in raised_by(toys.space().byname, "baseline")
    assert toys.space().byname(run.name).tags == {"run"}
    assert toys.made("run") == 1


def test_names_and_tags_that_are_refused(toys: Toys) -> None:
    space = toys.space()
    one, two = space.byquery("run,n=1"), space.byquery("run,n=2")
    one.edit(name="baseline")
    assert raised_by(two.edit, name="baseline") == f"{one.name} goes by the name 'baseline' already"
    assert raised_by(two.edit, name="run") == "run goes by the name 'run' already"
    assert raised_by(two.edit, name="a,b") == "'a,b' cannot be a name"
    assert raised_by(two.edit, tags=["-x"]) == "'-x' cannot be a tag"
    assert raised_by(two.edit, tags=["collection"]) == "the tag 'collection' makes a collection of an entry"
    assert raised_by(two.edit, priority=1) == f"{two.name} is no collection; only collections have a priority"
    assert raised_by(space.byname("run").edit, note="x") == "run was not made by axs in the work collection"


@pytest.mark.process
def test_listing(toys: Toys, repository: Path, tmp_path: Path) -> None:
    space = toys.space()
    run = space.byquery("run")
    space.unzip(space.zip("run", tmp_path / "results.zip"))
    mine = space.byquery("collection,collection_name=mine")
    cloned = space.byquery(f"git_repo,collection,url=file://{repository}")
    (cloned.path / "repo" / "new.txt").write_text("mine")
    rows = toys.space().collections()
    assert [(row.name, row.kind, row.order, row.entries) for row in rows if row.kind != "shipped"] == [
        ("recipes", "named", 1, 3),
        ("work", "work", 2, 4),
        (mine.name, "local", 3, 0),
        (cloned.name, "git", 5, 1),
        ("results", "zip", 6, 1),
    ]
    assert {row.kind: row.trusted for row in rows} == {
        "named": None, "work": None, "local": None, "shipped": None, "git": False, "zip": False
    }  # fmt: skip
    state = next(row.git for row in rows if row.kind == "git")
    assert state is not None
    assert (state.branch, state.commit, state.changes) == (
        "main",
        git(repository, "rev-parse", "HEAD"),
        ("?? new.txt",),
    )
    cloned.edit(priority=5)
    assert [row.kind for row in toys.space().collections()][2:] == ["local", "shipped", "git", "zip"]
    assert run.name in [entry.name for entry in space.all_byquery("run")]


@pytest.mark.process
def test_priority_decides_which_entry_a_name_means(toys: Toys, tmp_path: Path) -> None:
    clones = []
    for number in (1, 2):
        folder = tmp_path / f"upstream{number}"
        write_shared(folder, "same", number)
        git(folder, "init", "-q")
        commit(folder)
        clones.append(toys.space().byquery(f"git_repo,collection,url=file://{folder}"))
    space = toys.space()
    assert space.byname("same")["value"] == 1
    space.entries()
    assert toys.reporter.warnings == [
        f"same is in several collections: {clones[0].path / 'repo'}, {clones[1].path / 'repo'}; "
        "the first goes by the name"
    ]
    clones[1].edit(priority=1)
    assert toys.space().byname("same")["value"] == 2


@pytest.mark.process
def test_pull(toys: Toys, repository: Path) -> None:
    cloned = toys.space().byquery(f"git_repo,collection,url=file://{repository}")
    write_shared(repository, "shared_one", 10)
    write_shared(repository, "shared_two", 2)
    commit(repository)
    assert toys.space().byname("shared_one")["value"] == 1
    before, after = cloned.pull()
    assert (before, after) == (git(repository, "rev-parse", "HEAD~1"), git(repository, "rev-parse", "HEAD"))
    space = toys.space()
    assert [space.byname(f"shared_{name}")["value"] for name in ("one", "two")] == [10, 2]
    assert space.byname(cloned.name)["commit"] == after
    assert [step["to"] for step in space.byname(cloned.name).record["pulled"]] == [after]
    assert space.verify() == []
    assert cloned.pull() == (after, after)


@pytest.mark.process
def test_local_changes_are_kept(toys: Toys, repository: Path) -> None:
    cloned = toys.space().byquery(f"git_repo,collection,url=file://{repository}")
    edited = cloned.path / "repo" / "shared_one" / "meta.yaml"
    edited.write_text("tags: [shared]\nattributes: {value: 7}\n")
    write_shared(repository, "shared_one", 10)
    commit(repository)
    with pytest.raises(ProduceError) as raised:
        cloned.pull()
    assert str(raised.value) == f"{cloned.path / 'repo'} has local changes: shared_one/meta.yaml"
    assert raised_by(cloned.remove) == f"{cloned.name} holds what axs did not make: shared_one/meta.yaml; it stays"
    toys.space().work_collection().remove()
    assert "value: 7" in edited.read_text()
    assert toys.reporter.notes == [f"kept, not made by axs: {cloned.name} (for shared_one/meta.yaml)"]


@pytest.mark.process
def test_own_commits_are_kept(toys: Toys, repository: Path) -> None:
    cloned = toys.space().byquery(f"git_repo,collection,url=file://{repository}")
    write_shared(cloned.path / "repo", "mine", 1)
    commit(cloned.path / "repo")
    commits = git(cloned.path / "repo", "rev-parse", "HEAD")
    assert raised_by(cloned.remove) == f"{cloned.name} holds what axs did not make: commit {commits[:12]}; it stays"


def test_only_clones_are_pulled(toys: Toys) -> None:
    run = toys.space().byquery("run")
    with pytest.raises(UsageError) as raised:
        run.pull()
    assert str(raised.value) == f"{run.name} was not cloned from a git repository, so it cannot be pulled"


@pytest.mark.process
def test_removing_a_collection(toys: Toys, repository: Path, tmp_path: Path) -> None:
    space = toys.space()
    mine = space.byquery("collection,collection_name=mine")
    run = space.byquery("run", into="mine")
    archive = space.zip("mine", tmp_path / "results.zip")
    imported = space.unzip(archive)
    cloned = space.byquery(f"git_repo,collection,url=file://{repository}")
    for entry in (mine, imported, cloned):
        entry.remove()
        assert not entry.path.exists()
    assert not list(toys.space().all_byquery("run"))
    assert "shared_one" not in [row.name for row in toys.space().entries()]
    assert raised_by(toys.space().byname, run.name).startswith("there is no entry named")


def test_an_entry_in_a_collection_can_be_removed(toys: Toys) -> None:
    toys.space().byquery("collection,collection_name=mine")
    run = toys.space().byquery("run", into="mine")
    run.remove()
    assert not run.path.exists()
    assert toys.space().byquery("run").path.parent == toys.work


def test_what_a_person_put_into_a_collection_stays(toys: Toys, tmp_path: Path) -> None:
    space = toys.space()
    mine = space.byquery("collection,collection_name=mine")
    run = space.byquery("run", into="mine")
    hand = toys.add("by_hand", {"tags": ["hand"]}, folder=mine.path / "entries")
    (mine.path / "notes.txt").write_text("mine")
    imported = space.unzip(space.zip("run", tmp_path / "results.zip"))
    (imported.path / "entries" / run.name / "plot.png").write_bytes(b"mine")
    assert raised_by(mine.remove) == f"{mine.name} holds what axs did not make: entries/by_hand, notes.txt; it stays"
    plot = f"entries/{run.name}/plot.png"
    assert raised_by(imported.remove) == f"results holds what axs did not make: {plot}; it stays"
    toys.space().work_collection().remove()
    assert toys.reporter.notes == [
        f"kept, not made by axs: {mine.name} (for entries/by_hand, notes.txt), results (for {plot})"
    ]
    assert (hand / "meta.yaml").is_file() and (mine.path / "notes.txt").is_file()
    assert not run.path.exists()
    assert [entry.name for entry in toys.space().all_byquery("hand")] == ["by_hand"]
    assert toys.space().byquery("run", into="mine").path.parent == mine.path / "entries"


def test_what_a_person_put_into_the_work_collection_stays(toys: Toys) -> None:
    toys.space().byquery("run")
    hand = toys.add("by_hand", {"tags": ["hand"]}, folder=toys.work)
    with pytest.raises(StoreError):
        toys.space().byname("by_hand").remove()
    toys.space().work_collection().remove()
    assert [path for path in toys.work.iterdir() if path.name != ".axs"] == [hand]


def test_imported_entries_stay_as_they_came(toys: Toys, tmp_path: Path) -> None:
    space = toys.space()
    run = space.byquery("run")
    archive = space.zip("run", tmp_path / "results.zip")
    run.remove()
    space.unzip(archive)
    imported = toys.space().byname(run.name)
    assert raised_by(imported.edit, note="x") == f"{run.name} came from elsewhere, and stays as it came"
    assert raised_by(toys.space().byquery, "run", into="results") == (
        "results came from an archive; results go into collections of one's own"
    )


def test_two_collections_of_one_name(toys: Toys, tmp_path: Path) -> None:
    space = toys.space()
    space.byquery("run")
    space.unzip(space.zip("run", tmp_path / "mine.zip"))
    own = space.byquery("collection,collection_name=mine")
    assert raised_by(toys.space().byquery, "run", into="entries") == "there is no collection 'entries'"
    assert toys.space().byquery("run", into=own.name).path.parent == own.path / "entries"
    with pytest.raises(NotFound):
        toys.space().zip("nothing", tmp_path / "nothing.zip")
