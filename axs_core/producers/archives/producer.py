"""``extract``: what is in an archive, all of it or nothing.

Options: ``archive`` (below the entry's folder, or absolute: another entry's), ``strip`` (leading parts of the names to
leave out), ``into`` (a subfolder), ``keep_archive``, ``file`` (the main file), and for archives that grow a lot
``max_size`` (bytes in all), ``max_ratio`` (bytes for each byte of the archive) and ``max_members``. Known are tar
(plain and with gz, bz2, xz), zip, and single files with gz, bz2, xz.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from axs_core.base.errors import EntryError, ProduceError
from axs_core.plugins.shipped import TRAITS
from axs_core.producers.base import Job, Made, Producer
from axs_core.producers.paths import disk_error, inside, is_reserved, whole_number

_SHOWN = 8


class Extract(Producer):
    """Unpacks an archive into a temporary folder, and moves what came into its place when all of it is there."""

    name = "extract"
    traits = TRAITS["extract"]

    def make(self, job: Job) -> Made:
        """The main file is ``file``; without that option the only file at the top, or the folder ``into``."""
        archive = _archive(job)
        into = inside(job.folder, job.spec["into"], "make.extract.into") if job.spec.get("into") else job.folder
        main = inside(job.folder, job.spec["file"], "make.extract.file") if job.spec.get("file") else None
        goes = archive.is_relative_to(job.folder) and not job.spec.get("keep_archive", False)
        job.reporter.step(f"extracting {archive.name}")
        fresh = Path(tempfile.mkdtemp(prefix=".extract-", dir=job.folder))
        try:
            fresh.chmod(0o755)
            _unpack(job, archive, fresh, main)
            _settle(fresh, into, job.folder, archive, goes)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return Made(file=_main_file(job.folder, into, main, archive))


def _archive(job: Job) -> Path:
    given = job.spec.get("archive")
    if not given:
        raise EntryError("expected the path of an archive", key="make.extract.archive")
    path = Path(str(given))
    archive = path if path.is_absolute() else inside(job.folder, given, "make.extract.archive")
    if not archive.is_file():
        raise ProduceError(f"there is no archive {archive}")
    return archive


def _unpack(job: Job, archive: Path, fresh: Path, main: Path | None) -> None:
    """Fill ``fresh``; every way in which that fails becomes a :class:`ProduceError` that names archive and member."""
    from axs_core.producers.archives.reading import DAMAGES, SUFFIXES, kind_of, unpack
    from axs_core.producers.archives.unpacking import Limits, Refused, Unpacking

    def number(key: str, default: int) -> int:
        return whole_number(job.spec.get(key), f"make.extract.{key}", default=default)

    limits = Limits(
        size=number("max_size", Limits.size),
        ratio=number("max_ratio", Limits.ratio),
        members=number("max_members", Limits.members),
    )
    packed, strip = archive.stat().st_size, number("strip", 0)
    try:
        kind = kind_of(archive)
        if kind is None:
            raise ProduceError(f"{archive.name} is not an archive: it is neither tar, zip, gz, bz2 nor xz")
        single = kind in SUFFIXES.values()
        name = main.name if main else archive.stem if archive.suffix in SUFFIXES else archive.name
        with job.reporter.progress(f"extracting {archive.name}", packed) as bar:
            unpack(archive, kind, Unpacking(fresh, packed, 0 if single else strip, limits), name, bar)
    except Refused as refused:
        raise ProduceError(f"{archive.name} cannot be extracted: {refused}") from refused
    except DAMAGES as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        raise (_damaged(archive, error) if error.errno is None else disk_error(error, fresh, None)) from error
    if not any(fresh.iterdir()):
        after = f" after strip: {strip}" if strip else ""
        raise ProduceError(f"{archive.name} cannot be extracted: nothing is in it{after}")


def _damaged(archive: Path, error: Exception) -> ProduceError:
    from axs_core.producers.archives.reading import said

    message = f"{archive.name} is damaged or cut off: {said(error)}"
    return ProduceError(message, hint="ask for it again with --fresh=all")


def _settle(fresh: Path, into: Path, folder: Path, archive: Path, goes: bool) -> None:
    """Move what is in ``fresh`` to ``into``, if nothing is in the way; then the archive goes."""
    for item in fresh.iterdir():
        target = into / item.name
        if into == folder and is_reserved(item.name):
            raise ProduceError(
                f"{archive.name} cannot be extracted: {item.name!r} is a name that axs keeps for itself",
                hint="extract it into a subfolder: `into: files`",
            )
        if os.path.lexists(target) and not (goes and target == archive):
            raise ProduceError(f"{archive.name} cannot be extracted: {target} is there already")
    if goes:
        archive.unlink()
    into.mkdir(parents=True, exist_ok=True)
    for item in list(fresh.iterdir()):
        item.rename(into / item.name)


def _main_file(folder: Path, into: Path, main: Path | None, archive: Path) -> str | None:
    there = sorted(item.name for item in into.iterdir() if not is_reserved(item.name) and item != archive)
    there = [name for name in there if not name.startswith(".extract-")]
    if main is None:
        if len(there) == 1 and (into / there[0]).is_file():
            return (into / there[0]).relative_to(folder).as_posix()
        return into.relative_to(folder).as_posix() if into != folder else None
    if not main.exists():
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        raise ProduceError(
            f"{main.relative_to(folder)} is not in {archive.name}; at its top are: {', '.join(there[:_SHOWN])}{more}"
        )
    return main.relative_to(folder).as_posix()
