"""Bundles: what queries need from elsewhere, carried to a machine that has none of it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.http_server import Server
from support.toy import Listening, Toys

from axs_core import Workspace
from axs_core.base.errors import AxsError, EntryError, NotFound, NotTrusted, UsageError
from axs_core.exchange.bundle.contents import libc, read_contents
from axs_core.exchange.bundle.tar import header, members
from axs_core.exchange.manifest import BadArchive
from axs_core.store import BUNDLING, INCOMING, PRIVATE

pytestmark = pytest.mark.process

WHO = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
WEIGHTS = bytes(range(256)) * 9000


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *WHO, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path, **files: str) -> Path:
    """A repository with one commit, tagged v1, and a branch ``dev`` with one more."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "tag", "v1")
    git(folder, "switch", "-q", "-c", "dev")
    (folder / "more.txt").write_text("more")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "second")
    git(folder, "switch", "-q", "main")
    return folder


@dataclass
class Away:
    """Another machine: nothing of this one is there, and whatever was fetched from here is gone."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    def space(self, **settings: str) -> Workspace:
        self.reporter = Listening()
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AXS_")},
            "AXS_WORK_COLLECTION": str(self.work),
            "AXS_DOWNLOAD_CACHE": str(self.root / "downloads"),
            "AXS_SYSTEM": "away",
            **settings,
        }
        return Workspace(environ=environ, reporter=self.reporter)

    def left(self) -> list[str]:
        return sorted(item.name for item in self.work.iterdir() if item.name != ".axs") if self.work.is_dir() else []


@pytest.fixture
def away(tmp_path: Path) -> Away:
    return Away(tmp_path / "away")


@pytest.fixture
def server(http_server: Server) -> Server:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        info = tarfile.TarInfo("images/a.txt")
        info.size = 5
        tar.addfile(info, io.BytesIO(b"image"))
    http_server.serve("/weights.bin", WEIGHTS)
    http_server.serve("/images.tgz", archive.getvalue())
    http_server.serve("/free.txt", b"no checksum")
    return http_server


@pytest.fixture
def world(toys: Toys, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toys:
    """``run`` needs a model (a file), images (an archive that is unpacked) and a repository; what it makes itself is
    not made for a bundle.
    """
    monkeypatch.setenv("AXS_DOWNLOAD_CACHE", str(tmp_path / "downloads"))
    md5 = hashlib.md5(WEIGHTS).hexdigest()
    fetch = {"urls": [f"{server.root}/gone.bin", f"{server.root}/weights.bin"], "md5": md5, "file": "w.bin"}
    toys.add("weights", {"provides": [["model"]], "make": {"fetch": fetch}})
    sha1 = hashlib.sha1(server.files["/images.tgz"]).hexdigest()
    images = {
        "fetch": {"urls": f"{server.root}/images.tgz", "sha1": sha1, "file": "i.tgz"},
        "extract": {"archive": "i.tgz"},
    }
    toys.add("images", {"provides": [["images"]], "make": images})
    origin = repository(tmp_path / "origin" / "code.git", a="one")
    section = {"url": origin.as_uri(), "checkout": "{{ checkout }}", "into": "repo"}
    parameters = {"checkout": {"type": "str"}}
    toys.add("code", {"provides": [["code"]], "parameters": parameters, "finds": ["commit"], "make": {"git": section}})
    needs = {"model": "model", "images": "images", "code": "code"}
    toys.maker("run", "run", parameters={"n": {"default": 1, "type": "int"}}, needs=needs)
    return toys


def unplug(toys: Toys, server: Server, tmp_path: Path) -> None:
    """From now on nothing of it can be had any more."""
    server.files.clear()
    server.requests.clear()
    for folder in (tmp_path / "origin", toys.recipes, toys.work, tmp_path / "downloads"):
        if folder.exists():
            folder.rename(folder.with_name(folder.name + " was here"))


def test_everything_travels(world: Toys, server: Server, away: Away, tmp_path: Path) -> None:
    file = world.space().bundle(["run,n=2"], tmp_path / "b.tar")
    assert world.made("run") == 0
    said = world.reporter.notes[-1]
    unplug(world, server, tmp_path)
    queries = away.space().unbundle(file, trust=True)
    assert queries == ["run,n=2"]
    assert away.reporter.notes[0] == said.replace("b.tar", "b")
    assert "2 files, 1 repository, 4 entries of your own" in said
    made = away.space().byquery(queries[0])
    assert world.made("run") == 1
    needs = {need["need"]: away.space().byname(need["entry"]) for need in made.record["needs"]}
    assert (needs["model"].path / "w.bin").read_bytes() == WEIGHTS
    assert needs["model"]["url"] == f"{server.root}/gone.bin"
    assert (needs["images"].path / "images" / "a.txt").read_text() == "image"
    clone = needs["code"].get_path()
    assert (clone / "a").read_text() == "one"
    assert git(clone, "remote", "get-url", "origin") == (tmp_path / "origin" / "code.git").as_uri()
    assert server.requests == []
    assert away.space().verify() == []


def test_what_is_there_is_reused_and_gc_may_have_it(world: Toys, server: Server, tmp_path: Path) -> None:
    space = world.space()
    space.byquery("model")
    space.bundle(["run"], tmp_path / "b.tar")
    assert server.paths() == ["/gone.bin", "/weights.bin", "/images.tgz"]
    space.bundle(["run"], tmp_path / "c.tar")
    assert server.paths() == ["/gone.bin", "/weights.bin", "/images.tgz"]
    removed = world.space().gc()
    assert sorted(name.partition("_")[0] for name in removed) == ["code", "images"]


def test_the_same_content_has_the_same_bytes(world: Toys, tmp_path: Path) -> None:
    first = world.space().bundle(["run"], tmp_path / "b.tar")
    world.space().work_collection().remove()
    second = world.space().bundle(["run"], tmp_path / "other name.tar")
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as tar:  # any tar can read it
        names = tar.getnames()
    assert names[:2] == ["README.txt", "bundle.json"]
    assert names[2:] == sorted(names[2:])


@pytest.mark.parametrize("asked", ["code", "code,checkout=dev", "code,checkout=v1", "COMMIT"])
def test_any_revision_of_a_repository(world: Toys, server: Server, away: Away, tmp_path: Path, asked: str) -> None:
    dev = git(tmp_path / "origin" / "code.git", "rev-parse", "dev")
    query = f"code,checkout={dev}" if asked == "COMMIT" else asked
    here = world.space()
    file = here.bundle([query], tmp_path / "b.tar")
    commit = here.byquery(query)["commit"]
    unplug(world, server, tmp_path)
    space = away.space()
    space.unbundle(file, trust=True)
    assert space.byquery(query)["commit"] == commit
    branches = git(space.byquery(query).get_path(), "branch", "-r").split()
    assert {"origin/main", "origin/dev"} <= set(branches)


def test_a_shallow_clone_and_commits_of_ones_own(toys: Toys, away: Away, tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", a="one")
    section = {"url": origin.as_uri(), "into": "repo", "depth": 1}
    toys.add("code", {"provides": [["code"]], "finds": ["commit"], "make": {"git": section}})
    made = toys.space().byquery("code")
    clone = made.get_path()
    (clone / "own.txt").write_text("own")
    git(clone, "add", "own.txt")
    git(clone, "commit", "-q", "-m", "own")
    (clone / "a").write_text("not committed")
    file = toys.space().bundle(["code"], tmp_path / "b.tar")
    assert toys.reporter.warnings == [f"changed in {clone} and not committed, so it stays here: a"]
    shutil.rmtree(origin)
    space = away.space()
    space.unbundle(file, trust=True)
    there = space.byquery("code").get_path()
    assert ((there / "own.txt").read_text(), (there / "a").read_text()) == ("own", "one")


def test_submodules(toys: Toys, away: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = repository(tmp_path / "origin" / "inner", b="inside")
    outer = repository(tmp_path / "origin" / "outer", a="one")
    allowed = ("-c", "protocol.file.allow=always")
    git(outer, *allowed, "submodule", "add", "-q", inner.as_uri(), "sub")
    git(outer, "commit", "-q", "-m", "sub")
    section = {"url": outer.as_uri(), "into": "repo", "submodules": True}
    toys.add("code", {"provides": [["code"]], "make": {"git": section}})
    file = toys.space(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="protocol.file.allow", GIT_CONFIG_VALUE_0="always").bundle(
        ["code"], tmp_path / "b.tar"
    )
    shutil.rmtree(tmp_path / "origin")
    space = away.space(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="protocol.file.allow", GIT_CONFIG_VALUE_0="always")
    space.unbundle(file, trust=True)
    assert (space.byquery("code").get_path() / "sub" / "b").read_text() == "inside"


def test_a_collection_from_git(toys: Toys, away: Away, tmp_path: Path) -> None:
    """It is made by unbundling, so that its recipes are seen."""
    meta = json.dumps({"provides": [["their"]], "make": {"python": {"function": "make_it"}}})
    code = "def make_it(path):\n    (path / 'x').write_text('theirs')\n"
    origin = repository(tmp_path / "origin", **{"theirs/meta.yaml": meta, "theirs/code.py": code})
    parameters = {"url": {"type": "str", "required": True}}
    clone = {"url": "{{ url }}", "into": "repo"}
    recipe = {
        "provides": [["git_repo", "collection", "url."]],
        "attributes": {"entries_path": "repo"},
        "parameters": parameters,
        "make": {"git": clone},
    }
    toys.add("clones", recipe)
    shipped = {"AXS_COLLECTIONS": str(toys.recipes)}
    space = toys.space()
    space.byquery(f"git_repo,collection,url={origin.as_uri()}").trust()
    file = toys.space().bundle(["their"], tmp_path / "b.tar")
    shutil.rmtree(origin)
    there = away.space(**shipped)
    there.unbundle(file, trust=True)
    assert (there.byquery("their").path / "x").read_text() == "theirs"


def test_files_that_the_query_names(toys: Toys, away: Away, tmp_path: Path) -> None:
    body = "from pathlib import Path\n(path / 'seen').write_bytes(Path(parameters['f']).read_bytes())"
    parameters = {"f": {"type": "file"}, "d": {"type": "folder"}}
    toys.maker("run", "run", body, parameters=parameters)
    mine, folder = tmp_path / "my files" / "my, model.onnx", tmp_path / "pictures"
    mine.parent.mkdir()
    mine.write_text("weights")
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "1.png").write_text("one")
    (folder / "2.png").symlink_to("inner/1.png")
    query = f'run,f="{mine}",d={folder}'
    here = toys.space().byquery(query)
    file = toys.space().bundle([query], tmp_path / "b.tar")
    shutil.rmtree(mine.parent)
    shutil.rmtree(folder)
    (asked,) = away.space().unbundle(file, trust=True)
    made = away.space().byquery(asked)
    assert (made.path / "seen").read_text() == "weights"
    assert made.entry.produced["key"] == here.entry.produced["key"]  # the same thing, wherever its files lie
    assert (Path(made["d"]) / "2.png").read_text() == "one"


def test_files_that_belong_to_the_one_that_is_named(toys: Toys, away: Away, tmp_path: Path) -> None:
    code = """
        from pathlib import Path

        def listed(f):
            return Path(f).read_text().split()

        def join(path, f):
            (Path(path) / "joined").write_text("".join((Path(f).parent / part).read_text() for part in listed(f)))
    """
    parameters = {"f": {"type": "file", "parts": "listed"}}
    toys.add("run", {"provides": [["run"]], "parameters": parameters, "make": {"python": {"function": "join"}}}, code)
    mine = tmp_path / "mine" / "list"
    (mine.parent / "deep").mkdir(parents=True)
    mine.write_text("a deep/b")
    (mine.parent / "a").write_text("A")
    keys = []
    for content in ("B", "C"):
        (mine.parent / "deep" / "b").write_text(content)
        keys.append(toys.space().byquery(f"run,f={mine}").entry.produced["key"])
    assert keys[0] != keys[1]
    file = toys.space().bundle([f"run,f={mine}"], tmp_path / "b.tar")
    shutil.rmtree(mine.parent)
    (asked,) = away.space().unbundle(file, trust=True)
    made = away.space().byquery(asked)
    assert (made.path / "joined").read_text() == "AC"
    assert made.entry.produced["key"] == keys[1]


def test_function_that_names_the_files_is_not_there(toys: Toys, tmp_path: Path) -> None:
    toys.maker("run", "run", parameters={"f": {"type": "file", "parts": "nothing"}})
    (tmp_path / "mine").touch()
    with pytest.raises(EntryError, match=r"there is no function 'nothing' in its code\.py"):
        toys.space().byquery(f"run,f={tmp_path / 'mine'}")


def test_a_file_without_a_checksum(toys: Toys, server: Server, away: Away, tmp_path: Path) -> None:
    toys.add("free", {"provides": [["free"]], "make": {"fetch": {"urls": f"{server.root}/free.txt", "file": "f"}}})
    file = toys.space().bundle(["free"], tmp_path / "b.tar")
    unplug(toys, server, tmp_path)
    space = away.space()
    space.unbundle(file, trust=True)
    assert space.byquery("free").get_path().read_bytes() == b"no checksum"
    assert server.requests == []


def test_what_a_function_asks_for_while_it_makes(toys: Toys, server: Server, away: Away, tmp_path: Path) -> None:
    """What it needs is known only afterwards, so it is made."""
    toys.add("free", {"provides": [["free"]], "make": {"fetch": {"urls": f"{server.root}/free.txt", "file": "f"}}})
    code = """
        from pathlib import Path

        def asked(byquery):
            return byquery("free")["file_path"]

        def make_it(path, asked):
            (path / "copy").write_bytes(Path(asked).read_bytes())
    """
    toys.add("search", {"provides": [["search"]], "make": {"python": {"function": "make_it"}}}, code)
    file = toys.space().bundle(["search"], tmp_path / "b.tar")
    assert "search finds out what it needs while it is made: it is made here too" in toys.reporter.notes
    unplug(toys, server, tmp_path)
    space = away.space()
    space.unbundle(file, trust=True)
    assert (space.byquery("search").path / "copy").read_bytes() == b"no checksum"


def test_what_is_left_out_is_said(toys: Toys, away: Away, tmp_path: Path) -> None:
    toys.add("sh", {"provides": [["shell"]], "make": {"detect": {"tool": "sh"}}})
    toys.maker("part", "part")
    toys.maker("whole", "whole", needs={"tool": "shell", "parts": {"query": "part", "all": True}})
    part = toys.space().byquery("part")
    file = toys.space().bundle(["whole"], tmp_path / "b.tar")
    assert toys.reporter.notes[-1] == "found on this machine, not in the bundle: shell"
    assert toys.reporter.warnings[-1] == (
        f"not in the bundle, entries that no recipe makes: {part.name}; axs zip takes them"
    )
    away.space().unbundle(file, trust=True)
    assert "must be on this machine, they were found on the other: shell" in away.reporter.notes
    assert away.reporter.warnings == [f"not in it: {part.name}"]


def test_recipes_in_it_are_asked_about(world: Toys, away: Away, tmp_path: Path) -> None:
    file = world.space().bundle(["run"], tmp_path / "b.tar")
    away.space().unbundle(file)
    assert away.reporter.notes[-1] == "asked about at their first use: the recipes in b; --trust says yes"
    with pytest.raises(NotTrusted, match="this would make"):
        away.space().byquery("run")
    assert world.made("run") == 0
    away.space().unbundle(file, trust=True)
    away.space().byquery("run")
    assert world.made("run") == 1


def test_opened_twice_is_opened_once(world: Toys, away: Away, tmp_path: Path) -> None:
    file = world.space().bundle(["model", "images"], tmp_path / "b.tar")
    assert away.space().unbundle(file, trust=True) == ["model", "images"]
    assert away.space().unbundle(file, trust=True) == ["model", "images"]
    assert away.left() == ["b"]
    space = away.space()
    space.byname("b").remove()
    assert away.left() == []
    assert away.space().unbundle(file, "again") == ["model", "images"]
    assert away.left() == ["again"]


def test_a_bundle_is_an_entry(world: Toys, server: Server, away: Away, tmp_path: Path) -> None:
    away.space().unbundle(world.space().bundle(["run"], tmp_path / "b.tar"), trust=True)
    space = away.space()
    bundle = space.byname("b")
    assert (bundle["queries"], sorted(bundle.tags)) == (["run"], ["bundle", "collection"])
    assert space.gc() == []
    assert space.verify("b") == []
    (file,) = (bundle.path / "downloads").glob(hashlib.sha256(WEIGHTS).hexdigest())
    file.write_bytes(b"changed" + WEIGHTS[7:])
    assert space.verify("b") == [f"b/downloads/{file.name}: has other content than was recorded"]
    server.requests.clear()
    assert (space.byquery("model").path / "w.bin").read_bytes() == WEIGHTS  # and it is not taken for what it is not
    assert server.paths() == ["/gone.bin", "/weights.bin"]
    (bundle.path / "recipes" / "run" / "mine.txt").touch()
    with pytest.raises(AxsError, match=r"holds what axs did not make: recipes/run/mine.txt"):
        space.byname("b").remove()
    space.zip(None, tmp_path / "z.zip")
    assert "left out, bound to this machine or not made by axs: b" in away.reporter.notes


def test_a_tag_alone_makes_no_bundle(world: Toys, server: Server, away: Away, tmp_path: Path) -> None:
    """An entry that only says that it is one is not asked for files."""
    file = world.space().bundle(["model"], tmp_path / "b.tar")
    away.space().unbundle(file, trust=True)
    meta = (away.work / "b" / "meta.yaml").read_text()
    (away.work / "b" / "meta.yaml").write_text(meta.replace("- unbundle", "- python"))
    server.requests.clear()
    away.space().byquery("model")
    assert server.paths() == ["/gone.bin", "/weights.bin"]


# what is refused

Change = Callable[[bytes], bytes]
END = bytes(1024)


def other_contents(change: Callable[[dict[str, object]], None]) -> Change:
    """The bundle with something else in its contents, everything else fitting."""

    def made(data: bytes) -> bytes:
        stream = io.BytesIO(data)
        out = io.BytesIO()
        for member in members(stream):
            text = b"".join(member.blocks())
            if member.name == "bundle.json":
                contents = json.loads(text)
                change(contents)
                text = json.dumps(contents).encode()
            out.write(header(member.name, len(text), member.executable) + text + bytes(-len(text) % 512))
        return out.getvalue() + END

    return made


def renamed(name: str) -> Change:
    """A file of the bundle under another name, in contents and tar."""

    def made(data: bytes) -> bytes:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            old = next(each for each in tar.getnames() if each.startswith("downloads/"))

        def change(contents: dict[str, object]) -> None:
            text = json.dumps(contents).replace(old, name)
            contents.clear()
            contents.update(json.loads(text))

        fresh = other_contents(change)(data)
        return fresh.replace(header(old, len(WEIGHTS), False), header(name, len(WEIGHTS), False))

    return made


def link(data: bytes) -> bytes:
    info = tarfile.TarInfo("wheels/x.whl")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return data[: -len(END)] + info.tobuf(tarfile.USTAR_FORMAT) + END


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: b"", "it is no bundle"),
        (lambda data: b"PK\x03\x04" + bytes(2000), "it is no bundle"),
        (lambda data: data[:3000], "cut off"),
        (lambda data: data[: len(data) // 2], "the bundle is cut off"),
        (lambda data: data[:-1], "cut off or was changed"),
        (lambda data: data[:-512], "cut off or was changed"),
        (lambda data: data + b"x", "cut off or was changed"),
        (lambda data: data.replace(WEIGHTS[:300], WEIGHTS[:299] + b"x", 1), "has other content than the contents say"),
        (lambda data: data.replace(b'"axs"', b'"ays"', 1), "Additional properties are not allowed"),
        (lambda data: data.replace(b'"format": 1', b'"format": 2', 1), "has format 2; this axs reads format 1"),
        (link, "link, a device or something else"),
        (renamed("downloads/../../out"), "a path with '..'"),
        (renamed("/tmp/out"), "an absolute path"),
        (renamed("elsewhere/out"), "nothing of that name belongs into a bundle"),
        (renamed("recipes/weights/.axs/meta.json"), ".axs is a name that axs keeps for itself"),
        (renamed("repositories/00/hooks/post-checkout"), "nothing of that name belongs into a repository"),
        (renamed("repositories/00/config"), "nothing of that name belongs into a repository"),
        (renamed("recipes/WEIGHTS/meta.yaml"), "on some file systems the same name"),
        (other_contents(lambda c: c["recipes"].append("gone")), "is spoken of, but is not there"),  # type: ignore[attr-defined]
        (other_contents(lambda c: c["queries"][0].update(query="{{ x }}")), "holds a template"),  # type: ignore[index]
        (other_contents(lambda c: c["files"].pop("recipes/weights/meta.yaml")), "is spoken of, but is not there"),  # type: ignore[attr-defined]
    ],
)
def test_refused(world: Toys, away: Away, tmp_path: Path, change: Change, why: str) -> None:
    file = world.space().bundle(["model"], tmp_path / "b.tar")
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(BadArchive) as refused:
        away.space().unbundle(file, trust=True)
    assert why in str(refused.value)
    assert str(refused.value).startswith("b.tar is refused: ")
    assert away.left() == []
    assert not (away.work / PRIVATE / INCOMING).exists()


def test_every_byte_counts(world: Toys, away: Away, tmp_path: Path) -> None:
    """Whatever single byte is changed, in headers, contents, files or the padding between, is noticed."""
    toys = world
    toys.add("tiny", {"provides": [["tiny"]], "attributes": {"x": 1}})
    whole = toys.space().bundle(["tiny"], tmp_path / "b.tar").read_bytes()
    readme = range(512, 1024)  # the text for people: nothing depends on it
    space = away.space()
    for place in range(0, len(whole), 37):
        if place in readme:
            continue
        (tmp_path / "b.tar").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            space.unbundle(tmp_path / "b.tar")
        except AxsError:
            continue
        contents = json.loads((away.work / "b" / "bundle.json").read_text())
        assert contents != json.loads(whole[1536 : whole.index(b"\n}\n") + 3]), (
            place
        )  # another bundle, not a damaged one
        space.byname("b").remove()
    assert away.left() == []


def test_not_the_digest_that_was_said(world: Toys, away: Away, tmp_path: Path) -> None:
    file = world.space().bundle(["model"], tmp_path / "b.tar")
    digest = world.reporter.notes[-1].rpartition(" ")[2]
    with pytest.raises(BadArchive, match=f"its content is {digest}, not abc"):
        away.space().unbundle(file, digest="abc")
    assert away.space().unbundle(file, digest=digest, trust=True) == ["model"]


def test_bad_usage(world: Toys, away: Away, tmp_path: Path) -> None:
    space = world.space()
    (tmp_path / "b.tar").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        space.bundle(["model"], tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_text() == "mine"
    with pytest.raises(NotFound, match="nothing provides modle"):
        space.bundle(["modle"], tmp_path / "c.tar")
    with pytest.raises(NotFound, match=r"no Python 2\.5"):
        world.space().bundle(["model"], tmp_path / "c.tar", python=["2.5"])
    with pytest.raises(NotFound, match="there is no file"):
        away.space().unbundle(tmp_path / "gone.tar")
    with pytest.raises(UsageError, match="is not a name for a folder"):
        away.space().unbundle(tmp_path / "b.tar", "../x")
    assert sorted(item.name for item in tmp_path.glob("*.tar*")) == ["b.tar"]
    assert not (world.work / PRIVATE / BUNDLING).exists()


def test_links_and_long_names_are_refused_when_it_is_made(toys: Toys, tmp_path: Path) -> None:
    folder = toys.maker("run", "run")
    (folder / "linked").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="run holds a link, linked; links do not travel"):
        toys.space().bundle(["run"], tmp_path / "b.tar")
    (folder / "linked").unlink()
    deep = folder.joinpath(*["x" * 200] * 3)
    deep.mkdir(parents=True)
    (deep / "file").touch()
    with pytest.raises(UsageError, match="is too long a path for a bundle"):
        toys.space().bundle(["run"], tmp_path / "b.tar")
    assert list(tmp_path.glob("*.tar*")) == []


def test_what_a_killed_one_left_is_reclaimed(toys: Toys) -> None:
    toys.space().byquery  # noqa: B018
    place = toys.work / PRIVATE / BUNDLING
    place.mkdir(parents=True)
    (place / "half").write_text("half")
    assert toys.space().gc() == []
    assert not place.exists()


# wheels


def wheel(folder: Path, name: str, version: str, requires: str = "") -> Path:
    """A wheel of one module."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return file


