"""Claims beside locks: what several hosts may do at once, step by step; integration/test_several_hosts.py has hosts."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.toy import Listening, Toys

from axs_core.base import host
from axs_core.base.errors import StoreError, UsageError
from axs_core.base.host import Process, this_process
from axs_core.base.settings import Settings
from axs_core.base.value import replace
from axs_core.store import Busy, Store
from axs_core.store.hosts import beacon as beacons
from axs_core.store.hosts import claims as claims_module
from axs_core.store.hosts import oslock
from axs_core.store.hosts.beacon import Beacon, Watch, light, read
from axs_core.store.hosts.claims import Claim

BASE = "toy_0123456789"
ELSEWHERE = Process("nodeb", "another boot", "pid:[1]", 7, "5")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A work collection that loses its patience quickly."""
    for module in (beacons, claims_module):
        monkeypatch.setattr(module, "LOOK", 0.01)
    made = Store(tmp_path / "work", Listening(), lease=0.1)
    made.open()
    return made


@contextmanager
def playing(monkeypatch: pytest.MonkeyPatch, process: Process) -> Iterator[None]:
    """What is lit meanwhile says that it is that process's."""
    with monkeypatch.context() as patched:
        patched.setattr(beacons, "this_process", lambda: process)
        yield


def claimed_by(
    store: Store, monkeypatch: pytest.MonkeyPatch, who: Process, number: int = 1, every: float = 0
) -> Beacon:
    """The claim of another process."""
    folder = store.root / ".axs" / "claims" / BASE
    folder.mkdir(exist_ok=True)
    with playing(monkeypatch, who):
        made = light(folder / str(number), "making it", every)
    assert made is not None
    return made


def take(store: Store, wait: bool = False) -> Claim | None:
    return store._claims.take(BASE, "making it", None, (lambda seen: None) if wait else None)


# processes


@pytest.mark.process
def test_this_process_lives_and_one_that_ended_does_not() -> None:
    assert this_process().lives() is True
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    stat = host.stat_of(child.pid)
    assert stat is not None
    process = replace(this_process(), pid=child.pid, start=stat[19])
    assert process.lives() is True
    child.kill()
    while (stat := host.stat_of(child.pid)) is not None and stat[0] != "Z":
        pass
    assert process.lives() is False  # nobody has asked yet how it ended
    child.communicate()
    assert process.lives() is False


def test_a_number_that_is_used_again_is_another_process() -> None:
    assert replace(this_process(), start="1").lives() is False


@pytest.mark.parametrize("other", [{"boot": "another"}, {"space": "pid:[1]"}])
def test_of_another_host_nothing_is_known(other: dict[str, str]) -> None:
    assert replace(this_process(), **other).lives() is None


def test_where_the_system_tells_nothing_the_name_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    me = Process("nodea", "", "", os.getpid(), "")
    monkeypatch.setattr(host, "this_process", lambda: me)
    assert me.lives() is True
    assert replace(me, host="nodeb").lives() is None


# beacons


def test_a_beacon_says_who_lives(tmp_path: Path) -> None:
    made = light(tmp_path / "b", "making it", 5.0, "a domain")
    assert made is not None
    assert light(tmp_path / "b", "making it", 5.0) is None
    made.beat()
    made.add("a name\nin two lines")
    made.add(None)
    made.beat()
    seen = read(tmp_path / "b")
    assert seen is not None
    assert (seen.who, seen.beat, seen.every, seen.domain) == (this_process(), 2, 5.0, "a domain")
    assert seen.names == ("a name\nin two lines", None)
    assert [item.name for item in tmp_path.iterdir()] == ["b"]
    made.close()
    made.beat()  # nothing: it may be another one's by now


def test_where_there_are_no_links_it_is_one_that_succeeds_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    made = light(tmp_path / "b", "making it", 5.0)
    assert made is not None
    assert light(tmp_path / "b", "making it", 5.0) is None
    seen = read(tmp_path / "b")
    assert seen is not None
    assert (seen.token, seen.who) == (made.token, this_process())
    assert [item.name for item in tmp_path.iterdir()] == ["b"]
    made.close()


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        light(tmp_path / "b", "making it", 5.0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "000000000003\n", "000000000003\n{}", "x\n[]", '000000000003\n{"token": 1}'])
def test_a_half_written_one_is_somebody(tmp_path: Path, text: str) -> None:
    (tmp_path / "b").write_text(text)
    seen = read(tmp_path / "b")
    assert seen is not None
    assert seen.who is None
    assert str(seen) == "another process is at work"
    assert read(tmp_path / "none") is None


def test_a_name_that_is_half_written_is_not_relied_upon(tmp_path: Path) -> None:
    made = light(tmp_path / "b", "at work", 5.0)
    assert made is not None
    made.add("whole")
    made.close()
    with (tmp_path / "b").open("a") as stream:
        stream.write('"hal')
    seen = read(tmp_path / "b")
    assert seen is not None
    assert seen.names == ("whole",)


