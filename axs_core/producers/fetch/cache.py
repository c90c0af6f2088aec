"""Downloads that may be thrown away at any time, by checksum: ``<root>/<algorithm>/<digest>``.

Files are put there by a rename, are read-only, and share their bytes (hard links) with the entries that use them where
the file system allows it. Each use verifies the digest, so a file that was changed is thrown away instead of used.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from axs_core.base.settings import Settings
from axs_core.producers.fetch.checksums import Digests, Expected


@dataclass(frozen=True)
class DownloadCache:
    """A folder of downloads; it need not exist, and whatever goes wrong with it only means that it is not used."""

    root: Path

    @staticmethod
    def of(environ: Mapping[str, str]) -> DownloadCache:
        """``$AXS_DOWNLOAD_CACHE``, else ``downloads`` in the user's cache folder for axs."""
        return DownloadCache(Settings(environ).download_cache)

    def place(self, expected: Expected) -> Path | None:
        """Where a file with these checksums lies; None where none is known, as then nothing could be verified."""
        return next((self.root / name / value for name, value in expected.checksums.items()), None)

    def take(self, expected: Expected, target: Path) -> Digests | None:
        """Put the file at ``target`` if it is here and its bytes are right; says its digests. A wrong one goes."""
        place = self.place(expected)
        if place is None or not place.is_file():
            return None
        seen = Digests(expected)
        with contextlib.suppress(OSError):
            seen.update_from(place)
            if expected.difference(seen) is None:
                link_or_copy(place, target)
                return seen
            place.unlink(missing_ok=True)
        return None

    @contextlib.contextmanager
    def partial(self, expected: Expected) -> Iterator[Path | None]:
        """Where such a file is collected while it comes, so that another try, in another entry even, can go on with it.

        None where no checksum is known, the folder cannot be written, or another process is collecting it just now.
        """
        place = self.place(expected)
        if place is None:
            yield None
            return
        part = self.root / "partial" / f"{place.parent.name}-{place.name}"
        with contextlib.ExitStack() as stack:
            yield part if _locked(part, stack) else None

    def keep(self, part: Path, expected: Expected) -> Path:
        """Move a verified file in; returns its place. OSError where that fails."""
        place = self.place(expected)
        assert place is not None
        place.parent.mkdir(parents=True, exist_ok=True)
        part.chmod(0o444)
        part.replace(place)
        return place


def _locked(part: Path, stack: contextlib.ExitStack) -> bool:
    from filelock import FileLock, Timeout

    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        stack.enter_context(FileLock(part.with_name(part.name + ".lock"), timeout=0))
    except (OSError, NotImplementedError, Timeout):
        return False
    return True


def link_or_copy(source: Path, target: Path) -> None:
    """``target`` becomes a hard link of ``source``, or a copy on another file system; never a half of one."""
    fresh = target.with_name(target.name + ".part")
    fresh.unlink(missing_ok=True)
    try:
        os.link(source, fresh)
    except OSError:
        try:
            shutil.copyfile(source, fresh)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
    fresh.replace(target)