@pytest.mark.venv
def test_wheels_of_an_environment(toys: Toys, away: Away, tmp_path: Path) -> None:
    """Exactly the versions that were installed here, though others could be had by then; from elsewhere, by pip."""
    links = tmp_path / "links"
    wheel(links, "lower", "1.0")
    wheel(links, "upper", "2.0", "lower>=1")
    meta = {
        "provides": [["env"]],
        "parameters": {"r": {"default": ["upper"], "type": "list"}},
        "finds": ["frozen", "archives"],
        "make": {"python_env": {"requirements": "{{ r }}"}},
    }
    toys.add("env", meta)
    index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links), "AXS_PYTHON_ENV": "isolated", "AXS_INSTALLER": "pip"}
    here = toys.space(**index).byquery("env")
    assert here["frozen"] == ["lower==1.0", "upper==2.0"]
    wheel(links, "lower", "1.5")
    file = toys.space(**index).bundle(["env"], tmp_path / "b.tar")
    shutil.rmtree(links)
    settings = {"PIP_NO_INDEX": "1", "AXS_PYTHON_ENV": "isolated", "AXS_INSTALLER": "pip"}
    away.space(**settings).unbundle(file, trust=True)
    made = away.space(**settings).byquery("env")
    assert made["frozen"] == here["frozen"]
    assert [each["url"] for each in made["archives"]] == [each["url"] for each in here["archives"]]
    other = away.space(**settings).byquery("env,r:=lower")  # another list: whatever wheels there are
    assert other["frozen"] == ["lower==1.0"]
    contents = json.loads((away.work / "b" / "bundle.json").read_text())
    contents["environments"][0]["python"] = "3.1"
    (away.work / "b" / "bundle.json").write_text(json.dumps(contents))
    made.remove()
    assert away.space(**settings).byquery("env")["frozen"] == here["frozen"]


