"""Clones of real repositories, and what is asked of them later."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.http_server import Fault, Server

from axs_core.base.digest import of_tree
from axs_core.base.errors import EntryError, ProduceError
from axs_core.base.reporter import Reporter
from axs_core.producers import get
from axs_core.producers.base import Job, Made
from axs_core.producers.git import producer
from axs_core.producers.git.producer import Git, Status, pull, status

pytestmark = pytest.mark.process

WHO = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "protocol.file.allow=always")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *WHO, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(repository: Path, name: str, text: str) -> str:
    (repository / name).write_text(text)
    git(repository, "add", name)
    git(repository, "commit", "-q", "-m", f"add {name}")
    return git(repository, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Branches main (two commits, one of them tagged v1) and dev."""
    repository = tmp_path / "origin" / "my entries.git"
    repository.mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    commit(repository, "a.txt", "one")
    git(repository, "tag", "-a", "v1", "-m", "first")
    git(repository, "branch", "dev")
    commit(repository, "b.txt", "two")
    return repository


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "entry"
    made.mkdir()
    return made


def job(folder: Path, spec: dict[str, Any], environ: dict[str, str] | None = None) -> Job:
    environ = {**os.environ, **(environ or {})}
    return Job(spec, folder, folder / ".axs" / "log", Reporter(), folder.parent, environ=environ)


def clone(folder: Path, environ: dict[str, str] | None = None, **spec: Any) -> Made:
    return Git().make(job(folder, spec, environ))


def failure(folder: Path, environ: dict[str, str] | None = None, **spec: Any) -> ProduceError:
    with pytest.raises(ProduceError) as caught:
        clone(folder, environ, **spec)
    assert [path.name for path in folder.iterdir() if path.name != ".axs"] == []
    return caught.value


def test_it_is_registered() -> None:
    assert isinstance(get("git"), Git)
    assert get("git").check(Path("x"), {}) is None


def test_a_clone(folder: Path, origin: Path) -> None:
    made = clone(folder, url=str(origin))
    head = git(origin, "rev-parse", "HEAD")
    assert made == Made("my entries", {"url": origin.as_uri(), "commit": head, "branch": "main"})
    assert sorted(path.name for path in (folder / "my entries").iterdir()) == [".git", "a.txt", "b.txt"]
    assert not list((folder / "my entries" / ".git").glob("hooks/*"))


@pytest.mark.parametrize(("wanted", "branch"), [("dev", "dev"), ("v1", None)])
@pytest.mark.parametrize("depth", [None, 1])
def test_a_branch_or_a_tag(folder: Path, origin: Path, wanted: str, branch: str | None, depth: int | None) -> None:
    made = clone(folder, url=origin.as_uri(), checkout=wanted, depth=depth, into="here")
    assert made.file == "here"
    assert (made.found["commit"], made.found.get("branch")) == (git(origin, "rev-parse", "dev"), branch)
    assert not (folder / "here" / "b.txt").exists()


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("length", [8, 40])
def test_a_commit(folder: Path, origin: Path, depth: int | None, length: int) -> None:
    git(origin, "config", "uploadpack.allowReachableSHA1InWant", "true")
    first = git(origin, "rev-parse", "v1^{commit}")
    assert clone(folder, url=str(origin), checkout=first[:length], depth=depth).found["commit"] == first


def test_depth(folder: Path, origin: Path) -> None:
    clone(folder, url=str(origin), depth=1, into="c")
    assert git(folder / "c", "rev-list", "--count", "HEAD") == "1"


