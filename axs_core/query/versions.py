"""An order of versions that is total: any two texts can be compared, and sorting never depends on where one starts.

The rules of Python's packages (PEP 440) hold where a text follows them: 1.10 > 1.9, 2.0rc1 < 2.0. A text that only
begins like a version (``1.1.1w``, ``6.8.0-45-generic``, ``2.39.2 (Apple Git-143)``) stands directly after the release
it begins with, and the rest is compared with its numbers read as numbers. A text without a number in front stands
before all versions.
"""

from __future__ import annotations

import re
from typing import Any

_RELEASE = re.compile(r"\s*v?([0-9]+(?:\.[0-9]+)*)", re.IGNORECASE)
_DIGITS = re.compile(r"([0-9]+)")


def version_key(text: str, *, local: bool = True) -> tuple[Any, ...]:
    """A key to sort versions by; keys of any two texts compare. Without ``local``, ``2.13.0+cpu`` is ``2.13.0``.

    >>> sorted(["1.10", "1.9", "1.9rc1", "unknown", "1.9-ubuntu3"], key=version_key)
    ['unknown', '1.9rc1', '1.9', '1.9-ubuntu3', '1.10']
    """
    from packaging.version import Version  # only a comparison of versions pays for this import

    try:
        version = Version(text)
        return (1, version if local else Version(text.partition("+")[0]), ())
    except ValueError:
        pass
    release = _RELEASE.match(text)
    if release:
        try:
            return (1, Version(release.group(1)), _natural(text[release.end() :]))
        except ValueError:  # more digits than Python turns into a number
            pass
    return (0, _natural(text), ())


def compare_versions(value: str, wanted: str) -> int:
    """Negative, zero or positive, as ``value`` is older than, the same as or newer than ``wanted``.

    A local build (``2.13.0+cpu``) counts as the release, unless ``wanted`` names a local build too.

    >>> compare_versions("1.10", "1.9") > 0, compare_versions("2.13.0+cpu", "2.13.0"), compare_versions("1.0", "1")
    (True, 0, 0)
    """
    if value == wanted:
        return 0
    key, wanted_key = version_key(value, local="+" in wanted), version_key(wanted)
    return (key > wanted_key) - (key < wanted_key)


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Digits as numbers of any length (by length, then by digits), everything else as text."""
    parts = (part for part in _DIGITS.split(text) if part)
    return tuple(_number_part(part) if _DIGITS.fullmatch(part) else (0, 0, part) for part in parts)


def _number_part(digits: str) -> tuple[int, int, str]:
    digits = digits.lstrip("0")
    return (1, len(digits), digits)
