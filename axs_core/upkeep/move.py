"""The work collection moves to another folder: at every moment there is one that is complete.

On one file system that is a rename. Elsewhere everything is copied into a hidden folder beside the new place and read
again there; that gets its name by a rename, and only then the old one goes, by a rename first. Meanwhile a claim keeps
everybody, on every host, from making something in it; whoever only asks for what is there goes on.

What holds its own place inside are Python environments: the programs in ``bin`` begin with the path of their
interpreter. They are written anew, and their recorded digests with them. (``python -m ...`` works in any case.)
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shlex
import shutil
from contextlib import suppress
from pathlib import Path

from axs_core.base.digest import walk
from axs_core.base.errors import AxsError, EntryError, StoreError, UsageError
from axs_core.base.reporter import Progress, Reporter
from axs_core.making.session import Session
from axs_core.store import MOVING, PRIVATE, TIDYING, Store
from axs_core.store.durable import replacing, sync_folder, sync_tree
from axs_core.store.entry_files import change_files, is_recorded, read_files
from axs_core.upkeep.ownership import made_here

_BLOCK = 1 << 20
_LONGEST_FIRST_LINE = 127
"""Bytes of a program's first line that every Linux kernel reads."""
_OF_NOW = tuple(f"{PRIVATE}/{name}/" for name in ("claims", "using", "locks", "trash"))
"""Who is at work, and what is left of removals: nothing that has to be in the new place."""


def move(session: Session, to: Path) -> Path:
    """Move the work collection to the folder ``to``, which must not be there yet (or be empty); returns it.
    The session looks there from now on.

    What was ended while it removed the old place is brought to its end by the same call. Raises UsageError for a place
    that will not do, and StoreError while somebody is at work in it, where there is no room, and where a copy is not
    what was read.
    """
    store, index, reporter = session.store, session.index, session.reporter
    root = store.root
    if _was_ended(root, to):
        _remove(_aside(root), reporter)
        session.moved_to(to)
        return to
    _check_places(root, to)
    with store.held(TIDYING, "moving it"), store.held(MOVING, f"moving it to {to}"):
        store.refuse_others()
        index.close()
        try:
            if not _renamed(store, to):
                _copied(root, to, reporter)
                store.rest()
                _leave(root, reporter)
        except OSError as error:
            raise _failed(error, to) from error
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError):
            index.file.with_name(index.file.name + suffix).unlink()
    repair(to, reporter)
    session.moved_to(to)
    return to


def _was_ended(root: Path, to: Path) -> bool:
    """Was this move made before, and ended while it removed the old place, under another name?"""
    return not root.exists() and _aside(root).is_dir() and (to / PRIVATE / "layout").is_file()


def _check_places(root: Path, to: Path) -> None:
    if not root.is_dir():
        raise StoreError(
            f"there is no work collection {root}", hint="axs --work-collection=FOLDER work_collection , move ..."
        )
    if root.is_symlink():
        real = root.resolve()
        raise UsageError(
            f"{root} is a link to {real}, and only the folder itself can be moved",
            hint=f"axs --work-collection={real} work_collection , move --to={to}; then: ln -sfn {to} {root}",
        )
    if to == root or to.is_relative_to(root) or root.is_relative_to(to):
        raise UsageError(
            f"{root} cannot be moved to {to}: one is the other, or inside of it", hint="--to=/ELSEWHERE/FOLDER"
        )
    if os.path.lexists(to) and not (to.is_dir() and not to.is_symlink() and not any(to.iterdir())):
        hint = "--to=FOLDER that is not there yet, or that is empty"
        if (to / PRIVATE / "layout").is_file():  # an earlier move that was ended at its very end
            hint = (
                f"if AXS_WORK_COLLECTION={to} axs verify finds all well there, {root} can go: rm -r {root}; or {hint}"
            )
        raise UsageError(f"{to} is there already", hint=hint)
    if not to.parent.is_dir():
        raise UsageError(f"there is no folder {to.parent}", hint=f"mkdir -p {to.parent}")


