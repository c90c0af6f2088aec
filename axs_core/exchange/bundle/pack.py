"""``bundle``: all that queries need from elsewhere, in one file that is whole or not there."""

from __future__ import annotations

import os
import platform
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axs_core import __version__
from axs_core.base.errors import UsageError
from axs_core.exchange.bundle.contents import OWN, README, as_data, digest_of, libc, read_contents, shipped_in, text_of
from axs_core.exchange.bundle.gather import Gathering, Source, clone_and_address, collection_queries
from axs_core.exchange.bundle.tar import TarWriter, look
from axs_core.exchange.bundle.walk import Walk
from axs_core.exchange.bundle.wheels import Wheelhouse, other_pythons
from axs_core.exchange.pack import not_written
from axs_core.making.fulfil import Runner
from axs_core.making.session import Session
from axs_core.producers.bundled import CONTENTS, WHEELS, minor_of
from axs_core.query import parse
from axs_core.store import BUNDLING, PRIVATE
from axs_core.store.durable import replacing
from axs_core.upkeep.ownership import entries_folder


@dataclass(frozen=True)
class Bundler:
    """Makes bundles. ``pythons``: further versions of Python (on this machine) to collect wheels for; ``with_axs``:
    wheels of axs itself go in too.
    """

    session: Session
    pythons: Sequence[str] = ()
    with_axs: bool = False

    def write(self, queries: Sequence[str], output: Path) -> Path:
        """Meet what the queries need, here, and put all of it that came from elsewhere into ``output``; returns that.

        Raises UsageError where the file is there already, and whatever making the needs raises.
        """
        if os.path.lexists(output):
            raise UsageError(f"{output} is there already", hint=f"another name, or: rm {output}")
        others = other_pythons(self.pythons, self.session.settings.environ)
        self.session.store.open()
        with self.session.store.held(BUNDLING, "bundling"):
            staging = self.session.store.root / PRIVATE / BUNDLING
            shutil.rmtree(staging, ignore_errors=True)  # left by one that was killed: the lock is ours
            staging.mkdir(parents=True)
            try:
                return self._write(queries, output, staging, others)
            except OSError as error:
                raise not_written(output, error) from None
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def _write(self, queries: Sequence[str], output: Path, staging: Path, others: Sequence[str]) -> Path:
        wheels = Wheelhouse(staging, staging / WHEELS, self.session.settings.environ, self.session.reporter)
        gathering = Gathering(staging, self.session.settings.environ, self.session.reporter, wheels, others)
        walk = Walk(self.session, Runner(self.session))
        asked = []
        for text in queries:
            found = walk.ask(parse(text))
            asked.append({"query": text, "files": gathering.add_users_files(found) if found else {}})
        for piece in walk.pieces.values():
            gathering.take(piece)
        recipes, collections = self._recipes(walk, gathering)
        if self.with_axs:
            wheels.add_axs(staging / OWN, others)
        for folder in (WHEELS, OWN):
            gathering.files.update((f"{folder}/{file.name}", Source(file)) for file in (staging / folder).glob("*.whl"))
        left_out = sorted(walk.existing)
        data = self._contents(gathering, asked, recipes, collections, left_out)
        self._put(data, gathering.files, output)
        return output

    def _recipes(self, walk: Walk, gathering: Gathering) -> tuple[list[str], list[str]]:
        """Entries of one's own that go in, and clones of collections, by the queries that make them."""
        inside = {str(entries_folder(entry)): entry for entry in self.session.index.find(parse("collection"))}
        entries = [entry for entry in walk.written.values() if entry.collection != str(self.session.index.roots[-1])]
        cloned = collection_queries(entries, inside)
        for collection in cloned.values():
            gathering.add_repository(*clone_and_address(collection))
        folders = {str(entries_folder(collection)) for collection in cloned.values()}
        own = [entry for entry in entries if entry.collection not in folders]
        for entry in own:
            gathering.add_recipe(entry)
        return sorted(entry.name for entry in own), sorted(cloned)

    def _contents(
        self,
        gathering: Gathering,
        asked: list[dict[str, Any]],
        recipes: list[str],
        collections: list[str],
        left_out: list[str],
    ) -> dict[str, Any]:
        total = sum(source.path.stat().st_size for source in gathering.files.values())
        with self.session.reporter.progress("reading what goes in", total) as bar:
            files = {
                name: as_data(look(source.path, bar), source.mtime_ns)
                for name, source in sorted(gathering.files.items())
            }
        names = {item["sha256"]: place.rpartition("/")[2] for place, item in files.items()}
        urls = {names[digest]: url for digest, url in sorted(gathering.urls.items()) if digest in names}
        environments = sorted(
            gathering.wheelhouse.environments.values(), key=lambda item: (item["python"], item["lines"])
        )
        data = {
            "format": 1,
            "axs": __version__,
            "queries": asked,
            "python": platform.python_version(),
            "platform": sysconfig.get_platform(),
            "libc": libc(wheel for item in environments for wheel in item["wheels"]),
            "downloads": [item for _, item in sorted(gathering.downloads.items())],
            "environments": environments,
            "urls": urls,
            "repositories": [item for _, item in sorted(gathering.repositories.items())],
            "collections": collections,
            "recipes": recipes,
            "tools": sorted(set(gathering.tools)),
            "left_out": left_out,
            "files": files,
        }
        return read_contents(text_of(data).encode("utf-8"))  # what this axs would not open is not written

    def _put(self, data: Mapping[str, Any], files: Mapping[str, Source], output: Path) -> None:
        shipped = shipped_in(data)
        with (
            replacing(output) as fresh,
            self.session.reporter.progress(
                f"writing {output.name}", sum(item.size for item in shipped.values())
            ) as bar,
            fresh.open("wb") as stream,
        ):
            writer = TarWriter(stream, bar)
            writer.add_text(README, readme(data))
            writer.add_text(CONTENTS, text_of(data))
            for name, item in shipped.items():
                writer.add(name, files[name].path, item)
            writer.end()
            stream.flush()
            os.fsync(stream.fileno())
        self._say(data, output)

    def _say(self, data: Mapping[str, Any], output: Path) -> None:
        self.session.reporter.note(f"{output.name}: {in_words(data)}; content {digest_of(data)}")
        if data["tools"]:
            self.session.reporter.note(f"found on this machine, not in the bundle: {'; '.join(data['tools'])}")
        if data["left_out"]:
            self.session.reporter.warn(
                f"not in the bundle, entries that no recipe makes: {', '.join(data['left_out'])}; axs zip takes them"
            )


