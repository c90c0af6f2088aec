"""One thing that bad input is tried on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fuzz.guard import Fault, guarded, told
from hypothesis import strategies as st

from axs_core.base.errors import AxsError


class Room(Protocol):
    """A folder made ready for many inputs."""

    root: Path
    thorough: bool

    def tried(self, data: bytes) -> str:
        """Use the input as axs would; what came of it, in a few words. Raises AxsError where it is refused."""
        ...

    def close(self) -> None:
        """No more input comes."""
        ...


@dataclass(frozen=True)
class Target:
    """``inputs`` are made by structure, as bytes; ``seeds`` are valid ones, for a fuzzer that changes bytes by itself;
    ``modules`` are what it is to watch.
    """

    name: str
    open: Callable[[Path], Room]
    inputs: st.SearchStrategy[bytes]
    seeds: Sequence[bytes]
    tokens: Sequence[bytes] = field(default=())


def outcome(room: Room, data: bytes) -> str:
    """What came of one input: what the target says of it, or the kind of refusal. Raises Fault for anything else."""
    try:
        with guarded(room.root):
            return room.tried(data)
    except Fault:
        raise
    except AxsError as error:
        return told(error)
    except Exception as error:
        raise Fault(f"{type(error).__name__} comes out: {str(error)[:300]}") from error
