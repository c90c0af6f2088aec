"""Several real processes at once: one makes, the others wait; a maker that dies hands over."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from socket import gethostname

import pytest
from support.toy import Toys

from axs_core.base.errors import ProduceError
from axs_core.store import PRIVATE

pytestmark = pytest.mark.process

ASK = """
    from axs_core.base.console import ConsoleReporter
    space = Workspace(reporter=ConsoleReporter(sys.stderr))
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print(space.byquery({query!r}).name)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def start(toys: Toys, query: str, number: int) -> list[subprocess.Popen[str]]:
    """So many processes that all ask the same when they are told to."""
    children = [toys.child(ASK.format(query=query)) for _ in range(number)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    return children


def until_they_wait(children: list[subprocess.Popen[str]]) -> None:
    """Return when each has said that it waits for somebody else."""
    for child in children:
        assert child.stderr is not None
        while "waiting for" not in (line := child.stderr.readline()):
            assert line, "it ended without waiting"


def answers(children: list[subprocess.Popen[str]]) -> list[str]:
    found = []
    for child in children:
        out, err = child.communicate(timeout=300)
        assert child.returncode == 0, err
        found.append(out.strip())
    return found


def test_many_ask_for_the_same_missing_thing(toys: Toys) -> None:
    toys.maker("base", "base", "import time\ntime.sleep(0.3)")
    toys.maker("toy", "thing", needs={"base": "base"})
    found = answers(start(toys, "thing", 8))
    assert len(set(found)) == 1
    assert (toys.made("toy"), toys.made("base")) == (1, 1)
    assert sorted(item.name for item in toys.work.iterdir() if item.name[0] != ".") == sorted(
        [found[0], toys.space().byquery("base").name]
    )


def test_many_ask_for_different_things(toys: Toys) -> None:
    toys.maker("base", "base", "import time\ntime.sleep(0.2)")
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}}, needs={"base": "base"})
    children = [child for n in range(6) for child in start(toys, f"thing,n={n}", 1)]
    assert len(set(answers(children))) == 6
    assert (toys.made("toy"), toys.made("base")) == (6, 1)
    assert len(toys.space().all_byquery("thing")) == 6


def test_a_killed_maker_hands_over(toys: Toys, tmp_path: Path) -> None:
    """The first to come makes it half and is killed by force; one that waits makes it."""
    body = f"""
        import os, time
        (path / "half.txt").write_text("half")
        try:
            os.mkdir({str(tmp_path / "first")!r})
        except FileExistsError:
            pass
        else:
            time.sleep(600)
    """
    toys.maker("toy", "thing", body)
    maker = toys.child("space.byquery('thing')\n")
    folder = wait_for(toys, "half.txt")
    making = json.loads((folder / PRIVATE / "making.json").read_text())
    assert making["pid"] == maker.pid
    assert toys.space().session.store.state(folder) == "producing"
    waiting = start(toys, "thing", 3)
    maker.send_signal(signal.SIGKILL)
    maker.communicate()
    assert set(answers(waiting)) == {folder.name}
    assert toys.made("toy") == 2
    assert toys.space().byquery("thing").path == folder


def wait_for(toys: Toys, file: str) -> Path:
    while True:
        for folder in toys.work.glob(f"*/{file}"):
            return folder.parent


def test_nobody_asks_again_after_a_killed_maker(toys: Toys) -> None:
    toys.maker("toy", "thing", "import os\nos.kill(os.getpid(), 9)")
    maker = toys.child("space.byquery('thing')\n")
    maker.communicate()
    assert maker.returncode == -signal.SIGKILL
    space = toys.space()
    assert list(space.all_byquery("thing")) == []
    assert [row.state for row in space.entries() if row.name.startswith("toy_")] == ["broken"]


def test_a_failure_is_told_to_those_who_waited_for_it(toys: Toys, tmp_path: Path) -> None:
    """A build that takes ten minutes and fails is not begun again by each; who asks afterwards begins it."""
    body = f"""
        import time
        from axs_core.base.errors import ProduceError
        from pathlib import Path
        while not Path({str(tmp_path / "all wait")!r}).exists():
            time.sleep(0.01)
        raise ProduceError("it broke", hint="mend it")
    """
    toys.maker("base", "base", body)
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}}, needs={"base": "base"})
    maker = start(toys, "thing,n=0", 1)
    folder = wait_for(toys, ".axs/making.json")
    waiting = [child for n in range(1, 5) for child in start(toys, f"thing,n={n}", 1)]
    until_they_wait(waiting)
    (tmp_path / "all wait").touch()
    ends = [(*child.communicate(timeout=300), child.returncode) for child in maker + waiting]
    assert [code for *_, code in ends] == [1] * 5
    told = f"it broke\n    (in process {maker[0].pid} on {gethostname()}, which this one waited for)\n"
    assert [told in err for _, err, _ in ends] == [False, *[True] * 4]
    assert (toys.made("toy"), toys.made("base")) == (0, 1)
    with pytest.raises(ProduceError, match=r"^it broke$"):
        toys.space().byquery("thing")
    assert toys.made("base") == 2
    assert toys.space().session.store.state(folder) == "broken"


def test_who_waited_for_an_interrupted_one_makes_it(toys: Toys, tmp_path: Path) -> None:
    body = f"""
        import os, time
        try:
            os.mkdir({str(tmp_path / "first")!r})
        except FileExistsError:
            pass
        else:
            time.sleep(600)
    """
    toys.maker("toy", "thing", body)
    maker = start(toys, "thing", 1)
    wait_for(toys, ".axs/making.json")
    waiting = start(toys, "thing", 3)
    until_they_wait(waiting)
    maker[0].send_signal(signal.SIGINT)
    assert len(set(answers(waiting))) == 1
    assert toys.made("toy") == 2


def test_the_index_is_made_anew_while_others_use_it(toys: Toys) -> None:
    for number in range(30):
        toys.add(f"entry{number}", {"tags": ["x"], "attributes": {"n": number}})
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}})
    code = """
        for turn in range(8):
            space.work_collection().reindex()
            assert len(space.all_byquery("x")) == 30, turn
            name = space.byquery("thing,n={number}").name
            assert space.byname(name)["n"] == {number}
            space = Workspace()
    """
    children = [toys.child(code.format(number=number)) for number in range(4)]
    answers(children)
    assert toys.made("toy") == 4
    assert len(toys.space().all_byquery("thing")) == 4


def test_an_entry_is_removed_while_others_look(toys: Toys) -> None:
    toys.maker("toy", "thing", parameters={"n": {"type": "int"}})
    asking = """
        from axs_core.base.errors import NotFound
        for turn in range(20):
            space = Workspace()
            assert space.byquery("thing,n=1")["n"] == 1
            try:
                assert {entry["n"] for entry in space.all_byquery("thing")} <= {1, 2}
            except NotFound as error:
                assert str(error).endswith(" was removed meanwhile")
    """
    removing = """
        for turn in range(20):
            space = Workspace()
            for entry in space.all_byquery("thing,n=2"):
                entry.remove()
            space.byquery("thing,n=2")
    """
    answers([toys.child(asking), toys.child(removing), toys.child(asking)])
    assert toys.space().byquery("thing,n=1")["n"] == 1
