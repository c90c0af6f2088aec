"""Fetching over a real HTTP server on loopback, with its faults, and from files; what a user reads when it fails."""

from __future__ import annotations

import email.utils
import errno
import hashlib
import io
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.http_server import Fault, Server
from support.https_server import certificate, redirecting

from axs_core.base.errors import EntryError, ProduceError, UsageError
from axs_core.base.reporter import Progress, Reporter
from axs_core.producers import get
from axs_core.producers.base import Job, Made
from axs_core.producers.fetch import checksums, download
from axs_core.producers.fetch.producer import Fetch, FetchFailed
from axs_core.producers.fetch.sources import Candidate, candidates, mirrors_from, offline_from
from axs_core.producers.paths import inside

DATA = bytes(range(256)) * 40  # 10,240 bytes
MD5, SHA256 = hashlib.md5(DATA).hexdigest(), hashlib.sha256(DATA).hexdigest()


class Told(Reporter):
    """Remembers what was said and how much of what was done."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.bars: list[tuple[str, int | None, int]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    @contextmanager
    def progress(self, text: str, total: int | None, unit: str = "B") -> Iterator[Progress]:
        bar = Counted()
        yield bar
        self.bars.append((text, total, bar.done))


class Counted(Progress):
    def __init__(self) -> None:
        self.done = 0

    def advance(self, amount: int) -> None:
        self.done += amount


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "entry"
    made.mkdir()
    return made


def job(folder: Path, spec: dict[str, Any], environ: dict[str, str] | None = None, told: Reporter | None = None) -> Job:
    environ = {"AXS_DOWNLOAD_CACHE": str(folder.parent / "cache"), **(environ or {})}
    return Job(spec, folder, folder / ".axs" / "log", told or Reporter(), Path("recipe"), environ=environ)


def fetch(
    folder: Path, spec: dict[str, Any], environ: dict[str, str] | None = None, told: Reporter | None = None
) -> Made:
    return Fetch(backoff=0.001).make(job(folder, spec, environ, told))


def failure(folder: Path, spec: dict[str, Any], environ: dict[str, str] | None = None) -> ProduceError:
    with pytest.raises(ProduceError) as caught:
        fetch(folder, spec, environ)
    assert [file.name for file in folder.iterdir() if not file.name.endswith((".part", ".json"))] == []
    return caught.value


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def ways(folder: str, first: str = "run it again") -> str:
    return (
        f"{first}; or name a mirror: AXS_MIRRORS='{folder}=https://MIRROR/'; "
        f"or a folder of this machine that holds it: AXS_MIRRORS='{folder}=file:///FOLDER/'"
    )


AGAIN = "run it again (it goes on from where it stopped)"


def test_it_is_registered() -> None:
    assert get("fetch") == Fetch()
    assert get("fetch").check(Path("x"), {}) is None


def test_an_unknown_producer_names_the_nearest() -> None:
    with pytest.raises(EntryError) as caught:
        get("fech")
    assert str(caught.value) == (
        "make.fech: there is no producer 'fech'; there are: fetch, extract, git, python_env, detect, program, python"
    )
    assert caught.value.hint == "did you mean fetch?"


def test_a_file_and_what_is_known_of_it(folder: Path, http_server: Server) -> None:
    url, told = http_server.serve("/files/m.onnx", DATA), Told()
    made = fetch(folder, {"urls": [url], "md5": MD5.upper(), "size": len(DATA)}, told=told)
    assert made == Made("m.onnx", {"url": url, "size": len(DATA), "sha256": SHA256, "md5": MD5})
    assert (folder / "m.onnx").read_bytes() == DATA
    assert names(folder) == ["m.onnx"]
    assert told.bars == [(f"fetching {url}", len(DATA), len(DATA))]
    assert http_server.requests[0].headers["Accept-Encoding"] == "identity"


def test_without_a_checksum_nothing_is_cached(folder: Path, http_server: Server) -> None:
    made = fetch(folder, {"urls": http_server.serve("/a", DATA), "file": "sub/b"})
    assert (made.file, made.found["sha256"]) == ("sub/b", SHA256)
    assert (folder / "sub" / "b").read_bytes() == DATA
    assert names(folder / "sub") == ["b"]
    assert not (folder.parent / "cache").exists()


def test_bytes_are_kept_as_they_are(folder: Path, http_server: Server) -> None:
    """Some servers call an archive's own compression a Content-Encoding."""
    url = http_server.serve("/a.tar.gz", DATA)
    http_server.fail("/a.tar.gz", Fault(headers={"Content-Encoding": "gzip"}))
    fetch(folder, {"urls": url, "sha256": SHA256})
    assert (folder / "a.tar.gz").read_bytes() == DATA


