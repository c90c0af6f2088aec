"""``unbundle``: a bundle becomes an entry of the work collection, all of it or nothing, and serves instead of the
network from then on.

It is read once, from its beginning to its end: every header is compared with the only one it may have, every digest
with the contents, and only then the folder gets its name, by one rename. Nothing in it is run before something is asked
for that needs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axs_core import __version__
from axs_core.base.errors import NotFound
from axs_core.base.reporter import Progress
from axs_core.exchange.arrival import called, disk, incoming, make_entry, opener, settle
from axs_core.exchange.bundle.contents import LARGEST, README, RECIPES, digest_of, read_contents, shipped_in
from axs_core.exchange.bundle.pack import for_whom, in_words
from axs_core.exchange.bundle.tar import TarMember, members
from axs_core.exchange.collections import elsewhere, is_trusted
from axs_core.exchange.manifest import BadArchive, Shipped
from axs_core.making.asking import ask
from axs_core.making.recording import now
from axs_core.making.session import Session
from axs_core.plugins.shipped import BROUGHT_BY
from axs_core.producers.bundled import CONTENTS, TAG, minor_of
from axs_core.producers.git.bare import finish_bare
from axs_core.query import Condition, Query, parse
from axs_core.store import INCOMING
from axs_core.store.durable import sync_tree

_LARGEST_README = 1 << 20


@dataclass(frozen=True)
class Opened:
    """A bundle in its place; ``queries`` can be asked now, ``collections`` are queries that make collections first.
    ``has_recipes``: its maker's own entries are in it.
    """

    path: Path
    queries: tuple[Query, ...]
    collections: tuple[str, ...]
    has_recipes: bool


def unbundle(session: Session, file: Path, name: str | None, digest: str | None, *, trust: bool) -> list[Query]:
    """Open a bundle, and make the collections that it brings; what can be asked now. ``trust``: what those and the
    bundle's maker wrote may run.
    """
    opened = Unbundler(session).open(file, name, digest)
    brought = [ask(session, query).entry for query in opened.collections]
    if opened.has_recipes:
        brought.append(session.index.by_name(opened.path.name))
    for collection in brought if trust else ():
        session.trust.grant(elsewhere(session.index, collection), "trust")
    if unsaid := [each.name for each in brought if not is_trusted(session.index, each)]:
        session.reporter.note(f"asked about at their first use: the recipes in {', '.join(unsaid)}; --trust says yes")
    return list(opened.queries)


@dataclass(frozen=True)
class Unbundler:
    """Opens bundles into the work collection."""

    session: Session

    def open(self, file: Path, name: str | None = None, digest: str | None = None) -> Opened:
        """Open ``file``; what was opened before is not opened twice. ``digest`` is what its content must have.

        Raises BadArchive for what must not be opened; nothing is left behind then.
        """
        if not os.path.isfile(file):  # noqa: PTH113 - any name may be asked, however long
            raise NotFound(f"there is no file {file}")
        base = called(name, file.name.removesuffix(".tar"))
        self.session.store.open()
        with self.session.store.held(INCOMING, "opening a bundle"), file.open("rb") as stream:
            try:
                coming = members(stream)
                data, readme = _beginning(coming, digest)
                folder = self._there(data) or self._bring(file, coming, data, readme, base)
            except BadArchive as error:
                message = f"{file.name} is refused: {error.message}"
                raise BadArchive(message, hint=error.hint or "copy it again from where it was made") from error
        self._say(folder, data)
        queries = tuple(_asked(item, folder) for item in data["queries"])
        return Opened(folder, queries, tuple(data["collections"]), bool(data["recipes"]))

    def _there(self, data: Mapping[str, Any]) -> Path | None:
        """The same bundle, opened before."""
        entries = [
            entry for entry in self.session.index.by_key(digest_of(data)) if BROUGHT_BY in entry.produced.get("by", ())
        ]
        if not entries:
            return None
        self.session.reporter.note(f"{entries[0].name} is this bundle, opened {entries[0].made_at}")
        return entries[0].path

    def _bring(
        self, file: Path, coming: Iterator[TarMember], data: Mapping[str, Any], readme: bytes, base: str
    ) -> Path:
        with incoming(self.session.store) as fresh:
            try:
                shipped = shipped_in(data)
                with self.session.reporter.progress(
                    f"reading {file.name}", sum(item.size for item in shipped.values())
                ) as bar:
                    _extract(coming, data, shipped, fresh, bar)
                (fresh / README).write_bytes(readme)
                for repository in data["repositories"]:
                    finish_bare(fresh / repository["folder"])
                _describe(fresh, file, data)
                sync_tree(fresh)
                folder = settle(self.session.store, self.session.index, fresh, base)
            except OSError as error:
                raise disk(error, fresh) from error
        self.session.index.refresh()
        return folder

    def _say(self, folder: Path, data: Mapping[str, Any]) -> None:
        self.session.reporter.note(f"{folder.name}: {in_words(data)}; content {digest_of(data)}")
        if data["axs"] != __version__:
            self.session.reporter.warn(
                f"it was made by axs {data['axs']}, and this is axs {__version__}: recipes may differ"
            )
        kinds = {(item["python"], item["platform"]) for item in data["environments"]}
        here = (minor_of(platform.python_version()), sysconfig.get_platform())
        if kinds and here not in kinds:
            self.session.reporter.warn(
                f"its wheels are {for_whom(data)}; this is Python {here[0]} on {here[1]}. "
                f"Run axs with such a Python, or bundle again with --python={here[0]}"
            )
        elif unfit := _unfit(data, here):
            self.session.reporter.warn(
                f"wheels that this machine cannot install (an older C library?): {', '.join(unfit)}"
            )
        if data["tools"]:
            self.session.reporter.note(
                f"must be on this machine, they were found on the other: {'; '.join(data['tools'])}"
            )
        if data["left_out"]:
            self.session.reporter.warn(f"not in it: {', '.join(data['left_out'])}")


def _beginning(coming: Iterator[TarMember], digest: str | None) -> tuple[dict[str, Any], bytes]:
    """The contents and the text before them."""
    readme = _next(coming, README).whole(_LARGEST_README)
    data = read_contents(_next(coming, CONTENTS).whole(LARGEST))
    if digest is not None and digest_of(data) != digest:
        raise BadArchive(f"its content is {digest_of(data)}, not {digest}", hint="compare with what axs bundle printed")
    return data, readme


def _next(coming: Iterator[TarMember], name: str) -> TarMember:
    member = next(coming, None)
    if member is None or member.name != name:
        raise BadArchive(f"it is no bundle: {name} is not where it has to be")
    return member


def _extract(
    coming: Iterator[TarMember], data: Mapping[str, Any], shipped: Mapping[str, Shipped], fresh: Path, bar: Progress
) -> None:
    """Exactly the files of the contents, in their order."""
    for folder in sorted({(fresh / name).parent for name in shipped}):
        folder.mkdir(parents=True, exist_ok=True)
    waiting = iter(shipped.items())
    for member in coming:
        name, item = next(waiting, (None, None))
        if member.name != name or item is None:
            raise BadArchive("is in the bundle, but not in its contents at that place", member.name)
        if (member.size, member.executable) != (item.size, item.executable):
            raise BadArchive(f"has {member.size:,} bytes, not {item.size:,}, or another permission", name)
        _write(member, item, fresh / name, bar)
        if (mtime := data["files"][name].get("mtime_ns")) is not None:
            os.utime(fresh / name, ns=(mtime, mtime))
    if (left := next(waiting, None)) is not None:
        raise BadArchive("is in the contents, but not in the bundle", left[0])


def _write(member: TarMember, item: Shipped, target: Path, bar: Progress) -> None:
    digest = hashlib.sha256()
    with open(target, "xb", buffering=0, opener=opener(0o777 if item.executable else 0o666)) as file:
        for block in member.blocks():
            digest.update(block)
            left = memoryview(block)
            while left:
                left = left[file.write(left) :]
            bar.advance(len(block))
    if digest.hexdigest() != item.sha256:
        raise BadArchive(f"has other content than the contents say (SHA-256 {digest.hexdigest()})", member.name)


def _describe(fresh: Path, file: Path, data: Mapping[str, Any]) -> None:
    """Make it an entry; a collection too where entries of its maker are in it."""
    (fresh / CONTENTS).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    attributes = {
        "queries": [item["query"] for item in data["queries"]],
        "python_versions": sorted({item["python"] for item in data["environments"]}),
        "platform": data["platform"],
        "libc": data["libc"],
        "axs": data["axs"],
        "content_digest": digest_of(data),
        **({"entries_path": RECIPES} if data["recipes"] else {}),
    }
    meta = {
        "title": f"Bundle {file.name}: {in_words(data)}",
        "tags": [TAG, *(["collection"] if data["recipes"] else [])],
        "attributes": attributes,
        "produced": {"by": [BROUGHT_BY], "key": digest_of(data), "at": now()},
    }
    files = {
        name: {"size": item.size, "sha256": item.sha256} for name, item in sorted(shipped_in(data).items())
    } | _own_files(fresh, data)
    make_entry(fresh, file.name, meta, files)


def _own_files(fresh: Path, data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The files that unbundling wrote itself."""
    names = [README, CONTENTS, *(f"{item['folder']}/config" for item in data["repositories"])]
    texts = {name: (fresh / name).read_bytes() for name in names}
    return {name: {"size": len(text), "sha256": hashlib.sha256(text).hexdigest()} for name, text in texts.items()}


def _asked(item: Mapping[str, Any], folder: Path) -> Query:
    """The query as it is asked here: its files are in the bundle now."""
    files = {key: Condition("=", key, str(folder / place), quoted=True) for key, place in item["files"].items()}
    return parse(item["query"]).map_values(lambda condition: files.get(condition.key, condition))


def _unfit(data: Mapping[str, Any], here: tuple[str, str]) -> list[str]:
    """Wheels for this very Python that it would not take."""
    from packaging.tags import sys_tags
    from packaging.utils import parse_wheel_filename

    tags = set(sys_tags())
    names = {
        name for item in data["environments"] if (item["python"], item["platform"]) == here for name in item["wheels"]
    }
    return sorted(name for name in names if parse_wheel_filename(name)[3].isdisjoint(tags))
