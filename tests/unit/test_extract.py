"""Extracting: every kind of archive, everything that must not come out of one, and all or nothing."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import resource
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from axs_core.base.errors import EntryError, ProduceError
from axs_core.base.reporter import Progress, Reporter
from axs_core.producers import get
from axs_core.producers.archives import unpacking
from axs_core.producers.archives.producer import Extract
from axs_core.producers.base import Job

TREE = {"top/a.txt": b"alpha", "top/sub/b.txt": b"beta"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "entry"
    (made / ".axs").mkdir(parents=True)
    return made


def job(folder: Path, spec: dict[str, Any], reporter: Reporter | None = None) -> Job:
    return Job(spec, folder, folder / ".axs" / "log", reporter or Reporter(), folder.parent)


def extract(folder: Path, archive: str | Path, **spec: Any) -> str | None:
    return Extract().make(job(folder, {"archive": str(archive), **spec})).file


def failure(folder: Path, archive: str | Path, **spec: Any) -> ProduceError:
    before = everything(folder)
    with pytest.raises(ProduceError) as caught:
        extract(folder, archive, **spec)
    assert everything(folder) == before
    return caught.value


def everything(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if ".axs" not in path.parts
    }


def files(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in everything(folder).items() if data is not None}


def member(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry, data


def tar(file: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> Path:
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for entry, data in members:
            archive.addfile(entry, io.BytesIO(data))
    return file


def tree(file: Path, mode: str = "w") -> Path:
    return tar(file, *(member(name, data) for name, data in TREE.items()), mode=mode)


def zipped(file: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
    return file


def zip_info(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def link(name: str, leads_to: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.SYMTYPE, linkname=leads_to)


def hard(name: str, other: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.LNKTYPE, linkname=other)


def test_it_is_registered() -> None:
    assert isinstance(get("extract"), Extract)
    assert get("extract").check(Path("x"), {}) is None


@pytest.mark.parametrize(
    ("name", "mode"), [("a.tar", "w"), ("a.tgz", "w:gz"), ("a.tar.xz", "w:xz"), ("a.tbz2", "w:bz2"), ("noname", "w:gz")]
)
def test_tar_files(folder: Path, name: str, mode: str) -> None:
    tree(folder / name, mode)
    assert extract(folder, name) is None
    assert files(folder) == TREE


def test_zip_files(folder: Path) -> None:
    zipped(folder / "a.zip", ("top/", b""), *TREE.items())
    extract(folder, "a.zip")
    assert files(folder) == TREE


@pytest.mark.parametrize(("suffix", "module"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_single_files(folder: Path, suffix: str, module: Any) -> None:
    (folder / f"labels.txt{suffix}").write_bytes(module.compress(b"tench"))
    assert extract(folder, f"labels.txt{suffix}", strip=3) == "labels.txt"
    assert files(folder) == {"labels.txt": b"tench"}


def test_a_single_file_under_another_name(folder: Path) -> None:
    (folder / "blob").write_bytes(gzip.compress(b"tench"))
    assert extract(folder, "blob", file="labels.txt") == "labels.txt"
    (folder / "blob").write_bytes(gzip.compress(b"more"))
    assert extract(folder, "blob", into="same") == "same/blob"


def test_strip_into_and_main_file(folder: Path) -> None:
    tree(folder / "a.tar")
    assert extract(folder, "a.tar", strip=1, into="x/y", file="x/y/sub/b.txt") == "x/y/sub/b.txt"
    assert files(folder) == {"x/y/a.txt": b"alpha", "x/y/sub/b.txt": b"beta"}


def test_the_folder_is_the_main_file_without_another(folder: Path) -> None:
    tree(folder / "a.tar")
    assert extract(folder, "a.tar", into="images") == "images"


def test_a_missing_main_file_says_what_is_there(folder: Path) -> None:
    tree(folder / "a.tar")
    with pytest.raises(ProduceError) as caught:
        extract(folder, "a.tar", strip=1, file="c.txt")
    assert str(caught.value) == "c.txt is not in a.tar; at its top are: a.txt, sub"


def test_the_archive_may_stay(folder: Path, tmp_path: Path) -> None:
    tree(folder / "a.tar")
    extract(folder, "a.tar", keep_archive=True, into="i")
    extract(folder, tree(tmp_path / "other.tar"), into="j")  # another entry's is not ours to remove
    assert (folder / "a.tar").is_file()
    assert (tmp_path / "other.tar").is_file()


def test_modes(folder: Path) -> None:
    tar(folder / "a.tar", member("tool", mode=0o4777), member("data", mode=0o002))
    extract(folder, "a.tar")
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("tool", "data")}
    assert modes == {"tool": 0o755, "data": 0o600}
    zipped(folder / "a.zip", (zip_info("z", stat.S_IFREG | 0o6755), b""))
    extract(folder, "a.zip")
    assert stat.S_IMODE((folder / "z").stat().st_mode) == 0o755


def test_links_inside(folder: Path) -> None:
    tar(
        folder / "a.tar",
        member("top/lib/x.so.1", b"elf"),
        link("top/lib/x.so", "x.so.1"),
        link("top/here", "lib/../lib"),
        hard("top/same", "top/lib/x.so.1"),
    )
    extract(folder, "a.tar", strip=1)
    assert (folder / "lib/x.so").readlink() == Path("x.so.1")
    assert (folder / "here/x.so").read_bytes() == b"elf"
    assert (folder / "same").samefile(folder / "lib/x.so.1")
    zipped(folder / "a.zip", ("f", b"1"), (zip_info("l", stat.S_IFLNK | 0o777), b"f"))
    extract(folder, "a.zip", into="z")
    assert (folder / "z/l").readlink() == Path("f")


DEEP = [member("a/b/x", b""), link("a/b/c", "../..")]
REFUSED: dict[str, tuple[list[tuple[tarfile.TarInfo, bytes]], str]] = {
    "absolute": ([member("/etc/x")], "'/etc/x': an absolute path"),
    "up": ([member("a/../../x")], "'a/../../x': a path with '..'"),
    "link up": ([link("a/l", "../../x")], "'a/l': a link that leads out of the folder, to '../../x'"),
    "link absolute": ([link("l", "/etc")], "'l': a link that leads out of the folder, to '/etc'"),
    "link chain": ([*DEEP, link("l", "a/b/c/../..")], "'l': a link that leads out of the folder through other links"),
    "through link": ([member("d/x"), link("l", "d"), member("l/y")], "'l/y': below something that is not a folder"),
    "over link": ([member("d/x"), link("l", "d"), member("l", b"1")], "'l': the name is there twice"),
    "hard link out": ([hard("h", "../x")], "'../x': a path with '..'"),
    "hard link to nothing": ([hard("h", "x")], "'h': a hard link to 'x', which is no file that came before it"),
    "hard link to link": (
        [member("x"), link("l", "x"), hard("h", "l")],
        "'h': a hard link to 'l', which is no file that came before it",
    ),
    "device": (
        [member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)],
        "'null': a device, a pipe or something else that is no file, folder or link",
    ),
    "pipe": (
        [member("p", type=tarfile.FIFOTYPE)],
        "'p': a device, a pipe or something else that is no file, folder or link",
    ),
    "twice": ([member("x", b"1"), member("./x", b"2")], "'./x': the name is there twice"),
    "file and folder": ([member("x", b"1"), member("x/y")], "'x/y': below something that is not a folder"),
    "folder and file": ([member("x/y"), member("x", b"1")], "'x': the name is there twice"),
    "case": ([member("a/Read"), member("a/read")], "'a/read': on some file systems the same name as 'a/Read'"),
    "case of folders": ([member("A/x"), member("a/y")], "'a/y': on some file systems the same name as 'A'"),
    "accents": ([member("e\u0301"), member("\u00e9")], "'é': on some file systems the same name as 'e\u0301'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_must_not_come_out_of_a_tar_file(folder: Path, case: str) -> None:
    members, words = REFUSED[case]
    tar(folder / "a.tar", member("good", b"1"), *members)
    assert str(failure(folder, "a.tar")) == f"a.tar cannot be extracted: {words}"
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../x", "'../x': a path with '..'"),
        ("/x", "'/x': an absolute path"),
        ("..\\x", "'..\\\\x': a path with backslashes"),
        (zip_info("l", stat.S_IFLNK), "'l': a link that leads out of the folder, to '/etc/passwd'"),
        (zip_info("p", stat.S_IFIFO), "'p': a device, a pipe or something else that is no file, folder or link"),
    ],
)
def test_what_must_not_come_out_of_a_zip_file(folder: Path, name: str | zipfile.ZipInfo, words: str) -> None:
    zipped(folder / "a.zip", ("good", b"1"), (name, b"/etc/passwd"))
    assert str(failure(folder, "a.zip")) == f"a.zip cannot be extracted: {words}"


def test_an_encrypted_zip_file(folder: Path) -> None:
    data = bytearray(zipped(folder / "a.zip", ("x", b"1")).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (folder / "a.zip").write_bytes(data)
    assert str(failure(folder, "a.zip")) == "a.zip cannot be extracted: 'x': it is encrypted"


ZEROS = bytes(3_000_000)


@pytest.mark.parametrize(
    "make",
    [
        lambda file: file.write_bytes(gzip.compress(ZEROS)),
        lambda file: tar(file, member("x", ZEROS), mode="w:gz"),
        lambda file: zipped(file, ("x", ZEROS)),
    ],
)
def test_bombs(folder: Path, make: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch) -> None:
    make(folder / "x.gz")
    words = "x.gz cannot be extracted: 'x': the archive grows to more than 2,000,000 bytes (max_size, max_ratio)"
    assert str(failure(folder, "x.gz", max_size=2_000_000)) == words
    monkeypatch.setattr(unpacking, "_SMALL", 1000)
    limit = (folder / "x.gz").stat().st_size * 10
    assert str(failure(folder, "x.gz", max_ratio=10)).endswith(f"more than {limit:,} bytes (max_size, max_ratio)")
    extract(folder, "x.gz", max_ratio=2000)


def test_too_many_members(folder: Path) -> None:
    tree(folder / "a.tar")
    words = "a.tar cannot be extracted: 'top/sub/b.txt': the archive holds more than 1 members (max_members)"
    assert str(failure(folder, "a.tar", max_members=1)) == words


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_cut_off_tar_files(folder: Path, mode: str) -> None:
    noise = os.urandom(200_000)
    whole = tar(folder / "a.tar", member("x", noise), member("y", noise), mode=mode).read_bytes()
    (folder / "a.tar").write_bytes(whole[: len(whole) // 3])
    error = failure(folder, "a.tar")
    assert str(error).startswith("a.tar ")
    assert "cut off" in str(error)


def test_damaged_files(folder: Path) -> None:
    whole = zipped(folder / "a.zip", ("x", os.urandom(1000))).read_bytes()
    (folder / "a.zip").write_bytes(whole[:500])
    error = failure(folder, "a.zip")
    assert str(error) == "a.zip is damaged or cut off: File is not a zip file"
    assert error.hint == "ask for it again with --fresh=all"
    (folder / "a.zip").write_bytes(whole[:100] + b"\0" * 8 + whole[108:])
    assert str(failure(folder, "a.zip")).startswith("a.zip is damaged or cut off: ")
    (folder / "f.bz2").write_bytes(b"BZh9 and then something else")
    assert str(failure(folder, "f.bz2")) == "f.bz2 is damaged or cut off: Invalid data stream"


@pytest.mark.parametrize("data", [b"", b"<html>not an archive</html>"])
def test_what_is_no_archive(folder: Path, data: bytes) -> None:
    (folder / "a.tgz").write_bytes(data)
    assert str(failure(folder, "a.tgz")) == "a.tgz is not an archive: it is neither tar, zip, gz, bz2 nor xz"


def test_a_missing_or_an_empty_archive(folder: Path) -> None:
    assert str(failure(folder, "a.tar")) == f"there is no archive {folder / 'a.tar'}"
    tree(folder / "a.tar")
    assert str(failure(folder, "a.tar", strip=9)) == "a.tar cannot be extracted: nothing is in it after strip: 9"


def test_names_that_are_taken(folder: Path) -> None:
    tar(folder / "a.tar", member("x"), member("meta.yaml"))
    error = failure(folder, "a.tar")
    assert str(error) == "a.tar cannot be extracted: 'meta.yaml' is a name that axs keeps for itself"
    assert error.hint == "extract it into a subfolder: `into: files`"
    (folder / "files").mkdir()
    (folder / "files" / "x").write_text("older")
    words = f"a.tar cannot be extracted: {folder / 'files' / 'x'} is there already"
    assert str(failure(folder, "a.tar", into="files")) == words
    tar(folder / "b", member("b/x", b"1"))  # a folder with the name of the archive, which goes
    extract(folder, "b")
    assert (folder / "b" / "x").read_bytes() == b"1"


def test_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(folder / "a.tar")

    def full(block: bytes, file: io.FileIO, path: Path, needed: int | None = None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpacking, "write_all", full)
    assert str(failure(folder, "a.tar")).startswith("the disk is full: ")


def test_progress_is_that_of_the_archive(folder: Path) -> None:
    told: list[tuple[str, int | None]] = []

    class Bar(Progress):
        def advance(self, amount: int) -> None:
            told.append(("+", amount))

    class Talk(Reporter):
        def progress(self, text: str, total: int | None, unit: str = "B") -> Any:
            import contextlib

            told.append((text, total))
            return contextlib.nullcontext(Bar())

    size = tree(folder / "a.tar", "w:gz").stat().st_size
    Extract().make(job(folder, {"archive": "a.tar"}, Talk()))
    assert told[0] == ("extracting a.tar", size)
    assert sum(amount or 0 for _, amount in told[1:]) == size


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "make.extract.archive: expected the path of an archive"),
        ({"archive": "../a"}, "make.extract.archive: '../a' is not a path inside of the entry's folder"),
        ({"archive": "a.tar", "into": "/x"}, "make.extract.into: '/x' is not a path inside of the entry's folder"),
        ({"archive": "a.tar", "strip": -1}, "make.extract.strip: -1 is not a whole number of at least 0"),
    ],
)
def test_a_bad_spec_names_the_key(folder: Path, spec: dict[str, Any], words: str) -> None:
    tree(folder / "a.tar")
    with pytest.raises(EntryError) as caught:
        Extract().make(job(folder, spec))
    assert str(caught.value) == words


def pax(file: Path, size: int) -> Path:
    """A tar file whose second member has attributes of ``size`` bytes; the zeros are there, packed."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, size
    with gzip.open(file, "wb") as packed:
        packed.write(member("good", b"1")[0].tobuf() + b"1" + bytes(511))
        packed.write(header.tobuf())
        for _ in range(size >> 20):
            packed.write(bytes(1 << 20))
        packed.write(bytes(1024))
    return file