def test_the_next_address_is_tried_at_once_after_404(folder: Path, http_server: Server) -> None:
    good = http_server.serve("/good", DATA)
    made = fetch(folder, {"urls": [http_server.root + "/bad", good], "md5": MD5, "file": "f"})
    assert (made.found["url"], http_server.paths()) == (good, ["/bad", "/good"])


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_passing_faults_are_waited_out(folder: Path, http_server: Server, status: int) -> None:
    url, told = http_server.serve("/f", DATA), Told()
    http_server.fail("/f", Fault(status), Fault(status, {"Retry-After": "0"}))
    fetch(folder, {"urls": url, "md5": MD5}, told=told)
    assert http_server.paths() == ["/f"] * 3
    assert len(told.notes) == 2
    assert told.notes[0].startswith(f"{url}: HTTP {status} ")
    assert told.notes[0].endswith("; trying again in 0 s")


def test_retries_have_an_end(folder: Path, http_server: Server) -> None:
    http_server.fail("/f", *[Fault(500)] * 9)
    error = failure(folder, {"urls": http_server.root + "/f", "retries": 2})
    url = http_server.root + "/f"
    assert str(error) == f"f could not be fetched from {url}: HTTP 500 Internal Server Error"
    assert error.hint == ways(http_server.root + "/")
    assert len(http_server.requests) == 3


def test_a_long_retry_after_is_not_waited_for(folder: Path, http_server: Server) -> None:
    later = email.utils.formatdate(time.time() + 86400, usegmt=True)
    http_server.fail("/f", Fault(429, {"Retry-After": "3600"}), Fault(503, {"Retry-After": later}))
    url = http_server.root + "/f"
    assert str(failure(folder, {"urls": url})).endswith("HTTP 429 Too Many Requests: it asks to wait 3600 s")
    assert "HTTP 503 Service Unavailable: it asks to wait 86" in str(failure(folder, {"urls": url}))


@pytest.mark.parametrize("pause", [({}, None), ({"Retry-After": "soon"}, None), ({"Retry-After": "7"}, 7.0)])
def test_retry_after(pause: tuple[dict[str, str], float | None]) -> None:
    assert download._retry_after(pause[0].get("Retry-After")) == pause[1]


def test_a_dropped_connection_is_resumed(folder: Path, http_server: Server) -> None:
    url = http_server.serve("/f", DATA)
    http_server.fail("/f", Fault(drop=4000), Fault(drop=2000))
    fetch(folder, {"urls": url})
    assert (folder / "f").read_bytes() == DATA
    ranges = [request.headers.get("Range") for request in http_server.requests]
    assert ranges == [None, "bytes=4000-", "bytes=6000-"]
    assert http_server.requests[1].headers["If-Range"] == f'"{MD5}"'
    assert names(folder) == ["f"]


def test_a_server_without_ranges_starts_over(folder: Path, http_server: Server) -> None:
    http_server.ranges = False
    url = http_server.serve("/f", DATA)
    http_server.fail("/f", Fault(drop=4000))
    fetch(folder, {"urls": url, "md5": MD5})
    assert (folder / "f").read_bytes() == DATA


