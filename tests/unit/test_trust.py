"""Collections from elsewhere: nothing of theirs runs unless the user says so, and nothing of theirs hides one's own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest
from support.foreign import Repository, git
from support.toy import Listening, Toys

from axs_core import Workspace
from axs_core.api import WorkspaceEntry
from axs_core.base.errors import AxsError, NotTrusted, UsageError
from axs_core.base.reporter import Reporter
from axs_core.base.settings import Settings
from axs_core.collections.trust import Elsewhere, Trust, canonical, head_of

pytestmark = pytest.mark.process

SHIPPED = Path(__file__).parents[2] / "entries"


@pytest.fixture
def toys(toys: Toys) -> Toys:
    """The shipped recipes for collections, in one's own."""
    for name in ("collection", "git_repo"):
        shutil.copytree(SHIPPED / name, toys.recipes / name)
    return toys


@pytest.fixture
def theirs(tmp_path: Path) -> Repository:
    """Recipes with and without code, an entry that is its own answer, functions for results."""
    repository = Repository(tmp_path / "upstream" / "theirs", tmp_path / "ran")
    repository.recipe("their_recipe", "thing", result_parents=["their_functions"], results=["words"])
    repository.add("their_functions", {"title": "functions"}, "def words(file_path):\n    return 'computed'\n")
    repository.add("their_file", {"provides": [["backend", "engine=x"]], "attributes": {"module": "m.py"}})
    download = {"fetch": {"urls": "https://example.org/x", "file": "x"}}
    repository.add("their_download", {"provides": [["file"]], "make": download})
    repository.commit()
    return repository


class Answering(Listening):
    """A person at a terminal who gives these answers."""

    def __init__(self, *answers: bool) -> None:
        super().__init__()
        self.answers, self.questions = list(answers), list[str]()

    def ask(self, question: str) -> bool | None:
        self.questions.append(question)
        return self.answers.pop(0)


def asked(toys: Toys, *answers: bool) -> tuple[Workspace, Answering]:
    reporter = Answering(*answers)
    return Workspace(environ=toys.environ(), reporter=reporter), reporter


def bring(toys: Toys, theirs: Repository) -> WorkspaceEntry:
    return toys.space().byquery(theirs.query)


def refused(call: Any, *args: Any, **kwargs: Any) -> NotTrusted:
    with pytest.raises(NotTrusted) as raised:
        call(*args, **kwargs)
    return raised.value


def trust_file() -> Path:
    return Path(os.environ["HOME"]) / ".config" / "axs" / "trust.json"


# what runs nothing

LOOKING = """
    from axs_core.api.vocabulary import vocabulary
    from axs_core.cli.help import entry_overview
    import axs_core, os
    axs, loaded = os.path.dirname(axs_core.__file__), []
    def hook(event, args):
        file = args[0].co_filename if event == "exec" else ""
        if "/repo/" in file and not file.startswith(axs):
            loaded.append(args[0].co_filename)
        if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
            if args[0] not in ("git", "/bin/sh") and not str(args[0]).endswith("/git"):
                loaded.append(str(args))
    sys.addaudithook(hook)
    space.entries(); space.collections(); vocabulary(space.session); space.work_collection().reindex()
    space.plan("thing"); space.fetch_list("thing"); space.explain("thng"); space.plan("own")
    list(space.all_byquery("thing")); list(space.all_byquery("backend"))
    space.table("backend"); space.table("thing")
    for name in ("their_recipe", "their_functions", "their_file", "their_download"):
        entry = space.byname(name)
        entry_overview(entry); entry.describe(); entry.actions(); entry.parameters()
        (entry.entry.kind == "recipe") or entry.get("path")
    space.byquery("backend,engine=x").get("module")
    assert space.byquery("own").get_path().read_text() == "mine"
    space.verify(); space.gc()
    print(json.dumps(loaded))
"""


def test_looking_runs_nothing(toys: Toys, theirs: Repository) -> None:
    """Seen by Python's own audit hook, in a process of its own, and by the lines that their code would leave."""
    toys.add(
        "own",
        {"provides": [["own"]], "make": {"python": {"function": "f", "file": "o"}}},
        "def f(path): (path / 'o').write_text('mine')",
    )
    bring(toys, theirs)
    child = toys.child(LOOKING)
    out, err = child.communicate()
    assert child.returncode == 0, err
    assert json.loads(out.splitlines()[-1]) == []
    assert theirs.loaded() == []


