"""Repositories by name: known ones, a prefix, a table of one's own; clones by plain names; entries in other forms."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base.errors import NotFound, UsageError

pytestmark = pytest.mark.process

SHIPPED = Path(__file__).parents[2] / "entries"
AXS2MLPERF = "git_repo,collection,repo_name=axs2mlperf"
RULES = '{"_producer_rules": [[["run", "n=1"], [["get", "x"]]], [["run"], []], [["unheard_of"], []], 5], "x": 1}'


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(folder: Path, **files: str) -> Path:
    """A repository with the branches main and stable; two underscores in a name stand for a slash."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    for name, content in {"README": "x", **files}.items():
        file = folder / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "begin")
    git(folder, "branch", "stable")
    return folder


@pytest.fixture
def toys(toys: Toys, tmp_path: Path) -> Toys:
    """The shipped recipes for clones; what they say of https://github.com/krai is in a folder."""
    for name in ("git_repo", "git_known", "git_mlperf_inference"):
        shutil.copytree(SHIPPED / name, toys.recipes / name)
    toys.settings["AXS_MIRRORS"] = f"https://github.com/krai/={(tmp_path / 'krai').as_uri()}/"
    return toys


# by name


@pytest.mark.parametrize("called", ["axs2mlperf.git", "axs2mlperf"])
def test_a_known_repository(toys: Toys, tmp_path: Path, called: str) -> None:
    """A mirror on disk may be called like the address or without its .git."""
    origin = repository(tmp_path / "krai" / called)
    made = toys.space().byquery(f"{AXS2MLPERF},checkout=stable")
    assert (made["branch"], made["commit"]) == ("stable", git(origin, "rev-parse", "stable"))
    assert made.name.startswith("git_repo_axs2mlperf_")
    assert toys.space().byquery(f"{AXS2MLPERF},checkout=stable").path == made.path


@pytest.mark.parametrize(
    ("query", "url"),
    [
        (AXS2MLPERF, "https://github.com/krai/axs2mlperf.git"),
        ("git_repo,repo_name=mlperf_inference_git,submodules+", "https://github.com/mlcommons/inference.git"),
        ("git_repo,repo_name=mlperf_inference", "https://github.com/mlcommons/inference.git"),
        ("git_repo,collection,repo_name=ck-mlops", "https://github.com/mlcommons/ck-mlops.git"),
        (f"{AXS2MLPERF},url_prefix=https://example.org/fork", "https://example.org/fork/axs2mlperf"),
        ("git_repo,repo_name=x,url_prefix=file:///data/", "file:///data/x"),
        ("git_repo,repo_name=mlperf_inference,url_prefix=https://example.org", "https://example.org/mlperf_inference"),
        (f"{AXS2MLPERF},url=https://example.org/other.git", "https://example.org/other.git"),
        ("git_repo,repo_name=mlperf_inference,url=https://example.org/i.git", "https://example.org/i.git"),
    ],
)
def test_addresses(toys: Toys, query: str, url: str) -> None:
    match = toys.space().plan(query).match
    assert match is not None
    assert match.values["url"] == url


def test_a_table_of_ones_own(toys: Toys, tmp_path: Path) -> None:
    repository(tmp_path / "ours")
    row = ["git_repo", "collection", "repo_name=ours", f"url?={(tmp_path / 'ours').as_uri()}"]
    toys.add("my_repositories", {"parents": ["git_repo"], "provides": [row]})
    made = toys.space().byquery("git_repo,collection,repo_name=ours")
    assert (made.name.rpartition("_")[0], made["branch"]) == ("git_repo_ours", "main")


def test_a_name_that_nobody_knows(toys: Toys) -> None:
    with pytest.raises(NotFound) as caught:
        toys.space().byquery("git_repo,collection,repo_name=axs2mlprf")
    assert caught.value.hint == "did you mean 'collection,git_repo,repo_name=axs2mlperf'?"
    with pytest.raises(NotFound, match="git_repo: it serves only queries with url"):
        toys.space().byquery("git_repo,collection,repo_name=no_such_thing")


# a clone by the plain name


def test_a_clone_by_its_plain_name(toys: Toys, tmp_path: Path) -> None:
    origin = repository(tmp_path / "krai" / "axs2mlperf.git")
    stable = toys.space().byquery(f"{AXS2MLPERF},checkout=stable")
    assert toys.space().byname("axs2mlperf").path == stable.path  # the only one
    main = toys.space().byquery(AXS2MLPERF)
    (origin / "more").write_text("more")
    git(origin, "add", "more")
    git(origin, "commit", "-qm", "more")
    assert toys.space().byname("axs2mlperf").pull() == (main["commit"], git(origin, "rev-parse", "main"))
    assert toys.space().byname("axs2mlperf_stable").get_path() == stable.path / "repo"
    again = toys.space().byquery(AXS2MLPERF, fresh="one")
    assert toys.space().byname("axs2mlperf").path == again.path  # the newest answers, as a query would be answered
    for clone in (again, main, stable):
        toys.space().byname("axs2mlperf").remove()
        assert not clone.path.exists()
    with pytest.raises(NotFound, match="no entry named 'axs2mlperf'"):
        toys.space().byname("axs2mlperf")


def test_several_clones_of_that_name(toys: Toys, tmp_path: Path) -> None:
    repository(tmp_path / "krai" / "axs2mlperf.git")
    names = [toys.space().byquery(f"{AXS2MLPERF},checkout={each}").name for each in ("stable", "main")]
    with pytest.raises(UsageError) as caught:
        toys.space().byname("axs2mlperf")
    assert str(caught.value) == f"several clones are called 'axs2mlperf': {', '.join(names)}"
    assert caught.value.hint == f"axs byname {names[-1]}"


# entries in other forms


def test_entries_of_krais_axs_are_not_read_and_it_says_so(toys: Toys, tmp_path: Path) -> None:
    toys.maker("maker", "run")
    files = {"data_axs.json": RULES, "one__data_axs.json": RULES, "deeper__two__data_axs.json": "no JSON"}
    repository(tmp_path / "krai" / "axs2mlperf.git", **files)
    for _ in range(2):  # made, and there
        made = toys.space().byquery(AXS2MLPERF)
        assert toys.reporter.warnings == [
            f"{made.name} holds entries of krai's axs (2 x data_axs.json), which are not read here; "
            "what ships here answers to run; docs/coming-from.md says what to type"
        ]


def test_entries_of_ck_are_not_read_and_it_says_so(toys: Toys, tmp_path: Path) -> None:
    files = {".cm__meta.json": "{}", "program__x__.cm__meta.json": "{}", "program__.cm__alias-a-x": "1"}
    origin = repository(tmp_path / "ck", **files)
    made = toys.space().byquery(f"git_repo,collection,url={origin}")
    assert toys.reporter.warnings == [
        f"{made.name} holds entries of CK (1 x .cm/meta.json), which are not read here; "
        "docs/coming-from.md says what to type"
    ]


@pytest.mark.parametrize("files", [{}, {"mine__meta.yaml": "tags: [x]\n", "one__data_axs.json": RULES}])
def test_nothing_is_said_of_other_collections(toys: Toys, tmp_path: Path, files: dict[str, str]) -> None:
    repository(tmp_path / "krai" / "axs2mlperf.git", **files)
    toys.space().byquery(AXS2MLPERF)
    assert toys.reporter.warnings == []