def test_without_version_or_checksum_it_starts_over(folder: Path, http_server: Server) -> None:
    http_server.etags = False
    url = http_server.serve("/f", DATA)
    http_server.fail("/f", Fault(drop=4000))
    fetch(folder, {"urls": url})
    assert [request.headers.get("Range") for request in http_server.requests] == [None, None]


def test_a_file_that_changes_meanwhile_is_not_joined(folder: Path, http_server: Server) -> None:
    url = http_server.serve("/f", b"x" * 5000)
    http_server.fail("/f", Fault(drop=4000), Fault(500))

    class Changes(Told):
        def note(self, text: str) -> None:
            http_server.serve("/f", DATA)

    fetch(folder, {"urls": url}, told=Changes())
    assert (folder / "f").read_bytes() == DATA


def test_what_came_is_kept_for_the_next_ask(folder: Path, http_server: Server) -> None:
    """Even from another address, as the checksum will judge."""
    http_server.serve("/f", DATA)
    http_server.fail("/f", Fault(drop=9000))
    url, mirror = http_server.root + "/f", http_server.serve("/mirror/f", DATA)
    error = failure(folder, {"urls": url, "md5": MD5, "retries": 0})
    assert str(error) == f"f could not be fetched from {url}: the connection ended before all of it had come"
    assert error.hint == ways(http_server.root + "/", AGAIN)
    assert list(folder.iterdir()) == []
    fetch(folder, {"urls": mirror, "md5": MD5})
    assert http_server.requests[-1].headers["Range"] == "bytes=9000-"
    assert (folder / "f").read_bytes() == DATA
    assert [file.name for file in (folder.parent / "cache" / "partial").iterdir() if file.suffix != ".lock"] == []


@pytest.mark.parametrize("kept", [b"z" * 4000, b"z" * 20000, DATA, b"z" * len(DATA)])
def test_a_bad_older_part_is_thrown_away(folder: Path, http_server: Server, kept: bytes) -> None:
    partial = folder.parent / "cache" / "partial" / f"md5-{MD5}"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(kept)
    url = http_server.serve("/f", DATA)
    partial.with_name(partial.name + ".json").write_text('{"url": "http://other/", "version": null, "total": null}')
    fetch(folder, {"urls": url, "md5": MD5})
    assert (folder / "f").read_bytes() == DATA


def test_a_mismatch_says_all(folder: Path, http_server: Server) -> None:
    url = http_server.serve("/f", b"other bytes")
    got = hashlib.md5(b"other bytes").hexdigest()
    error = failure(folder, {"urls": url, "md5": MD5})
    assert str(error) == (
        f"f could not be fetched from {url}: wrong md5: expected {MD5}, got {got} "
        "(truncated, or changed upstream); deleted"
    )
    assert error.hint == (
        "if the publisher has changed the file, correct `md5` in recipe/meta.yaml; or " + ways(http_server.root + "/")
    )
    assert not any(file.is_file() and file.suffix != ".lock" for file in (folder.parent / "cache").rglob("*"))
    assert len(http_server.requests) == 1


def test_a_login_page_is_recognised_and_the_next_address_tried(folder: Path, http_server: Server) -> None:
    page = http_server.serve("/page", b"\n<!DOCTYPE HTML><title>Please log in</title>")
    error = failure(folder, {"urls": [page, http_server.root + "/no"], "sha1": "0" * 40, "file": "f"})
    assert isinstance(error, FetchFailed)
    got = hashlib.sha1(http_server.files["/page"]).hexdigest()
    assert str(error) == (
        "f could not be fetched; these addresses were tried:\n"
        f"    {page}: wrong sha1: expected {'0' * 40}, got {got} "
        "(a web page came, a proxy's login page perhaps); deleted\n"
        f"    {http_server.root}/no: HTTP 404 Not Found"
    )


def test_a_wrong_size(folder: Path, http_server: Server) -> None:
    url = http_server.serve("/f", DATA)
    for size, told in ((20_000, "10,240 bytes"), (9, "10,240 bytes")):
        assert f"wrong size: expected {size:,} bytes, got {told}" in str(failure(folder, {"urls": url, "size": size}))


