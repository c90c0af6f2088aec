"""Suspended and woken: what is lost by then ends the main thread on the spot, once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.process

BEGIN = """
    import os, signal, sys, time
    from pathlib import Path
    from axs_core.base import suspension
    from axs_core.store.hosts.beacon import Heart, Watch
    from axs_core.store.hosts.claims import Claims

    def woken():
        os.kill(os.getpid(), signal.SIGCONT)

    def taken_over(every):
        claims = Claims(Path(sys.argv[1]), Heart(every), Watch(1.0))
        claim = claims.take("thing", "making it", None, None)
        (claim.folder / "2").write_text("another host")
        return claim
"""


def said(tmp_path: Path, code: str) -> str:
    """What a process prints that runs it."""
    argv = [sys.executable, "-c", dedent(BEGIN) + dedent(code), str(tmp_path)]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout


def test_a_loss_is_told_before_anything_else_is_done_and_once(tmp_path: Path) -> None:
    code = """
        suspension.respect()
        claim = taken_over(3600.0)
        did = []
        try:
            woken(), did.append("something")
        except KeyboardInterrupt:
            print("interrupted", did)
        woken()
        print("once")
    """
    assert said(tmp_path, code) == "interrupted []\nonce\n"


@pytest.mark.parametrize("respected", [True, False])
def test_a_loss_that_the_heart_sees_is_told_once(tmp_path: Path, respected: bool) -> None:
    code = f"""
        if {respected}:
            suspension.respect()
        claim = taken_over(0.02)
        try:
            while True:
                time.sleep(0.01)
        except KeyboardInterrupt:
            time.sleep(0.5)
            print("once")
    """
    assert said(tmp_path, code) == "once\n"


def test_what_is_still_ours_goes_on(tmp_path: Path) -> None:
    code = """
        suspension.respect()
        claim = Claims(Path(sys.argv[1]), Heart(3600.0), Watch(1.0)).take("thing", "making it", None, None)
        before = claim.beacon.beats
        woken()
        print(claim.beacon.beats - before)
        claim.release()
        woken()
        print("goes on")
    """
    assert said(tmp_path, code) == "1\ngoes on\n"


def test_ignored_signals_stay_ignored(tmp_path: Path) -> None:
    """As under a shell that has no jobs."""
    code = """
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        suspension.respect()
        print(signal.getsignal(signal.SIGTSTP) == signal.SIG_IGN)
    """
    assert said(tmp_path, code) == "True\n"
