"""Archives that must be refused, each for its own reason, with nothing left behind."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.archives import META, E, HandMade, end_of, long, patched, short
from support.toy import Toys

from axs_core.base.errors import AxsError
from axs_core.exchange.manifest import BadArchive
from axs_core.store import INCOMING

Make = Callable[[], bytes]
OUT = f"{E}out.txt"
DIGEST = hashlib.sha256(b"97.5\n" * 100).hexdigest()
CUT = "its end is missing, or something follows it: it is cut off or was changed"


def good() -> bytes:
    return HandMade.good().bytes()


def added(name: str, data: bytes = b"x") -> Make:
    """With one more file, which the manifest knows."""

    def make() -> bytes:
        made = HandMade.good().settle()
        made.files[name] = data
        made.manifest = made.listing()
        return made.bytes()

    return make


def unlisted(*names: str) -> Make:
    """With more members than the manifest knows."""

    def make() -> bytes:
        made = HandMade.good()
        made.extra = [(name, b"x") for name in names]
        return made.bytes()

    return make


def item(name: str, change: Callable[[zipfile.ZipInfo], None]) -> Make:
    """With the member ``name`` told to be something else."""

    def make() -> bytes:
        made = HandMade.good()
        made.change = lambda found: change(found) if found.filename == name else None
        return made.bytes()

    return make


def kind(mode: int) -> Make:
    """With a member of this kind."""

    def change(found: zipfile.ZipInfo) -> None:
        found.external_attr = (mode | 0o644) << 16

    return item(OUT, change)


def manifest(change: Callable[[dict], object]) -> Make:
    """With a changed manifest."""

    def make() -> bytes:
        made = HandMade.good().settle()
        change(made.manifest)
        return made.bytes()

    return make


def raw_manifest(data: bytes) -> Make:
    def make() -> bytes:
        made = HandMade.good().settle()
        made.manifest = data
        return made.bytes()

    return make


def meta(old: str, new: str) -> Make:
    """With another ``meta.yaml``, which manifest and record agree with."""

    def make() -> bytes:
        made = HandMade.good()
        assert old in META
        made.files[f"{E}meta.yaml"] = META.replace(old, new).encode()
        return made.bytes()

    return make


def file(name: str, data: bytes | None, *, keep_record: bool = False) -> Make:
    """With other bytes in a file, or without it; the manifest agrees."""

    def make() -> bytes:
        made = HandMade.good().settle()
        made.keep_record = True
        if data is None:
            del made.files[name]
        else:
            made.files[name] = data
        made.manifest = made.listing()
        return made.bytes()

    return make


def cut(share: float) -> Make:
    return lambda: good()[: int(len(good()) * share)]


def swapped() -> bytes:
    """The bytes of a file are other ones of the same length: manifest and record say so."""
    made = HandMade.good().settle()
    made.files[OUT] = b"99.9\n" * 100
    made.keep_record = True
    made.manifest = None
    return made.bytes()


def damaged_data() -> bytes:
    data = bytearray(good())
    at = data.find(OUT.encode()) + len(OUT)
    data[at : at + 8] = b"\xff" * 8
    return bytes(data)


def wrong_checksum() -> bytes:
    return patched(good(), OUT, 14, b"\0\0\0\0", local=True)


def other_local_name() -> bytes:
    data = good()
    at = data.find(OUT.encode())
    return data[:at] + OUT.replace("out", "0ut").encode() + data[at + len(OUT) :]


def shorter_than_it_says() -> bytes:
    made = HandMade.good().settle()
    assert isinstance(made.manifest, dict)
    made.manifest["files"][OUT]["size"] = 600
    return patched(made.bytes(), OUT, 22, long(600), local=True)


def overlapping() -> bytes:
    """Two members with one place."""
    changed = bytearray(good())
    first = changed.find(b"PK\x01\x02")
    second = changed.find(b"PK\x01\x02", first + 4)
    changed[second + 42 : second + 46] = changed[first + 42 : first + 46]
    return bytes(changed)


def shifted() -> bytes:
    return b"PK\x03\x04" + b"\0" * 96 + good()


def bomb() -> bytes:
    made = HandMade.good()
    made.files[OUT] = b"\0" * (65 << 20)
    return made.bytes()


REFUSED: list[tuple[str, Make, str]] = [
    ("empty file", lambda: b"", "the file is empty"),
    ("no zip", lambda: b"hello " * 100, "it is not a zip archive"),
    ("a tar", lambda: b"entries/".ljust(512, b"\0") * 4, "it is not a zip archive"),
    ("cut in the middle", cut(0.5), CUT),
    ("last byte gone", lambda: good()[:-1], CUT),
    ("a byte more", lambda: good() + b"\0", CUT),
    (
        "a comment",
        lambda: end_of(good(), 20, short(5)) + b"hello",
        CUT,
    ),
    ("only four bytes", lambda: b"PK\x03\x04", CUT),
    ("several parts", lambda: end_of(good(), 4, short(1)), "it is one part of an archive in several parts"),
    ("no members", lambda: b"PK\x05\x06" + b"\0" * 18, "nothing is in it"),
    ("directory elsewhere", lambda: end_of(good(), 16, long(7)), "its directory is not where its end says"),
    ("huge directory", lambda: end_of(good(), 12, long(1 << 30)), "its directory is larger than its files call for"),
    ("ZIP64 end missing", lambda: end_of(good(), 16, long(0xFFFFFFFF)), "its end for large archives is missing"),
    ("something before", shifted, "its directory is not where its end says"),
    ("overlap", overlapping, f"'{E}meta.yaml': it overlaps with another one, or reaches beyond the end"),
    ("encrypted", lambda: patched(good(), OUT, 6, short(1)), f"'{OUT}': it is encrypted"),
    (
        "unknown compression",
        lambda: patched(good(), OUT, 8, short(93)),
        f"'{OUT}': it is compressed in a way that is not read here (method 93)",
    ),
    (
        "bzip2",
        lambda: patched(good(), OUT, 8, short(12)),
        f"'{OUT}': it is compressed in a way that is not read here (method 12)",
    ),
    ("stored, but smaller", lambda: patched(good(), OUT, 8, short(0)), f"'{OUT}': stored in another size than its own"),
    ("parent folder", added("entries/../../evil"), "'entries/../../evil': a path with '..'"),
    ("climbs at the end", added(f"{E}a/.."), f"'{E}a/..': a path with '..'"),
    ("absolute", added("/etc/evil"), "'/etc/evil': an absolute path"),
    ("drive letter", added("C:/evil/x/y"), "'C:/evil/x/y': an absolute path"),
    ("backslashes", added("entries\\..\\evil"), "'entries\\\\..\\\\evil': a path with backslashes"),
    ("empty part", added(f"{E}a//b"), f"'{E}a//b': a path with empty parts"),
    ("dot part", added(f"{E}./b"), f"'{E}./b': a path with empty parts"),
    ("newline", added(f"{E}a\nb"), f"'{E}a\\nb': a name with characters that do not print"),
    ("right to left", added(f"{E}a\u202etxt"), f"'{E}a\\u202etxt': a name with characters that do not print"),
    ("long name", added(E + "n" * 300), f"'{(E + 'n' * 300)[:40]}': a name of more than 255 bytes"),
    ("a folder", unlisted(f"{E}sub/"), f"'{E}sub/': a folder as a member"),
    ("a link", kind(stat.S_IFLNK), f"'{OUT}': a link"),
    ("a device", kind(stat.S_IFBLK), f"'{OUT}': a device, a pipe or something else that is no file"),
    ("a pipe", kind(stat.S_IFIFO), f"'{OUT}': a device, a pipe or something else that is no file"),
    ("a socket", kind(stat.S_IFSOCK), f"'{OUT}': a device, a pipe or something else that is no file"),
    ("set-user-id", kind(stat.S_IFREG | stat.S_ISUID), f"'{OUT}': a file that runs with the rights of another user"),
    ("other case", added(f"{E}OUT.TXT"), f"'{E}OUT.TXT': on some file systems the same name as '{OUT}'"),
    (
        "folder in other case",
        added("entries/Result_1/x"),
        "'entries/Result_1/x': on some file systems the same name as 'entries/result_1'",
    ),
    (
        "other coding of accents",
        unlisted(f"{E}caf\u00e9", f"{E}cafe\u0301"),
        f"'{E}cafe\u0301': on some file systems the same name as '{E}caf\u00e9'",
    ),
    (
        "compatible letters",
        added(f"{E}out\uff0etxt"),
        f"'{E}out\uff0etxt': on some file systems the same name as '{OUT}'",
    ),
    ("below a file", added(f"{OUT}/x"), f"'{OUT}/x': below something that is not a folder"),
    ("a file as a folder", unlisted(f"{E}a/b", f"{E}a"), f"'{E}a': a file where others have a folder"),
    ("an own meta.yaml", added("meta.yaml"), "'meta.yaml': nothing of that name belongs into an archive of results"),
    ("beside the entries", added("entries/x"), "'entries/x': nothing of that name belongs into an archive of results"),
    ("hidden entry", added("entries/.git/config"), "'entries/.git/config': not a name for an entry"),
    ("engine's folder", added(f"{E}.axs/asked"), f"'{E}.axs/asked': .axs is a name that axs keeps for itself"),
    ("bomb", bomb, f"'{OUT}': it grows to more than 67,108,864 bytes (max_size, max_ratio)"),
    (
        "no manifest",
        lambda: patched(
            patched(good(), "manifest.json", 30, b"sources/x/y.j", local=True, central=False),
            "manifest.json",
            44,
            b"sources/x/y.j",
        ),
        "it has no manifest.json, so it is no archive of results",
    ),
    (
        "no crate",
        file("ro-crate-metadata.json", None),
        "it has no ro-crate-metadata.json, so it is no archive of results",
    ),
    (
        "crate is no JSON",
        file("ro-crate-metadata.json", b"no"),
        "'ro-crate-metadata.json': is not JSON: Expecting value: line 1 column 1 (char 0)",
    ),
    ("manifest is no mapping", raw_manifest(b"[]"), "'manifest.json': is no mapping"),
    (
        "manifest with a key twice",
        raw_manifest(b'{"format": 1, "format": 1}'),
        "'manifest.json': a key stands there twice",
    ),
    (
        "manifest is no text",
        raw_manifest(b"\xff\xfe"),
        "'manifest.json': is not JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    ),
    (
        "newer format",
        manifest(lambda data: data.update(format=2)),
        "'manifest.json': has format 2; this axs reads format 1",
    ),
    ("title is a number", manifest(lambda data: data.update(title=1)), "'manifest.json': title must be text"),
    (
        "title is a template",
        manifest(lambda data: data.update(title="{{ path }}")),
        "'manifest.json': holds a template: '{{ path }}'",
    ),
    (
        "authors is a text",
        manifest(lambda data: data.update(authors="me")),
        "'manifest.json': authors must be a list of texts",
    ),
    ("files is a list", manifest(lambda data: data.update(files=[])), "'manifest.json': files must be a mapping"),
    (
        "no digest",
        manifest(lambda data: data["files"][OUT].pop("sha256")),
        f"'manifest.json': its item for '{OUT}' is not a size and a SHA-256",
    ),
    (
        "negative size",
        manifest(lambda data: data["files"][OUT].update(size=-1)),
        f"'manifest.json': its item for '{OUT}' is not a size and a SHA-256",
    ),
    (
        "a file is missing",
        manifest(lambda data: data["files"].update({f"{E}gone": data["files"][OUT]})),
        f"'{E}gone': is in the manifest, but not in the archive",
    ),
    ("a file too many", unlisted(f"{E}more"), f"'{E}more': is in the archive, but not in its manifest"),
    ("another size", manifest(lambda data: data["files"][OUT].update(size=7)), f"'{OUT}': has 500 bytes, not 7"),
    ("shorter than it says", shorter_than_it_says, f"'{OUT}': ends after 500 of 600 bytes"),
    (
        "another digest",
        manifest(lambda data: data["files"][OUT].update(sha256="0" * 64)),
        f"'{OUT}': has other content than its manifest says (SHA-256 {DIGEST})",
    ),
    ("another record", swapped, f"'{E}record.json': its files are not those of its record"),
    ("no meta.yaml", file(f"{E}meta.yaml", None), "'entries/result_1': has no meta.yaml"),
    ("no record", file(f"{E}record.json", None), "'entries/result_1': has no record.json"),
    (
        "record is no JSON",
        file(f"{E}record.json", b"no"),
        f"'{E}record.json': is not JSON: Expecting value: line 1 column 1 (char 0)",
    ),
    ("record is a list", file(f"{E}record.json", b"[]"), f"'{E}record.json': is not a record"),
    (
        "meta is no YAML",
        meta("title: A result", "title: ["),
        f"'{E}meta.yaml': is not valid YAML: did not find expected ',' or ']'",
    ),
    (
        "meta with an unknown key",
        meta("title: A result", "tilte: A result"),
        f"'{E}meta.yaml': tilte: is not a key that is known here",
    ),
    (
        "not made by axs",
        meta(META[META.index("produced:") :], ""),
        f"'{E}meta.yaml': was not made by axs: it has no section 'produced'",
    ),
    (
        "a recipe",
        meta("tags: [result]", "provides: [[result]]"),
        f"'{E}meta.yaml': has provides: a recipe does not come in with results",
    ),
    (
        "makes things",
        meta("tags: [result]", "tags: [result]\nmake: {program: {run: [id]}}"),
        f"'{E}meta.yaml': has make: a recipe does not come in with results",
    ),
    ("a collection", meta("tags: [result]", "tags: [collection]"), f"'{E}meta.yaml': is a collection itself"),
    (
        "an environment",
        meta("by: [program]", "by: [python_env]"),
        f"'{E}meta.yaml': was made by python_env: that is worth nothing on another machine",
    ),
    (
        "no key",
        meta("ab" * 32, "short"),
        f"'{E}meta.yaml': its section 'produced' says neither how nor when it was made",
    ),
    (
        "a template",
        meta("accuracy: 97.5", "accuracy: '{{ path }}'"),
        f"'{E}meta.yaml': holds a template: '{{{{ path }}}}'",
    ),
    (
        "main file elsewhere",
        meta("file: out.txt", "file: /etc/passwd"),
        f"'{E}meta.yaml': its file lies outside of it: '/etc/passwd'",
    ),
    (
        "other file elsewhere",
        meta("file: out.txt}", "file: out.txt, log: ../../x}\npaths: [log]"),
        f"'{E}meta.yaml': its log lies outside of it: '../../x'",
    ),
]
DAMAGED: list[tuple[str, Make]] = [
    ("damaged data", damaged_data),
    ("wrong checksum", wrong_checksum),
    ("another name in front of the data", other_local_name),
]


def test_there_are_many() -> None:
    assert len(REFUSED) + len(DAMAGED) >= 30
    assert len({name for name, *_ in [*REFUSED, *DAMAGED]}) == len(REFUSED) + len(DAMAGED)


def test_the_good_one_is_opened(toys: Toys, tmp_path: Path) -> None:
    (tmp_path / "results.zip").write_bytes(good())
    space = toys.space()
    assert space.unzip(tmp_path / "results.zip").name == "results"
    assert space.byname("result_1")["accuracy"] == 97.5


@pytest.mark.parametrize(("make", "why"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(make: Make, why: str, toys: Toys, tmp_path: Path) -> None:
    assert refusal(toys, tmp_path, make()) == f"results.zip is refused: {why}"


@pytest.mark.parametrize("make", [case[1] for case in DAMAGED], ids=[case[0] for case in DAMAGED])
def test_damaged(make: Make, toys: Toys, tmp_path: Path) -> None:
    """What zlib says about it differs between versions."""
    assert refusal(toys, tmp_path, make()).startswith("results.zip is refused: it is damaged: ")


def test_every_cut_is_refused(toys: Toys, tmp_path: Path) -> None:
    data = good()
    space = toys.space()
    archive = tmp_path / "results.zip"
    for length in range(0, len(data), 7):
        archive.write_bytes(data[:length])
        with pytest.raises(BadArchive):
            space.unzip(archive)
    assert not list(space.all_byquery("result"))


def test_bounds_can_be_named(toys: Toys, tmp_path: Path) -> None:
    archive = tmp_path / "results.zip"
    archive.write_bytes(good())
    space = toys.space()
    with pytest.raises(BadArchive, match="it holds more than 2 files"):
        space.unzip(archive, limits={"max_members": 2})
    with pytest.raises(BadArchive, match="it grows to more than 300 bytes"):
        space.unzip(archive, limits={"max_size": 300})
    with pytest.raises(AxsError) as raised:
        space.unzip(archive, limits={"max_size": 0})
    assert str(raised.value) == "max_size must be a whole number above 0, not 0"


def refusal(toys: Toys, tmp_path: Path, data: bytes) -> str:
    """What is said of an archive; nothing of it stays, and nothing is written anywhere else."""
    space = toys.space()
    space.session.store.open()
    archive = tmp_path / "results.zip"
    archive.write_bytes(data)
    before = everything(tmp_path)
    with pytest.raises(AxsError) as raised:
        space.unzip(archive)
    assert everything(tmp_path) == before
    assert not list(space.all_byquery("result"))
    assert raised.value.exit_code == 1
    return str(raised.value)


def everything(folder: Path) -> list[str]:
    """All that lies there, but for the lock itself."""
    return sorted(str(path) for path in folder.rglob("*") if path.name != f"{INCOMING}.lock")