def test_the_cache_answers_without_network(folder: Path, http_server: Server) -> None:
    url = http_server.serve("/f", DATA)
    fetch(folder, {"urls": url, "md5": MD5})
    other, told = folder.parent / "other", Told()
    other.mkdir()
    made = fetch(other, {"urls": url, "md5": MD5, "file": "g"}, {"AXS_OFFLINE": "1"}, told)
    assert made.found == {"url": url, "size": len(DATA), "sha256": SHA256, "md5": MD5}
    assert (other / "g").samefile(folder / "f")
    assert len(http_server.requests) == 1
    assert told.notes == [f"g: from the download cache ({folder.parent / 'cache'})"]


def test_a_changed_file_in_the_cache_is_not_used(folder: Path, http_server: Server) -> None:
    url = http_server.serve("/f", DATA)
    fetch(folder, {"urls": url, "md5": MD5})
    cached = folder.parent / "cache" / "md5" / MD5
    cached.chmod(0o644)
    cached.write_bytes(b"changed")
    (folder / "f").unlink()
    fetch(folder, {"urls": url, "md5": MD5})
    assert (folder / "f").read_bytes() == cached.read_bytes() == DATA


def test_the_cache_may_lie_on_another_disk(folder: Path, http_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another device")

    monkeypatch.setattr(os, "link", refuse)
    fetch(folder, {"urls": http_server.serve("/f", DATA), "md5": MD5})
    assert (folder / "f").read_bytes() == DATA
    assert not (folder / "f").samefile(folder.parent / "cache" / "md5" / MD5)


def test_an_unusable_cache_is_done_without(folder: Path, http_server: Server) -> None:
    (folder.parent / "file").write_text("")
    environ = {"AXS_DOWNLOAD_CACHE": str(folder.parent / "file")}
    fetch(folder, {"urls": http_server.serve("/f", DATA), "md5": MD5}, environ)
    assert (folder / "f").read_bytes() == DATA


def test_the_default_cache_is_the_users(folder: Path, http_server: Server) -> None:
    fetch(folder, {"urls": http_server.serve("/f", DATA), "md5": MD5}, {"AXS_DOWNLOAD_CACHE": ""})
    assert (Path(os.environ["XDG_CACHE_HOME"]) / "axs" / "downloads" / "md5" / MD5).is_file()


class FullDisk(io.FileIO):
    def write(self, _: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk(folder: Path, http_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url, free = http_server.serve("/f", DATA), 123
    monkeypatch.setattr(download._Transfer, "_opened", lambda self, *_: FullDisk(self.part, "w"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))
    error = failure(folder, {"urls": url})
    assert str(error) == f"the disk is full: {folder / 'f.part'}: 10,240 bytes are needed, 123 are free"
    assert error.hint == "axs gc; or a work collection on another disk: AXS_WORK_COLLECTION=/FOLDER"


def test_a_disk_that_will_be_full_is_said_before(
    folder: Path, http_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10_000}))
    told = Told()
    with pytest.raises(ProduceError) as caught:
        fetch(folder, {"urls": http_server.serve("/f", DATA), "md5": MD5}, told=told)
    assert str(caught.value) == f"the disk is full: {folder / 'f.part'}: 10,240 bytes are needed, 10,000 are free"
    cached = folder.parent / "cache" / "partial" / f"md5-{MD5}"
    assert told.warnings == [
        f"going on without the download cache: the disk is full: {cached}: 10,240 bytes are needed, 10,000 are free"
    ]


def test_redirects_are_followed_but_not_to_files(folder: Path, http_server: Server) -> None:
    url = http_server.serve("/f", DATA)
    http_server.fail("/to", Fault(302, {"Location": url}))
    assert fetch(folder, {"urls": http_server.root + "/to", "file": "f"}).found["sha256"] == SHA256
    for path, target in (("/passwd", "file:///etc/passwd"), ("/ftp", "ftp://127.0.0.1/f")):
        http_server.fail(path, Fault(302, {"Location": target}))
        (folder / "f").unlink(missing_ok=True)
        assert str(failure(folder, {"urls": http_server.root + path, "file": "f"})).endswith(
            "redirected to something else than http or https, which is refused"
        )
    http_server.fail("/loop", *[Fault(302, {"Location": "/loop"})] * 20)
    assert str(failure(folder, {"urls": http_server.root + "/loop"})).endswith("more than 10 redirects")


def test_hosts_that_do_not_answer(folder: Path, http_server: Server) -> None:
    http_server.serve("/slow", DATA)
    http_server.fail("/slow", Fault(pause=60))
    with Server() as gone:
        closed = gone.root
    urls = [f"{closed}/f", f"{http_server.root}/slow"]
    error = failure(folder, {"urls": urls, "retries": 0, "timeout": 0.2})
    assert str(error) == (
        "f could not be fetched; these addresses were tried:\n"
        f"    {closed}/f: connection refused\n"
        f"    {http_server.root}/slow: no data for 0.2 s"
    )
    assert error.hint == ways(http_server.root + "/")


def test_credentials_stay_secret(folder: Path, http_server: Server) -> None:
    http_server.serve("/f", DATA)
    url = (http_server.root + "/f").replace("http://", "http://me:s3cret@")
    made = fetch(folder, {"urls": url, "md5": MD5})
    assert made.found["url"] == http_server.root + "/f"
    assert http_server.requests[0].headers["Authorization"].startswith("Basic ")
    (folder / "f").unlink()
    error = failure(folder, {"urls": [url + "/no", url.replace("http", "gopher", 1)], "file": "f"})
    assert "s3cret" not in f"{error} {error.hint}"
    assert str(error).endswith(f"    gopher{http_server.root[4:]}/f: not one of http, https, file")


def test_mirrors_come_first_and_the_original_last(folder: Path, http_server: Server, tmp_path: Path) -> None:
    url = http_server.serve("/orig/f", DATA)
    pairs = f"{http_server.root}/orig/={http_server.root}/mirror/,{http_server.root}/={tmp_path.as_uri()}/"
    made = fetch(folder, {"urls": url, "md5": MD5}, {"AXS_MIRRORS": pairs})
    assert (made.found["url"], http_server.paths()) == (url, ["/mirror/f", "/orig/f"])


def test_a_mirror_on_disk_serves_offline(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "with space").mkdir()
    (tmp_path / "with space" / "f").write_bytes(DATA)
    mirror = (tmp_path / "with space").as_uri()
    environ = {"AXS_OFFLINE": "1", "AXS_MIRRORS": f"https://example.org/data={mirror}"}
    made = fetch(folder, {"urls": "https://example.org/data/f", "sha256": SHA256}, environ)
    assert made.found["url"] == f"{mirror}/f"


def test_offline_says_what_would_have_been_fetched(folder: Path) -> None:
    urls = ["https://example.org/a/f", "http://example.com/f"]
    error = failure(folder, {"urls": urls, "md5": MD5}, {"AXS_OFFLINE": "1"})
    assert str(error) == (
        "f could not be fetched; these addresses were tried:\n"
        "    https://example.org/a/f: AXS_OFFLINE=1 forbids the network\n"
        "    http://example.com/f: AXS_OFFLINE=1 forbids the network"
    )
    assert error.hint == ways("http://example.com/", "unset AXS_OFFLINE")


def test_a_recipe_can_name_one_more_way_out(folder: Path) -> None:
    spec = {"urls": "http://example.com/f", "file": "f", "hint": "other+ in the query: another file"}
    error = failure(folder, spec, {"AXS_OFFLINE": "1"})
    ways_of_all = ways("http://example.com/", "unset AXS_OFFLINE")
    assert error.hint == f"{ways_of_all}; or other+ in the query: another file"


def test_files_of_this_machine(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    cases = {
        f"{tmp_path.as_uri()}/missing": "no such file",
        f"{tmp_path.as_uri()}/fifo": "not a file",
        f"{tmp_path.as_uri()}/entry": "not a file",
        "file://server/share/f": "file:// with a host (server); of this machine it is file:///PATH",
    }
    for url, reason in cases.items():
        assert str(failure(folder, {"urls": url, "file": "f"})) == f"f could not be fetched from {url}: {reason}"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "make.fetch.urls: expected an address or a list of them"),
        ({"urls": []}, "make.fetch.urls: expected an address or a list of them"),
        ({"urls": "http://h/"}, "make.fetch.file: '' is not a path inside of the entry's folder"),
        ({"urls": "http://h/%2e%2e"}, "make.fetch.file: '..' is not a path inside of the entry's folder"),
        ({"urls": "http://h/f", "file": "/f"}, "make.fetch.file: '/f' is not a path inside of the entry's folder"),
        ({"urls": "http://h/f", "md5": "abc"}, "make.fetch.md5: 'abc' is not 32 hexadecimal digits"),
        ({"urls": "http://h/f", "size": "many"}, "make.fetch.size: 'many' is not a whole number of at least 0"),
        ({"urls": "http://h/f", "retries": -1}, "make.fetch.retries: -1 is not a whole number of at least 0"),
        ({"urls": "http://h/f", "timeout": 0}, "make.fetch.timeout: 0 is not a time in seconds above 0"),
        ({"urls": "http://h/f", "file": ".axs/x"}, "make.fetch.file: '.axs/x' is a name that axs keeps for itself"),
        ({"urls": "http://h/meta.yaml"}, "make.fetch.file: 'meta.yaml' is a name that axs keeps for itself"),
    ],
)
def test_a_bad_spec_names_the_key(folder: Path, spec: dict[str, Any], words: str) -> None:
    with pytest.raises(EntryError) as caught:
        fetch(folder, spec)
    assert str(caught.value) == words