def test_the_hook_would_have_seen_it(toys: Toys, theirs: Repository) -> None:
    bring(toys, theirs)
    child = toys.child(LOOKING.replace('space.verify()', 'space.byquery("thing", trust=True); space.verify()')
                       .replace('space.byquery("own").get_path().read_text() == "mine"', "True")
                       .replace(' space.plan("own")', ""))  # fmt: skip
    out, err = child.communicate()
    assert child.returncode == 0, err
    assert {Path(name).parent.name for name in json.loads(out.splitlines()[-1])} == {"their_recipe", "their_functions"}


# asking

MADE_WITH = {
    "thing": "make thing with its recipe their_recipe",
    "file": "make file with its recipe their_download",
}


@pytest.mark.parametrize("query", MADE_WITH)
def test_nothing_is_made_unless_it_is_trusted(toys: Toys, theirs: Repository, query: str) -> None:
    clone = bring(toys, theirs)
    error = refused(toys.space().byquery, query)
    commit = git(theirs.folder, "rev-parse", "HEAD")
    who = f"{clone.name} ({theirs.url}, commit {commit[:12]})"
    assert str(error) == f"{who} is not trusted; this would {MADE_WITH[query]}"
    then = f"axs byname {clone.name} , trust; or --trust with the query"
    assert error.hint == f"look into {clone.path / 'repo'}, then: {then}"
    assert error.exit_code == 2
    assert theirs.loaded() == []
    assert sorted(item.name for item in toys.work.iterdir() if item.name != ".axs") == [clone.name]


def test_trust_and_distrust(toys: Toys, theirs: Repository) -> None:
    clone = bring(toys, theirs)
    clone.trust()
    made = toys.space().byquery("thing")
    assert (made.get_path().read_text(), made["words"]) == ("theirs", "computed")
    assert [row.trusted for row in toys.space().collections() if row.kind == "git"] == [True]
    assert set(theirs.loaded()) == {"their_recipe", "their_functions"}
    toys.space().byname("their_recipe").distrust()
    assert [row.trusted for row in toys.space().collections() if row.kind == "git"] == [False]
    assert toys.space().byquery("thing")["words"] == "computed"  # it is there, nothing runs
    refused(toys.space().byquery, "thing", "one")
    refused(toys.space().byquery("thing").call, "words")
    refused(toys.space().byname("their_functions").call, "words")
    assert theirs.loaded() == []


def test_trust_is_kept_for_the_user_alone(toys: Toys, theirs: Repository) -> None:
    clone = bring(toys, theirs)
    clone.trust()
    file = trust_file()
    assert file.stat().st_mode & 0o777 == 0o600
    commit = git(theirs.folder, "rev-parse", "HEAD")
    said = json.loads(file.read_text())["trusted"][theirs.url][commit]
    assert (said["how"], said["collection"]) == ("trust", clone.name)
    assert [item.name for item in file.parent.iterdir() if item.suffix == ".tmp"] == []


def test_trust_with_the_query(toys: Toys, theirs: Repository) -> None:
    bring(toys, theirs)
    assert toys.space().byquery("thing", trust=True)["words"] == "computed"
    assert toys.space().byquery("thing", "one").name.endswith("_2")  # it is known from now on
    assert toys.space().byname("their_functions").call("words", "x") == "computed"


@pytest.mark.parametrize(
    ("address", "setting", "trusted"),
    [
        ("https://example.org/team/entries.git", "https://example.org/team/entries", True),
        ("https://example.org/team/entries.git", "https://example.org/team", True),
        ("https://example.org/team/entries.git", "https://example.org/team/", True),
        ("https://example.org/team/entries", "https://Example.ORG:443/team/entries.git/", True),
        ("https://me:token@example.org/team/entries", "https://example.org/team", True),
        ("https://example.org/team/entries", "file:///x,https://example.org/team", True),
        ("https://example.org/team-evil/entries", "https://example.org/team", False),
        ("https://example.org/team/../evil/entries", "https://example.org/team", False),
        ("https://example.org/team/%2e%2e/evil", "https://example.org/team", False),
        ("https://example.org/team/%252e%252e/evil", "https://example.org/team", False),
        ("https://example.org.evil.com/team/x", "https://example.org", False),
        ("https://example.org@evil.com/team/x", "https://example.org", False),
        ("http://example.org/team/x", "https://example.org/team", False),
        ("https://example.org:444/team/x", "https://example.org/team", False),
        ("https://example.org/team/x", "", False),
        ("https://example.org/team/x", "https:", False),
        ("https://example.org/team/x", "*", False),
    ],
)
def test_addresses_in_the_setting(tmp_path: Path, address: str, setting: str, trusted: bool) -> None:
    trust = Trust(Settings({"AXS_TRUST": setting}), Reporter(), tmp_path / "trust.json")
    assert Elsewhere("c", "git", canonical(address), tmp_path, "abc", trust).trusted is trusted


