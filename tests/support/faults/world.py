"""A small world in which everything that axs does happens within seconds: recipes for every producer, a server, a
repository, a wheel; and a folder in which the command line is run again and again from the same state.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from support.http_server import Server

from axs_core.base.digest import of_file, walk

SOURCES = Path(__file__).parents[3]
"""The folder that axs_core is imported from."""
KILLABLE = Path(__file__).with_name("killable.py")
MARK = "AXS_TEST_RUN"
"""In the environment of every process that a run starts, and of theirs."""

ASKED, ACTION = "result,size=3", ("get", "total")
ANSWER = "46"

WORKER = """
import json, os, subprocess, sys, time
parameters = json.load(open(sys.argv[1]))
open(os.path.join(os.environ["HOME"], "scores.count"), "a").write("run\\n")
needs = parameters["needs"]
helper = subprocess.Popen(["sleep", "600"])                               # axs ends it
stray = subprocess.Popen(["sleep", "601"], start_new_session=True)         # this one too, which left our group
rows = open(os.path.join(needs["data"]["path"], "rows.txt")).read().split()
words = open(needs["words"]["file_path"]).read().split()
half = len(rows) // 2
with open("scores.json", "w") as file:
    file.write("[" + ", ".join(rows[:half]))
    file.flush()
    print("half of it is there", flush=True)
    time.sleep(0.1)
    file.write(", " + ", ".join(rows[half:]) + "]")
