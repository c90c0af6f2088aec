"""Who may change what, also where the lock of one host does not hold on another one.

``flock`` on a network folder holds among hosts on some file systems (NFS), within one host on others (Lustre mounted
with ``localflock``, some of SMB and FUSE), or not at all. So whoever has the lock of an identity on this host also puts
a *claim* on it: a file ``claims/BASE/NUMBER`` that is a beacon. The highest number holds.

* To take what nobody claims, make number 1; to take it from a maker who died, make the number after his. A file can be
  made once only, on every file system: of several hosts one succeeds.
* The maker is dead when the lock that he held is ours now, when his process is not on this host any more, or, on
  another host, when his beacon stood still for the whole lease. After taking from a silent one his beacon is looked at
  once more: should it have moved, the new claim is withdrawn.
* Who was suspended and comes back *renews*: he beats, then looks whether his number is still the highest. Either he
  sees the new number, or its maker sees the beat; so a claim that was renewed is safe for the time of the lease.
* To release is to delete one's number, after all lower ones. The numbers begin again then, so a number is somebody's
  only together with the token in its file.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from axs_core.base import suspension
from axs_core.base.value import Value
from axs_core.store.hosts.beacon import LOOK, Beacon, Heart, Seen, Watch, light, read

Waiting = Callable[[Seen], None]


class Top(Value):
    """The claim that holds: its number, and its beacon."""

    number: int
    seen: Seen


class Claims:
    """The claims in ``folder``; ``watch`` remembers what was seen of other hosts."""

    def __init__(self, folder: Path, heart: Heart, watch: Watch) -> None:
        self.folder, self.heart, self.watch = folder, heart, watch

    def holder(self, base: str) -> Seen | None:
        """Who claims it, dead or alive; None where nobody does. Waits for nothing."""
        top = self._top(base)
        return None if top is None else top.seen

    def all(self) -> list[tuple[str, Seen]]:
        """Everything that is claimed, with who claims it."""
        return [(base, seen) for base in self.bases() if (seen := self.holder(base)) is not None]

    def bases(self) -> list[str]:
        """What is claimed, or was by a process that died while it began or ended that."""
        try:
            return sorted(item.name for item in self.folder.iterdir())
        except FileNotFoundError:
            return []

    def lives(self, seen: Seen, domain: str | None = None) -> bool | None:
        """Whether its process is at work; None where only waiting can tell. ``domain``: of the lock that we hold."""
        if domain is not None and seen.domain == domain:
            return False
        told = None if seen.who is None else seen.who.lives()
        return False if told is None and self.watch.is_silent(seen) else told

    def take(self, base: str, doing: str, domain: str | None, waiting: Waiting | None) -> Claim | None:
        """Claim it, under the lock of this host whose domain this is. While another host has it, ``waiting`` is called
        with who has it (again when that is another one); without ``waiting``, None is the answer then. Raises OSError
        where nothing can be written.
        """
        told = ""
        while True:
            top = self._top(base)
            if top is None or self.lives(top.seen, domain) is False:
                claim = self._make(base, doing, domain, top)
                if claim is not None:
                    return claim
                time.sleep(LOOK / 10)
                continue
            if waiting is None:
                return None
            if top.seen.token != told:
                told = top.seen.token
                waiting(top.seen)
            time.sleep(LOOK)
            self.watch.look(top.seen)

    def _top(self, base: str) -> Top | None:
        """Opening the folder is what makes a network file system ask its server what is in it."""
        for number in sorted(_numbers(self.folder / base), reverse=True):
            if (seen := read(self.folder / base / str(number))) is not None:
                return Top(number, seen)
        return None

    def _make(self, base: str, doing: str, domain: str | None, before: Top | None) -> Claim | None:
        """The claim after ``before``; None where somebody else was quicker, or the one before lives after all."""
        folder, number = self.folder / base, 1 if before is None else before.number + 1
        folder.mkdir(parents=True, exist_ok=True)
        try:
            beacon = light(folder / str(number), doing, self.heart.every, domain)
        except FileNotFoundError:  # the folder went with somebody's release
            return None
        if beacon is None:
            return None
        claim = Claim(folder, number, beacon, self.heart)
        if not claim.is_top() or not self._still(folder, before):
            claim.withdraw()
            return None
        claim.begin()
        return claim

    def _still(self, folder: Path, before: Top | None) -> bool:
        """Nothing but what we knew of lies below our claim, and it has not moved."""
        if before is None:
            return True
        seen = read(folder / str(before.number))
        return seen is not None and (seen.token, seen.beat) == (before.seen.token, before.seen.beat)


class Claim:
    """A claim of this process. ``lost`` once another host took over."""

    def __init__(self, folder: Path, number: int, beacon: Beacon, heart: Heart) -> None:
        self.folder, self.number, self.beacon, self.heart = folder, number, beacon, heart
        self.lost = False
        self._ended = self._told = False
        self._one = threading.RLock()
        self._thread = threading.current_thread()

    @property
    def base(self) -> str:
        """What is claimed."""
        return self.folder.name

    def begin(self) -> None:
        """Beat from now on."""
        self.heart.start(self._from_heart)

    def renew(self) -> bool:
        """Show that we live, and see whether it is still ours. Raises OSError where neither can be known."""
        self.beacon.beat()
        if not self.lost and not self.is_top():
            self.lost = True
        return not self.lost

    def is_top(self) -> bool:
        """Whether ours is the highest number, and ours: after all were released the numbers begin again."""
        return max(_numbers(self.folder), default=0) == self.number and self._is_there()

    def _is_there(self) -> bool:
        seen = read(self.folder / str(self.number))
        return seen is not None and seen.token == self.beacon.token

    def release(self) -> None:
        """End it, with the dead ones below; what others have put there since stays."""
        if not self._ended:
            self.rest()
        with suppress(OSError):
            for file in list(self.folder.iterdir()) if self.is_top() else ():
                if not file.name.isdigit() or int(file.name) < self.number:
                    file.unlink(missing_ok=True)
        self.withdraw()

    def rest(self) -> None:
        """Beat no more, and take no loss for one, until it is released."""
        with self._one:
            self._ended = True
        self.heart.stop(self._from_heart)

    def withdraw(self) -> None:
        """Delete it; without a word where that cannot be: the dead are seen to be dead."""
        self.beacon.close()
        with suppress(OSError):
            if self._is_there():
                (self.folder / str(self.number)).unlink(missing_ok=True)
            self.folder.rmdir()

    def _from_heart(self) -> bool:
        """Called every few seconds, in another thread, and in the main one on waking. A loss ends the work of the main
        thread as a Ctrl-C would, with its children; once.
        """
        kept = self.renew()
        main = threading.main_thread()
        with self._one:
            if kept or self._ended or self._told or self._thread is not main:
                return True
            self._told = threading.current_thread() is main or not suspension.look_again()
            return not self._told


def _numbers(folder: Path) -> list[int]:
    try:
        return [int(file.name) for file in folder.iterdir() if file.name.isdigit()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        if error.errno == errno.ESTALE:
            return []
        raise
