"""Secrets are said, logged and written nowhere: a marked one goes through everything, and is looked for everywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.foreign import Repository
from support.http_server import Fault, Server
from support.toy import Toys

from axs_core.base.console import ConsoleReporter, print_error
from axs_core.base.credentials import has_credentials, mask_log, scrubbed, secrets_in, without_credentials
from axs_core.base.errors import AxsError

SHIPPED = Path(__file__).parents[2] / "entries"
MARK = "hunter2Marked"
"""The secret."""


def files_below(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def places_of(mark: str, *folders: Path) -> list[str]:
    """The files that hold it, by content or by name."""
    return [str(file) for file in files_below(*folders) if mark.encode() in file.read_bytes() or mark in str(file)]


def axs(toys: Toys, *typed: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A real command line, with all that it says."""
    command = [sys.executable, "-m", "axs_core", *typed]
    settings = {**toys.environ(), "AXS_DEBUG": "", **environ}
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120)


def nowhere(toys: Toys, *done: subprocess.CompletedProcess[str]) -> None:
    """The secret is in nothing that was said and in nothing that was kept; the index repeats what a recipe says."""
    for each in done:
        assert MARK not in each.stdout + each.stderr, each.stdout + each.stderr
    places = places_of(MARK, toys.work, Path(os.environ["HOME"]))
    assert [place for place in places if ".sqlite" not in place] == []


def with_secret(url: str) -> str:
    return url.replace("http://", f"http://me:{MARK}@")


@pytest.mark.process
def test_fetch(toys: Toys, http_server: Server) -> None:
    """A recipe of one's own may hold it; what it makes does not."""
    http_server.serve(f"/f?token={MARK}&part=1", b"data")
    url = with_secret(http_server.root) + f"/f?token={MARK}&part=1"
    toys.add("f", {"provides": [["f"]], "attributes": {"source": url}, "make": {"fetch": {"urls": url, "file": "f"}}})
    toys.add("g", {"provides": [["g"]], "make": {"fetch": {"urls": [url + "2", url + "3"], "file": "f", "retries": 0}}})
    made = axs(toys, "byquery", "f", ",", "show")
    assert made.returncode == 0 and "/f?token=***&part=1" in made.stdout
    assert http_server.requests[0].headers["Authorization"].startswith("Basic ")
    assert f"token={MARK}" in http_server.requests[0].path
    failed = axs(toys, "byquery", "g")
    assert failed.returncode == 1 and "HTTP 404" in failed.stderr
    nowhere(toys, made, failed, axs(toys, "plan", "g"), axs(toys, "fetch-list", "f"), axs(toys, "verify"))


@pytest.mark.process
def test_mirrors(toys: Toys, http_server: Server) -> None:
    http_server.serve("/m/f", b"data")
    toys.add("f", {"provides": [["f"]], "make": {"fetch": {"urls": "https://example.org/f", "file": "f"}}})
    mirrors = f"https://example.org/={with_secret(http_server.root)}/m/"
    made = axs(toys, "byquery", "f", AXS_MIRRORS=mirrors)
    assert made.returncode == 0, made.stderr
    wrong = axs(toys, "byquery", "f", "--fresh", AXS_MIRRORS=f"https://me:{MARK}@example.org/")
    assert wrong.returncode == 2
    nowhere(toys, made, wrong)


@pytest.mark.process
def test_proxies(toys: Toys) -> None:
    toys.add("f", {"provides": [["f"]], "make": {"fetch": {"urls": "http://example.org/f", "file": "f", "retries": 0}}})
    proxy = f"http://me:{MARK}@127.0.0.1:9/"
    failed = axs(toys, "byquery", "f", http_proxy=proxy, HTTP_PROXY=proxy)
    assert failed.returncode == 1
    nowhere(toys, failed)


