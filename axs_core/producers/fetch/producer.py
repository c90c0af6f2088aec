"""``fetch``: one file from the first address that gives it.

Options: ``urls`` (one or several), ``file`` (its name here), ``md5 sha1 sha256 sha512`` (any of them), ``size`` in
bytes, ``timeout`` in seconds without a byte, ``retries`` for each address, ``hint`` (what else to do where no address
gives it). Settings: ``AXS_MIRRORS``, ``AXS_OFFLINE``, ``AXS_DOWNLOAD_CACHE``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axs_core.base.credentials import without_credentials
from axs_core.base.errors import EntryError, ProduceError
from axs_core.entry import META
from axs_core.plugins.shipped import TRAITS
from axs_core.producers.base import Download, Job, Made, Packing, Producer, Used
from axs_core.producers.fetch.cache import DownloadCache, link_or_copy
from axs_core.producers.fetch.checksums import Digests, Expected
from axs_core.producers.fetch.sources import Candidate, candidates, last_part, mirrors_from, offline_from, ways_out
from axs_core.producers.paths import inside, seconds, texts, whole_number

CHECKSUMS = ("sha512", "sha256", "sha1", "md5")
"""Strongest first."""


class FetchFailed(ProduceError):
    """No address gave the file; ``tried`` holds each with its reason."""

    def __init__(self, file: str, tried: Sequence[tuple[str, str]], hint: str) -> None:
        self.file, self.tried = file, tuple(tried)
        if len(tried) == 1:
            message = f"{file} could not be fetched from {tried[0][0]}: {tried[0][1]}"
        else:
            lines = [f"    {url}: {reason}" for url, reason in tried]
            message = "\n".join([f"{file} could not be fetched; these addresses were tried:", *lines])
        super().__init__(message, hint=hint)


@dataclass(frozen=True)
class Fetch(Producer):
    """Brings a file. ``backoff`` is the first pause between two tries, in seconds; it doubles, with some chance."""

    name = "fetch"
    traits = TRAITS["fetch"]
    backoff: float = 1.0

    def make(self, job: Job) -> Made:
        """Found: ``url`` (the address used), ``size``, ``sha256`` and the other checksums that were asked for."""
        urls = _urls(job.spec.get("urls"))
        file = str(job.spec.get("file") or last_part(urls[0]))
        target = inside(job.folder, file, "make.fetch.file")
        expected = Expected.of(job.spec)
        target.parent.mkdir(parents=True, exist_ok=True)
        cache = DownloadCache.of(job.environ)
        url = without_credentials(urls[0])
        seen = cache.take(expected, target)
        if seen is not None:
            job.reporter.note(f"{file}: from the download cache ({cache.root})")
        elif (seen := _brought(job, urls, expected, target)) is None:
            url, seen = self._bring(job, urls, target, expected, cache)
        return Made(file=file, found={"url": url, "size": seen.size, **seen.values()})

    def downloads(self, spec: Mapping[str, Any]) -> Iterator[Download]:
        """The file, by all of its addresses."""
        size = spec.get("size")
        if size is not None and type(size) is not int:
            raise EntryError(f"expected a whole number of bytes, not {size!r}", key="make.fetch.size")
        checksum = next((f"{name}:{spec[name]}" for name in CHECKSUMS if spec.get(name)), None)
        for number, url in enumerate(texts(spec.get("urls"), "make.fetch.urls")):
            yield Download("or" if number else "file", url, size=size, checksum=checksum)

    def pack(self, used: Used, bundle: Packing) -> None:
        """The file."""
        bundle.add_download(used, used.spec)

    def _bring(
        self, job: Job, urls: Sequence[str], target: Path, expected: Expected, cache: DownloadCache
    ) -> tuple[str, Digests]:
        tries = candidates(urls, mirrors_from(job.environ), offline_from(job.environ))
        with cache.partial(expected) as shared:
            if shared is not None:
                try:
                    url, seen = self._first(job, tries, target, shared, expected)
                    link_or_copy(cache.keep(shared, expected), target)
                    return url, seen
                except (_Unwritable, OSError) as error:
                    job.reporter.warn(f"going on without the download cache: {error}")
                    shared.unlink(missing_ok=True)
            part = target.with_name(target.name + ".part")
            try:
                url, seen = self._first(job, tries, target, part, expected)
            except _Unwritable as error:
                raise error.reason from error.reason.__cause__
            part.replace(target)
            return url, seen

    def _first(
        self, job: Job, tries: Sequence[Candidate], target: Path, part: Path, expected: Expected
    ) -> tuple[str, Digests]:
        """Go through the addresses; returns the one that gave the file, which is then at ``part``."""
        from axs_core.producers.fetch.download import Failed, Mismatch, Patience, download

        patience = Patience(
            read=seconds(job.spec.get("timeout"), "make.fetch.timeout") or Patience.read,
            retries=whole_number(job.spec.get("retries"), "make.fetch.retries", default=Patience.retries),
            backoff=self.backoff,
        )
        failures, wrong, told = [], "", ""
        for source in tries:
            if source.skip is not None:
                failures.append((source.bare, source.skip))
                continue
            job.reporter.step(f"fetching {source.bare}")
            try:
                return source.bare, download(source, part, expected, patience, job.reporter)
            except Failed as failure:
                failures.append((source.bare, str(failure)))
                told = told or failure.hint or ""
                wrong = wrong or (failure.what if isinstance(failure, Mismatch) else "")
            except ProduceError as error:
                raise _Unwritable(error) from error
        goes_on = bool(expected.checksums) and part.exists()
        hint = ways_out(tries[-1].url, offline=offline_from(job.environ), resumable=goes_on)
        if told:
            hint = f"{told}; or {hint}"
        if job.spec.get("hint"):
            hint = f"{hint}; or {job.spec['hint']}"
        if wrong:
            hint = f"if the publisher has changed the file, correct `{wrong}` in {job.recipe_path / META}; or {hint}"
        raise FetchFailed(target.name, failures, hint)


def _brought(job: Job, urls: Sequence[str], expected: Expected, target: Path) -> Digests | None:
    """From a bundle that was opened here; None where none has the file."""
    bare = [without_credentials(url) for url in urls]
    for bundle in job.bundles:
        if (seen := bundle.take(bare, expected, target)) is not None:
            job.reporter.note(f"{target.name}: from the bundle {bundle.folder.name}")
            return seen
    return None


class _Unwritable(Exception):
    """The place for the file cannot be written: another address would not help, another place may."""

    def __init__(self, reason: ProduceError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _urls(given: Any) -> list[str]:
    urls = [given] if isinstance(given, str) else given
    if not isinstance(urls, (list, tuple)) or not urls or not all(isinstance(url, str) and url for url in urls):
        raise EntryError("expected an address or a list of them", key="make.fetch.urls")
    return list(urls)