def in_words(data: Mapping[str, Any]) -> str:
    """What is in a bundle, in a line."""
    counted: list[tuple[int, str, str]] = [
        (len(data["downloads"]), "file", "files"),
        (len(list(name for name in data["files"] if name.startswith(f"{WHEELS}/"))), "wheel", "wheels"),
        (len(data["repositories"]), "repository", "repositories"),
        (len(data["recipes"]), "entry of your own", "entries of your own"),
        (sum(len(item["files"]) for item in data["queries"]), "file or folder of yours", "files or folders of yours"),
    ]
    parts = [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
    total = sum(item["size"] for item in data["files"].values())
    return f"{', '.join(parts) or 'nothing from elsewhere is needed'}, {total / 1e6:.1f} MB, {for_whom(data)}"


def for_whom(data: Mapping[str, Any]) -> str:
    """The Pythons and machines that its wheels are for."""
    kinds = {(item["python"], item["platform"]) for item in data["environments"]}
    if not kinds:
        return "for any Python"
    versions = ", ".join(sorted({version for version, _ in kinds}, key=lambda text: tuple(map(int, text.split(".")))))
    library = f" with {data['libc']} or newer" if data["libc"] else ""
    return f"for Python {versions} on {data['platform']}{library}"


def readme(data: Mapping[str, Any]) -> str:
    """For who finds the file and has no axs yet."""
    lines = [
        f"A bundle of axs {data['axs']}: all that these queries need from the network.",
        "",
        *(f"    axs byquery {item['query']}" for item in data["queries"]),
        "",
        f"In it: {in_words(data)}.",
        "",
        "On the machine without network:",
        "",
    ]
    if any(name.startswith(f"{OWN}/") for name in data["files"]):
        lines += [*(f"    {line}" for line in install_lines("THIS_FILE", data)), ""]
    lines += ["    axs unbundle THIS_FILE", ""]
    return "\n".join(lines)


def install_lines(file: str, data: Mapping[str, Any]) -> list[str]:
    """What to type where there is no axs yet."""
    python = f"python{minor_of(data['python'])}"
    return [
        f"tar xf {file} {OWN}",
        f"{python} -m venv .venv && .venv/bin/pip install --no-index --find-links {OWN} axs && . .venv/bin/activate",
    ]