def test_the_setting_writes_nothing_down(toys: Toys, theirs: Repository) -> None:
    clone = bring(toys, theirs)
    assert toys.space(AXS_TRUST=theirs.folder.parent.as_uri()).byquery("thing")["words"] == "computed"
    assert not trust_file().exists()
    refused(toys.space().byquery, "thing", "one")
    with pytest.raises(UsageError, match="AXS_TRUST trusts"):
        toys.space(AXS_TRUST=theirs.url).byname(clone.name).distrust()


def test_a_person_is_asked_once(toys: Toys, theirs: Repository) -> None:
    clone = bring(toys, theirs)
    space, person = asked(toys, False)
    refused(space.byquery, "thing")
    refused(space.byquery, "thing")  # not again in one command
    space, person = asked(toys, True)
    assert space.byquery("thing")["words"] == "computed"
    commit = git(theirs.folder, "rev-parse", "HEAD")
    assert person.questions == [
        f"{clone.name} ({theirs.url}, commit {commit[:12]}) came from elsewhere. This would make thing with its recipe "
        f"their_recipe.\nIts files: {clone.path / 'repo'}\nShall its code run here, with all that you may do?"
    ]
    space, person = asked(toys)
    space.byquery("thing", "one")
    assert person.questions == []


def test_planning_asks_nobody(toys: Toys, theirs: Repository) -> None:
    bring(toys, theirs)
    space, person = asked(toys)
    assert "not trusted yet" in space.plan("thing").lines()[0]
    space.byname("their_recipe").actions()
    assert person.questions == []


def test_a_plan_goes_on_where_code_would_have_to_be_asked(toys: Toys, theirs: Repository) -> None:
    needs = {"b": "backend,engine={{ chosen }}", "c": "backend,engine={{ b.module }}"}
    theirs.recipe("needy", "needy", needs=needs)
    (theirs.folder / "needy" / "code.py").write_text("def chosen(): return 'x'\ndef make_it(): pass\n")
    theirs.commit()
    bring(toys, theirs)
    lines = toys.space().plan("needy").lines()
    assert [line for line in lines if "later backend" in line and "is not trusted" in line]


def test_what_is_known_later_only_is_asked_about_before_any_of_it_is_made(toys: Toys, theirs: Repository) -> None:
    toys.maker("base", "base", "return {'version': '7'}", finds=["version"])
    toys.maker("slow", "slow")
    toys.maker("mine", "mine", parameters={"v": {"type": "str"}}, needs={"slow": "slow", "theirs": "thing"})
    toys.maker("top", "top", needs={"base": "base", "mine": "mine,v={{ base.version }}"})
    bring(toys, theirs)
    error = refused(toys.space().byquery, "top")
    assert error.message.endswith("this would make thing with its recipe their_recipe")
    assert error.needed_by == ("top",)
    assert (toys.made("base"), toys.made("slow")) == (1, 0)
    space, person = asked(toys, True)
    space.byquery("top")
    assert len(person.questions) == 1
    assert (toys.made("base"), toys.made("slow"), toys.made("top")) == (1, 1, 1)


# commits


def test_new_commits_are_asked_about(toys: Toys, theirs: Repository) -> None:
    clone = bring(toys, theirs)
    clone.trust()
    before = git(theirs.folder, "rev-parse", "HEAD")
    theirs.recipe("their_recipe", "thing", title="changed")
    after = theirs.commit()
    space = toys.space()
    space.byname(clone.name).pull()
    assert toys.reporter.notes[-2:] == [
        f"{clone.name} was trusted at {before[:12]}; what is new is asked about at its next use",
        f"git -C {clone.path / 'repo'} diff {before[:12]} shows it; axs byname {clone.name} , trust",
    ]
    refused(toys.space().byquery, "thing")
    space, person = asked(toys, True)
    space.byquery("thing")
    diff = f"It was trusted at another commit: git -C {clone.path / 'repo'} diff {before[:12]} HEAD"
    assert diff in person.questions[0]
    assert set(json.loads(trust_file().read_text())["trusted"][theirs.url]) == {before, after}


