"""The work collection on disk: who makes what, what is finished, what is broken.

An entry's folder is present only when its ``meta.yaml`` is there, and that file is put there last, by an atomic
rename. While a thing is made, its maker holds an OS lock that dies with it: a folder without ``meta.yaml`` is
*producing* under that lock and *broken* without. Folders are named after what was asked for, so that everybody who
asks for the same thing meets at the same lock.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from axs_core.entry.load import META
from axs_core.errors import StoreError
from axs_core.reporter import Reporter
from axs_core.store.durable import sync_folder, sync_tree, write_atomic
from axs_core.store.failure import FAILED, Failure
from axs_core.store.layout import PRIVATE, not_writable, open_root

if TYPE_CHECKING:
    from filelock import BaseFileLock

State = Literal["present", "producing", "broken", "absent"]
MAKING = "making.json"
LOG = "log.txt"
SHORT_KEY = 10
"""Hex digits of the key that stand in a folder's name."""


@dataclass(frozen=True)
class Attempt:
    """A folder in which something is being made, under its lock."""

    folder: Path

    @property
    def private(self) -> Path:
        """The engine's own folder inside."""
        return self.folder / PRIVATE

    @property
    def log(self) -> Path:
        """The log of this making."""
        return self.private / LOG


class Store:
    """The work collection at ``root``."""

    def __init__(self, root: Path, reporter: Reporter | None = None) -> None:
        self.root = root
        self.reporter = reporter or Reporter()

    def open(self) -> None:
        """Make the folders where they are missing; raises StoreError when that cannot be."""
        open_root(self.root)

    def base_name(self, name: str, key: str) -> str:
        """The folder's name for what has this identity: readable, with the short key."""
        return f"{name}_{key[:SHORT_KEY]}"

    def folders(self, base: str) -> list[Path]:
        """The folders of one identity in the order in which they were begun: BASE, BASE_2, BASE_3 ..."""
        found = []
        candidate, number = self.root / base, 1
        while candidate.is_dir():
            found.append(candidate)
            number += 1
            candidate = self.root / f"{base}_{number}"
        return found

    def state(self, folder: Path) -> State:
        """What a folder of the work collection is."""
        if (folder / META).is_file():
            return "present"
        if not folder.is_dir():
            return "absent"
        return "producing" if self._is_held(lock_base(folder.name)) else "broken"

    def _lock_file(self, base: str) -> Path:
        return self.root / PRIVATE / "locks" / f"{base}.lock"

    def _lock(self, base: str) -> BaseFileLock:
        from filelock import FileLock

        return FileLock(self._lock_file(base), thread_local=False)

    def _is_held(self, base: str) -> bool:
        from filelock import Timeout

        if not self._lock_file(base).exists():
            return False
        try:
            with self._lock(base).acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError as error:
            raise not_writable(self.root, error) from None

    @contextmanager
    def held(self, base: str) -> Iterator[bool]:
        """Hold the lock of an identity; when another process has it, say so once and wait until it ends. Gives whether
        that was so.
        """
        from filelock import Timeout

        self.open()
        lock = self._lock(base)
        waited = False
        try:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                waited = True
                self.reporter.note(f"waiting for {base}: {self._holder(base)}")
                lock.acquire(poll_interval=0.02)
        except OSError as error:
            raise not_writable(self.root, error) from None
        try:
            yield waited
        finally:
            lock.release()

    def _holder(self, base: str) -> str:
        for folder in reversed(self.folders(base)):
            with suppress(OSError, ValueError, KeyError):
                making = json.loads((folder / PRIVATE / MAKING).read_text(encoding="utf-8"))
                who = f"process {making['pid']} on {making['host']}"
                return f"{who} is making it since {making['since']} ({making['command']})"
        return "another process is making it"

    def free_folder(self, base: str) -> Path:
        """Where the next thing of this identity goes: into a broken folder (to be cleaned), else beside what is
        present.
        """
        folders = self.folders(base)
        broken = [folder for folder in folders if not (folder / META).is_file()]
        if broken:
            return broken[0]
        return self.root / (f"{base}_{len(folders) + 1}" if folders else base)

    def make_folder(self, folder: Path) -> None:
        """Make an entry's folder, empty, if it is not there."""
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise not_writable(self.root, error) from None

    def begin(self, folder: Path, query: str) -> Attempt:
        """Make the folder, clean, for making something in it; call it under :meth:`held`."""
        try:
            if folder.is_dir():
                empty(folder, keep=())
            (folder / PRIVATE).mkdir(parents=True, exist_ok=True)
            write_atomic(folder / PRIVATE / MAKING, json.dumps(self._making(query), indent=1))
        except OSError as error:
            raise not_writable(self.root, error) from None
        return Attempt(folder)

    def _making(self, query: str) -> dict[str, Any]:
        return {
            "query": query,
            "pid": os.getpid(),
            "host": _host(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
            "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:500],
        }

    def complete(
        self, attempt: Attempt, meta: Mapping[str, Any], record: Mapping[str, Any], files: Mapping[str, Any]
    ) -> None:
        """Finish: everything synced, then ``meta.yaml`` put there by a rename. From then on the entry is present."""
        from axs_core.digest import of_value
        from axs_core.entry.scope import RECORD

        text = dump_yaml(meta)
        (attempt.private / "files.json").write_text(json.dumps(files), encoding="utf-8")
        (attempt.private / "meta.json").write_text(
            json.dumps({"of": of_value(text), "meta": meta}, default=str), encoding="utf-8"
        )
        (attempt.folder / RECORD).write_text(json.dumps(record, indent=1, default=str) + "\n", encoding="utf-8")
        (attempt.private / MAKING).unlink(missing_ok=True)
        sync_tree(attempt.folder)
        write_atomic(attempt.folder / META, text)
        sync_folder(self.root)

    def abandon(self, attempt: Attempt, error: BaseException) -> None:
        """Give up: the files go, the log stays, the reason is noted. The folder is broken from now on.

        An interrupt and the like say nothing about the thing itself: who waited for it makes it. One that comes when
        all is done already changes nothing.
        """
        if (attempt.folder / META).exists():
            return
        with suppress(OSError):
            empty(attempt.folder, keep=(PRIVATE,))
            (attempt.private / MAKING).unlink(missing_ok=True)
            if isinstance(error, Exception):
                Failure.of(error, f"process {os.getpid()} on {_host()}").write(attempt.private / FAILED)

    def failure(self, base: str) -> Failure | None:
        """How the last attempt at this identity failed; None where it did not, or its process was ended."""
        return Failure.read(self.free_folder(base) / PRIVATE / FAILED)

    def remove(self, folder: Path) -> None:
        """Remove a folder of the work collection: ``meta.yaml`` first, so that nobody finds a half of it."""
        import shutil

        if self.root not in folder.parents:
            raise StoreError(
                f"{folder} is not in the work collection {self.root}", hint="only what axs made there can be removed"
            )
        try:
            if folder.is_symlink():
                folder.unlink()
                return
            (folder / META).unlink(missing_ok=True)
            shutil.rmtree(folder)
        except OSError as error:
            raise not_writable(self.root, error) from None


def _host() -> str:
    import socket

    return socket.gethostname()


def lock_base(name: str) -> str:
    """The identity's base name of a folder: ``NAME_KEY_2`` and ``NAME_KEY`` share one lock."""
    head, _, tail = name.rpartition("_")
    if head and tail.isdigit() and len(tail) < SHORT_KEY:
        return head
    return name


def empty(folder: Path, keep: tuple[str, ...]) -> None:
    """Remove what is in ``folder`` but the names in ``keep``; ``meta.yaml`` first."""
    import shutil

    (folder / META).unlink(missing_ok=True)
    for item in list(folder.iterdir()):
        if item.name in keep:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Plain data as YAML, keys in the order given."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(dict(data), Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
