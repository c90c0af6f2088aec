"""Members of archives, by either library: each reads what the other wrote, and what is wrong is refused."""

from __future__ import annotations

import random
import struct
import zipfile
import zlib
from pathlib import Path
from types import ModuleType

import pytest

from axs_core.exchange import deflate
from axs_core.exchange.manifest import BadArchive

TEXT = b"".join(b"%d: %d latency\n" % (number, random.Random(number).randrange(10**6)) for number in range(40_000))
NOISE = random.Random(1).randbytes(300_000)


def engines() -> list[ModuleType]:
    try:
        from isal import isal_zlib
    except ImportError:
        return [zlib]
    return [zlib, isal_zlib]


@pytest.fixture(params=engines(), ids=lambda module: module.__name__)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(deflate, "_engine", request.param)
    module: ModuleType = request.param
    return module


def archive(file: Path, packed: bytes, data: bytes, *, size: int | None = None) -> zipfile.ZipInfo:
    """A file with one member as it may stand in an archive: ``packed`` is said to be ``data``."""
    entry = zipfile.ZipInfo("a.txt")
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.CRC, entry.compress_size = zlib.crc32(data), len(packed)
    entry.file_size = len(data) if size is None else size
    entry.header_offset = 0
    file.write_bytes(entry.FileHeader(zip64=False) + packed)
    return entry


def read(file: Path, entry: zipfile.ZipInfo) -> bytes:
    with file.open("rb") as stream:
        return b"".join(deflate.contents(stream.fileno(), entry))


def packed(data: bytes) -> bytes:
    state = deflate.compressor()
    return bytes(state.compress(data) + state.flush())


@pytest.mark.parametrize("data", [b"", b"x", TEXT, NOISE, bytes(5_000_000)], ids=["none", "one", "text", "noise", "0"])
def test_what_one_library_writes_all_read(engine: ModuleType, data: bytes, tmp_path: Path) -> None:
    entry = archive(tmp_path / "a", packed(data), data)
    for other in engines():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deflate, "_engine", other)
            assert read(tmp_path / "a", entry) == data


def test_memory_stays_small_whatever_a_block_grows_to(engine: ModuleType, tmp_path: Path) -> None:
    data = bytes(20_000_000)
    entry = archive(tmp_path / "a", packed(data), data)
    with (tmp_path / "a").open("rb") as stream:
        assert max(map(len, deflate.contents(stream.fileno(), entry))) <= deflate.BLOCK


def test_what_is_worth_compressing(engine: ModuleType) -> None:
    assert deflate.shrinks(TEXT)
    assert not deflate.shrinks(NOISE)


@pytest.mark.parametrize(
    ("change", "size", "why"),
    [
        (lambda data: data + b"more", None, "it is damaged: 'a.txt': something follows its data"),
        (lambda data: data[:-9], None, "it is damaged: 'a.txt': its data are cut off"),
        (lambda data: data, 1000, "'a.txt': is longer than its 1,000 bytes"),
        (lambda data: data, 10**7, f"'a.txt': ends after {len(TEXT):,} of 10,000,000 bytes"),
        (lambda data: packed(TEXT[::-1]), None, "it is damaged: 'a.txt': its checksum is another"),
        (lambda data: b"\xff" * len(data), None, "it is damaged: 'a.txt': "),
    ],
    ids=["more behind", "cut", "longer", "shorter", "other text", "no deflate"],
)
def test_refused(engine: ModuleType, change: object, size: int | None, why: str, tmp_path: Path) -> None:
    assert callable(change)
    entry = archive(tmp_path / "a", change(packed(TEXT)), TEXT, size=size)
    with pytest.raises(BadArchive) as caught:
        read(tmp_path / "a", entry)
    assert str(caught.value).startswith(why)


def test_a_header_that_is_not_there(tmp_path: Path) -> None:
    entry = archive(tmp_path / "a", packed(TEXT), TEXT)
    entry.header_offset = 4
    with pytest.raises(BadArchive, match="its header is not where the directory says"):
        read(tmp_path / "a", entry)


def test_a_header_with_another_name(tmp_path: Path) -> None:
    entry = archive(tmp_path / "a", packed(TEXT), TEXT)
    data = bytearray((tmp_path / "a").read_bytes())
    data[struct.calcsize("<4s5H3L2H")] = ord("b")
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(BadArchive, match="its header has another name than the directory"):
        read(tmp_path / "a", entry)