def test_pull_and_trust(toys: Toys, theirs: Repository) -> None:
    clone = bring(toys, theirs)
    theirs.recipe("more", "more")
    theirs.commit()
    clone.pull(trust=True)
    assert toys.space().byquery("more").get_path().read_text() == "theirs"


def test_a_pull_by_git_itself_is_noticed(toys: Toys, theirs: Repository) -> None:
    clone = bring(toys, theirs)
    clone.trust()
    theirs.recipe("more", "more")
    theirs.commit()
    git(clone.path / "repo", "pull", "-q")
    toys.space().work_collection().reindex()
    refused(toys.space().byquery, "more")


def test_the_commit_of_a_clone(theirs: Repository) -> None:
    commit = git(theirs.folder, "rev-parse", "HEAD")
    assert head_of(theirs.folder) == commit
    git(theirs.folder, "pack-refs", "--all")
    assert head_of(theirs.folder) == commit
    git(theirs.folder, "checkout", "-q", "--detach")
    assert head_of(theirs.folder) == commit
    assert head_of(theirs.folder / "their_recipe") == ""


# what is told about itself counts for nothing


def test_nothing_in_a_collection_trusts_it(toys: Toys, theirs: Repository) -> None:
    theirs.add("collection", {"tags": ["collection"], "attributes": {"trusted": True, "entries_path": "inner"}})
    inner = theirs.folder / "collection" / "inner" / "inside"
    inner.mkdir(parents=True)
    (inner / "meta.yaml").write_text("provides: [[inside]]\nmake: {python: {function: f}}\n")
    (inner / "code.py").write_text("def f(): raise AssertionError\n")
    (theirs.folder / "trust.json").write_text(json.dumps({"format": 1, "trusted": {theirs.url: {"": {}}}}))
    theirs.commit()
    bring(toys, theirs)
    assert toys.space().byname("inside").entry.origin is not None
    refused(toys.space().byquery, "inside")


@pytest.mark.parametrize("place", ["/", "../../outside", "link"])
def test_a_collection_inside_does_not_reach_out(toys: Toys, theirs: Repository, tmp_path: Path, place: str) -> None:
    """What it would list as its own would be trusted as the user's, or the other way round."""
    toys.add("secret", {"title": "secret"}, folder=toys.work / "outside")
    path = str(toys.work / "outside") if place == "/" else place
    folder = theirs.add("reaching", {"tags": ["collection"], "attributes": {"entries_path": path}})
    (folder / "link").symlink_to(toys.work / "outside")
    theirs.commit()
    bring(toys, theirs)
    with pytest.raises(AxsError, match="no entry named 'secret'"):
        toys.space().byname("secret")


def test_links_in_a_clone_are_no_entries(toys: Toys, theirs: Repository, tmp_path: Path) -> None:
    toys.add("secret", {"title": "secret"}, folder=tmp_path / "outside")
    (theirs.folder / "linked").symlink_to(tmp_path / "outside" / "secret")
    folder = theirs.add("linked_meta", {"title": "x"})
    (folder / "meta.yaml").unlink()
    (folder / "meta.yaml").symlink_to(tmp_path / "outside" / "secret" / "meta.yaml")
    theirs.commit()
    bring(toys, theirs)
    assert not {"linked", "linked_meta"} & {row.name for row in toys.space().entries()}


