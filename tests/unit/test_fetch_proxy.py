"""A proxy that does not let a download through is named, and not the address behind it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from support.http_server import Fault, Server

from axs_core.base.errors import ProduceError
from axs_core.base.reporter import Reporter
from axs_core.producers.base import Job
from axs_core.producers.fetch.producer import Fetch
from axs_core.producers.proxies import Proxy

HTTP, HTTPS = "http://data.example.test/x.csv", "https://data.example.test/x.csv"


def failure(folder: Path, url: str) -> ProduceError:
    environ = {"AXS_DOWNLOAD_CACHE": str(folder / "cache")}
    job = Job({"urls": url, "retries": 0}, folder, folder / "log", Reporter(), Path("recipe"), environ=environ)
    with pytest.raises(ProduceError) as caught:
        Fetch(backoff=0.001).make(job)
    return caught.value


def dead() -> str:
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(
    ("variable", "url"), [("http_proxy", HTTP), ("https_proxy", HTTPS), ("ALL_PROXY", HTTP), ("all_proxy", HTTPS)]
)
def test_a_proxy_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, url: str) -> None:
    proxy = dead()
    monkeypatch.setenv(variable, proxy)
    error = failure(tmp_path, url)
    assert str(error) == (f"x.csv could not be fetched from {url}: the proxy {proxy} ({variable}): connection refused")
    assert error.hint is not None
    assert error.hint.startswith(
        f"correct or unset {variable}, or add data.example.test to no_proxy; or run it again; or name a mirror: "
    )


def test_a_proxy_whose_name_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("http_proxy", "http://me:passw0rd@proxy.example.test:3128")
    assert str(failure(tmp_path, HTTP)) == (
        f"x.csv could not be fetched from {HTTP}: the proxy http://proxy.example.test:3128 (http_proxy): the host's "
        "name is not known: Name or service not known"
    )


@pytest.mark.parametrize(
    ("variable", "url", "asked", "told"),
    [
        ("http_proxy", HTTP, HTTP, " wants a user name and a password: HTTP 407 Proxy Authentication Required"),
        ("https_proxy", HTTPS, "data.example.test:443", ": it answers HTTP 407 Proxy Authentication Required"),
    ],
)
def test_a_proxy_that_wants_a_password(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    http_server: Server,
    variable: str,
    url: str,
    asked: str,
    told: str,
) -> None:
    http_server.fail(asked, Fault(407))
    monkeypatch.setenv(variable, http_server.root)
    error = failure(tmp_path, url)
    assert str(error) == f"x.csv could not be fetched from {url}: the proxy {http_server.root} ({variable}){told}"
    assert error.hint is not None
    assert error.hint.startswith(
        f"{variable}=http://USER:PASSWORD@HOST:PORT, or add data.example.test to no_proxy; or "
    )


@pytest.mark.parametrize(
    ("variable", "url", "asked", "told"),
    [
        ("http_proxy", HTTP, HTTP, "HTTP 502 Bad Gateway, through {proxy}"),
        ("https_proxy", HTTPS, "data.example.test:443", "{proxy}: it answers HTTP 502 Bad Gateway"),
    ],
)
def test_a_proxy_that_does_not_get_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    http_server: Server,
    variable: str,
    url: str,
    asked: str,
    told: str,
) -> None:
    http_server.fail(asked, Fault(502))
    monkeypatch.setenv(variable, http_server.root)
    told = told.format(proxy=f"the proxy {http_server.root} ({variable})")
    assert str(failure(tmp_path, url)) == f"x.csv could not be fetched from {url}: {told}"


def test_what_the_host_itself_answers_is_not_the_proxys_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, http_server: Server
) -> None:
    monkeypatch.setenv("http_proxy", http_server.root)
    assert str(failure(tmp_path, HTTP)) == f"x.csv could not be fetched from {HTTP}: HTTP 404 Not Found"


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        ("http://", " is no address of a proxy: expected http://HOST:PORT"),
        ("http://a:b:c", " is no address of a proxy: expected http://HOST:PORT"),
        ("ftp://proxy:21", " is no address of a proxy: expected http://HOST:PORT"),
        ("socks5://127.0.0.1:1", " needs a Python package beside axs: pip install PySocks"),
    ],
)
def test_a_proxy_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, told: str) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setattr("axs_core.producers.proxies.find_spec", lambda name: None)  # no PySocks here
    assert str(failure(tmp_path, HTTP)) == (
        f"x.csv could not be fetched from {HTTP}: the proxy {proxy} (http_proxy){told}"
    )


def test_a_socks_proxy_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("socks")
    proxy = dead().replace("http", "socks5h")
    monkeypatch.setenv("all_proxy", proxy)
    assert str(failure(tmp_path, HTTPS)) == (
        f"x.csv could not be fetched from {HTTPS}: the proxy {proxy} (all_proxy): connection refused"
    )


def test_which_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://one:1")
    monkeypatch.setenv("all_proxy", "two:2")
    monkeypatch.setenv("no_proxy", "near.test")
    assert str(Proxy.towards(HTTPS)) == "the proxy http://one:1 (https_proxy)"
    assert str(Proxy.towards(HTTP)) == "the proxy two:2 (all_proxy)"
    assert Proxy.towards("https://near.test/x") is None
