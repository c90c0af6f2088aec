"""The work collection on disk: states, atomic completion, locks of real other processes."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import gethostname

import pytest
import yaml
from support.toy import SOURCES, Listening

from axs_core.base.errors import AxsError, EntryError, ProduceError, ProgramFailed, StoreError
from axs_core.store import PRIVATE, Appeared, Attempt, Store, explained, failure, lock_base, safe_name
from axs_core.store import store as store_module
from axs_core.store.durable import replacing, write_atomic

KEY = "0123456789abcdef" * 4


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "work", Listening())
    made.open()
    return made


def complete(store: Store, base: str = "toy_0123456789", **attributes: object) -> Path:
    with store.held(base):
        attempt = store.begin(store.free_folder(base), "toy")
        (attempt.folder / "file.txt").write_text("content")
        store.complete(attempt, {"title": "Toy", "attributes": attributes}, {"query": "toy"}, {})
    return attempt.folder


@contextmanager
def holder(store: Store, base: str, making: bool = True) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock, and has begun."""
    code = f"""
import sys, time
from pathlib import Path
from axs_core.store import Store
store = Store(Path({str(store.root)!r}))
with store.held({base!r}):
    if {making}:
        attempt = store.begin(store.free_folder({base!r}), "toy,n=1")
        (attempt.folder / "half.txt").write_text("half")
    print("held", flush=True)
    sys.stdin.readline()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("resnet50", "resnet50"),
        ("a b/c:d", "a_b_c_d"),
        ("../../etc/passwd", "etc_passwd"),
        (".hidden", "hidden"),
        ("Grüße", "Gr_e"),
        ("", "entry"),
        ("///", "entry"),
        ("x" * 200, "x" * 80),
        ("numpy-2.2.6", "numpy-2.2.6"),
    ],
)
def test_safe_name(text: str, name: str) -> None:
    assert safe_name(text) == name


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("toy_0123456789", "toy_0123456789"),
        ("toy_0123456789_2", "toy_0123456789"),
        ("toy_abcdefabcd_11", "toy_abcdefabcd"),
        ("toy", "toy"),
        ("_2", "_2"),
    ],
)
def test_lock_base(name: str, base: str) -> None:
    assert lock_base(name) == base


def test_states(store: Store) -> None:
    base = store.base_name("toy", KEY)
    folder = store.root / base
    assert base == "toy_0123456789"
    assert store.state(folder) == "absent"
    with store.held(base):
        attempt = store.begin(store.free_folder(base), "toy")
        assert attempt.folder == folder
        assert store.state(folder) == "producing"
    assert store.state(folder) == "broken"
    complete(store)
    assert store.state(folder) == "present"
    store.remove(folder)
    assert store.state(folder) == "absent"


def test_what_completion_writes(store: Store) -> None:
    folder = complete(store, a=1, version="1.10", day="2024-01-01", word="no", nothing=None)
    meta = {
        "title": "Toy",
        "attributes": {"a": 1, "version": "1.10", "day": "2024-01-01", "word": "no", "nothing": None},
    }
    assert yaml.safe_load((folder / "meta.yaml").read_text()) == meta
    assert json.loads((folder / PRIVATE / "meta.json").read_text())["meta"] == meta
    assert json.loads((folder / "record.json").read_text()) == {"query": "toy"}
    assert not (folder / PRIVATE / "making.json").exists()


def test_meta_is_the_last_file_that_is_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at any step before, the entry is not present."""
    seen: list[str] = []

    def stop(folder: Path) -> None:
        seen.extend(sorted(item.name for item in folder.iterdir()))
        raise KeyboardInterrupt

    monkeypatch.setattr(store_module, "sync_tree", stop)
    with pytest.raises(KeyboardInterrupt):
        complete(store)
    assert seen == [".axs", "file.txt", "record.json"]
    assert store.state(store.root / "toy_0123456789") == "broken"