def test_no_git_in_what_a_clone_calls_a_clone(toys: Toys, theirs: Repository, tmp_path: Path) -> None:
    """The configuration of a repository can name commands; git would run them."""
    folder = theirs.add("trap", {"tags": ["collection"], "attributes": {"entries_path": "bare"},
                                 "produced": {"by": ["git"], "key": "ab" * 32, "at": "2026"}})  # fmt: skip
    bare = folder / "bare"
    bare.mkdir()
    git(bare, "init", "-q", "--bare")
    config = (
        f"[core]\nrepositoryformatversion = 0\nbare = false\nworktree = ..\nfsmonitor = touch {tmp_path}/ran_by_git\n"
    )
    (bare / "config").write_text(config)
    for empty in ("objects", "refs"):
        (bare / empty / ".keep").write_text("")
    theirs.commit()
    clone = bring(toys, theirs)
    space = toys.space()
    space.collections()
    for call in (space.byname("trap").pull, space.byname("trap").remove, lambda: space.byname("trap").edit(note="x")):
        with pytest.raises(AxsError):
            call()
    space.gc()
    assert not (tmp_path / "ran_by_git").exists()
    git(toys.work / clone.name / "repo" / "trap" / "bare", "status")  # as anybody would type it
    assert (tmp_path / "ran_by_git").exists()


# nothing of theirs hides one's own


def test_a_name_is_ones_own_first(toys: Toys, theirs: Repository) -> None:
    toys.add("base", {"title": "mine", "make": {"python": {"function": "make_it", "file": "out.txt"}}},
             "def make_it(path): (path / 'out.txt').write_text('mine')")  # fmt: skip
    toys.add("child", {"parents": ["base"], "provides": [["child"]]})
    theirs.recipe("base", "other")
    theirs.recipe("child", "child", preference=1000)
    theirs.commit()
    bring(toys, theirs).edit(priority=100)
    space = toys.space()
    assert space.byquery("child").get_path().read_text() == "mine"
    assert space.byname("base").entry.meta["title"] == "mine"
    assert theirs.loaded() == []


def test_what_is_not_trusted_comes_after_all_else(toys: Toys, theirs: Repository) -> None:
    """However exactly it answers; once trusted, what fits better answers, and says where it is from."""
    toys.maker("tool", "tool", parameters={"name": {"type": "str"}})
    theirs.recipe("their_tool", "tool")
    theirs.add("better", {"provides": [["tool", "name=x"]], "make": {"python": {"function": "f"}}}, "def f(): pass")
    theirs.recipe("alike", "tool", parameters={"name": {"type": "str"}}, preference=1000)
    theirs.commit()
    clone = bring(toys, theirs)
    assert toys.space().byquery("tool,name=x").entry.produced["recipe"] == "tool"
    clone.trust()
    assert toys.space().byquery("tool,name=y").entry.produced["recipe"] == "tool"
    assert toys.space().byquery("tool,name=x").entry.produced["recipe"] == "better"
    assert toys.reporter.steps[0].startswith(f"making tool,name=x with better of {clone.name} ({theirs.url}, commit ")


def test_results_in_a_clone_do_not_answer_as_ones_own(toys: Toys, theirs: Repository) -> None:
    toys.maker("run", "run")
    made = toys.space().byquery("run")
    shutil.copytree(made.path, theirs.folder / "run_theirs")
    meta = theirs.folder / "run_theirs" / "meta.yaml"
    meta.write_text(meta.read_text().replace("at: '2026", "at: '2999"))
    made.remove()
    theirs.commit()
    bring(toys, theirs)
    assert [item.name for item in toys.space().all_byquery("run")] == ["run_theirs"]
    assert toys.space().byquery("run").path.parent == toys.work
    assert toys.made("run") == 2


def test_nothing_is_written_into_a_clone(toys: Toys, theirs: Repository, tmp_path: Path) -> None:
    """Neither notes on who asked, by way of a link that leads elsewhere, nor is an entry taken out of it."""
    toys.maker("run", "run", local=True)
    made = toys.space().byquery("run")
    shutil.copytree(made.path, theirs.folder / "run_theirs", ignore=shutil.ignore_patterns(".axs"))
    (tmp_path / "outside").mkdir()
    (theirs.folder / "run_theirs" / ".axs").symlink_to(tmp_path / "outside")
    made.remove()
    theirs.commit()
    clone = bring(toys, theirs)
    there = toys.space().byquery("run,machine=toy machine")
    assert there.path.parent == clone.path / "repo"
    assert list((tmp_path / "outside").iterdir()) == []
    with pytest.raises(AxsError, match="it stays"):
        there.remove()
    (clone.path / "repo" / "new.txt").write_text("mine")
    toys.space().work_collection().remove()
    assert there.path.is_dir()