def test_silence_counts_as_far_as_one_looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who was asleep himself does not take the others for dead."""
    clock = [0.0]
    monkeypatch.setattr(beacons.time, "monotonic", lambda: clock[0])
    made = light(tmp_path / "b", "making it", 1.0)
    assert made is not None
    seen = read(tmp_path / "b")
    assert seen is not None
    watch = Watch(30.0)
    for clock[0] in (0.0, 0.5, 1000.0):
        watch.look(seen)
    assert not watch.is_silent(seen)
    for step in range(200):
        clock[0] += 0.25
        watch.look(seen)
        assert watch.is_silent(seen) == (step >= 113), step
    assert not watch.has_moved(seen)
    made.beat()
    after = read(tmp_path / "b")
    assert after is not None
    assert not watch.is_silent(after)
    watch.look(after)
    assert watch.has_moved(after)
    made.close()


def test_who_beats_slowly_is_given_more_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(beacons.time, "monotonic", lambda: clock[0])
    made = light(tmp_path / "b", "making it", 60.0)
    assert made is not None
    seen = read(tmp_path / "b")
    assert seen is not None
    watch = Watch(1.0)
    for _ in range(1000):
        clock[0] += 0.25
        watch.look(seen)
    assert not watch.is_silent(seen)
    made.close()


# claims


def test_what_nobody_claims_is_taken_and_leaves_nothing(store: Store) -> None:
    claim = take(store)
    assert claim is not None
    assert claim.renew()
    seen = store._claims.holder(BASE)
    assert seen is not None
    assert seen.who == this_process()
    assert [base for base, _ in store._claims.all()] == [BASE]
    claim.release()
    assert list((store.root / ".axs" / "claims").iterdir()) == []


def test_who_works_on_another_host_is_not_disturbed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    other = claimed_by(store, monkeypatch, ELSEWHERE)
    (store.root / BASE).mkdir()
    assert take(store) is None
    assert store.state(store.root / BASE) == "producing"
    with pytest.raises(Busy), store.held(BASE, wait=False):
        pass
    stop = threading.Event()

    def beating() -> None:
        while not stop.wait(0.01):
            other.beat()

    heart = threading.Thread(target=beating)
    heart.start()
    try:
        store.settle()
        assert store.state(store.root / BASE) == "producing"
    finally:
        stop.set()
        heart.join()
        other.close()


def test_who_is_silent_is_taken_over_from(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    other = claimed_by(store, monkeypatch, ELSEWHERE)
    with store.held(BASE) as waited:
        assert waited
        claim = store.claim(store.root / BASE)
        assert claim is not None
        assert claim.number == 2
    assert isinstance(store.reporter, Listening)
    said = store.reporter.notes
    assert said[0].startswith(f"waiting for {BASE}: process 7 on nodeb is making it since ")
    assert said[1:] == [f"process 7 on nodeb has shown no life for 0.1 s: taking over {BASE}"]
    assert list((store.root / ".axs" / "claims").iterdir()) == []
    other.close()


def test_a_dead_process_of_this_host_is_taken_over_from_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed_by(store, monkeypatch, replace(this_process(), start="1")).close()
    with store.held(BASE, wait=False) as waited:
        assert not waited


def test_so_is_whoever_had_the_lock_that_is_ours_now(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a container with process numbers of its own nothing else is known."""
    with oslock.locked(store._lock_file(BASE), None) as domain:
        assert domain is not None
    folder = store.root / ".axs" / "claims" / BASE
    folder.mkdir()
    with playing(monkeypatch, replace(this_process(), space="pid:[1]")):
        other = light(folder / "1", "making it", 5.0, domain)
    assert other is not None
    (store.root / BASE).mkdir()
    assert store.state(store.root / BASE) == "broken"
    with store.held(BASE, wait=False):
        assert store.state(store.root / BASE) == "producing"
    other.close()


