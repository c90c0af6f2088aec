"""Ways to damage an index."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

PAGE = 4096


def text_instead(file: Path) -> None:
    """Something else in its place."""
    file.write_text("this is no database\n" * 1000)


def another_file(file: Path) -> None:
    """Moved there, not written into."""
    other = file.with_name("other")
    text_instead(other)
    other.replace(file)


def empty(file: Path) -> None:
    """Nothing left."""
    file.write_bytes(b"")


def cut_off(file: Path) -> None:
    """Half of it."""
    truncated(file, file.stat().st_size // 2)


def scrambled(file: Path) -> None:
    """The first page stays: it opens, and the damage is met later."""
    content = file.read_bytes()
    file.write_bytes(content[:PAGE] + random.Random(1).randbytes(len(content) - PAGE))


def zeros(file: Path) -> None:
    """As a file system may leave it after a power failure."""
    file.write_bytes(bytes(file.stat().st_size))


def newer_version(file: Path) -> None:
    """An axs of next year was here."""
    _sql(file, "DROP TABLE provides", "PRAGMA user_version = 99")


def older_version(file: Path) -> None:
    """An axs of last year was here: no marks, other tables."""
    _sql(file, "DROP TABLE made_as", "ALTER TABLE entry DROP COLUMN sum", "PRAGMA user_version = 5",
         "PRAGMA application_id = 0")  # fmt: skip


def other_program(file: Path) -> None:
    """A database of something else."""
    file.unlink()
    _sql(file, "CREATE TABLE entry (something TEXT)", "CREATE VIEW attribute AS SELECT * FROM entry")


def same_version_other_tables(file: Path) -> None:
    """It says that it is ours."""
    _sql(file, "DROP TABLE attribute", "CREATE TABLE attribute (something TEXT)", "DROP INDEX entry_key")


DAMAGES = [
    text_instead,
    another_file,
    empty,
    cut_off,
    scrambled,
    zeros,
    newer_version,
    older_version,
    other_program,
    same_version_other_tables,
]


def truncated(file: Path, length: int) -> None:
    """Its first ``length`` bytes."""
    with file.open("r+b") as stream:
        stream.truncate(length)


def damaged_pages(file: Path, chance: random.Random) -> None:
    """One to five pages become noise, zeros or ones; nothing else changes."""
    pages = file.stat().st_size // PAGE
    with file.open("r+b") as stream:
        for page in chance.sample(range(pages), chance.randint(1, min(5, pages))):
            stream.seek(page * PAGE)
            stream.write(chance.choice([chance.randbytes(PAGE), bytes(PAGE), b"\xff" * PAGE]))


def _sql(file: Path, *statements: str) -> None:
    database = sqlite3.connect(file, isolation_level=None)
    try:
        for statement in statements:
            database.execute(statement)
    finally:
        database.close()