def test_where_only_results_answer_ones_own_come_first(toys: Toys, theirs: Repository) -> None:
    produced = {"by": ["program"], "key": "ab" * 32, "at": "2020"}
    toys.add("mine", {"tags": ["data"], "produced": produced}, folder=toys.work)
    theirs.add("zzz", {"tags": ["data"], "produced": {**produced, "at": "2999"}})
    theirs.add("only", {"tags": ["rare"], "produced": produced})
    theirs.commit()
    bring(toys, theirs)
    assert toys.space().byquery("data").name == "mine"
    assert toys.space().byquery("rare").name == "only"


@pytest.mark.parametrize("need", ["backend,engine=x", "rare"])
def test_files_from_elsewhere_are_not_used_to_make_something(toys: Toys, theirs: Repository, need: str) -> None:
    """A backend's module, a pickled model: as good as code."""
    theirs.add("only", {"tags": ["rare"], "produced": {"by": ["program"], "key": "ab" * 32, "at": "2020"}})
    theirs.commit()
    toys.maker("user", "user", needs={"it": need})
    clone = bring(toys, theirs)
    error = refused(toys.space().byquery, "user")
    assert "to make user" in str(error)
    assert toys.made("user") == 0
    clone.trust()
    toys.space().byquery("user")
    assert toys.made("user") == 1


def test_results_may_be_gathered(toys: Toys, theirs: Repository) -> None:
    """For a report or a table they are data."""
    theirs.add("only", {"tags": ["rare"], "produced": {"by": ["program"], "key": "ab" * 32, "at": "2020"}})
    theirs.commit()
    toys.maker("report", "report", needs={"all_of_them": {"query": "rare", "all": True}})
    bring(toys, theirs)
    toys.space().byquery("report")
    assert toys.made("report") == 1


def test_ones_own_recipe_on_a_parent_from_elsewhere(toys: Toys, theirs: Repository) -> None:
    toys.add("mine", {"parents": ["their_recipe"], "provides": [["mine"]]})
    clone = bring(toys, theirs)
    error = refused(toys.space().byquery, "mine")
    assert "make mine with its recipe their_recipe" in str(error)
    clone.trust()
    assert toys.space().byquery("mine").get_path().read_text() == "theirs"


def test_a_recipe_from_elsewhere_on_ones_own_parent(toys: Toys, theirs: Repository) -> None:
    toys.maker("base", "base")
    theirs.add("built", {"parents": ["base"], "provides": [["built"]]})
    theirs.commit()
    bring(toys, theirs)
    refused(toys.space().byquery, "built")
    assert toys.made("base") == 0
    assert toys.space().byquery("built", trust=True).get_path().exists()


def test_all_is_asked_before_anything_is_made(toys: Toys, theirs: Repository) -> None:
    toys.maker("first", "first")
    toys.maker("outer", "outer", needs={"a": "first", "b": "thing"})
    bring(toys, theirs)
    refused(toys.space().byquery, "outer")
    assert toys.made("first") == 0


def test_a_folder_that_the_user_names_is_ones_own(toys: Toys, theirs: Repository) -> None:
    clone = bring(toys, theirs)
    folders = os.pathsep.join([str(toys.recipes), str(clone.path / "repo")])
    space = Workspace(environ={**toys.environ(), "AXS_COLLECTIONS": folders})
    assert space.byquery("thing")["words"] == "computed"


def test_compiled_code_beside_it_is_not_taken(toys: Toys, theirs: Repository) -> None:
    """Who looks into the code sees what runs."""
    import importlib.util
    import py_compile

    source = theirs.folder / "their_recipe" / "code.py"
    honest = source.read_text()
    source.write_text("def make_it(path): (path / 'out.txt').write_text('compiled')\n")
    py_compile.compile(
        str(source), importlib.util.cache_from_source(str(source)), invalidation_mode=py_compile.PycInvalidationMode(3)
    )
    source.write_text(honest)
    theirs.commit()
    clone = bring(toys, theirs)
    assert (clone.path / "repo" / "their_recipe" / "__pycache__").is_dir()
    assert toys.space().byquery("thing", trust=True).get_path().read_text() == "theirs"


# archives


def test_an_archive_is_trusted_by_its_content(toys: Toys, tmp_path: Path) -> None:
    toys.maker("run", "run")
    toys.space().byquery("run")
    archive = toys.space().zip("run", tmp_path / "results.zip")
    toys.space().work_collection().remove()
    came = toys.space().unzip(archive)
    toys.space().byquery("run")
    assert toys.made("run") == 2
    toys.space().byquery("run").remove()
    toys.space().byname(came.name).trust()
    assert toys.space().byquery("run").path.is_relative_to(came.path)
    came.remove()
    again = toys.space().unzip(archive, "renamed")
    assert toys.space().byquery("run").path.is_relative_to(again.path)
    again.distrust()
    toys.space().byquery("run")
    assert toys.made("run") == 3