def _renamed(store: Store, to: Path) -> bool:
    """Move it at once, where that can be done."""
    root = store.root
    if os.stat(root).st_dev != os.stat(to.parent).st_dev or root.is_mount():
        return False
    if to.is_dir():
        to.rmdir()
    store.rest()
    root.rename(to)
    _forget_claims(to)
    for parent in {root.parent, to.parent}:
        sync_folder(parent)
    return True


def _forget_claims(root: Path) -> None:
    """Nobody is at work in the new place yet."""
    for name in ("claims", "using"):
        shutil.rmtree(root / PRIVATE / name, ignore_errors=True)


def _copied(root: Path, to: Path, reporter: Reporter) -> None:
    """Copy everything, read the copy again, and give it its name."""
    fresh = to.with_name(f".{to.name}.moving")
    shutil.rmtree(fresh, ignore_errors=True)  # of a try that was ended
    names = [(name, Path(item.path)) for name, item in walk(root) if not name.startswith(_OF_NOW)]
    for _, path in names:
        if not path.is_symlink() and not path.is_file():
            raise StoreError(f"{path} is no file, and cannot be copied; nothing was moved", hint=f"rm {path}")
    total = sum(path.lstat().st_size for _, path in names)
    free = shutil.disk_usage(to.parent).free
    if free < total:
        raise StoreError(
            f"{to.parent} has {free:,} bytes free, {total:,} are needed", hint="--to=FOLDER on a larger disk"
        )
    try:
        with reporter.progress(f"copying to {to}", 2 * total) as bar:
            _copy_folders(root, fresh)
            digests = {name: _copy(path, fresh / name, bar) for name, path in names}
            sync_tree(fresh)
            for name, digest in digests.items():
                if digest is not None and _digest(fresh / name, bar) != digest:
                    raise StoreError(
                        f"{fresh / name} is not what was copied from {root / name}", hint="is the disk sound?"
                    )
        _copy_times(root, fresh)
        _forget_claims(fresh)
        if to.is_dir():
            to.rmdir()
        fresh.rename(to)
        sync_folder(to.parent)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _copy_folders(root: Path, fresh: Path) -> None:
    for place, _, _ in os.walk(root):
        (fresh / Path(place).relative_to(root)).mkdir(exist_ok=True)


def _copy_times(root: Path, fresh: Path) -> None:
    """Permissions and times of folders, from the inside out."""
    for place, _, _ in os.walk(root, topdown=False):
        _copy_status(Path(place), fresh / Path(place).relative_to(root))


def _copy(source: Path, target: Path, bar: Progress) -> str | None:
    """Copy a file with its time and permissions, or a link; the digest of what was read (None for a link)."""
    if source.is_symlink():
        if not target.is_symlink():
            target.symlink_to(os.readlink(source))
        return None
    state = hashlib.sha256()
    with source.open("rb", buffering=0) as reading, target.open("xb", buffering=0) as writing:
        while block := reading.read(_BLOCK):
            state.update(block)
            left = memoryview(block)
            while left:
                left = left[writing.write(left) :]
            bar.advance(len(block))
    _copy_status(source, target)
    return state.hexdigest()


def _copy_status(source: Path, target: Path) -> None:
    """Owner (where we may), permissions and times."""
    status = source.stat()
    with suppress(OSError):
        os.chown(target, status.st_uid, status.st_gid)
    shutil.copystat(source, target)


def _digest(path: Path, bar: Progress) -> str:
    state = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            state.update(block)
            bar.advance(len(block))
    return state.hexdigest()


def _leave(root: Path, reporter: Reporter) -> None:
    """Remove the old one; under another name first, so that nobody finds a half of it."""
    aside = _aside(root)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        root.rename(aside)
    except OSError:  # it is the root of a file system: only its content can go
        aside = root
    _remove(aside, reporter)


def _aside(root: Path) -> Path:
    return root.with_name(f".{root.name}.moved")


def _remove(folder: Path, reporter: Reporter) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists() and any(folder.iterdir()):
        reporter.warn(f"not all of {folder} could be removed; everything is in the new place: rm -r {folder}")


