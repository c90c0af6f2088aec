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
from axs_core.base.digest import of_value
from axs_core.base.errors import NotFound
from axs_core.base.reporter import Progress, Reporter
from axs_core.entry import META, RECORD
from axs_core.exchange.admission import keep
from axs_core.exchange.arrival import called, disk, incoming, opener, settle
from axs_core.exchange.bundle.contents import LARGEST, README, RECIPES, digest_of, read_contents, shipped_in
from axs_core.exchange.bundle.pack import for_whom, in_words
from axs_core.exchange.bundle.tar import TarMember, members
from axs_core.exchange.manifest import BadArchive, Shipped
from axs_core.index import Index
from axs_core.making.recording import FORMAT, now
from axs_core.plugins.shipped import BROUGHT_BY
from axs_core.producers.bundled import CONTENTS, TAG, minor_of
from axs_core.producers.git.bare import finish_bare
from axs_core.query import Condition, Query, parse
from axs_core.store import INCOMING, Store
from axs_core.store.durable import sync_tree
from axs_core.store.store import dump_yaml

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


@dataclass(frozen=True)
class Unbundler:
    """Opens bundles into the work collection of ``store``."""

    store: Store
    index: Index
    reporter: Reporter

    def open(self, file: Path, name: str | None = None, digest: str | None = None) -> Opened:
        """Open ``file``; what was opened before is not opened twice. ``digest`` is what its content must have.

        Raises BadArchive for what must not be opened; nothing is left behind then.
        """
        if not os.path.isfile(file):  # noqa: PTH113 - any name may be asked, however long
            raise NotFound(f"there is no file {file}")
        base = called(name, file.name.removesuffix(".tar"))
        self.store.open()
        with self.store.held(INCOMING, "opening a bundle"), file.open("rb") as stream:
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
        entries = [entry for entry in self.index.by_key(digest_of(data)) if BROUGHT_BY in entry.produced.get("by", ())]
        if not entries:
            return None
        self.reporter.note(f"{entries[0].name} is this bundle, opened {entries[0].made_at}")
        return entries[0].path

    def _bring(
        self, file: Path, coming: Iterator[TarMember], data: Mapping[str, Any], readme: bytes, base: str
    ) -> Path:
        with incoming(self.store) as fresh:
            try:
                shipped = shipped_in(data)
                with self.reporter.progress(f"reading {file.name}", sum(item.size for item in shipped.values())) as bar:
                    _extract(coming, data, shipped, fresh, bar)
                (fresh / README).write_bytes(readme)
                for repository in data["repositories"]:
                    finish_bare(fresh / repository["folder"])
                _describe(fresh, file, data)
                sync_tree(fresh)
                folder = settle(self.store, self.index, fresh, base)
            except OSError as error:
                raise disk(error, fresh) from error
        self.index.refresh()
        return folder

    def _say(self, folder: Path, data: Mapping[str, Any]) -> None:
        self.reporter.note(f"{folder.name}: {in_words(data)}; content {digest_of(data)}")
        if data["axs"] != __version__:
            self.reporter.warn(f"it was made by axs {data['axs']}, and this is axs {__version__}: recipes may differ")
        kinds = {(item["python"], item["platform"]) for item in data["environments"]}
        here = (minor_of(platform.python_version()), sysconfig.get_platform())
        if kinds and here not in kinds:
            self.reporter.warn(
                f"its wheels are {for_whom(data)}; this is Python {here[0]} on {here[1]}. "
                f"Run axs with such a Python, or bundle again with --python={here[0]}"
            )
        elif unfit := _unfit(data, here):
            self.reporter.warn(f"wheels that this machine cannot install (an older C library?): {', '.join(unfit)}")
        if data["tools"]:
            self.reporter.note(f"must be on this machine, they were found on the other: {'; '.join(data['tools'])}")
        if data["left_out"]:
            self.reporter.warn(f"not in it: {', '.join(data['left_out'])}")


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
    (fresh / CONTENTS).write_text(_text(data), encoding="utf-8")
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
    record = {
        "format": FORMAT,
        "axs": __version__,
        "asked": "directly",
        "archive": file.name,
        "files": {
            "count": len(files),
            "bytes": sum(item["size"] for item in files.values()),
            "digest": of_value(files),
        },
    }
    (fresh / RECORD).write_text(_text(record), encoding="utf-8")
    (fresh / META).write_text(dump_yaml(meta), encoding="utf-8")
    keep(fresh, files, meta)


def _own_files(fresh: Path, data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The files that unbundling wrote itself."""
    names = [README, CONTENTS, *(f"{item['folder']}/config" for item in data["repositories"])]
    texts = {name: (fresh / name).read_bytes() for name in names}
    return {name: {"size": len(text), "sha256": hashlib.sha256(text).hexdigest()} for name, text in texts.items()}


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


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
