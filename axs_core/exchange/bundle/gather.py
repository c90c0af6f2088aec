"""What the pieces of a query bring from elsewhere, gathered where it lies: downloads, repositories, wheels, recipes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from axs_core.base.credentials import without_credentials
from axs_core.base.digest import of_value, walk
from axs_core.base.errors import UsageError
from axs_core.base.reporter import Reporter
from axs_core.entry import Entry, Record
from axs_core.exchange.bundle.contents import DOWNLOADS, FILES, RECIPES
from axs_core.exchange.bundle.walk import Piece
from axs_core.exchange.bundle.wheels import Wheelhouse
from axs_core.producers import get as producer
from axs_core.producers.base import Job, Used
from axs_core.producers.bundled import REPOSITORIES
from axs_core.producers.fetch.checksums import Digests, Expected
from axs_core.producers.fetch.producer import Fetch
from axs_core.producers.fetch.sources import Candidate, last_part
from axs_core.producers.git.bare import make_bare, members_of, submodules_of
from axs_core.producers.git.producer import address, status
from axs_core.producers.python_env.producer import wanted
from axs_core.resolver import Match
from axs_core.store.content import NOT_CONTENT
from axs_core.upkeep.ownership import clone_of, is_git


@dataclass(frozen=True)
class Source:
    """A file that goes in; ``mtime_ns`` where its time is part of what it is."""

    path: Path
    mtime_ns: int | None = None


@dataclass
class Gathering:
    """Collects ``files`` by their place in the bundle, and what stands in its contents about them.

    ``staging`` is an empty folder of ours. ``pythons`` are further interpreters that environments are meant for.
    """

    staging: Path
    environ: Mapping[str, str]
    reporter: Reporter
    wheelhouse: Wheelhouse
    pythons: Sequence[str] = ()
    files: dict[str, Source] = field(default_factory=dict)
    downloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    repositories: dict[str, dict[str, Any]] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    tools: list[str] = field(default_factory=list)

    def take(self, piece: Piece) -> None:
        """All that one recipe brings from elsewhere."""
        entry, recipe = piece.entry, piece.found.recipe
        made = (entry.path, entry.values) if entry is not None else (None, {})
        for name, spec in piece.producers.items():
            producer(name).pack(Used(spec, recipe.path, str(piece.found.query), *made), self)

    def add_tool(self, query: str) -> None:
        """Something that has to be on the other machine."""
        self.tools.append(query)

    def add_download(self, used: Used, spec: Mapping[str, Any]) -> None:
        """A file, by the options of ``fetch``, of the entry or (an archive that was unpacked and removed) again."""
        given = [spec["urls"]] if isinstance(spec["urls"], str) else spec["urls"]
        urls = [without_credentials(url) for url in given]
        expected = Expected.of(spec)
        path, seen = self._file(used, spec, expected, str(spec.get("file") or last_part(given[0])))
        digests = seen.values()
        place = f"{DOWNLOADS}/{digests['sha256']}"
        self.files[place] = Source(path)
        there = self.downloads.setdefault(place, {"urls": [], "checksums": {}, "file": place})
        there["urls"] = list(dict.fromkeys([*there["urls"], *urls]))
        there["checksums"] |= digests

    def _file(self, used: Used, spec: Mapping[str, Any], expected: Expected, name: str) -> tuple[Path, Digests]:
        """The file where it is; else from the download cache, or from its address."""
        if used.folder is not None and (used.folder / name).is_file():
            seen = Digests(expected)
            seen.update_from(used.folder / name)
            recorded = used.values.get("sha256")
            if expected.difference(seen) is None and recorded in (None, seen.values()["sha256"]):
                return used.folder / name, seen
        folder = self.staging / f"download{len(self.downloads)}"
        folder.mkdir()
        job = Job(spec, folder, self.staging / "log.txt", self.reporter, used.recipe_path, environ=self.environ)
        made = Fetch().make(job)
        seen = Digests(expected)
        seen.update_from(folder / str(made.file))
        return folder / str(made.file), seen

    def add_repository(self, url: str, clone: Path) -> None:
        """A clone with its submodules, as what stands at ``url``."""
        if url in self.repositories:
            return
        place = f"{REPOSITORIES}/{of_value(url)[:16]}"
        self.reporter.step(f"packing {url}")
        if changes := status(clone, environ=self.environ).changes:
            files = ", ".join(line[3:] for line in changes[:8])
            self.reporter.warn(f"changed in {clone} and not committed, so it stays here: {files}")
        commit = make_bare(clone, self.staging / place, self.environ, self.reporter)
        for name in members_of(self.staging / place):
            self.files[f"{place}/{name}"] = Source(self.staging / place / name)
        self.repositories[url] = {"url": url, "folder": place, "commit": commit}
        if (clone / ".gitmodules").is_file():
            for inner, folder in submodules_of(clone, self.environ):
                self.add_repository(inner, folder)

    def add_environment(self, used: Used) -> None:
        """The wheels of an environment."""
        spec, values, content = used.spec, used.values, wanted(used.spec, self.environ)
        index_options = spec.get("index_options") or ()
        self.wheelhouse.add(
            content.base,
            content.lines,
            content.options,
            versions=values.get("packages"),
            index_options=index_options,
        )
        for archive in values.get("archives") or ():
            if digest := archive.get("hashes", {}).get("sha256"):
                self.urls[digest] = archive["url"]
        for base in self.pythons if not spec.get("python") else ():
            self.wheelhouse.add(base, content.lines, content.options, index_options=index_options)

    def add_recipe(self, entry: Entry) -> None:
        """An entry that a person wrote, all of its folder."""
        for relative, item in walk(entry.path, NOT_CONTENT):
            if item.is_symlink():
                raise UsageError(
                    f"{entry.name} holds a link, {relative}; links do not travel",
                    hint=f"put the file itself there: {item.path}",
                )
            self.files[f"{RECIPES}/{entry.name}/{relative}"] = Source(Path(item.path))

    def add_users_files(self, found: Match) -> dict[str, str]:
        """The files and folders that a query names: their places in the bundle, by parameter."""
        places = {}
        for name in sorted(found.said):
            parameter, value = found.recipe.parameters.get(name), found.values.get(name)
            if parameter is None or parameter.type not in ("file", "folder") or value is None:
                continue
            path = Path(str(value))
            place = f"{FILES}/{of_value(str(path))[:12]}/{path.name}"
            places[name] = place
            for relative, file in _below(path):
                self.files[f"{place}{relative}"] = Source(file, file.stat().st_mtime_ns)
            for relative in found.parts.get(name, ()):
                part = path.parent / relative
                self.files[str(PurePosixPath(place).parent / relative)] = Source(part, part.stat().st_mtime_ns)
        return places


def collection_queries(entries: Sequence[Entry], collections: Mapping[str, Entry]) -> dict[str, Entry]:
    """The cloned collections that entries lie in, by the query that makes each."""
    found = {}
    for entry in entries:
        inside = collections.get(entry.collection)
        if inside is not None and is_git(inside):
            found[Record.read(inside.path).query] = inside
    return found


def clone_and_address(collection: Entry) -> tuple[str, Path]:
    """Where a cloned collection came from, and where it is."""
    clone = clone_of(collection)
    return Candidate(address(collection.values["url"])).bare, clone


def _below(path: Path) -> Iterator[tuple[str, Path]]:
    """A file itself, or all files in a folder; links to files count as what they lead to."""
    if path.is_file():
        yield "", path
        return
    for relative, item in walk(path):
        if not Path(item.path).is_file():
            raise UsageError(f"{item.path} is no file, so it cannot travel", hint="take it out of the folder")
        yield f"/{relative}", Path(item.path)