def _failed(error: OSError, to: Path) -> AxsError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"the disk is full: {to}; nothing was moved", hint="--to=FOLDER on another disk")
    return StoreError(
        f"{error.filename or to}: {error.strerror or error}; nothing was moved", hint="--to=FOLDER elsewhere"
    )


def repair(root: Path, reporter: Reporter) -> list[str]:
    """Have the programs of all environments in the work collection at ``root`` begin with where their interpreter is
    now; names of the entries that were changed.
    """
    changed = []
    for folder in sorted(root.iterdir()):
        settings = folder / "venv" / "pyvenv.cfg"
        if folder.name.startswith(".") or not made_here(folder) or not is_recorded(folder):
            continue
        if settings.is_file() and _repaired(folder):
            changed.append(folder.name)
    if changed:
        reporter.note(f"paths put right in {', '.join(changed)}")
    return changed


def _repaired(folder: Path) -> bool:
    """Rewrite the first lines, and the settings; then what is recorded about these files."""
    here = folder / "venv"
    old = _place_in(here)
    if old is None or old == str(here):
        return False
    rewritten = []
    for file in [here / "pyvenv.cfg", *sorted((here / "bin").iterdir())]:
        if file.is_symlink() or not file.is_file():
            continue
        data = file.read_bytes()
        change = _in_shell if file.name.startswith("activate") else _with_place
        fresh = change(data, old, here) if _is_text(data) else data
        if fresh != data:
            _replace(file, fresh)
            rewritten.append(file)
    if rewritten:
        _record(folder, rewritten)
    return bool(rewritten)


def _place_in(environment: Path) -> str | None:
    """Where the environment was when it was made, as its script ``activate`` says."""
    with suppress(OSError, ValueError):
        for line in (environment / "bin" / "activate").read_text(encoding="utf-8").splitlines():
            key, _, value = line.strip().removeprefix("export ").partition("=")
            words = shlex.split(value) if key == "VIRTUAL_ENV" else []
            if len(words) == 1 and words[0].startswith("/"):  # not $(cygpath ...), for Windows
                return words[0]
    return None


def _with_place(data: bytes, old: str, here: Path) -> bytes:
    """The text with the new place. A first line that the system would not understand, with a blank in it or too long,
    becomes what installers write then: a shell that starts the interpreter.
    """
    first, _, _ = data.partition(b"\n")
    moved = data.replace(os.fsencode(old), os.fsencode(here))
    if not first.startswith(b"#!" + os.fsencode(old)):
        return moved
    line, _, rest = moved.partition(b"\n")
    if b" " not in line and len(line) < _LONGEST_FIRST_LINE:
        return moved
    return b"#!/bin/sh\n'''exec' \"" + line[2:] + b'" "$0" "$@"\n' + b"' '''\n" + rest


def _in_shell(data: bytes, old: str, here: Path) -> bytes:
    """The script for a shell with the new place: quoted if need be where the old one stood as a word of its own
    (Python since 3.11.11, 3.12.8, 3.13.1), as it is within quotes (before that).
    """
    word = rb"(?P<word>(?<=[=\s])" + re.escape(os.fsencode(shlex.quote(old))) + rb"(?=[\s)]|$))"
    plain, quoted = os.fsencode(here), os.fsencode(shlex.quote(str(here)))
    return re.sub(word + b"|" + re.escape(os.fsencode(old)), lambda found: quoted if found["word"] else plain, data)


def _is_text(data: bytes) -> bool:
    return b"\0" not in data[:8192]


def _replace(file: Path, data: bytes) -> None:
    with replacing(file) as fresh:
        fresh.write_bytes(data)
        shutil.copymode(file, fresh)


def _record(folder: Path, rewritten: list[Path]) -> None:
    """The files are other ones now, and the record knows it; not where it, or the list, is damaged."""
    files = read_files(folder)
    if files is None:
        return
    for file in rewritten:
        data = file.read_bytes()
        files[file.relative_to(folder).as_posix()] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    with suppress(EntryError):
        change_files(folder, files)
