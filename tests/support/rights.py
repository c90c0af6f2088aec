"""Tests as root: what nobody may read or write, root may. Here it may not either."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_VERSION = 0x20080522
_OVERRIDING = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH (capabilities(7))
_WITHIN = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def like_a_user() -> list[str]:
    """What to begin a command with so that permissions count for it; skips the test where there is no such thing."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None or subprocess.run([*_WITHIN, "true"], capture_output=True).returncode != 0:
        pytest.skip("root may read and write everything here")
    return list(_WITHIN)


@contextmanager
def permissions_count() -> Iterator[None]:
    """The same for this process (for this thread, as Linux has it)."""
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root may read and write everything here")
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    _done(libc.capget(header, sets))
    effective = sets[0]
    sets[0] &= ~_OVERRIDING
    _done(libc.capset(header, sets))
    try:
        yield
    finally:
        sets[0] = effective
        _done(libc.capset(header, sets))


def _done(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
