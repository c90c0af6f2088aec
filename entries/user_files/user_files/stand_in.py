"""What came in the place of a file: nothing, a pointer of Git LFS, a web page."""

from __future__ import annotations

import re

HEAD = 1024
"""Bytes that are enough to tell."""
_POINTER = b"version https://git-lfs.github.com/spec/"
_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<(!doctype\s+html|html|head|body|error)\b", re.IGNORECASE)


def stand_in(head: bytes) -> str | None:
    """What a file is that begins with ``head``, as the end of a sentence about it; None: it may be what it should be.

    >>> stand_in(b""), stand_in(b"<!DOCTYPE html>")
    ('is empty', 'is a web page, not the file: download it again')
    """
    if not head:
        return "is empty"
    if head.startswith(_POINTER):
        return "is a Git LFS pointer, not the file: git lfs pull"
    return "is a web page, not the file: download it again" if _PAGE.match(head) else None