def test_candidates() -> None:
    mirrors = mirrors_from({"AXS_MIRRORS": "https://a/=file:///m/, https://a/x=http://b/y?k=v"})
    assert mirrors == (("https://a/", "file:///m/"), ("https://a/x", "http://b/y?k=v"))
    offline = "AXS_OFFLINE=1 forbids the network"
    assert candidates(["https://a/xz", "ftp://c/d"], mirrors, offline=True) == [
        Candidate("file:///m/xz"),
        Candidate("http://b/y?k=vz", offline),
        Candidate("https://a/xz", offline),
        Candidate("ftp://c/d", "not one of http, https, file"),
    ]
    assert candidates(["https://a/x", "https://a/x"], (), offline=False) == [Candidate("https://a/x")]


def test_a_bad_mirror_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        mirrors_from({"AXS_MIRRORS": "https://me:pw@a/=/data"})
    assert str(caught.value) == "AXS_MIRRORS: 'https://a/=/data' is not of the form prefix=prefix"
    assert caught.value.hint == "AXS_MIRRORS='https://zenodo.org/=file:///data/zenodo/'"


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("yes", True), ("0", False), ("false", False)])
def test_offline(value: str, offline: bool) -> None:
    assert offline_from({"AXS_OFFLINE": value}) is offline


def test_paths_and_digests(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/b", "k") == tmp_path / "a" / "b"
    seen = checksums.Digests(checksums.Expected({"md5": MD5}))
    seen.update(DATA)
    assert seen.values() == {"sha256": SHA256, "md5": MD5}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made with openssl")
def test_from_https_to_http_only_with_a_checksum(
    folder: Path, http_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real TLS: whoever sits on the way could give any file, if nothing says which it must be. Credentials stay."""
    http_server.serve("/f", DATA)
    pem = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{pem}.crt")
    with redirecting(pem, http_server.root) as secure:
        url = f"{secure}/f".replace("https://", "https://me:s3cret@")
        error = failure(folder, {"urls": url})
        assert "redirected from https to http, and there is no checksum" in str(error)
        assert fetch(folder, {"urls": url, "md5": MD5}).found["size"] == len(DATA)
    assert [request.headers.get("Authorization") for request in http_server.requests] == [None, None]
