"""The work collection on disk: who makes what, what is finished, what is broken.

An entry's folder is present only when its ``meta.yaml`` is there, and that file is put there last, by an atomic
rename. While a thing is made, its maker holds a lock and a claim (:mod:`axs_core.store.hosts.claims`): a folder without
``meta.yaml`` is *producing* while its maker lives and *broken* when it does not. Folders are named after what was asked
for, so that everybody who asks for the same thing meets at the same lock.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from axs_core.base.errors import StoreError
from axs_core.base.host import this_process
from axs_core.base.value import Value
from axs_core.entry.load import META, is_finished
from axs_core.store.durable import sync_folder, sync_tree, write_atomic
from axs_core.store.entry_files import describe, failure_of, forget_making, log_of, note_making, private
from axs_core.store.failure import Failure
from axs_core.store.hosts.access import SHORT_KEY, Access, lock_base
from axs_core.store.hosts.afresh import await_folder, await_shown, is_listed, look_afresh
from axs_core.store.hosts.beacon import command_line
from axs_core.store.hosts.claims import Claim
from axs_core.store.layout import PRIVATE, not_writable
from axs_core.store.removal import appear, discard, empty_trash, put_back, withdrawn

State = Literal["present", "producing", "broken", "absent"]


class Appeared(Exception):
    """What was going to be made is there: look again."""


class Attempt(Value):
    """A folder in which something is being made, under its lock and ``claim``."""

    folder: Path
    claim: Claim | None = None
    inode: int = 0

    @property
    def private(self) -> Path:
        """The engine's own folder inside."""
        return private(self.folder)

    @property
    def log(self) -> Path:
        """The log of this making."""
        return log_of(self.folder)

    def is_ours(self) -> bool:
        """Whether nobody has taken over, and the folder of that name is still the one that we made. Raises OSError."""
        if self.claim is not None and not self.claim.renew():
            return False
        try:
            return os.stat(self.folder).st_ino == self.inode
        except FileNotFoundError:
            return False


