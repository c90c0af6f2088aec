"""Several files in one input: each begins with a line ``### NAME``. Readable, and easy to change byte by byte."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HEAD = re.compile(rb"^### (\S+)\n", re.MULTILINE)


def join(files: Mapping[str, bytes]) -> bytes:
    """The files as one input."""
    return b"".join(b"### %s\n%s\n" % (name.encode(), content) for name, content in files.items())


def split(data: bytes) -> dict[str, bytes]:
    """The files in an input, by name, the last one of a name; what stands before the first head is nothing."""
    pieces = _HEAD.split(data)
    names, contents = pieces[1::2], pieces[2::2]
    return {
        name.decode("utf-8", "replace"): text.removesuffix(b"\n") for name, text in zip(names, contents, strict=True)
    }