def test_a_header_that_would_fill_the_memory(folder: Path) -> None:
    """tarfile reads attributes and long names as a whole; they come before anything that could be counted."""
    pax(folder / "a.tar.gz", 8 << 20)
    assert str(failure(folder, "a.tar.gz")) == "a.tar.gz cannot be extracted: 'x': a header of 8,388,608 bytes"
    long = member("n" * 5000, b"1")[0].tobuf(tarfile.GNU_FORMAT)
    (folder / "b.tar").write_bytes(long + b"1" + bytes(511 + 1024))
    assert "b.tar cannot be extracted" not in str(failure(folder, "b.tar"))  # a name that no file system takes


@pytest.mark.parametrize("kind", [b"V", b"S", b"D", b"M", b"7"])
def test_kinds_of_members_that_nobody_uses(folder: Path, kind: bytes) -> None:
    tar(folder / "a.tar", member("good", b"1"), member("x", type=kind))
    try:
        extract(folder, "a.tar")
    except ProduceError as error:
        assert "'x': a device, a pipe or something else" in str(error)
    assert set(files(folder)) <= {"a.tar", "good", "x"}


def test_a_sparse_file_counts_as_large_as_it_is(folder: Path) -> None:
    """As GNU tar writes it: a map of where the data are, and a size of a terabyte."""
    sparse = tarfile.TarInfo("s")
    sparse.type, sparse.size = tarfile.GNUTYPE_SPARSE, 512
    header = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0%011o\0" % ((1 << 33) - 512, 512)
    header[483:495] = b"%011o\0" % ((1 << 33) - 1)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (folder / "a.tar").write_bytes(member("good")[0].tobuf() + bytes(header) + b"1" * 512 + bytes(1024))
    assert "'s': the archive grows to more than" in str(failure(folder, "a.tar"))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_damage_in_the_middle_is_not_the_end(folder: Path, mode: str) -> None:
    """Python's tarfile takes a header that it cannot read for the end, and says nothing."""
    plain = tar(folder / "a.tar", member("x", b"1"), member("y", b"2"), member("z", b"3")).read_bytes()
    damaged = plain[:1024] + b"damage" + plain[1030:]
    (folder / "a.tar").write_bytes(gzip.compress(damaged) if mode == "w:gz" else damaged)
    assert str(failure(folder, "a.tar")).startswith("a.tar is damaged or cut off: it ends where more should come")
    (folder / "a.tar").write_bytes(plain[:1200])
    assert str(failure(folder, "a.tar")).startswith("a.tar is damaged or cut off: it ends where more should come")