def test_submodules(folder: Path, origin: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.mkdir()
    git(part, "init", "-q", "-b", "main")
    commit(part, "p.txt", "part")
    git(origin, "submodule", "--quiet", "add", str(part), "sub")
    git(origin, "commit", "-q", "-m", "a part")
    clone(folder, url=str(origin), submodules=True, into="c")
    assert (folder / "c" / "sub" / "p.txt").read_text() == "part"
    clone(folder, url=str(origin), into="d")
    assert list((folder / "d" / "sub").iterdir()) == []


def test_no_hook_of_this_machine_is_run(folder: Path, origin: Path, tmp_path: Path) -> None:
    hook = tmp_path / "templates" / "hooks" / "post-checkout"
    hook.parent.mkdir(parents=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    (Path(os.environ["HOME"]) / ".gitconfig").write_text(
        f"[init]\n templateDir = {tmp_path}/templates\n[core]\n hooksPath = {hook.parent}\n"
    )
    clone(folder, url=str(origin))
    assert not (tmp_path / "ran").exists()


def test_a_surrounding_git_command_does_not_leak_in(folder: Path, origin: Path) -> None:
    """As in a hook, where git sets GIT_DIR for its children."""
    made = clone(folder, {"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/nowhere"}, url=str(origin))
    assert made.found["branch"] == "main"


def test_a_mirror_comes_first(folder: Path, origin: Path, tmp_path: Path) -> None:
    environ = {"AXS_MIRRORS": f"https://example.org/=file://{tmp_path}/origin/", "AXS_OFFLINE": "1"}
    made = clone(folder, environ, url="https://example.org/my%20entries.git")
    assert made.file == "my entries"
    assert made.found["url"] == f"file://{tmp_path}/origin/my%20entries.git"


def test_no_such_repository(folder: Path, tmp_path: Path) -> None:
    error = failure(folder, url=str(tmp_path / "none"))
    uri = (tmp_path / "none").as_uri()
    words = f"{uri} cannot be read: '{tmp_path}/none' does not appear to be a git repository"
    assert (str(error), error.hint) == (words, f"check the address: git ls-remote {uri}")
    assert error.log == folder / ".axs" / "log"


def test_no_such_branch(folder: Path, origin: Path) -> None:
    error = failure(folder, url=str(origin), checkout="mian")
    assert str(error) == f"{origin.as_uri()} has no branch or tag 'mian'; there are dev, main, v1"
    assert error.hint == "did you mean main?"


def test_no_such_commit(folder: Path, origin: Path) -> None:
    words = f"{origin.as_uri()} has no commit 0123456789"
    assert str(failure(folder, url=str(origin), checkout="0123456789")) == words


def test_an_empty_repository(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    error = failure(folder, url=str(tmp_path / "empty"), checkout="main")
    assert str(error) == f"{(tmp_path / 'empty').as_uri()} has no branch or tag 'main'; it is empty"


def test_git_is_absent(folder: Path, origin: Path) -> None:
    error = failure(folder, {"PATH": "/nowhere"}, url=str(origin))
    assert (str(error), error.hint) == ("git is not on this machine", "apt-get install git")


def test_the_network_is_down(folder: Path) -> None:
    with Server() as gone:
        url = gone.root + "/a.git"
    error = failure(folder, url=url)
    assert str(error).startswith(f"{url} cannot be read: unable to access '{url}/': Failed to connect to 127.0.0.1")
    assert error.hint is not None
    assert error.hint.startswith("run it again; or name a mirror: AXS_MIRRORS='http://127.0.0.1:")


def test_a_time_out(folder: Path, origin: Path, tmp_path: Path) -> None:
    """All of the cloning has so many seconds; here git itself does not come back."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    error = failure(folder, {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}, url=str(origin), timeout=0.2)
    assert str(error) == f"cloning {origin.as_uri()} takes too long"
    assert error.hint == "timeout=SECONDS in the query that clones it, or make.git.timeout, allows more"


def test_offline(folder: Path) -> None:
    error = failure(folder, {"AXS_OFFLINE": "1"}, url="https://me:pw@example.org/a/b.git")
    assert str(error) == "https://example.org/a/b.git cannot be cloned: AXS_OFFLINE=1 forbids the network"
    assert (error.hint or "").startswith("unset AXS_OFFLINE; or name a mirror: AXS_MIRRORS='https://example.org/a/=")


def test_all_addresses_fail(folder: Path, tmp_path: Path) -> None:
    error = failure(
        folder,
        {"AXS_MIRRORS": f"https://example.org/=file://{tmp_path}/", "AXS_OFFLINE": "1"},
        url="https://example.org/b.git",
    )
    assert str(error) == (
        "no address has the repository:\n"
        f"    file://{tmp_path}/b.git cannot be read: '{tmp_path}/b.git' does not appear to be a git repository\n"
        "    https://example.org/b.git cannot be cloned: AXS_OFFLINE=1 forbids the network"
    )


def test_credentials_go_to_the_host_and_nowhere_else(folder: Path, http_server: Server) -> None:
    path = "/a.git/info/refs?service=git-upload-pack"
    http_server.fail(path, Fault(403))
    error = failure(folder, url=http_server.root.replace("http://", "http://me:s3cret@") + "/a.git")
    sent = base64.b64encode(b"me:s3cret").decode()
    assert http_server.requests[0].headers["Authorization"] == f"Basic {sent}"
    talk = f"{error} {error.hint} {(folder / '.axs' / 'log').read_text()}"
    assert "s3cret" not in talk
    assert sent not in talk
    assert (error.hint or "").startswith("check the address; a private repository needs credentials")


@pytest.mark.parametrize("url", ["ext::sh -c touch% x", "--upload-pack=x", "relative/path", "", "ftp://h/x"])
def test_addresses_that_are_refused(folder: Path, url: str) -> None:
    with pytest.raises(EntryError) as caught:
        clone(folder, url=url)
    assert str(caught.value) == (
        f"make.git.url: {url!r} is not an address: expected https, http, ssh, file, or an absolute path"
    )


@pytest.mark.parametrize("wanted", ["-x", "a b", "a..b", "HEAD~1"])
def test_revisions_that_are_refused(folder: Path, origin: Path, wanted: str) -> None:
    with pytest.raises(EntryError) as caught:
        clone(folder, url=str(origin), checkout=wanted)
    assert str(caught.value) == (f"make.git.checkout: {wanted!r} is not the name of a branch, a tag or a commit")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("git@github.com:me/x.git", "ssh://git@github.com/me/x.git"),
        ("host:/srv/x", "ssh://host/srv/x"),
        ("https://h/x", "https://h/x"),
        ("/srv/my x", "file:///srv/my%20x"),
    ],
)
def test_addresses(given: str, address: str) -> None:
    assert producer.address(given) == address


@pytest.fixture
def here(folder: Path, origin: Path) -> Path:
    clone(folder, url=str(origin), into="here")
    return folder / "here"


def test_status(here: Path, origin: Path) -> None:
    head = git(origin, "rev-parse", "HEAD")
    assert status(here) == Status("main", head, ())
    (here / "a.txt").write_text("changed")
    (here / "new").write_text("")
    assert status(here).changes == (" M a.txt", "?? new")
    git(here, "checkout", "-q", "--detach", "--force")
    assert status(here).branch is None


def test_status_of_another_folder(tmp_path: Path) -> None:
    with pytest.raises(ProduceError) as caught:
        status(tmp_path)
    assert str(caught.value).startswith(f"git rev-parse in {tmp_path}: not a git repository (or any ")


def test_pull(here: Path, origin: Path) -> None:
    before = status(here).commit
    (here / "untracked").write_text("")
    assert pull(here) == (before, before)
    after = commit(origin, "c.txt", "three")
    assert pull(here) == (before, after)
    assert (here / "c.txt").read_text() == "three"


def test_pull_is_refused_with_local_changes(here: Path, origin: Path) -> None:
    commit(origin, "c.txt", "three")
    (here / "a.txt").write_text("changed")
    with pytest.raises(ProduceError) as caught:
        pull(here)
    assert (str(caught.value), caught.value.hint) == (f"{here} has local changes: a.txt", f"git -C {here} stash")
    assert not (here / "c.txt").exists()


def test_pull_is_refused_where_history_has_parted(here: Path, origin: Path) -> None:
    commit(origin, "c.txt", "three")
    commit(here, "d.txt", "four")
    with pytest.raises(ProduceError) as caught:
        pull(here)
    assert str(caught.value) == f"git pull in {here}: Not possible to fast-forward, aborting."


def test_pull_is_refused_off_a_branch_and_offline(here: Path, origin: Path) -> None:
    git(here, "checkout", "-q", "--detach")
    with pytest.raises(ProduceError) as caught:
        pull(here)
    assert str(caught.value) == f"{here} is on commit {status(here).commit[:12]}, not on a branch"
    git(here, "checkout", "-q", "main")
    git(here, "remote", "set-url", "origin", "https://example.org/x.git")
    with pytest.raises(ProduceError) as caught:
        pull(here, environ={**os.environ, "AXS_OFFLINE": "1"})
    assert str(caught.value) == "https://example.org/x.git cannot be pulled: AXS_OFFLINE=1"


def served(server: Server, repository: Path, name: str) -> str:
    """A repository over plain (dumb) HTTP; its address."""
    git(repository, "update-server-info")
    for file in (repository / ".git").rglob("*"):
        if file.is_file():
            path = f"/{name}/{file.relative_to(repository / '.git')}"
            server.serve(path, file.read_bytes())
            server.serve(f"{path}?service=git-upload-pack", file.read_bytes())
    return f"{server.root}/{name}"


def submodule(repository: Path, name: str, url: str) -> None:
    """A submodule at any address, as a commit that somebody else made holds it."""
    head = git(repository, "rev-parse", "HEAD")
    (repository / ".gitmodules").write_text(f'[submodule "{name}"]\n\tpath = sub\n\turl = {url}\n')
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    git(repository, "add", ".gitmodules")
    git(repository, "commit", "-q", "-m", "a submodule")


@pytest.mark.parametrize(
    "address",
    ["FILE", "ext::sh -c touch% MARK", "-c core.sshCommand=touch% MARK", "ssh://-oProxyCommand=touch%20MARK/x"],
)
def test_where_submodules_may_come_from(
    folder: Path, origin: Path, tmp_path: Path, http_server: Server, address: str
) -> None:
    """What came over the network brings no files of this machine, and starts nothing."""
    secret = tmp_path / "secret"
    secret.mkdir()
    git(secret, "init", "-q")
    commit(secret, "key", "private")
    submodule(origin, "sub", address.replace("FILE", secret.as_uri()).replace("MARK", str(tmp_path / "ran")))
    url = served(http_server, origin, "r.git")
    clone(folder, url=url, into="without")
    before = sorted(folder.rglob("*"))
    with pytest.raises(ProduceError):
        clone(folder, url=url, into="with", submodules=True)
    assert sorted(folder.rglob("*")) == before
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "url",
    ["ssh://-oProxyCommand=touch MARK/x", "me@-oProxyCommand=touch MARK:x", "ssh://me@-oProxyCommand=touch MARK/x"],
)
def test_a_host_is_no_option(folder: Path, tmp_path: Path, url: str) -> None:
    for mark in (str(tmp_path / "ran").replace("/", "%2f"), "ran"):
        with pytest.raises((ProduceError, EntryError)):
            clone(folder, url=url.replace("MARK", mark))
    assert not list(tmp_path.rglob("ran"))


def test_a_repository_inside_of_a_tree(folder: Path, origin: Path) -> None:
    """A tree may hold any name; git itself would take such a one for its own folder, with its hooks."""
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=origin, input="x", capture_output=True, text=True, check=True
    )
    for name in (".git", ".GIT", "..", "git~1"):
        tree = f"100644 blob {blob.stdout.strip()}\t{name}\n".encode().replace(b"\n", b"\0")
        made = subprocess.run(["git", "mktree", "-z"], cwd=origin, input=tree, capture_output=True)
        if made.returncode:
            continue  # this git does not even write it
        head = git(origin, "commit-tree", made.stdout.decode().strip(), "-m", "trap")
        git(origin, "update-ref", "refs/heads/trap", head)
        failure(folder, url=str(origin), checkout="trap")


def test_links_that_lead_out_are_kept_as_links(folder: Path, origin: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("private")
    (origin / "link").symlink_to(tmp_path / "secret")
    (origin / "folder").symlink_to(tmp_path)
    git(origin, "add", "-A")
    git(origin, "commit", "-q", "-m", "links")
    clone(folder, url=str(origin), into="c")
    assert of_tree(folder / "c", frozenset({".git"})).keys() == {"a.txt", "b.txt", "folder", "link"}
    assert of_tree(folder / "c")["link"] == {"link": str(tmp_path / "secret")}


def test_filters_of_a_repository_do_not_run(folder: Path, origin: Path, tmp_path: Path) -> None:
    (origin / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    (origin / ".gitconfig").write_text(
        f'[filter "x"]\n\tsmudge = touch {tmp_path}/ran\n\tclean = touch {tmp_path}/ran\n'
    )
    git(origin, "add", "-A")
    git(origin, "commit", "-q", "-m", "filters")
    clone(folder, url=str(origin), into="c")
    (folder / "c" / "a.txt").write_text("changed")
    assert status(folder / "c").changes
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://h/x", "https:ssh"),
        ("http://h/x", "https:ssh:http"),
        ("ssh://h/x", "https:ssh"),
        ("file:///x", "https:ssh:file"),
    ],
)
def test_no_way_from_https_to_http(url: str, allowed: str) -> None:
    """By a redirect, or by the address of a submodule."""
    assert producer._environment({}, url)["GIT_ALLOW_PROTOCOL"] == allowed
