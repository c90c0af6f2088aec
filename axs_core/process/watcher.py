"""A small process that ends a child when axs itself is killed, and nobody else could."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator

# It is told the group, then "done". Where the pipe breaks before that it kills the group, or, should axs have died
# between the start of the child and the word of it, whoever has the log as output: the file that is open here under
# the number $0, not one that another axs has put in its place meanwhile.
_SCRIPT = """
read -r group && read -r word && exit 0
[ -n "$group" ] && kill -s KILL -- "-$group"
for round in 1 2; do
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        [ "$pid" = "$$" ] && continue
        if [ "$process/fd/2" -ef "/proc/$$/fd/$0" ] || [ "$process/fd/1" -ef "/proc/$$/fd/$0" ]; then
            kill -s KILL -- "-$pid"
            kill -s KILL "$pid"
        fi
    done
done
"""


@contextlib.contextmanager
def watcher(log: int) -> Iterator[Callable[[int], None]]:
    """Start it for a child that talks to the open file ``log``; gives what to call with the child's group. It costs a
    millisecond.
    """
    process = subprocess.Popen(
        ["/bin/sh", "-c", _SCRIPT, str(log)],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(log,),
        start_new_session=True,
        bufsize=0,
    )
    pipe = process.stdin
    assert pipe is not None

    def tell(word: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed the watcher: the child is still ours to end
            pipe.write(f"{word}\n".encode())

    try:
        yield tell
    finally:
        tell("done")
        tell("done")  # the second one is for the case that it was never told of a group
        pipe.close()
        process.wait()