def test_set_user_id_and_write_for_others_are_dropped(folder: Path) -> None:
    tar(folder / "a.tar", member("t/s", b"1", mode=0o6777), member("t/n", b"1", mode=0))
    info = zip_info("z", stat.S_IFREG | 0o6777)
    extract(folder, "a.tar")
    zipped(folder / "b.zip", (info, b"1"))
    extract(folder, "b.zip", into="b")
    modes = [stat.S_IMODE((folder / name).stat().st_mode) for name in ("t/s", "t/n", "b/z")]
    assert modes == [0o755, 0o600, 0o755]


@pytest.mark.parametrize(
    "name",
    [
        *("meta.yaml", "META.YAML", "Record.json", ".axs", ".AXS", "meta.yaml.", "meta.yaml ", ".axs. "),
        *(".a\u200bxs", "\uff4deta.yaml"),
    ],
)
def test_the_engines_own_names_on_any_file_system(folder: Path, name: str) -> None:
    """Where a file system knows no case, drops dots at the end, or does not see what is invisible."""
    tar(folder / "a.tar", member(f"{name}/x" if "axs" in name.lower() else name, b"1"))
    assert "is a name that axs keeps for itself" in str(failure(folder, "a.tar"))
    with pytest.raises(EntryError):
        extract(folder, "a.tar", into=f"{name}/y")