@pytest.mark.process
def test_git(toys: Toys, http_server: Server, tmp_path: Path) -> None:
    """A real clone over (dumb) HTTP, and one that is refused."""
    repository = Repository(tmp_path / "r", tmp_path / "ran")
    repository.add("x", {"title": "x"})
    repository.commit()
    subprocess.run(["git", "-C", str(repository.folder), "update-server-info"], check=True)
    for file in files_below(repository.folder / ".git"):
        path = f"/r.git/{file.relative_to(repository.folder / '.git')}"
        http_server.serve(path, file.read_bytes())
        http_server.serve(f"{path}?service=git-upload-pack", file.read_bytes())
    for name, url in (("r", f"{with_secret(http_server.root)}/r.git"), ("n", f"{with_secret(http_server.root)}/n.git")):
        toys.add(name, {"provides": [[name]], "make": {"git": {"url": url, "into": "repo"}}})
    made = axs(toys, "byquery", "r", ",", "show")
    assert made.returncode == 0, made.stderr
    assert "Authorization" in http_server.requests[0].headers
    http_server.fail("/n.git/info/refs?service=git-upload-pack", Fault(403))
    failed = axs(toys, "byquery", "n")
    assert failed.returncode == 1
    nowhere(toys, made, failed)


@pytest.mark.process
def test_program(toys: Toys) -> None:
    """On its command line, in what it says, in what it finds; in its environment, by name."""
    code = (
        "import json, os, sys; print(sys.argv[1]); print(os.environ, file=sys.stderr, flush=True); "
        "json.dump({'seen': sys.argv[1], 'token': os.environ['MY_TOKEN']}, open('found.json', 'w')); "
        "os.remove('found.json') if len(sys.argv) > 2 else None"
    )
    run = [sys.executable, "-c", code, f"https://me:{MARK}@example.org/?sig={MARK}"]
    for name, words in (("p", run), ("q", [*run, "fail"])):
        make = {"program": {"run": words, "found_file": "found.json"}}
        toys.add(name, {"provides": [[name]], "make": make, "finds": ["seen", "token"]})
    made = axs(toys, "byquery", "p", MY_TOKEN=MARK, HTTPS_PROXY=f"http://me:{MARK}@h")
    assert made.returncode == 0, made.stderr
    failed = axs(toys, "byquery", "q", MY_TOKEN=MARK)
    assert failed.returncode == 1
    log = next(toys.work.glob("p_*/.axs/log.txt")).read_text()
    assert f"https://{'*' * len('me:' + MARK)}@example.org/?sig={'*' * len(MARK)}" in log
    found = next(toys.work.glob("p_*/found.json"))  # its own file is its own
    assert MARK in found.read_text()
    found.unlink()
    shown = axs(toys, "byquery", "p", ",", "show", MY_TOKEN=MARK)
    assert "token: '***'" in shown.stdout
    nowhere(toys, made, failed, shown)


@pytest.mark.process
def test_functions(toys: Toys) -> None:
    """What they return, and what they raise."""
    url = f"https://me:{MARK}@h/?token={MARK}"
    made = {"provides": [["f"]], "make": {"python": {"function": "make_it"}}, "finds": ["url"]}
    toys.add("f", made, f"def make_it(): return {{'url': ['{url}', {{'x': '{url}'}}]}}")
    toys.add("g", {**made, "provides": [["g"]]}, f"def make_it(): raise RuntimeError('{url}')")
    shown, failed = axs(toys, "byquery", "f", ",", "show"), axs(toys, "byquery", "g")
    assert (shown.returncode, failed.returncode) == (0, 2), shown.stderr
    nowhere(toys, shown, failed)


@pytest.mark.venv
def test_python_environments(toys: Toys, http_server: Server) -> None:
    """pip itself, asked to install what no index has."""
    shutil.copytree(SHIPPED / "python_env", toys.recipes / "python_env")
    index = with_secret(http_server.root) + "/simple"
    environ = {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "AXS_INSTALLER": "pip"}
    failed = axs(toys, "byquery", "python_env,requirements:=axs_no_such_package==1.0,isolated+", **environ)
    assert failed.returncode == 1 and "axs_no_such_package" in failed.stderr
    assert any("Authorization" in request.headers for request in http_server.requests)
    nowhere(toys, failed)


