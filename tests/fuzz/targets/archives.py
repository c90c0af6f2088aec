"""Archives: results for ``axs unzip``, and what ``extract`` unpacks."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from fuzz.guard import Fault
from fuzz.mutation import mutated
from fuzz.target import Target
from fuzz.toy_room import ToyRoom
from hypothesis import strategies as st
from support.archives import E, HandMade

from axs_core.base.reporter import Reporter
from axs_core.producers.archives.producer import Extract
from axs_core.producers.base import Job

_MEMBERS = ("a.txt", "dir/b.txt", "dir/c/d.txt")


def _tar(mode: str = "w", **extra: Any) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode=mode) as tar:  # type: ignore[call-overload]
        for name in _MEMBERS:
            item = tarfile.TarInfo(name)
            item.size = 5
            tar.addfile(item, io.BytesIO(b"hello"))
        for name, kind, leads in (
            ("link", tarfile.SYMTYPE, "a.txt"),
            ("hard", tarfile.LNKTYPE, "a.txt"),
            ("d", tarfile.DIRTYPE, ""),
        ):
            item = tarfile.TarInfo(name)
            item.type, item.linkname = kind, leads
            tar.addfile(item)
    return output.getvalue()


def _zip() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _MEMBERS:
            archive.writestr(name, b"hello" * 20)
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "a.txt")
    return output.getvalue()


# The first byte says what the archive is for: R results for `axs unzip`, X for `extract`.
SEEDS = (
    b"R" + HandMade.good().bytes(),
    b"X" + _tar(),
    b"X" + _tar("w:gz"),
    b"X" + _tar("w:xz"),
    b"X" + _tar("w:bz2"),
    b"X" + _zip(),
    b"X" + gzip.compress(b"hello" * 50),
    b"X" + bz2.compress(b"hello" * 50),
    b"X" + lzma.compress(b"hello" * 50),
)
TOKENS = (
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\xfd7zXZ\0",
    b"ustar\0",
    b"ustar  \0",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\xff\xff",
    b"../",
    b"/",
    b"\0" * 512,
    b"77777777777\0",
    b"\x80\0\0\0\0\0\0\0\0\0\0\0",
    b"30 path=../../../x\n",
    b"20 size=99999999\n",
    b"19 linkpath=/etc\n",
    b"GNU.sparse.map=",
)
_NAMES = st.one_of(
    st.sampled_from(
        [
            "a.txt",
            "dir/b",
            "../x",
            "/x",
            "dir/../../x",
            ".axs/x",
            "meta.yaml",
            "record.json",
            "A.TXT",
            "a.txt/x",
            "",
            ".",
            "..",
            "a\\b",
            "C:x",
            "a" * 300,
            "\u00e9",
            "e\u0301",
            "dir",
            "\udcff",
            "a\0b",
            "link",
            "link/x",
            "c/" * 60,
        ]
    ),
    st.text(max_size=10),
)
_KINDS = st.sampled_from(
    [
        tarfile.REGTYPE,
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.DIRTYPE,
        tarfile.CHRTYPE,
        tarfile.FIFOTYPE,
        tarfile.CONTTYPE,
        tarfile.GNUTYPE_SPARSE,
        b"Z",
    ]
)
_ITEMS = st.lists(
    st.tuples(_NAMES, _KINDS, _NAMES, st.binary(max_size=20), st.integers(0, 0o7777)), min_size=1, max_size=6
)


def _built_tar(items: list[tuple[str, bytes, str, bytes, int]], mode: str) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode=mode, format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:  # type: ignore[call-overload]
        for name, kind, leads, data, bits in items:
            item = tarfile.TarInfo(name.encode("utf-8", "replace").decode())
            item.type, item.linkname, item.mode = kind, leads.encode("utf-8", "replace").decode(), bits
            item.size = len(data) if kind in (tarfile.REGTYPE, tarfile.CONTTYPE) else 0
            tar.addfile(item, io.BytesIO(data))
    return b"X" + output.getvalue()


def _built_zip(items: list[tuple[str, bytes, str, bytes, int]]) -> bytes:
    output = io.BytesIO()
    kinds = {tarfile.SYMTYPE: stat.S_IFLNK, tarfile.DIRTYPE: stat.S_IFDIR, tarfile.CHRTYPE: stat.S_IFCHR}
    with zipfile.ZipFile(output, "w") as archive:
        for name, kind, leads, data, bits in items:
            item = zipfile.ZipInfo((name or "x").encode("utf-8", "replace").decode())
            item.create_system, item.external_attr = 3, (kinds.get(kind, stat.S_IFREG) | bits) << 16
            archive.writestr(item, leads.encode("utf-8", "replace") if kind == tarfile.SYMTYPE else data)
    return b"X" + output.getvalue()


_PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=6),
        st.sampled_from(["{{ a }}", "../x", 10**30]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=5), inner, max_size=2)),
    max_leaves=4,
)


def _results(file: str, content: bytes, manifest: dict[str, Any], more: list[tuple[str, bytes]]) -> bytes:
    """An archive of results with another file in it, other things in its manifest, and further files."""
    made = HandMade.good()
    if file:
        made.files[f"{E}{file}"] = content
        made.keep_record = file == "record.json"
    made.files.update({name: data for name, data in more if name})
    made.settle()
    made.manifest = {**made.listing(), **manifest}
    try:
        return b"R" + made.bytes()
    except (ValueError, UnicodeError):
        return b"R" + json.dumps(manifest).encode()


_RESULTS = st.builds(
    _results,
    st.sampled_from(["", "meta.yaml", "record.json", "out.txt"]),
    st.one_of(st.binary(max_size=30), _PLAIN.map(lambda data: json.dumps(data).encode())),
    st.dictionaries(
        st.sampled_from(["format", "title", "identifier", "authors", "license", "files"]), _PLAIN, max_size=2
    ),
    st.lists(
        st.tuples(_NAMES.map(lambda name: name.encode("utf-8", "replace").decode()), st.binary(max_size=5)), max_size=2
    ),
)


class Room(ToyRoom):
    """Archives are opened into the work collection, and unpacked in the folder of an entry in the making."""

    def fill(self) -> None:
        super().fill()
        self.space.session.store.open()

    def tried(self, data: bytes) -> str:
        place = self.root / "work" / "tried"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if data[:1] == b"R":
            return self._unzipped(place, data[1:])
        return self._extracted(place, data[1:])

    def _unzipped(self, place: Path, data: bytes) -> str:
        archive = place / "in.zip"
        archive.write_bytes(data)
        before = set((self.root / "work").iterdir())
        made = None
        try:
            made = self.space.unzip(archive)
            self._looked_at(made.path)
        finally:
            left = set((self.root / "work").iterdir()) - before - {made.path if made else None}
            if left or (self.root / "work" / ".axs" / "unzip").exists():
                raise Fault(f"something is left behind: {left}")
        made.remove()
        return "opened"

    def _looked_at(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise Fault(f"{path} is no plain file")
        len(self.space.all_byquery("result"))
        self.space.table("result")
        self.space.byname("result_1").describe()

    def _extracted(self, place: Path, data: bytes) -> str:
        (place / "in").write_bytes(data)
        spec = {"archive": "in", "keep_archive": True, "into": "out", "max_size": 100_000_000}
        job = Job(spec, place, place / "log", Reporter(), place)
        try:
            Extract().make(job)
        finally:
            left = [item.name for item in place.iterdir() if item.name not in ("in", "out")]
            if left:
                raise Fault(f"something is left behind: {left}")
        for path in (place / "out").rglob("*"):
            if not path.resolve().is_relative_to(place / "out"):
                raise Fault(f"{path} leads out")
        return "extracted"


TARGET = Target(
    "archives",
    Room,
    st.one_of(
        mutated(SEEDS, TOKENS),
        st.builds(_built_tar, _ITEMS, st.sampled_from(["w", "w", "w:gz"])),
        st.builds(_built_zip, _ITEMS),
        _RESULTS,
    ),
    SEEDS,
    TOKENS,
)
