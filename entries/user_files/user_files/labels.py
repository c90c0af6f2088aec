"""A file that says which image is of which class.

A line ``FILE LABEL`` for each image, FILE relative to the images' folder, LABEL the number of its class from 0, or its
name where the names are known. Between them stand blanks, a tab, a comma or a semicolon; then a header may name the
columns, and cells may be in double quotes, as spreadsheets write them. Empty lines, and lines that begin with ``#`` and
name no image, are passed over.
"""

from __future__ import annotations

import csv
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from . import Unusable
from .classes import Classes
from .listing import shown
from .text import lines_of

_DELIMITERS = ("\t", ",", ";", None)  # None: blanks
_NOT_SAID = (0, -1)
_SHOWN = 200  # characters of a line that a message has
_LOOKED_AT = 20  # lines that tell what stands between FILE and LABEL
_NUMBER = re.compile(r"[0-9]+(\.0+)?", re.ASCII)
_FILE_COLUMNS = ("file", "filename", "file_name", "image", "image_id", "image_name", "path", "name", "img")
_LABEL_COLUMNS = ("label", "class", "class_id", "class_name", "target", "category", "label_id", "y")
_EXPECTED = "expected FILE LABEL, a label being a number from 0"


@dataclass(frozen=True)
class Row:
    """A line that names an image; ``text`` is all of it."""

    number: int
    name: str
    label: str
    text: str

    @property
    def is_numbered(self) -> bool:
        """Is the label a number?"""
        return _NUMBER.fullmatch(self.label) is not None

    @property
    def value(self) -> int:
        """That number."""
        return int(self.label.partition(".")[0])


def read_labels(file: Path, folder: Path, classes: Path | None = None) -> list[tuple[Row, int]]:
    """The lines with their labels as numbers; ``classes`` is a file with the names of the classes, which is read where
    a label is one. Raises :class:`Unusable` with the line that is wrong.
    """
    rows = list(rows_of(file, folder))
    names = Classes(classes) if classes and not all(row.is_numbered for row in rows) else None
    found = [(row, row.value if row.is_numbered else _named(file, row, names)) for row in rows]
    if not found:
        raise Unusable(f"{file} has no line FILE LABEL")
    return found


def by_image(file: Path, folder: Path, classes: Path | None = None) -> dict[str, int]:
    """The same as labels by image; each has one line, and is in ``folder``."""
    labels: dict[str, int] = {}
    for row, label in read_labels(file, folder, classes):
        if row.name in labels:
            raise Unusable(f"{file}:{row.number}: {row.name} has a label already")
        labels[row.name] = label
    _refuse_missing(file, folder, labels)
    return labels


def has_class_names(file: Path, folder: Path) -> bool:
    """Is one of the labels a name?"""
    return any(not row.is_numbered for row in rows_of(file, folder))


def rows_of(file: Path, folder: Path) -> Iterator[Row]:
    """The lines that name an image, with their cells."""
    lines = [
        (number, line)
        for number, line in enumerate(lines_of(file), 1)
        if line.strip() and not _is_comment(line.strip(), folder)
    ]
    delimiter = _delimiter([line for _, line in lines[:_LOOKED_AT]], folder)
    columns = _NOT_SAID
    for place, (number, line) in enumerate(lines):
        cells = _cells(line, delimiter)
        if place == 0 and (header := _header(cells, folder)):
            columns = header
            continue
        if len(line.splitlines()) > 1:  # what is written of it later would be two lines
            raise Unusable(f"{file}:{number}: there is an odd line end in this line: {line[:_SHOWN]!r}")
        if len(cells) > 2 and columns == _NOT_SAID:
            told = f"there are {len(cells)} columns; a first line must say which are meant"
            raise Unusable(f"{file}:{number}: {told}: {line[:_SHOWN]!r}", hint="as: file,label")
        if len(cells) <= max(1, *columns) or not all(cells[each] for each in columns):
            raise Unusable(f"{file}:{number}: {_EXPECTED}: {line[:_SHOWN]!r}")
        yield Row(number, _tidy(cells[columns[0]], folder), cells[columns[1]], line[:_SHOWN])


def _named(file: Path, row: Row, classes: Classes | None) -> int:
    if classes is None:
        hint = "for names of classes say classes_file=FILE, a line for each class in the order of the network's outputs"
        negative = row.label.lstrip("+-").replace(".", "").isdecimal()
        raise Unusable(f"{file}:{row.number}: {_EXPECTED}: {row.text!r}", hint=None if negative else hint)
    number = classes.number(row.label)
    if number is None:
        near = classes.near(row.label)
        raise Unusable(
            f"{file}:{row.number}: {row.label!r} is none of the {classes.count:,} classes in {classes.file}",
            hint=f"did you mean {near}?" if near else None,
        )
    return number


def _refuse_missing(file: Path, folder: Path, labels: dict[str, int]) -> None:
    missing = [name for name in labels if not (folder / name).is_file()]
    if not missing:
        return
    above = (folder.parent / missing[0]).is_file()
    raise Unusable(
        f"{len(missing):,} of the {len(labels):,} files that {file} names are not in {folder}: {shown(missing)}",
        hint=f"they are in {folder.parent}: images_dir={folder.parent}" if above else None,
    )


def _is_comment(line: str, folder: Path) -> bool:
    return line.startswith("#") and not any((folder / _first(line, each)).is_file() for each in _DELIMITERS)


def _delimiter(lines: Sequence[str], folder: Path) -> str | None:
    """What stands between FILE and LABEL: that with which most lines name a file that is there, else what there is."""
    found = {each: sum(_names_a_file(line, each, folder) for line in lines) for each in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda each: found[each])
    if found[best]:
        return best
    return next((each for each in _DELIMITERS if each and all(each in line for line in lines)), None)


def _names_a_file(line: str, delimiter: str | None, folder: Path) -> bool:
    cells = _cells(line, delimiter)
    return len(cells) > 1 and any(cell and (folder / _tidy(cell, folder)).is_file() for cell in cells[:-1])


def _cells(line: str, delimiter: str | None) -> list[str]:
    """A name may hold blanks: between blanks only the last word is the label."""
    if delimiter is None:
        cells = line.strip().rsplit(None, 1)
        return [cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in cells]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except csv.Error:  # a cell that is longer than any name
        return [line]


def _first(line: str, delimiter: str | None) -> str:
    cells = _cells(line, delimiter)
    return cells[0] if cells else ""


def _header(cells: Sequence[str], folder: Path) -> tuple[int, int] | None:
    """Which columns are FILE and LABEL, where the first line says so; None where it is an image's."""
    words = [cell.casefold() for cell in cells]
    file = next((words.index(word) for word in _FILE_COLUMNS if word in words), None)
    label = next((words.index(word) for word in _LABEL_COLUMNS if word in words), None)
    if file is not None and label is not None:
        return file, label
    unlike = len(cells) == 2 and not PurePosixPath(cells[0]).suffix and not _NUMBER.fullmatch(cells[1])
    return (0, 1) if unlike and not (folder / cells[0]).exists() else None


def _tidy(name: str, folder: Path) -> str:
    """``./a.png`` is ``a.png``, and so is ``sub\\a.png`` of Windows ``sub/a.png``, where that is there."""
    if "\\" in name and not (folder / name).exists() and (folder / name.replace("\\", "/")).is_file():
        name = name.replace("\\", "/")
    return posixpath.normpath(name)
