"""Numbers that were typed with a unit where a plain number is wanted: read, and put into the unit that counts."""

from __future__ import annotations

import re

_TIME = {
    "s sec secs second seconds": 1.0,
    "ms msec milliseconds": 1e-3,
    "us usec \N{MICRO SIGN}s \N{GREEK SMALL LETTER MU}s microseconds": 1e-6,
    "ns nsec nanoseconds": 1e-9,
    "min mins minute minutes": 60.0,
    "h hour hours": 3600.0,
    "d day days": 86400.0,
}
_RATE = "queries/s qps samples/s sps images/s img/s fps tokens/s tps /s 1/s Hz"
#: Units of one kind: the factor of each to the first one, as people write them.
KINDS: tuple[dict[str, float], ...] = (
    {name: factor for names, factor in _TIME.items() for name in names.split()},
    {
        **dict.fromkeys(("bytes", "byte", "B"), 1.0),
        **{f"{letter}B": 1000.0**power for power, letter in enumerate("kMGTP", 1)},
        **{f"{letter}iB": 1024.0**power for power, letter in enumerate("KMGTP", 1)},
    },
    dict.fromkeys(_RATE.split(), 1.0),
    {"share": 1.0, "%": 1e-2, "percent": 1e-2},
)
#: What stands for so many times a number.
TIMES = {"k": 1e3, "K": 1e3, "M": 1e6}
_MEASURED = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ _]?([^0-9.\s]\S*)")


def measured(text: object) -> tuple[float, str] | None:
    """The number and the unit in a text such as ``20ms``, the unit as :data:`KINDS` writes it; else None.

    >>> measured("20ms"), measured("1.5 gib"), measured("60k"), measured("32x32"), measured("20")
    ((20.0, 'ms'), (1.5, 'GiB'), (60000.0, ''), None, None)
    """
    found = _MEASURED.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    if found[2] in TIMES:
        return float(found[1]) * TIMES[found[2]], ""
    unit = _known(found[2])
    return None if unit is None else (float(found[1]), unit)


def _known(unit: str) -> str | None:
    """The unit as it is written here; the case does not count."""
    names = [name for kind in KINDS for name in kind]
    return unit if unit in names else next((name for name in names if name.casefold() == unit.casefold()), None)


def plain(text: object, unit: str | None) -> str | None:
    """The number that ``text`` says, counted in ``unit`` (None: that is not known), as one would type it; None where
    that cannot be told.

    >>> plain("20ms", "ms"), plain("0.02 s", "ms"), plain("10%", "share"), plain("60k", "queries/s"), plain("2GiB", "s")
    ('20', '20', '0.1', '60000', None)
    """
    said = measured(text)
    if said is None:
        return None
    number, there = said
    if there and unit != there:
        kind = next(kind for kind in KINDS if there in kind)
        if unit not in kind:
            return None
        number = number * kind[there] / kind[unit]
    shown = f"{number:.12g}"
    return str(int(float(shown))) if abs(number) < 1e15 and float(shown).is_integer() else shown
