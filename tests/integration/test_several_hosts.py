"""Several hosts on one work collection, whose locks do not hold among each other; see support/hosts.py."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.hosts import JOB, Hosts, needs_namespaces, send_to_all
from support.toy import Toys

from axs_core.base.errors import StoreError

pytestmark = [needs_namespaces(), pytest.mark.slow]

ASK = """
    import signal
    if {ignoring}:  # as a job in the background
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    from axs_core.base import suspension
    from axs_core.base.console import ConsoleReporter
    from axs_core.base.errors import AxsError
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both as the command line does
    suspension.respect()
    space = Workspace(reporter=ConsoleReporter(sys.stderr))
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print(space.byquery({query!r}).name)
    except AxsError as error:
        print(f"{{type(error).__name__}}: {{error}}\\nhint: {{error.hint}}", file=sys.stderr)
        sys.exit(error.exit_code)
"""
LEASE = 3.0


@pytest.fixture
def hosts(toys: Toys, tmp_path: Path) -> Iterator[Hosts]:
    toys.settings["AXS_LEASE"] = str(LEASE)
    toys.space().session.store.open()
    made = Hosts(toys.work, tmp_path / "hosts")
    yield made
    made.close()


def asker(
    toys: Toys,
    hosts: Hosts,
    host: str,
    query: str,
    *,
    own_kernel: bool = True,
    ignoring: bool = False,
    job: bool = False,
) -> subprocess.Popen[str]:
    """A process on that host that asks when it is told to; with ``job`` it can be suspended by SIGTSTP."""
    code = ASK.format(query=query, ignoring=ignoring)
    child = toys.child(code, [*(JOB if job else []), *hosts.on(host, own_kernel=own_kernel)])
    assert child.stdout is not None
    if child.stdout.readline() != "ready\n":
        pytest.fail(child.communicate()[1])
    return child


def tell(*children: subprocess.Popen[str]) -> None:
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()


def ends(*children: subprocess.Popen[str]) -> list[tuple[str, str, int]]:
    """What each has answered and said, and its exit code."""
    return [(*child.communicate(timeout=300), child.returncode) for child in children]


def until(true: Callable[[], object], child: subprocess.Popen[str] | None = None) -> None:
    """Wait until it is so; ``child`` is at work meanwhile."""
    while not true():
        time.sleep(0.02)
        if child is not None and child.poll() is not None:
            pytest.fail(child.communicate()[1])


def gate(tmp_path: Path) -> str:
    """Code of a maker that says that it is there, and waits until ``go`` exists."""
    return f"""
        import os, socket, time
        from pathlib import Path
        (path / "half.txt").write_text(socket.gethostname())
        Path({str(tmp_path)!r}, f"makes on {{socket.gethostname()}}").touch()
        while not Path({str(tmp_path / "go")!r}).exists():
            time.sleep(0.02)
    """


@pytest.mark.parametrize("fuse", [False, True])
def test_what_a_host_is(toys: Toys, hosts: Hosts, fuse: bool) -> None:
    """The other tests mean something only if these hosts have locks, names and kernels of their own."""
    if fuse:
        hosts.mount("nodea", "nodeb")
    look = """
        from axs_core.base.host import this_process
        from axs_core.store.hosts import oslock
        file = space.session.store.root / ".axs" / "locks" / "x.lock"
        with oslock.locked(file, None) as domain:
            print(json.dumps([this_process().host, this_process().boot, domain]), flush=True)
            sys.stdin.readline()
    """
    children = [toys.child(look, hosts.on(name)) for name in ("nodea", "nodeb")]
    told = []
    for child in children:
        assert child.stdout is not None
        told.append(tuple(json.loads(child.stdout.readline())))  # both hold "the same" lock now
    assert [host for host, *_ in told] == ["nodea", "nodeb"]
    assert len({boot for _, boot, _ in told}) == 2
    assert len({domain for *_, domain in told}) == 2
    tell(*children)
    ends(*children)


@pytest.mark.parametrize(("number", "each", "fuse"), [(2, 3, False), (4, 2, False), (3, 2, True)])
def test_many_ask_for_the_same_missing_thing(toys: Toys, hosts: Hosts, number: int, each: int, fuse: bool) -> None:
    if fuse:
        hosts.mount(*(f"node{n}" for n in range(number)))
    toys.maker("base", "base", "import time\ntime.sleep(0.5)")
    toys.maker("toy", "thing", needs={"base": "base"})
    children = [asker(toys, hosts, f"node{n}", "thing") for n in range(number) for _ in range(each)]
    tell(*children)
    found = ends(*children)
    assert [code for *_, code in found] == [0] * len(children), found
    assert len({out for out, *_ in found}) == 1
    assert (toys.made("toy"), toys.made("base")) == (1, 1)
    assert list((toys.work / ".axs" / "claims").iterdir()) == []
    assert list((toys.work / ".axs" / "using").iterdir()) == []


def test_waiting_for_another_host_names_it(toys: Toys, hosts: Hosts, tmp_path: Path) -> None:
    """Longer than the lease: its maker shows that it lives."""
    toys.maker("toy", "thing", gate(tmp_path))
    maker, waiting = (asker(toys, hosts, host, "thing") for host in ("nodea", "nodeb"))
    tell(maker)
    until((tmp_path / "makes on nodea").exists, maker)
    tell(waiting)
    assert waiting.stderr is not None
    said = waiting.stderr.readline()
    assert f": process {maker.pid} on nodea is making it since " in said, said
    row = next(row for row in toys.space().entries() if row.name.startswith("toy_"))
    assert row.state == "producing"
    assert row.title.startswith(f"process {maker.pid} on nodea is making it since ")
    time.sleep(2 * LEASE)
    (tmp_path / "go").touch()
    (first, _, _), (second, rest, _) = ends(maker, waiting)
    assert first == second != ""
    assert "taking over" not in rest
    assert toys.made("toy") == 1


def test_a_host_that_died_is_taken_over_from(toys: Toys, hosts: Hosts, tmp_path: Path) -> None:
    toys.maker("toy", "thing", gate(tmp_path))
    maker, waiting = (asker(toys, hosts, host, "thing") for host in ("nodea", "nodeb"))
    tell(maker)
    until((tmp_path / "makes on nodea").exists, maker)
    send_to_all(maker.pid, signal.SIGKILL)
    maker.wait()
    assert [row.state for row in toys.space().entries() if row.name.startswith("toy_")] == ["producing"]  # who knows
    tell(waiting)
    until((tmp_path / "makes on nodeb").exists, waiting)
    (tmp_path / "go").touch()
    ((out, said, code),) = ends(waiting)
    assert code == 0, said
    assert f"process {maker.pid} on nodea has shown no life for 3 s: taking over {out.strip()}" in said
    assert (toys.work / out.strip() / "half.txt").read_text() == "nodeb"
    assert toys.made("toy") == 2
    assert list((toys.work / ".axs" / "claims").iterdir()) == []


def test_a_host_that_slept_does_not_spoil_what_another_one_makes(toys: Toys, hosts: Hosts, tmp_path: Path) -> None:
    toys.maker("toy", "thing", gate(tmp_path))
    sleeper, other = (asker(toys, hosts, host, "thing") for host in ("nodea", "nodeb"))
    tell(sleeper)
    until((tmp_path / "makes on nodea").exists, sleeper)
    send_to_all(sleeper.pid, signal.SIGSTOP)
    tell(other)
    until((tmp_path / "makes on nodeb").exists, other)
    send_to_all(sleeper.pid, signal.SIGCONT)
    ((out, said, code),) = ends(sleeper)  # while the other one still makes it
    assert (out, code) == ("", 1)
    folder = next(folder for folder in toys.work.iterdir() if folder.name.startswith("toy_"))
    assert f"StoreError: {folder.name} was taken over: this process showed no life for 3 s" in said
    assert f"; now process {other.pid} on nodeb is making it since " in said
    assert "hint: ask again: what was made there answers here\n" in said
    assert (folder / "half.txt").read_text() == "nodeb"
    (tmp_path / "go").touch()
    ((out, said, code),) = ends(other)
    assert (out.strip(), code) == (folder.name, 0), said
    assert toys.space().byquery("thing").path == folder
    assert toys.space().verify() == []
    assert toys.made("toy") == 2


@pytest.mark.parametrize("ignored", [False, True])
def test_a_host_that_slept_until_all_was_done(toys: Toys, hosts: Hosts, tmp_path: Path, ignored: bool) -> None:
    """Also a program of its, which writes by the name of the folder, is ended; where Ctrl-C is ignored (a job in the
    background) as well.
    """
    program = """
        #!/bin/sh
        touch "$1/began on $(hostname)"
        if [ "$(hostname)" = nodea ]; then sleep 30; fi
        echo done > "$1/out.txt"
    """
    run = ["sh", "{{ recipe_path }}/p.sh", "{{ path }}"]
    toys.add("toy", {"provides": [["thing"]], "make": {"program": {"run": run}}})
    (toys.recipes / "toy" / "p.sh").write_text("\n".join(line.strip() for line in program.strip().splitlines()))
    sleeper, other = (asker(toys, hosts, host, "thing", ignoring=ignored) for host in ("nodea", "nodeb"))
    tell(sleeper)
    until(lambda: list(toys.work.glob("toy_*/began on nodea")), sleeper)
    send_to_all(sleeper.pid, signal.SIGSTOP)
    tell(other)
    ((out, said, code),) = ends(other)
    assert code == 0, said
    send_to_all(sleeper.pid, signal.SIGCONT)
    ((_, said, code),) = ends(sleeper)
    assert code == 1
    assert f"StoreError: {out.strip()} was taken over" in said
    made = sorted(item.name for item in (toys.work / out.strip()).iterdir())
    assert made == [".axs", "began on nodeb", "meta.yaml", "out.txt", "record.json"]
    assert toys.space().verify() == []


def test_a_program_that_was_suspended_writes_nothing_more(toys: Toys, hosts: Hosts) -> None:
    """By Ctrl-Z, which reaches axs alone; the program opens files by name all the time."""
    program = """
        #!/bin/sh
        exec > /dev/null 2>&1  # otherwise the other "host", on this kernel, sees who has the log, and ends it
        touch "$1/began on $(hostname)"
        while [ "$(hostname)" = nodea ] || [ ! -e "$2" ]; do echo $(hostname) > "$1/who.txt"; sleep 0.01; done
    """
    go = toys.work.parent / "go"
    run = ["sh", "{{ recipe_path }}/p.sh", "{{ path }}", str(go)]
    toys.add("toy", {"provides": [["thing"]], "make": {"program": {"run": run}}})
    (toys.recipes / "toy" / "p.sh").write_text("\n".join(line.strip() for line in program.strip().splitlines()))
    sleeper, other = (asker(toys, hosts, host, "thing", job=True) for host in ("nodea", "nodeb"))
    tell(sleeper)
    until(lambda: list(toys.work.glob("toy_*/who.txt")), sleeper)
    sleeper.send_signal(signal.SIGTSTP)
    tell(other)
    until(lambda: list(toys.work.glob("toy_*/began on nodeb")), other)
    who = next(toys.work.glob("toy_*/began on nodeb")).with_name("who.txt")
    until(who.exists, other)
    log = who.with_name("all.txt")
    spy = subprocess.Popen(["sh", "-c", f"while [ ! -e '{go}' ]; do cat '{who}'; done > '{log}'"])
    until(lambda: log.exists() and log.read_text().count("\n") > 300, other)
    sleeper.send_signal(signal.SIGCONT)
    ((_, said, code),) = ends(sleeper)
    assert (code, " was taken over: " in said) == (1, True), said
    go.touch()
    ((_, said, code),) = ends(other)
    assert code == 0, said
    spy.wait()
    assert set(log.read_text().split()) == {"nodeb"}
    assert not who.with_name("began on nodea").exists()


def test_on_one_host_nobody_waits_for_the_dead(toys: Toys, hosts: Hosts, tmp_path: Path) -> None:
    """With a lease of an hour; also where the network folder is mounted twice."""
    toys.settings["AXS_LEASE"] = "3600"
    toys.maker("toy", "thing", gate(tmp_path), parameters={"n": {"type": "int"}})
    for number, (before, after) in enumerate((("nodea", "nodea"), ("nodea", "twice"))):
        query, own_kernel = f"thing,n={number}", before == after
        maker, waiting = (asker(toys, hosts, host, query, own_kernel=own_kernel) for host in (before, after))
        tell(maker)
        until((tmp_path / f"makes on {before}").exists, maker)
        tell(waiting)
        assert waiting.stderr is not None
        assert "is making it since" in waiting.stderr.readline()
        (tmp_path / f"makes on {before}").unlink()
        maker.kill()
        until((tmp_path / f"makes on {after}").exists)
        (tmp_path / "go").touch()
        ((_, said, code),) = ends(waiting)
        assert code == 0, said
        (tmp_path / "go").unlink()
        (tmp_path / f"makes on {after}").unlink()


def test_a_container_that_died(toys: Toys, hosts: Hosts, tmp_path: Path) -> None:
    """It has process numbers of its own, but its locks are those of this kernel."""
    toys.settings["AXS_LEASE"] = "3600"
    toys.maker("toy", "thing", gate(tmp_path))
    container = ["unshare", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*container, "true"], check=False).returncode:
        pytest.skip("no namespace of processes")
    code = "import socket; socket.sethostname('box'); space.byquery('thing')"
    maker = toys.child(code, container)
    until((tmp_path / "makes on box").exists)
    folder = next(folder for folder in toys.work.iterdir() if folder.name.startswith("toy_"))
    assert toys.space().session.store.state(folder) == "producing"
    maker.kill()
    maker.wait()
    until(lambda: toys.space().session.store.state(folder) == "broken")
    (tmp_path / "go").touch()
    assert toys.space().byquery("thing").path == folder


def test_what_another_host_made_or_removed_is_noticed(toys: Toys, hosts: Hosts) -> None:
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}})
    here = toys.space()
    assert list(here.all_byquery("thing")) == []
    ((name, said, code),) = ends(*told(asker(toys, hosts, "nodea", "thing,n=1")))
    assert code == 0, said
    assert [entry.name for entry in toys.space().all_byquery("thing")] == [name.strip()]
    gone = toys.child("space.byname(sys.stdin.readline().strip()).remove()", hosts.on("nodeb"))
    out, err = gone.communicate(name)
    assert gone.returncode == 0, out + err
    assert list(toys.space().all_byquery("thing")) == []
    ((again, said, code),) = ends(*told(asker(toys, hosts, "nodea", "thing,n=1")))
    assert (again, code) == (name, 0), said
    assert toys.made("toy") == 2


def told(child: subprocess.Popen[str]) -> list[subprocess.Popen[str]]:
    tell(child)
    return [child]


def test_nothing_is_removed_that_another_host_makes_or_uses(toys: Toys, hosts: Hosts, tmp_path: Path) -> None:
    toys.maker("base", "base")
    toys.maker("toy", "thing", gate(tmp_path), needs={"base": "base"})
    maker = asker(toys, hosts, "nodea", "thing")
    tell(maker)
    until((tmp_path / "makes on nodea").exists, maker)
    space = toys.space()
    assert space.gc() == []
    assert toys.reporter.notes == [f"looking whether they still live (up to 3 s): process {maker.pid} on nodea"]
    base = next(entry for entry in space.all_byquery("base"))
    with pytest.raises(StoreError, match=f"^{base.name} is in use: process {maker.pid} on nodea is at work since "):
        base.remove()
    with pytest.raises(StoreError, match=r"^being made just now: toy_"):
        space.work_collection().remove()
    (tmp_path / "go").touch()
    ((out, said, code),) = ends(maker)
    assert code == 0, said
    assert toys.space().byname(out.strip()).record["needs"][0]["entry"] == base.name
    assert base.path.is_dir()


def test_gc_reclaims_what_a_dead_host_left(toys: Toys, hosts: Hosts, tmp_path: Path) -> None:
    toys.maker("base", "base")
    toys.maker("toy", "thing", gate(tmp_path), needs={"base": "base"})
    maker = asker(toys, hosts, "nodea", "thing")
    tell(maker)
    until((tmp_path / "makes on nodea").exists, maker)
    send_to_all(maker.pid, signal.SIGKILL)
    maker.wait()
    removed = toys.space().gc()
    assert sorted(name.partition("_")[0] for name in removed) == ["base", "toy"]
    assert [item.name for item in toys.work.iterdir()] == [".axs"]
    for folder in ("claims", "using", "trash"):
        assert list((toys.work / ".axs" / folder).iterdir()) == []