def test_write_atomic_replaces_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f"
    write_atomic(file, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_further_ones_of_the_same_identity(store: Store) -> None:
    folders = [complete(store) for _ in range(3)]
    assert [folder.name for folder in folders] == ["toy_0123456789", "toy_0123456789_2", "toy_0123456789_3"]
    assert store.folders("toy_0123456789") == folders
    store.remove(folders[1])
    assert complete(store).name == "toy_0123456789_2"


def test_a_broken_folder_is_used_again_clean(store: Store) -> None:
    folder = store.root / "toy_0123456789"
    (folder / PRIVATE).mkdir(parents=True)
    (folder / PRIVATE / "log.txt").write_text("old log")
    (folder / "half" / "deep").mkdir(parents=True)
    (folder / "link").symlink_to(store.root)
    assert complete(store) == folder
    assert sorted(item.name for item in folder.iterdir()) == [".axs", "file.txt", "meta.yaml", "record.json"]
    assert not (folder / PRIVATE / "log.txt").exists()


def test_giving_up_keeps_the_log_and_says_why(store: Store) -> None:
    with store.held("toy_0123456789"):
        attempt = store.begin(store.free_folder("toy_0123456789"), "toy")
        attempt.log.write_text("it began\n")
        (attempt.folder / "half.txt").write_text("half")
        store.abandon(attempt, ProduceError("no", hint="look there"))
    assert sorted(item.name for item in attempt.folder.rglob("*")) == [".axs", "failed.json", "log.txt"]
    assert store.state(attempt.folder) == "broken"
    failure = store.failure("toy_0123456789")
    assert failure is not None
    assert (failure.reason, failure.hint, failure.exit_code) == ("ProduceError: no", "look there", 1)
    assert (
        str(failure.error(None)) == f"no\n    (in process {os.getpid()} on {gethostname()}, which this one waited for)"
    )


def test_each_failure_is_one_of_its_own(store: Store) -> None:
    failures = []
    for _ in range(2):
        with store.held("toy_0123456789"):
            store.abandon(store.begin(store.free_folder("toy_0123456789"), "toy"), ProduceError("no"))
        failures.append(store.failure("toy_0123456789"))
    assert failures[0] != failures[1]
    with store.held("toy_0123456789"):
        store.begin(store.free_folder("toy_0123456789"), "toy")
    assert store.failure("toy_0123456789") is None


def test_an_interrupt_is_no_failure_of_the_thing(store: Store) -> None:
    with store.held("toy_0123456789"):
        attempt = store.begin(store.free_folder("toy_0123456789"), "toy")
        store.abandon(attempt, KeyboardInterrupt())
    assert store.state(attempt.folder) == "broken"
    assert store.failure("toy_0123456789") is None
    (attempt.private / "failed.json").write_text('{"half": ')
    assert store.failure("toy_0123456789") is None


def test_an_interrupt_after_all_is_done_takes_nothing_away(store: Store) -> None:
    folder = complete(store)
    store.abandon(Attempt(folder), KeyboardInterrupt())
    assert store.state(folder) == "present"


@pytest.mark.process
def test_the_lock_of_another_process(store: Store) -> None:
    folder = store.root / "toy_0123456789"
    with holder(store, "toy_0123456789") as child:
        assert store.state(folder) == "producing"
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert store.state(folder) == "broken"
    assert complete(store) == folder
    assert not (folder / "half.txt").exists()


@pytest.mark.process
def test_waiting_is_said_once_and_ends_with_the_lock(store: Store) -> None:
    listening = store.reporter
    assert isinstance(listening, Listening)
    done = threading.Event()

    def ask() -> None:
        with store.held("toy_0123456789"):
            done.set()

    with holder(store, "toy_0123456789") as child:
        asking = threading.Thread(target=ask)
        asking.start()
        while not listening.notes:
            assert asking.is_alive()
        assert not done.is_set()
        making = json.loads((store.root / "toy_0123456789" / PRIVATE / "making.json").read_text())
        assert making["query"] == "toy,n=1"
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
        asking.join(60)
        assert done.is_set()
    assert listening.notes == [
        f"waiting for toy_0123456789: process {child.pid} on {making['host']} is making it since {making['since']} (-c)"
    ]


@pytest.mark.process
def test_who_holds_something_is_known_before_it_has_begun(store: Store) -> None:
    with holder(store, "toy_0123456789", making=False) as child:
        maker = store.maker(store.root / "toy_0123456789")
        assert maker is not None
        assert str(maker).startswith(f"process {child.pid} on {os.uname().nodename} is making it since ")
    assert store.maker(store.root / "toy_0123456789") is None


@pytest.mark.process
def test_the_second_folder_of_an_identity_has_the_same_lock(store: Store) -> None:
    complete(store)
    with holder(store, "toy_0123456789"):
        assert store.state(store.root / "toy_0123456789") == "present"
        assert store.state(store.root / "toy_0123456789_2") == "producing"


def test_only_what_lies_in_the_work_collection_is_removed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(StoreError) as caught:
        store.remove(tmp_path / "elsewhere")
    assert str(caught.value) == f"{tmp_path / 'elsewhere'} is not in the work collection {store.root}"
    assert caught.value.hint == "only what axs made there can be removed"
    assert caught.value.exit_code == 1


def test_a_link_is_removed_and_not_what_it_points_to(store: Store, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.yaml").write_text("title: mine\n")
    (store.root / "link").symlink_to(tmp_path / "data")
    store.remove(store.root / "link")
    assert (tmp_path / "data" / "meta.yaml").exists()
    assert not (store.root / "link").exists()


def test_a_file_where_the_work_collection_should_be(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "work").open()
    assert str(caught.value) == f"the work collection {tmp_path / 'work'} cannot be written: Not a directory"
    assert caught.value.hint == "name another folder: AXS_WORK_COLLECTION=FOLDER axs ..."


def test_a_work_collection_that_cannot_be_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    message = f"the work collection {store.root} cannot be written: Permission denied"
    with pytest.raises(StoreError) as caught:
        store.begin(store.root / "toy", "toy")
    assert str(caught.value) == message


def test_a_maker_that_is_killed_at_once_leaves_a_folder_of_ours(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never one without our own folder in it, which would be taken for a person's."""
    seen: list[list[str]] = []
    rename = Path.rename

    def watched(self: Path, target: Path) -> Path:
        seen.append([item.name for item in store.root.iterdir() if item.name != PRIVATE])
        moved = rename(self, target)
        seen.append([str(item.relative_to(store.root)) for item in target.rglob("*")])
        return moved

    monkeypatch.setattr(Path, "rename", watched)
    store.make_folder(store.root / "toy_0123456789")
    store.make_folder(store.root / "toy_0123456789")
    assert seen == [[], [f"toy_0123456789/{PRIVATE}"]]
    assert list((store.root / PRIVATE / "trash").iterdir()) == []


def test_what_is_finished_is_never_cleared(store: Store) -> None:
    """Another host may have finished it since this one looked."""
    folder = complete(store)
    with store.held(folder.name), pytest.raises(Appeared):
        store.begin(folder, "toy")
    assert store.state(folder) == "present"


def test_a_folder_that_another_host_made_appears(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network file system may not show it yet; that no other can be put in its place is how it is found out."""
    folder = complete(store)
    real, looks = Path.is_dir, iter([False])
    monkeypatch.setattr(Path, "is_dir", lambda self: real(self) and (self != folder or next(looks, True)))
    with store.held(folder.name), pytest.raises(Appeared):
        store.make_folder(folder)
    assert store.state(folder) == "present"
    assert list((store.root / PRIVATE / "trash").iterdir()) == []


@pytest.mark.parametrize(("free", "hint"), [(5000, "the disk is full: free some room"), (1 << 30, "None")])
def test_a_child_that_fails_for_want_of_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, hint: str
) -> None:
    """In words of its own, that nobody can know: git says "Out of diskspace"."""
    monkeypatch.setattr(failure.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 40, 1 << 40, free))
    error = ProgramFailed("git clone: exit code 128", argv=["git"], returncode=128, tail=["Out of diskspace"])
    assert explained(error, tmp_path, tmp_path / "log") is error
    assert str(error.hint).startswith(hint)


def test_a_full_disk_is_named_whatever_it_did_first(tmp_path: Path) -> None:
    error = EntryError("what is there cannot be read")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device", "/x/y")
    assert str(explained(error, tmp_path, tmp_path / "log")) == "the disk is full: /x/y"
    assert str(explained(PermissionError(13, "Permission denied", "/x"), tmp_path / "toy", tmp_path / "log")) == (
        "toy: Permission denied: /x"
    )


def test_a_new_attempt_frees_the_room_of_the_dead(store: Store) -> None:
    left = store.root / PRIVATE / "trash" / "toy_0123456789.of_a_dead_one"
    left.mkdir(parents=True)
    (left / "large.bin").write_bytes(bytes(1000))
    complete(store)
    assert not left.exists()


def test_replacing_is_all_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file.zip"
    file.write_text("old")
    with pytest.raises(KeyError), replacing(file) as fresh:
        fresh.write_text("a half")
        raise KeyError
    assert (file.read_text(), [*tmp_path.iterdir()]) == ("old", [file])
    with replacing(file) as fresh:
        fresh.write_text("new")
        assert file.read_text() == "old"
    assert (file.read_text(), [*tmp_path.iterdir()]) == ("new", [file])


@pytest.mark.process
def test_what_a_killed_process_wrote_is_removed_by_the_next(tmp_path: Path) -> None:
    file = tmp_path / "file.zip"
    code = f"""
import os, signal
from pathlib import Path
from axs_core.store.durable import replacing
with replacing(Path({str(file)!r})) as fresh:
    fresh.write_text("a half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], cwd=SOURCES, check=False)
    left = [item.name for item in tmp_path.iterdir()]
    assert len(left) == 1
    of_others = [f".file.zip.{gethostname()}.{os.getppid()}.tmp", ".file.zip.elsewhere.1.tmp", ".other.zip.x.1.tmp"]
    for name in of_others:  # of one who is at work, of another host, of another file
        (tmp_path / name).touch()
    with replacing(file) as fresh:
        fresh.write_text("whole")
    assert {item.name for item in tmp_path.iterdir()} == {"file.zip", *of_others}


@pytest.mark.parametrize("error", [ProduceError("found.json: not JSON"), EntryError("expected a list")])
def test_what_fails_on_a_full_disk_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: AxsError) -> None:
    """A program may have written half a file without a word."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=4096))
    told = explained(error, tmp_path, tmp_path / "log.txt")
    assert told is error
    assert str(error.hint).startswith("the disk is full: ")