def test_the_c_library() -> None:
    assert libc([]) == libc(["b-1-py3-none-any.whl"]) == ""
    assert (
        libc(["a-1-cp311-cp311-manylinux2014_x86_64.whl", "b-1-cp311-abi3-manylinux_2_28_x86_64.whl"]) == "glibc 2.28"
    )


def test_contents_of_nothing() -> None:
    with pytest.raises(BadArchive, match="is not of type 'object'"):
        read_contents(b"[]")


# killed


@pytest.mark.parametrize("stage", ["a file", "all files", "the description", "the name"])
def test_killed_while_it_is_opened(world: Toys, away: Away, tmp_path: Path, stage: str) -> None:
    """Nothing is there that looks finished, and opening it again works."""
    file = world.space().bundle(["model", "images"], tmp_path / "b.tar")
    function = {"a file": "_write", "all files": "_describe", "the description": "sync_tree", "the name": "settle"}[
        stage
    ]
    child = world.child(
        f"""
        import os, signal
        from axs_core.exchange.bundle import open as opening
        opening.{function} = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
        Workspace({str(away.work)!r}).unbundle({str(file)!r})
        """
    )
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert away.left() == []
    assert away.space().unbundle(file, trust=True) == ["model", "images"]
    assert away.left() == ["b"]
    assert not (away.work / ".axs" / ".unzip").exists()
    assert away.space().verify() == []


@pytest.mark.parametrize("function", ["look", "TarWriter.add", "read_contents"])
def test_killed_while_it_is_made(world: Toys, away: Away, tmp_path: Path, function: str) -> None:
    """There is no bundle then; the next try takes away what was gathered."""
    child = world.child(
        f"""
        import os, signal
        from axs_core.exchange.bundle import pack
        pack.{function} = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
        space.bundle(["run"], {str(tmp_path / "b.tar")!r})
        """
    )
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert not (tmp_path / "b.tar").exists()
    file = world.space().bundle(["run"], tmp_path / "b.tar")
    assert not (world.work / ".axs" / ".bundle").exists()
    assert away.space().unbundle(file) == ["run"]