class Store(Access):
    """The work collection at ``root``."""

    def base_name(self, name: str, key: str) -> str:
        """The folder's name for what has this identity: readable, with the short key."""
        return f"{name}_{key[:SHORT_KEY]}"

    @contextmanager
    def held(self, base: str, doing: str = "making it", wait: bool = True, freeing: bool = False) -> Iterator[bool]:
        """As :meth:`Access.held`; what a process that died was about to remove is present again."""
        with super().held(base, doing, wait, freeing) as waited:
            for folder in self.folders(base):
                put_back(folder)
            yield waited

    def folders(self, base: str) -> list[Path]:
        """The folders of one identity in the order in which they were begun: BASE, BASE_2, BASE_3 ..."""
        found = []
        candidate, number = self.root / base, 1
        look_afresh(self.root)
        while look_afresh(candidate):
            await_shown(candidate / META)
            found.append(candidate)
            number += 1
            candidate = self.root / f"{base}_{number}"
        return found

    def state(self, folder: Path) -> State:
        """What a folder of the work collection is."""
        if is_finished(folder):
            return "present"
        if not folder.is_dir():
            return "absent"
        return "broken" if self.maker(folder) is None else "producing"

    def free_folder(self, base: str) -> Path:
        """Where the next thing of this identity goes: into a broken folder (to be cleaned), else beside what is
        present.
        """
        folders = self.folders(base)
        broken = [folder for folder in folders if not is_finished(folder)]
        if broken:
            return broken[0]
        return self.root / (f"{base}_{len(folders) + 1}" if folders else base)

    def make_folder(self, folder: Path) -> None:
        """Make an entry's folder, if it is not there. It comes with our own folder inside, in one step: who finds it
        knows that axs began it, whatever happens to this process.

        Raises Appeared where another host has made it, which a network file system had not shown yet: it does now.
        """
        try:
            while not folder.is_dir():
                with suppress(FileNotFoundError):  # somebody empties the trash
                    appear(self.root, folder)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and await_folder(folder):
                raise Appeared(folder) from None
            raise not_writable(self.root, error) from None

    def clear(self, folder: Path) -> None:
        """Take away what an attempt has left there that died or failed; call it under :meth:`held`. Raises Appeared
        where something is finished there.
        """
        if not folder.is_dir():
            return
        if is_listed(folder / META):
            await_shown(folder / META)
            if is_finished(folder):  # a folder of that name, or a link to nowhere, finishes nothing
                raise Appeared(folder)
        if any(item for item in folder.rglob("*") if item.name != PRIVATE):
            with suppress(OSError):  # what cannot be deleted is out of the way at least
                discard(self.root, folder)

    def begin(self, folder: Path, query: str) -> Attempt:
        """Make the folder, clean, for making something in it; call it under :meth:`held`."""
        claim = self.claim(folder)
        try:
            self.clear(folder)
            empty_trash(self.root)  # the room of attempts whose own removal was killed
            self.make_folder(folder)
            note_making(folder, {"query": query, **_myself()})
            return Attempt(folder, claim, os.stat(folder).st_ino)
        except OSError as error:
            raise not_writable(self.root, error) from None

    def complete(
        self, attempt: Attempt, meta: Mapping[str, Any], record: Mapping[str, Any], files: Mapping[str, Any]
    ) -> None:
        """Finish: everything synced, then ``meta.yaml`` put there by a rename. From then on the entry is present.

        Raises StoreError when another host has taken over: before, and (the rename goes to our own folder only, which
        may be in the trash by then) after.
        """
        self._must_be_ours(attempt)
        text = describe(attempt.folder, meta, record, files)
        forget_making(attempt.folder)
        sync_tree(attempt.folder)
        self._must_be_ours(attempt)
        write_atomic(attempt.folder / META, text)
        sync_folder(self.root)
        self._must_be_ours(attempt)

    def _must_be_ours(self, attempt: Attempt) -> None:
        if not attempt.is_ours():
            raise self.lost(lock_base(attempt.folder.name))

    def abandon(self, attempt: Attempt, error: BaseException) -> None:
        """Give up: the files go, the log stays, the reason is noted. The folder is broken from now on.

        An interrupt and the like say nothing about the thing itself: who waited for it makes it. One that comes when
        all is done already changes nothing; nor is anything done where another host has taken over.
        """
        if (attempt.folder / META).exists():
            return
        with suppress(OSError):
            if not attempt.is_ours():
                return
            empty(attempt.folder, keep=(PRIVATE,))
            forget_making(attempt.folder)
            if isinstance(error, Exception):
                Failure.of(error, str(this_process())).write(failure_of(attempt.folder))

    def failure(self, base: str) -> Failure | None:
        """How the last attempt at this identity failed; None where it did not, or its process was ended."""
        return Failure.read(failure_of(self.free_folder(base)))

    def remove(self, folder: Path) -> None:
        """Remove a folder of the work collection, in one step: nobody finds a half of it."""
        self.remove_unless(folder, lambda: None)

    def remove_unless(self, folder: Path, kept: Callable[[], str | None]) -> str | None:
        """Remove an entry, unless ``kept`` gives a reason (which comes back) once the entry is absent for everybody."""
        if self.root not in folder.parents:
            raise StoreError(
                f"{folder} is not in the work collection {self.root}", hint="only what axs made there can be removed"
            )
        try:
            if folder.is_symlink():
                folder.unlink()
            elif folder.is_dir():
                with withdrawn(folder):
                    if (reason := kept()) is not None:
                        return reason
                    discard(self.root, folder)
        except OSError as error:
            raise not_writable(self.root, error) from None
        return None

    def drop(self, attempt: Attempt) -> None:
        """Remove the folder of an attempt, with all that is in it, if it is still ours."""
        with suppress(OSError, StoreError):
            if attempt.is_ours():
                self.remove(attempt.folder)


def _myself() -> dict[str, Any]:
    """Who begins, for people who look into a folder that was left."""
    me = this_process()
    return {"pid": me.pid, "host": me.host, "since": time.strftime("%Y-%m-%d %H:%M:%S"), "command": command_line()}


def _withdraw(folder: Path) -> None:
    """From now on the entry is not present. (Somebody may have put a folder in the place of its ``meta.yaml``.)"""
    if not (folder / META).is_dir():
        (folder / META).unlink(missing_ok=True)


def empty(folder: Path, keep: tuple[str, ...]) -> None:
    """Remove what is in ``folder`` but the names in ``keep``; ``meta.yaml`` first."""
    import shutil

    _withdraw(folder)
    for item in list(folder.iterdir()):
        if item.name in keep:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()