def test_one_that_wakes_while_it_is_taken_over_from_keeps_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It beats after the new claim is there and before that looks: the new one is withdrawn."""
    other = claimed_by(store, monkeypatch, ELSEWHERE)
    real, withdraw = Claim.is_top, Claim.withdraw
    done: list[str] = []

    def waking(self: Claim) -> bool:
        if not done:
            done.append("woke")
            other.beat()
        return real(self)

    def withdrawing(self: Claim) -> None:
        done.append("withdrawn")
        withdraw(self)

    monkeypatch.setattr(Claim, "is_top", waking)
    monkeypatch.setattr(Claim, "withdraw", withdrawing)
    claim = take(store, wait=True)
    assert claim is not None  # it fell silent again
    assert done == ["woke", "withdrawn"]
    claim.release()
    other.close()


@pytest.mark.parametrize("number", [1, 2])
def test_who_slept_does_not_take_a_later_claim_for_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """All was released meanwhile, and somebody claims it anew: the numbers begin again."""
    if number == 2:
        claimed_by(store, monkeypatch, replace(this_process(), start="1"))  # a dead one
    sleeper = take(store)
    assert sleeper is not None
    assert sleeper.number == number
    for file in sleeper.folder.iterdir():
        file.unlink()
    later = claimed_by(store, monkeypatch, ELSEWHERE)
    assert not sleeper.renew()
    sleeper.release()
    seen = read(sleeper.folder / "1")
    assert seen is not None
    assert seen.token == later.token


def test_a_counter_that_is_read_while_it_is_written(store: Store) -> None:
    claim = take(store)
    assert claim is not None
    file = claim.folder / "1"
    file.write_bytes(b"00000\0" + file.read_bytes()[6:])
    assert claim.renew()
    claim.release()


def test_one_that_wakes_later_sees_that_it_lost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = take(store)
    assert mine is not None
    later = claimed_by(store, monkeypatch, ELSEWHERE, number=2)
    assert not mine.renew()
    assert mine.lost
    mine.release()
    seen = store._claims.holder(BASE)
    assert seen is not None
    assert seen.who == ELSEWHERE  # its claim is left alone
    later.close()


def test_a_claim_that_somebody_deleted_is_lost(store: Store) -> None:
    claim = take(store)
    assert claim is not None
    (store.root / ".axs" / "claims" / BASE / "1").unlink()
    assert not claim.renew()
    claim.release()


def test_whoever_lost_completes_nothing_and_clears_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    message = (
        f"{BASE} was taken over: this process showed no life for 0.1 s .*; now process 7 on nodeb is making it since"
    )
    with pytest.raises(StoreError, match=message) as caught, store.held(BASE):
        attempt = store.begin(store.root / BASE, "toy")
        claimed_by(store, monkeypatch, ELSEWHERE, number=2).close()
        attempt.folder.rename(store.root / "trash")
        (store.root / BASE).mkdir()
        (store.root / BASE / "theirs.txt").write_text("theirs")
        store.abandon(attempt, ValueError("no"))
        store.drop(attempt)
        store.complete(attempt, {"title": "Toy"}, {}, {})
    assert caught.value.hint == "ask again: what was made there answers here"
    assert [item.name for item in (store.root / BASE).iterdir()] == ["theirs.txt"]


def test_a_folder_that_is_another_one_is_not_completed(store: Store) -> None:
    """Somebody removed the whole folder by hand, and it was made anew."""
    with store.held(BASE):
        attempt = store.begin(store.root / BASE, "toy")
        attempt.folder.rename(store.root / "aside")
        (store.root / BASE).mkdir()
        assert not attempt.is_ours()
        with pytest.raises(StoreError, match="was taken over"):
            store.complete(attempt, {"title": "Toy"}, {}, {})


def test_any_error_of_who_lost_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="was taken over"), store.held(BASE):
        claimed_by(store, monkeypatch, ELSEWHERE, number=2).close()
        raise KeyboardInterrupt


def test_a_half_written_claim_is_waited_for(store: Store) -> None:
    folder = store.root / ".axs" / "claims" / BASE
    folder.mkdir()
    (folder / "1").touch()
    assert take(store) is None
    claim = take(store, wait=True)
    assert claim is not None
    claim.release()
    assert not folder.exists()


def test_a_file_system_without_locks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then claims alone decide."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(oslock.fcntl, "flock", refuse)
    assert oslock.is_held(store._lock_file(BASE)) is None
    with store.held(BASE):
        with pytest.raises(Busy), store.held(BASE, wait=False):
            pass
        assert store.claim(store.root / BASE) is not None
    assert list((store.root / ".axs" / "claims").iterdir()) == []


def test_room_is_made_on_a_disk_that_has_no_room_for_a_claim(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with store.held(BASE):
        pass
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StoreError, match="cannot be written: No space left on device"), store.held(BASE):
        pass
    with store.held(BASE, freeing=True):
        assert store.claim(store.root / BASE) is None


# settings


def test_the_lease_is_a_setting(toys: Toys) -> None:
    assert Settings({}).lease == 30
    assert Settings({"AXS_LEASE": "2.5"}).lease == 2.5
    assert toys.space(AXS_LEASE="7").session.store.lease == 7
    for wrong in ("soon", "0", "-1", "nan", "1e9"):
        with pytest.raises(UsageError) as caught:
            _ = Settings({"AXS_LEASE": wrong}).lease
        assert str(caught.value) == f"AXS_LEASE must be a number of seconds from 1 to 86400, not {wrong!r}"
        assert caught.value.hint == "AXS_LEASE=30"
