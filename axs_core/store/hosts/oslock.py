"""A lock of the operating system on a file: it ends with its process, however that ends.

``flock`` holds among the processes of one kernel that see the same file system; whether it holds among hosts depends on
the network file system (see :mod:`axs_core.store.hosts.claims`). A lock file is never removed: whoever waits has it
open, and would get a lock on a file that nobody else sees any more.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from axs_core.base.host import boot_id

POLL = 0.02
"""Seconds between two looks at a lock that another process has."""
_TAKEN = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK})
_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL})
"""What a file system says that has no locks (Lustre that was mounted without them)."""


class Taken(Exception):
    """Another process has the lock."""


@contextmanager
def locked(file: Path, waiting: Callable[[], None] | None) -> Iterator[str | None]:
    """Hold the lock on ``file``. ``waiting`` is called once when another process has it; without, Taken is raised.

    Yields the lock's domain: two processes that are told the same one cannot both hold it. None where the file system
    has no locks, or the system does not tell which kernel this is. Raises OSError where the file cannot be made.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        taken = _take(handle)
        if taken is False:
            if waiting is None:
                raise Taken(file)
            waiting()
            while _take(handle) is False:
                time.sleep(POLL)
        yield _domain(handle) if taken is not None else None
    finally:
        os.close(handle)


def is_held(file: Path) -> bool | None:
    """Whether some process holds the lock now; None where that cannot be known."""
    try:
        with locked(file, None) as domain:
            return None if domain is None else False
    except Taken:
        return True


def domain_of(file: Path) -> str | None:
    """The domain of the lock on ``file`` as this process would be told; None where there is none."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _domain(handle)
    finally:
        os.close(handle)


def _take(handle: int) -> bool | None:
    """True: it is ours; False: somebody has it; None: there are no locks here."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        if error.errno in _NO_LOCKS:
            return None
        raise
    return True


def _domain(handle: int) -> str | None:
    """The kernel, and the file as this kernel knows it: the same network folder that is mounted twice is two."""
    there, boot = os.fstat(handle), boot_id()
    return f"{boot}:{there.st_dev}:{there.st_ino}" if boot else None
