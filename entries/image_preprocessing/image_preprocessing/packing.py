"""Many images into one file: on several cores, in blocks, going on after an interruption.

Each block of images is written to its place in one file, and then noted in a journal with the checksum of its bytes.
Who starts with the same journal does only what is missing. No image stays in memory.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from image_preprocessing.decoding import BrokenImage
from image_preprocessing.rules import Rule

BLOCK = 32
"""Images that are handed to a process at a time."""
JOURNAL = "journal.jsonl"
PIXELS = "images.u8"


@dataclass(frozen=True)
class Packing:
    """``files`` become images by ``rule``, in ``folder``, by ``workers`` processes."""

    files: Sequence[Path]
    rule: Rule
    folder: Path
    workers: int = 1

    @property
    def pixels(self) -> Path:
        """The file of all images; the place of a broken one holds anything."""
        return self.folder / PIXELS

    def run(self, progress: Callable[[int, int], None] = lambda done, again: None) -> dict[int, str]:
        """Do what is missing. Returns the places of broken files, each with the reason.

        ``progress`` hears how many images are done, and how many of these were there from an earlier try.
        """
        done = self._earlier()
        blocks = [place for place in range(0, len(self.files), BLOCK) if place not in done]
        broken = {place: why for block in done.values() for place, why in block.items()}
        count = again = sum(len(self._block(place)) for place in done)
        progress(count, again)
        self._reserve()
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as journal:
            for block in self._work(blocks):
                journal.write(json.dumps([block.place, block.checksum, block.broken]) + "\n")
                journal.flush()
                broken.update(block.broken)
                count += len(self._block(block.place))
                progress(count, again)
        return dict(sorted(broken.items()))

    def _block(self, place: int) -> Sequence[Path]:
        return self.files[place : place + BLOCK]

    def _reserve(self) -> None:
        """Take the room on the disk now: a full disk is better found before the work than after it."""
        with self.pixels.open("ab") as file:
            size = len(self.files) * self.rule.bytes
            if size and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            file.truncate(size)

    def _earlier(self) -> dict[int, dict[int, str]]:
        """Blocks of an earlier try whose bytes are what the journal says, each with its broken files."""
        if not self.pixels.exists() or not (self.folder / JOURNAL).exists():
            return {}
        found: dict[int, dict[int, str]] = {}
        with self.pixels.open("rb") as file:
            for line in (self.folder / JOURNAL).read_text(encoding="utf-8").splitlines():
                try:
                    place, checksum, broken = json.loads(line)
                except ValueError:
                    continue  # the line that was being written when it was interrupted
                size = len(self._block(place)) * self.rule.bytes
                file.seek(place * self.rule.bytes)
                if zlib.crc32(file.read(size)) == checksum:
                    found[place] = {int(key): why for key, why in broken.items()}
        return found

    def _work(self, blocks: Sequence[int]) -> Iterator[Block]:
        if self.workers == 1 or len(blocks) < 2:
            _prepare_process(self._opencv)
            yield from (self._pack(place) for place in blocks)
            return
        # Not forked: OpenCV and BLAS have threads of their own, whose locks a forked child would inherit.
        pool = ProcessPoolExecutor(
            min(self.workers, len(blocks)), multiprocessing.get_context("spawn"), _prepare_process, (self._opencv,)
        )
        with pool:
            left = iter(blocks)
            running: set[Future[Block]] = set()
            try:
                while True:
                    for place in left:
                        running.add(pool.submit(_pack_block, self._job(place)))
                        if len(running) >= 2 * self.workers:
                            break
                    if not running:
                        return
                    ready, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in ready)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    @property
    def _opencv(self) -> bool:
        return self.rule.method == "mlperf"

    def _job(self, place: int) -> BlockJob:
        return BlockJob(place, self._block(place), self.rule, self.pixels)

    def _pack(self, place: int) -> Block:
        return _pack_block(self._job(place))


@dataclass(frozen=True)
class BlockJob:
    """Images ``place``, ``place + 1`` ... of ``pixels``, to be made from ``files``."""

    place: int
    files: Sequence[Path]
    rule: Rule
    pixels: Path


@dataclass(frozen=True)
class Block:
    """A block that is done: the checksum of its bytes, and which of its places have no image, and why."""

    place: int
    checksum: int
    broken: dict[int, str]


def _pack_block(job: BlockJob) -> Block:
    """Decode, resize and write the images of a block."""
    broken: dict[int, str] = {}
    checksum = 0
    with job.pixels.open("r+b", buffering=0) as out:
        out.seek(job.place * job.rule.bytes)
        for place, file in enumerate(job.files, job.place):
            try:
                image = memoryview(job.rule(file.read_bytes())).cast("B")
            except (BrokenImage, OSError) as error:
                broken[place] = error.strerror or str(error) if isinstance(error, OSError) else str(error)
                image = memoryview(bytes(job.rule.bytes))
            checksum = zlib.crc32(image, checksum)
            out.write(image)
    return Block(job.place, checksum, broken)


def _prepare_process(opencv: bool) -> None:
    """The cores are shared out among processes, so each has one thread. A worker ends when its parent is gone."""
    if opencv:
        import cv2

        cv2.setNumThreads(1)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)