def test_names_that_some_file_systems_shorten(folder: Path) -> None:
    tar(folder / "a.tar", member("d/x", b"1"), member("d./y", b"2"))
    assert str(failure(folder, "a.tar")).endswith("'d./y': on some file systems the same name as 'd'")


def test_an_archive_in_an_archive_stays_one(folder: Path) -> None:
    inner = tar(folder.parent / "inner.tar", member("../../x", b"1")).read_bytes()
    tar(folder / "a.tar", member("inner.tar", inner))
    assert extract(folder, "a.tar") == "inner.tar"
    assert (folder / "inner.tar").read_bytes() == inner


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no Linux")
def test_more_memory_than_there_is(folder: Path) -> None:
    """Some bytes of xz may ask for a dictionary of four gigabytes."""
    data = bytearray(lzma.compress(b"x" * 100))
    assert data[14:16] == b"\x21\x01"  # in the header of the first block: LZMA2, with one byte that says how large
    data[16] = 40
    end = 12 + 4 * data[12]
    data[end : end + 4] = zlib.crc32(data[12:end]).to_bytes(4, "little")
    (folder / "x.xz").write_bytes(data)
    before = resource.getrlimit(resource.RLIMIT_AS)
    here = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (here + (1 << 30), before[1]))
    try:
        error = failure(folder, "x.xz")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert str(error) == "x.xz is damaged or cut off: it needs more memory than there is"
