"""What every test gets: a tier, an empty home, no settings of the person who runs it, and mostly no network."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.axs_command import AxsCommand
from support.http_server import Server
from support.toy import Toys

from axs_core.collections import folders as collection
from axs_core.index import rows

_LOOPBACK = ("127.", "::1", "localhost")
_REAL_HOME = Path(os.environ.get("HOME", "/"))


TIERS = ("process", "venv", "slow", "endurance")
"""Markers of tests that need more than this process (see pyproject.toml); a test with none of them is ``quick``."""
IN_MEMORY = Path("/dev/shm")
MOST = 4
"""A quick test may start so many other programs (a shell, git), and no Python: that takes longer than most tests."""
_homes = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Quick tests asked for alone write to a disk in memory where there is one: they would wait for the real one."""
    if config.option.markexpr == "quick" and os.access(IN_MEMORY, os.W_OK):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is quick. Files with slow tests come first, so that two workers end at about the same time."""
    for item in items:
        if not any(map(item.get_closest_marker, TIERS)):
            item.add_marker("quick")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """HOME, the caches and the work collection are empty folders; ``AXS_*`` settings are gone.

    Package installers in slow tests keep the machine's own configuration (without it they may have no index) and cache.
    """
    for name in [name for name in os.environ if name.startswith(("AXS_", "OPENBLAS_"))]:  # both change what is made
        monkeypatch.delenv(name)
    here = tmp_path_factory.getbasetemp() / f"home{next(_homes)}"  # mktemp looks at all that are there, each time
    here.mkdir()
    configured = _REAL_HOME / ".config" / "pip" / "pip.conf"
    if configured.is_file() and "PIP_CONFIG_FILE" not in os.environ:
        monkeypatch.setenv("PIP_CONFIG_FILE", str(configured))
    for name, folder in (("PIP_CACHE_DIR", "pip"), ("UV_CACHE_DIR", "uv")):
        if name not in os.environ:
            monkeypatch.setenv(name, str(_REAL_HOME / ".cache" / folder))
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("AXS_WORK_COLLECTION", str(here / "work_collection"))


@pytest.fixture(autouse=True)
def few_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A quick test that starts others than :data:`MOST` allows fails: it is not quick."""
    if not request.node.get_closest_marker("quick"):
        yield
        return
    started: list[str] = []
    popen = subprocess.Popen.__init__

    def counting(self: Any, args: Any, *more: Any, **named: Any) -> None:
        started.append(str(args if isinstance(args, str | os.PathLike) else args[0]))
        popen(self, args, *more, **named)

    monkeypatch.setattr(subprocess.Popen, "__init__", counting)
    yield
    slow = len(started) > MOST or any("python" in Path(program).name for program in started)
    assert not slow, f"this test starts {started}: it needs @pytest.mark.process"


@pytest.fixture(autouse=True, scope="session")
def shipped_entries_are_read_once() -> Iterator[None]:
    """Each test has an index of its own, and reading the shipped entries into it took longer than all the rest."""
    read, shipped = rows._read, collection.shipped()
    kept: dict[tuple[collection.Folder, bool], Any] = {}

    def read_once(folder: collection.Folder, own: bool) -> Any:
        if folder.path.parent != shipped:
            return read(folder, own)
        if (folder, own) not in kept:  # a folder is not the same any more once its meta.yaml has another time or size
            kept[folder, own] = read(folder, own)
        return kept[folder, own]

    rows._read = read_once
    yield
    rows._read = read


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_as_in_a_terminal() -> Iterator[None]:
    """A shell without jobs starts what it runs in the background with SIGINT ignored. Each axs that a test starts would
    inherit that, and respect it.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine is refused, with the address in the message; not in tests that make
    environments.
    """
    if any(map(request.node.get_closest_marker, ("venv", "slow", "endurance"))):
        return
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to connect to {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_loopback)


@pytest.fixture(scope="session")
def axs(tmp_path_factory: pytest.TempPathFactory) -> AxsCommand:
    """The command line on one work collection for all slow tests, whichever worker runs them: each environment is
    installed once.
    """
    own = tmp_path_factory.getbasetemp()
    of_all = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    return AxsCommand(of_all / "shared" / "work_collection")


@pytest.fixture
def http_server() -> Iterator[Server]:
    """A real HTTP server on loopback; see :class:`support.http_server.Server`."""
    with Server() as server:
        yield server


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toys]:
    """Toy entries, and nothing else: see :class:`support.toy.Toys`."""
    monkeypatch.setattr(collection, "shipped", lambda: tmp_path / "nothing is shipped")
    made = Toys(tmp_path)
    yield made
    made.close()