json.dump({"words": len(words), "top": max(map(int, rows))}, open("found.json", "w"))
"""
FAMILY = """
import os, signal, subprocess, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "602"])
subprocess.Popen(["sleep", "603"], start_new_session=True)
print("the family is there", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
if "fails" in sys.argv:
    sys.exit("why it failed")
"""
"""A program with a child and a stray grandchild; it ends when a file is there."""
MEETING = """
import os, sys, time
mine, other = (os.path.join(os.environ["HOME"], "here" + n) for n in sys.argv[1:])
open(mine, "w").close()
while not os.path.exists(other):
    time.sleep(0.01)
"""
"""A program that ends when its counterpart runs at the same time."""
CODE = """
def sum_up(path, needs, parameters):
    import json, os
    open(os.path.join(os.environ["HOME"], f"result{parameters['size']}.count"), "a").write("made\\n")
    scores = json.loads(open(needs["scores"]["path"] + "/scores.json").read())
    (path / "sum.txt").write_text(str(sum(scores)))
    return {"sum": sum(scores)}
"""
RESULT_CODE = """
def total(sum, size):
    return sum + size - 2
"""


def archive(large: int) -> bytes:
    """A tar file: rows.txt, some small files in folders, and one that is large enough to come in several blocks."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as tar:
        files = {"rows.txt": "\n".join(map(str, range(10))).encode(), "large.bin": os.urandom(large)}
        files |= {f"part{n % 2}/file{n}.txt": f"{n}\n".encode() for n in range(4)}
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


def wheel(folder: Path) -> None:
    """A Python package of one line."""
    info = "tiny_thing-1.0.dist-info"
    files = {
        "tiny_thing.py": "answer = 42\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "tiny_thing-1.0-py3-none-any.whl", "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)


def repository(folder: Path) -> None:
    """A git repository of one commit."""
    folder.mkdir(parents=True)
    (folder / "weights.txt").write_text("1 2 3\n")
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


@dataclass(frozen=True)
class Ended:
    """What came of a run: ``point`` where it was killed, if it was."""

    code: int
    out: str
    err: str
    point: tuple[str, str, str] | None = None


class World:
    """``root`` holds it all; ``server`` has the files that are fetched. :meth:`reset` gives every run the same
    start.
    """

    def __init__(self, root: Path, server: Server, large: int = 3 << 20) -> None:
        self.large = large
        self.root, self.server = root, server
        self.recipes, self.live, self.kept = root / "recipes", root / "live", root / "kept"
        self.run_mark = uuid.uuid4().hex
        self.settings: dict[str, str] = {}

    @property
    def work(self) -> Path:
        """The work collection."""
        return self.live / "work"

    def build(self) -> None:
        """Write recipes, files, repository and wheel."""
        packed = archive(self.large)
        data = self.server.serve("/data.tar.gz", packed)
        words = self.server.serve("/words.txt", b"one two three " * (self.large // 200))
        repository(self.root / "repo")
        wheel(self.root / "wheels")
        own = {"isolated": True, "installer": "pip", "requirements": ["tiny-thing"]}
        fetch = {"urls": [data], "file": "data.tar.gz", "sha256": hashlib.sha256(packed).hexdigest()}
        self.add("data", [["data"]], {"fetch": fetch, "extract": {"archive": "data.tar.gz"}})
        self.add("words", [["words"]], {"fetch": {"urls": [words], "file": "words.txt"}})
        self.add("weights", [["weights"]], {"git": {"url": str(self.root / "repo")}})
        self.add("git_tool", [["git_tool"]], {"detect": {"tool": "git"}})
        self.add("python", [["python"]], {"python_env": {"requirements": ["pyyaml"]}})
        self.add("own_python", [["own_python"]], {"python_env": {**own, "package": "tiny-thing"}})
        run = {"run": ["{{ python.interpreter }}", "{{ recipe_folder }}/worker.py", "{{ parameters_file }}"]}
        run |= {"found_file": "found.json", "outputs": ["scores.json"], "timeout": 300}
        run["run"][1] = str(self.recipes / "scores" / "worker.py")
        needs = {name: name for name in ("data", "words", "weights", "git_tool", "python")}
        self.add("scores", [["scores"]], {"program": run}, needs=needs)
        (self.recipes / "scores" / "worker.py").write_text(WORKER)
        (self.recipes / "family.py").write_text(FAMILY)
        for how in ("quiet", "deaf", "fails"):
            words = [sys.executable, str(self.recipes / "family.py"), str(self.root / "go"), how]
            self.add(f"family_{how}", [["family", how]], {"program": {"run": words}})
        (self.recipes / "meeting.py").write_text(MEETING)
        run = [sys.executable, str(self.recipes / "meeting.py"), "{{ n }}", "{{ 1 - n }}"]
        self.add("meeting", [["meeting"]], {"program": {"run": run}}, parameters={"n": {"type": "int"}})
        more = {"parameters": {"size": {"type": "int"}}, "results": ["total"], "result_parents": ["summed"]}
        make = {"python": {"function": "sum_up", "file": "sum.txt"}}
        self.add("result", [["result"]], make, needs={"scores": "scores"}, **more)
        (self.recipes / "result" / "code.py").write_text(CODE)
        (self.recipes / "summed").mkdir()
        (self.recipes / "summed" / "meta.yaml").write_text("title: What a result can tell\n")
        (self.recipes / "summed" / "code.py").write_text(RESULT_CODE)

    def add(self, name: str, provides: list[list[str]], make: Mapping[str, Any], **more: Any) -> None:
        """Write a recipe."""
        folder = self.recipes / name
        folder.mkdir(parents=True, exist_ok=True)
        meta = {"provides": provides, "make": dict(make), **more}
        (folder / "meta.yaml").write_text(yaml.safe_dump(meta, sort_keys=False))

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of a run: everything that is written lies below ``live``."""
        for name in ("home", "cache", "tmp"):
            (self.live / name).mkdir(parents=True, exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.live / "home"),
            "XDG_CACHE_HOME": str(self.live / "cache"),
            "TMPDIR": str(self.live / "tmp"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.root / "wheels"),
            "PYTHONPATH": str(SOURCES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AXS_WORK_COLLECTION": str(self.work),
            "AXS_COLLECTIONS": str(self.recipes),
            "AXS_SYSTEM": "a test",
            MARK: self.run_mark,
            **self.settings,
            **more,
        }

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """``axs WORDS`` as another process, in a session of its own."""
        return self._start([sys.executable, "-m", "axs_core", *words], more)

    def start_other(self, argv: list[str]) -> subprocess.Popen[str]:
        """Another command, as another process."""
        return self._start(argv, {})

    def _start(self, argv: list[str], more: Mapping[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv,
            env=self.environ(**more),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def axs(self, *words: str, **more: str) -> Ended:
        """Run ``axs WORDS`` to its end."""
        return ended(self.start(*words, **more))

    def ask(self, query: str = ASKED, *action: str) -> Ended:
        """Ask, as a user does."""
        return self.axs("byquery", query, ",", *(action or ACTION))

    def killable(self, *words: str, **more: str) -> Ended:
        """Run ``axs WORDS`` so that it is ended at a point; see :mod:`support.faults.killable`."""
        told = self.root / "told.json"
        told.unlink(missing_ok=True)
        argv = [sys.executable, str(KILLABLE), *words]
        run = ended(self._start(argv, {"KILL_SOURCES": str(SOURCES), "KILL_TOLD": str(told), **more}))
        point = tuple(json.loads(told.read_text())) if told.exists() else None
        return Ended(run.code, run.out, run.err, point)

    def points(self, *words: str) -> list[tuple[str, str, str]]:
        """The points of a run that is not killed: phase, call, before or after."""
        trace = self.root / "trace.jsonl"
        run = self.killable(*words, KILL_TRACE=str(trace))
        assert run.code == 0, run.err
        return [tuple(json.loads(line)) for line in trace.read_text().splitlines()]

    def times(self, what: str) -> int:
        """How often a result of some size, or the scores, were made."""
        file = self.live / "home" / f"{what}.count"
        return file.read_text().count("\n") if file.exists() else 0

    def clear(self, folder: Path) -> None:
        """Remove one of its folders."""
        shutil.rmtree(folder, ignore_errors=True)

    def keep(self) -> None:
        """What is there now is what :meth:`reset` brings back."""
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.live, self.kept, symlinks=True)

    def reset(self) -> None:
        """Every run begins with the same work collection, caches and index."""
        shutil.rmtree(self.live, ignore_errors=True)
        shutil.copytree(self.kept, self.live, symlinks=True)

    def left_running(self, seconds: float = 30) -> list[str]:
        """Processes that some run of this world started and that live, after so many seconds at most."""
        deadline = time.monotonic() + seconds
        while (left := self._running()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left

    def _running(self) -> list[str]:
        mark = f"{MARK}={self.run_mark}".encode()
        found = []
        for item in Path("/proc").iterdir():
            try:
                if item.name.isdigit() and mark in (item / "environ").read_bytes().split(b"\0"):
                    found.append((item / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def content(self) -> dict[str, str]:
        """All files of the work collection by name, each with its digest, but for what differs from run to run."""
        names = ((name, item) for name, item in walk(self.work) if not name.startswith(".axs/locks/"))
        return {name: "link" if item.is_symlink() else of_file(item.path) for name, item in names}

    def end_all(self) -> None:
        """Kill what is left, so that a test that failed leaves nothing behind."""
        mark = f"{MARK}={self.run_mark}".encode()
        for item in Path("/proc").iterdir():
            try:
                if item.name.isdigit() and mark in (item / "environ").read_bytes().split(b"\0"):
                    os.kill(int(item.name), signal.SIGKILL)
            except OSError:
                continue


def ended(child: subprocess.Popen[str]) -> Ended:
    """Wait for a process."""
    out, err = child.communicate(timeout=600)
    return Ended(child.returncode, out.strip(), err)
