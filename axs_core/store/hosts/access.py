"""Who may change what in a work collection, and who depends on what, among the processes of one or of several hosts."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from axs_core.base.errors import StoreError
from axs_core.base.reporter import Reporter
from axs_core.base.settings import LEASE
from axs_core.entry.load import META
from axs_core.store.hosts import oslock
from axs_core.store.hosts.afresh import opens
from axs_core.store.hosts.beacon import BEATS, LOOK, Heart, Seen, Watch
from axs_core.store.hosts.claims import Claim, Claims, Waiting
from axs_core.store.hosts.using import Using, has_ended
from axs_core.store.layout import PRIVATE, not_writable, open_root
from axs_core.store.removal import empty_trash

SHORT_KEY = 10
"""Hex digits of the key that stand in a folder's name."""
TIDYING = ".gc"
"""What is claimed by who collects garbage, or removes everything."""
MOVING = ".move"
"""What is claimed by who moves the work collection to another folder: nobody else claims anything meanwhile."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Busy(Exception):
    """Somebody else has it, and waiting was not wanted."""


class Access:
    """Locks and notes of the work collection at ``root``. ``lease``: seconds after which a process on another host that
    shows no life counts as dead.
    """

    def __init__(self, root: Path, reporter: Reporter | None = None, lease: float = LEASE) -> None:
        self.root = root
        self.reporter = reporter or Reporter()
        self.lease = lease
        heart = Heart(lease / BEATS)
        self._watch = Watch(lease)
        self._claims = Claims(root / PRIVATE / "claims", heart, self._watch)
        self._using = Using(root, root / PRIVATE / "using", heart)
        self._held: dict[str, Claim] = {}

    def open(self) -> None:
        """Make the folders where they are missing; raises StoreError when that cannot be."""
        open_root(self.root)

    # what is held

    def maker(self, folder: Path) -> Seen | None:
        """Who makes (or changes) something of this identity just now, on whatever host; None where nobody does. Who
        works on another host is taken at his word: only waiting can tell that he died.
        """
        base = lock_base(folder.name)
        seen = self._claims.holder(base)
        return None if seen is None or self._lives(base, seen) is False else seen

    def _lives(self, base: str, seen: Seen) -> bool | None:
        told = self._claims.lives(seen)
        file = self._lock_file(base)
        if told is None and seen.domain is not None and seen.domain == oslock.domain_of(file):
            return oslock.is_held(file)
        return told

    def _lock_file(self, base: str) -> Path:
        return self.root / PRIVATE / "locks" / f"{base}.lock"

    @contextmanager
    def held(self, base: str, doing: str = "making it", wait: bool = True, freeing: bool = False) -> Iterator[bool]:
        """Hold an identity, on this host and among all others; ``doing`` is what those are told who wait for it.

        When somebody else has it, say so and wait until that ends (gives whether that was so), or, without ``wait``,
        raise Busy. ``freeing``: the caller is going to free room, so a disk on which no claim fits is no hindrance.
        Raises StoreError where the collection cannot be written; and instead of any other error when another host has
        taken over meanwhile.
        """
        self.open()
        self._refuse_moving()
        told: list[Seen | None] = []

        def waiting(seen: Seen | None) -> None:
            told.append(seen)
            self.reporter.note(f"waiting for {base}: {seen or 'another process is at work'}")

        with ExitStack() as stack:
            try:
                locking = (lambda: waiting(self._claims.holder(base))) if wait else None
                domain = stack.enter_context(oslock.locked(self._lock_file(base), locking))
                claim = self._claim(base, doing, domain, waiting if wait else None, freeing)
            except oslock.Taken:
                raise Busy(base) from None
            except OSError as error:
                raise not_writable(self.root, error) from None
            if told and told[-1] is not None and self._watch.is_silent(told[-1]):
                who = told[-1].who
                self.reporter.note(f"{who or 'its maker'} has shown no life for {self.lease:g} s: taking over {base}")
                self._using.forget(who)
            if claim is not None:
                stack.enter_context(self._claimed(claim))
            self._refuse_moving()  # once more, now that it is claimed: who moves sees the claim, or we see him
            yield bool(told)

    def _claim(self, base: str, doing: str, domain: str | None, waiting: Waiting | None, freeing: bool) -> Claim | None:
        try:
            claim = self._claims.take(base, doing, domain, waiting)
        except OSError as error:
            there = self._claims.holder(base)
            if freeing and error.errno in _FULL and (there is None or self._claims.lives(there, domain) is False):
                return None
            raise
        if claim is None:
            raise oslock.Taken(base)
        return claim

    @contextmanager
    def _claimed(self, claim: Claim) -> Iterator[None]:
        self._held[claim.base] = claim
        try:
            yield
        except BaseException as error:
            if _is_lost(claim):
                raise self.lost(claim.base) from error
            raise
        finally:
            del self._held[claim.base]
            claim.release()

    def claim(self, folder: Path) -> Claim | None:
        """Our own claim on that folder's identity, where this process holds one."""
        return self._held.get(lock_base(folder.name))

    def lost(self, base: str) -> StoreError:
        """The error for who finds that another host has taken over."""
        seen = self._claims.holder(base)
        why = f"this process showed no life for {self.lease:g} s (it was suspended, or the network folder was away)"
        return StoreError(
            f"{base} was taken over: {why}" + (f"; now {seen}" if seen else ""),
            hint="ask again: what was made there answers here",
        )

    # moving

    def _refuse_moving(self) -> None:
        """Raise StoreError while another process moves the work collection."""
        seen = self._claims.holder(MOVING)
        if seen is not None and MOVING not in self._held and self._lives(MOVING, seen) is not False:
            hint = "wait for it; then say where it is: AXS_WORK_COLLECTION=FOLDER axs ..."
            raise StoreError(f"the work collection {self.root} is away: {seen}", hint=hint)

    def refuse_others(self) -> None:
        """Raise StoreError while anybody else is at work in the work collection, on whatever host."""
        self.settle()
        hint = "wait for it, or end that axs, and ask again"
        for base, seen in self._claims.all():
            if base not in self._held and self._lives(base, seen) is not False:
                raise StoreError(f"in use just now: {base}: {seen}", hint=hint)
        if at_work := self.at_work():
            raise StoreError(f"in use just now: {at_work[0]}", hint=hint)

    def rest(self) -> None:
        """From now on what this process holds is not looked at any more: the folder itself goes."""
        for claim in self._held.values():
            claim.rest()

    # who is at work, and what is used

    @contextmanager
    def working(self) -> Iterator[None]:
        """This process makes something: what it tells :meth:`use` is not removed meanwhile."""
        self.open()
        with ExitStack() as stack:
            try:
                stack.enter_context(self._using.working(self.root / PRIVATE / "claims" / TIDYING))
            except OSError as error:
                raise not_writable(self.root, error) from None
            self._refuse_moving()
            yield

    def use(self, folder: Path) -> bool:
        """This process depends on the entry in that folder from now on; whether it is there."""
        try:
            self._using.note(folder)
        except OSError as error:
            raise not_writable(self.root, error) from None
        return opens(folder / META)

    def user(self, folder: Path, ended: bool = False) -> Seen | None:
        """A process that depends on the entry in that folder; with ``ended`` also one whose work is done."""
        if not ended:
            self._make_sure(lambda: [seen for seen in self._using.of(folder) if self._is_doubtful(seen)])
        return next((seen for seen in self._using.of(folder) if ended or self._at_work(seen)), None)

    def refuse_used(self, folder: Path) -> None:
        """Raise StoreError while another process depends on the entry in that folder."""
        if (seen := self.user(folder)) is not None:
            raise in_use(folder, str(seen))

    def at_work(self) -> list[Seen]:
        """All other processes that make something in this work collection."""
        return [seen for _, seen in self._using.everyone() if self._at_work(seen)]

    def _at_work(self, seen: Seen) -> bool:
        return not has_ended(seen) and self._claims.lives(seen) is not False

    def settle(self) -> None:
        """Find out who lives of those who are at work on other hosts: some seconds where they do, the lease where one
        is silent. Notes of those whose work is done are thrown away, and what is left of removals.
        """
        self.open()
        self._make_sure(self._doubtful)
        for file, seen in self._using.everyone():
            if not self._at_work(seen):
                file.unlink(missing_ok=True)
        empty_trash(self.root)

    def forget_the_dead(self) -> None:
        """Take away claims that nobody comes back to: those of processes that died when all was done but that."""
        for base in self._claims.bases():
            if base not in self._held:
                with suppress(Busy, StoreError), self.held(base, "tidying up", wait=False, freeing=True):
                    pass

    def _make_sure(self, doubtful: Callable[[], list[Seen]]) -> None:
        """Watch those of whom only waiting can tell whether they live, until that is known of all."""
        if first := doubtful():
            hosts = sorted({str(seen.who) for seen in first})
            self.reporter.note(f"looking whether they still live (up to {self.lease:g} s): {', '.join(hosts)}")
        while unknown := doubtful():
            for seen in unknown:
                self._watch.look(seen)
            time.sleep(LOOK)

    def _doubtful(self) -> list[Seen]:
        claimed = [seen for base, seen in self._claims.all() if self._is_doubtful(seen, base)]
        return claimed + [seen for _, seen in self._using.everyone() if self._is_doubtful(seen)]

    def _is_doubtful(self, seen: Seen, base: str | None = None) -> bool:
        told = self._claims.lives(seen) if base is None else self._lives(base, seen)
        return told is None and not has_ended(seen) and not self._watch.has_moved(seen)


def in_use(folder: Path, reason: str) -> StoreError:
    """The error for an entry that a process depends on."""
    return StoreError(f"{folder.name} is in use: {reason}", hint="wait for that process, or end it, and ask again")


def _is_lost(claim: Claim) -> bool:
    try:
        return not claim.renew()
    except OSError:
        return claim.lost


def lock_base(name: str) -> str:
    """The identity's base name of a folder: ``NAME_KEY_2`` and ``NAME_KEY`` share one lock."""
    head, _, tail = name.rpartition("_")
    if head and tail.isdigit() and len(tail) < SHORT_KEY:
        return head
    return name
