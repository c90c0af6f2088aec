"""Another process that asks for something, and is killed at a chosen stage of making it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from axs_core.entry import META
from axs_core.index import Index
from axs_core.store import Store, store

STAGES = ("begun", "made", "recorded", "present", "removing")
"""begun: the folder is there. made: all but the record. recorded: all but ``meta.yaml``. present: that too, but the
index knows nothing yet. removing: ``meta.yaml`` is gone, the rest is there.
"""


def killed_at(stage: str, occurrence: int, act: Callable[[], object]) -> bool:
    """Run ``act`` in a child that is killed when it comes to ``stage`` for the n-th time; did it come there?"""
    child = os.fork()
    if child == 0:
        try:
            _lie_in_wait(stage, occurrence)
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) or os.WTERMSIG(status) == signal.SIGKILL
    return os.WIFSIGNALED(status)


def _lie_in_wait(stage: str, occurrence: int) -> None:
    left = occurrence

    def die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def dying(function: Callable[..., Any], when: Callable[..., bool], before: bool) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if before and when(*args):
                die()
            result = function(*args, **kwargs)
            if not before and when(*args):
                die()
            return result

        return wrapped

    if stage == "begun":
        Store.begin = dying(Store.begin, lambda *_: True, before=False)  # type: ignore[method-assign]
    elif stage == "made":
        Store.complete = dying(Store.complete, lambda *_: True, before=True)  # type: ignore[method-assign]
    elif stage == "recorded":
        store.write_atomic = dying(store.write_atomic, lambda file, _: file.name == META, before=True)
    elif stage == "present":
        done = lambda _, folder: (folder / META).is_file()  # noqa: E731
        Index.add = dying(Index.add, done, before=True)  # type: ignore[method-assign]
    else:
        import shutil

        shutil.rmtree = dying(shutil.rmtree, lambda *_: True, before=True)
