"""Valid inputs, changed: pieces cut out, doubled, moved, put in from a list of what often hurts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import strategies as st

NASTY: tuple[bytes, ...] = (
    b"\0",
    b"\xff",
    b"\xed\xb2\x80",
    "é".encode(),
    "\u202e".encode(),
    "\U0001f600".encode(),
    b"\r\n",
    b"\n",
    b"\t",
    b" ",
    b"-1",
    b"0",
    b"1e999",
    b"9" * 30,
    b"9" * 5000,
    b"NaN",
    b"Infinity",
    b".nan",
    b".inf",
    b"true",
    b"null",
    b"''",
    b'""',
    b"{",
    b"}",
    b"[",
    b"]",
    b"{}",
    b"[]",
    b"[" * 3000,
    b'{"a":' * 1000,
    b",",
    b":",
    b"=",
    b"/",
    b"..",
    b"../../x",
    b"/etc/passwd",
    b"~",
    b"{{ a }}",
    b"{% for a in range(9) %}",
    b"A" * 10000,
)


def mutate(seed: bytes, number: int, tokens: Sequence[bytes], other: bytes = b"") -> bytes:
    """``seed`` with some changes that ``number`` decides."""
    random, data = Random(number), bytearray(seed)
    for _ in range(random.choice((1, 1, 2, 3, 5, 8))):
        start = random.randrange(len(data) + 1)
        length = min(random.choice((1, 1, 2, 4, 10, 40, 200)), len(data) - start)
        piece = bytes(data[start : start + length])
        change = random.randrange(8)
        if change == 0:
            del data[start : start + length]
        elif change == 1:
            data[start:start] = piece * random.choice((1, 2, 10))
        elif change == 2 and data:
            data[min(start, len(data) - 1)] = random.randrange(256)
        elif change == 3 and other:
            at = random.randrange(len(other))
            data[start:start] = other[at : at + random.choice((4, 20, 100))]
        elif change == 4:
            place = random.randrange(len(data) + 1)
            data[place:place] = piece
        elif change == 5:
            data[start : start + length] = random.choice(tokens)
        else:
            data[start:start] = random.choice(tokens)
    return bytes(data)


def mutated(seeds: Sequence[bytes], tokens: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Changes of ``seeds``; ``tokens`` are put in besides :data:`NASTY` ones (and more often)."""
    words = (*NASTY, *tokens, *tokens)
    picked = st.sampled_from(list(seeds))
    return st.builds(mutate, picked, st.integers(0, 2**64), st.just(words), picked)


def smaller(data: bytes, fails: object) -> bytes:
    """A shorter input for which ``fails(data)`` still holds: pieces are cut out while that is so."""
    assert callable(fails)
    size = max(1, len(data) // 2)
    while size:
        position = 0
        while position < len(data):
            shorter = data[:position] + data[position + size :]
            if fails(shorter):
                data = shorter
            else:
                position += size
        size //= 2
    return data
