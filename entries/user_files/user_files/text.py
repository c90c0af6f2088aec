"""Lists that people write with whatever program they have: their encoding, and their lines."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from . import Unusable
from .stand_in import HEAD, stand_in

_MARKS = (  # the longer ones first: UTF-16's is the begin of UTF-32's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_END = re.compile(r"\r\n|\n|\r")


def lines_of(file: Path) -> list[str]:
    """The lines of a text without their ends: UTF-8, or what a byte order mark says. Raises :class:`Unusable` that
    names the line that is something else.
    """
    data = file.read_bytes()
    if wrong := stand_in(data[:HEAD]):
        raise Unusable(f"{file} {wrong}")
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unusable(
            f"{file}:{line}: this is no {encoding.upper().removesuffix('-SIG')} (byte 0x{data[error.start]:02x})",
            hint=f"if it is Latin-1: {_recoded(file, 'LATIN1')}",
        ) from None
    if "\0" in text:
        raise Unusable(f"{file}:1: this has zero bytes, as UTF-16 has them", hint=_recoded(file, "UTF-16LE"))
    return _END.split(text)


def _recoded(file: Path, encoding: str) -> str:
    return f"iconv -f {encoding} -t UTF-8 {file} > utf8.txt, and say utf8.txt in its place"