SECRET_ADDRESSES = [
    f"https://me:{MARK}@example.org/x",
    f"https://{MARK}@example.org/x",
    f"ssh://git:{MARK}@example.org/x",
    f"https://example.org/x?token={MARK}",
    f"https://example.org/x?a=1&X-Amz-Signature={MARK}",
    f"https://example.org/x?X-Goog-Credential={MARK}",
    f"https://example.org/x?sig={MARK}",
    f"https://example.org/x?access_token={MARK}",
    f"https://example.org/x?AWSAccessKeyId={MARK}&Signature={MARK}",
    f"https://example.org/x?api_key={MARK}",
]


@pytest.mark.parametrize("address", SECRET_ADDRESSES)
def test_in_a_query_it_is_refused(toys: Toys, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be part of the identity, of the record and of the command that makes it again."""
    toys.add("f", {"provides": [["f"]], "parameters": {"url": {}}, "make": {"python": {"function": "f"}}}, "def f(): 1")
    for query in (f"f,url==={address}", f'f,url:="{address}"'):
        with pytest.raises(AxsError) as raised:
            toys.space().byquery(query)
        print_error(raised.value, sys.stderr)
        assert "url holds a password or a token, which would be written down: " in str(raised.value)
    assert MARK not in capsys.readouterr().err
    assert list(toys.work.glob("f_*")) == []


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/x?version=2&tokenizer=bert#sig=1",
        "ssh://git@example.org/x",
        "https://${USER_NAME}:${PASSWORD}@example.org/x",
        "https://example.org/a@b",
        "mail me@example.org",
        "file:///a?token",
    ],
)
def test_what_is_no_secret(address: str) -> None:
    assert not has_credentials(address)
    assert without_credentials(address) == address or "${" in address


def test_all_that_is_said_is_without(capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"HF_TOKEN": MARK, "HTTPS_PROXY": f"http://me:{MARK}2@h"}
    reporter = ConsoleReporter(sys.stderr, environ=environ)
    for say in (reporter.note, reporter.warn, reporter.step):
        say(f"x {MARK} y {MARK}2 https://me:other@h/ z")
    print_error(AxsError(MARK, hint=MARK).needed_for(MARK), sys.stderr, subject=MARK, environ=environ)
    said = capsys.readouterr().err
    assert MARK not in said and "other" not in said
    assert "x *** y *** https://h/ z" in said


def test_secrets_of_the_environment() -> None:
    environ = {
        "GITHUB_TOKEN": "gh_123456789", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7", "PGPASSWORD": "longenough",
        "SSH_KEY_SECRET": "/home/me/.ssh/id", "MY_TOKEN": "short", "TOKENIZERS_PARALLELISM": "false and more",
        "KEY": "not a name of one", "PIP_INDEX_URL": "https://me:pass1234@h/simple",
    }  # fmt: skip
    assert secrets_in(environ) == ("wJalrXUtnFEMI/K7", "gh_123456789", "longenough", "pass1234")


def test_plain_data() -> None:
    data: dict[str, Any] = {"a": [f"https://u:{MARK}@h", 1, None], "b": {"c": (f"x{MARK}",)}}
    assert scrubbed(data, (MARK,)) == {"a": ["https://h", 1, None], "b": {"c": ["x***"]}}


def test_a_log_keeps_its_length_and_all_else(tmp_path: Path) -> None:
    log = tmp_path / "log"
    before = f"kept https://me:{MARK}@h\n".encode()
    rest = b"\xff\x00 bytes\r\n" + f"https://me:{MARK}@h?token={MARK} é {MARK} end".encode()
    log.write_bytes(before + rest)
    mask_log(log, len(before), (MARK,))
    stars = b"*" * len(MARK)
    masked = b"https://" + b"*" * len("me:" + MARK) + b"@h?token=" + stars + " é ".encode() + stars + b" end"
    assert log.read_bytes() == before + b"\xff\x00 bytes\r\n" + masked