def test_a_collection_that_a_recipe_downloads(toys: Toys, theirs: Repository, tmp_path: Path) -> None:
    """However it came, it is somebody else's; other bytes are another collection."""
    with tarfile.open(tmp_path / "entries.tar", "w") as archive:
        archive.add(theirs.folder, "entries", filter=lambda item: None if ".git" in item.name else item)
    fetch = {"urls": (tmp_path / "entries.tar").as_uri(), "file": "entries.tar"}
    make = {"fetch": fetch, "extract": {"archive": "entries.tar", "into": "there"}}
    toys.add("downloaded", {"provides": [["brought", "collection"]], "make": make,
                            "attributes": {"entries_path": "there/entries"}})  # fmt: skip
    there = toys.space().byquery("brought,collection")
    assert toys.space().byname("their_recipe").path.is_relative_to(there.path)
    refused(toys.space().byquery, "thing")
    toys.space().byname(there.name).trust()
    assert toys.space().byquery("thing")["words"] == "computed"
    digest = hashlib.sha256((tmp_path / "entries.tar").read_bytes()).hexdigest()
    assert list(json.loads(trust_file().read_text())["trusted"]) == [f"sha256:{digest}"]


def test_ones_own_is_neither_trusted_nor_not(toys: Toys) -> None:
    mine = toys.space().byquery("collection,collection_name=mine")
    for entry in (mine, toys.space().byname("git_repo")):
        with pytest.raises(UsageError) as raised:
            entry.trust()
        assert str(raised.value) == f"{entry.name} is your own, or came with axs: there is nothing to trust"


# the file


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("", 0o600, "cannot be read, so nothing in it is trusted"),
        ("{}", 0o600, "cannot be read, so nothing in it is trusted"),
        ("[]", 0o600, "cannot be read, so nothing in it is trusted"),
        ('{"format": 1, "trusted": []}', 0o600, "cannot be read, so nothing in it is trusted"),
        ('{"format": 1, "trusted": {"SOURCE": ["abc"]}}', 0o600, "cannot be read, so nothing in it is trusted"),
        ('{"format": 2, "trusted": {"SOURCE": {"abc": {}}}}', 0o600, "is not of format 1"),
        ('{"format": 1, "trusted": {"SOURCE": {"abc": {}}}}', 0o666, "others can write"),
        ('{"format": 1, "trusted": {"SOURCE": {"abc": {}}}}', 0o620, "others can write"),
        ('{"format": 1, "trusted": {"SOURCE": {"abc": {}}}}', 0o600, None),
    ],
)
def test_a_file_that_is_not_sound(tmp_path: Path, text: str, mode: int, said: str | None) -> None:
    file = tmp_path / "trust.json"
    file.write_text(text.replace("SOURCE", "https://example.org/x"))
    file.chmod(mode)
    reporter = Listening()
    trust = Trust(Settings({}), reporter, file)
    there = Elsewhere("c", "git", "https://example.org/x", tmp_path, "abc", trust)
    assert there.trusted is (said is None)
    assert [said in warning for warning in reporter.warnings] == ([True] if said else [])
    trust.grant(there, "test")
    assert Trust(Settings({}), Reporter(), file).covers(there)
    assert file.stat().st_mode & 0o777 == 0o600


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    def grant(number: int) -> None:
        trust = Trust(Settings({}), Reporter(), tmp_path / "trust.json")
        trust.grant(Elsewhere("c", "git", f"https://example.org/{number}", tmp_path, "abc", trust), "test")

    threads = [threading.Thread(target=grant, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(json.loads((tmp_path / "trust.json").read_text())["trusted"]) == 8


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of POSIX")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    trust = Trust(Settings({}), Reporter(), tmp_path / "file" / "trust.json")
    with pytest.raises(AxsError, match="cannot be written") as raised:
        trust.grant(Elsewhere("c", "git", "https://example.org/x", tmp_path, "abc", trust), "test")
    assert raised.value.hint == "AXS_TRUST=ADDRESS trusts for one command"
