"""How much room entries take."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base.errors import NotFound
from axs_core.upkeep.sizes import Disk, Size, grouped, human, total


def on_disk(path: Path) -> int:
    """What ``du -s`` says, in bytes."""
    return int(subprocess.run(["du", "-s", "-B1", str(path)], capture_output=True, check=True).stdout.split()[0])


def test_as_du_says(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "a" / "b" / "small").write_bytes(b"x")
    (tmp_path / "a" / "again").hardlink_to(tmp_path / "a" / "large")
    (tmp_path / "a" / "link").symlink_to("large")
    with (tmp_path / "a" / "sparse").open("wb") as file:
        file.truncate(10_000_000)
    assert Disk().of(tmp_path / "a") == (on_disk(tmp_path / "a"), 5)
    assert Disk().of(tmp_path / "gone") == (0, 0)


def test_what_two_entries_share_counts_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "x").write_bytes(b"x" * 50_000)
    (tmp_path / "b" / "x").hardlink_to(tmp_path / "a" / "x")
    disk = Disk()
    assert disk.of(tmp_path / "a")[0] > 50_000 > disk.of(tmp_path / "b")[0]


def test_the_whole_work_collection(toys: Toys) -> None:
    toys.maker("base", "base", "(path / 'big').write_bytes(b'x' * 300_000)")
    toys.maker("toy", "thing", needs={"b": "base"})
    thing = toys.space().byquery("thing")
    toys.add("mine", {"tags": ["x"]}, folder=toys.work)
    (toys.work / "notes").mkdir()
    toys.broken_folder("half_0123456789")
    found = toys.space().work_collection().sizes()
    rows = {size.name: (size.kind, size.asked) for size in found.entries}
    assert rows == {
        thing.record["needs"][0]["entry"]: ("base", "as a need"),
        thing.name: ("toy", "by you"),
        "half_0123456789": ("unfinished", ""),
        "mine": ("by hand", ""),
        "notes": ("by hand", ""),
    }
    sizes = [size.bytes for size in found.entries]
    assert sizes == sorted(sizes, reverse=True)
    assert found.entries[0].bytes == on_disk(toys.work / found.entries[0].name) > 300_000
    assert [size.name.partition(":")[0] for size in found.beside] == [
        "(download cache",
        "(index",
        "(locks and other files of axs",
    ]


def test_of_some_entries(toys: Toys) -> None:
    toys.maker("toy", "thing", parameters={"n": {"default": 1, "type": "int"}})
    first, second = toys.space().byquery("thing"), toys.space().byquery("thing,n=2")
    space = toys.space()
    assert [size.name for size in space.work_collection().sizes(first.name).entries] == [first.name]
    assert {size.name for size in space.work_collection().sizes("thing").entries} == {first.name, second.name}
    assert [size.name for size in space.work_collection().sizes("thing,n=2", second.name).entries] == [second.name]
    with pytest.raises(NotFound, match="no entry named 'gone', nor one that satisfies it as a query"):
        space.work_collection().sizes("gone")


def test_of_nothing(toys: Toys) -> None:
    assert toys.space().work_collection().sizes().entries == ()


def test_groups() -> None:
    sizes = [Size("a", 5, 1, "r", tags=("x", "y")), Size("b", 7, 2, "s", tags=("y",)), Size("c", 1, 1, "r")]
    assert grouped(sizes, "recipe") == [Size("s", 7, 1), Size("r", 6, 2)]
    assert grouped(sizes, "tag") == [Size("y", 12, 2), Size("x", 5, 1)]
    assert total(sizes) == Size("(total)", 13, 4)


@pytest.mark.parametrize(
    ("size", "text"), [(99_499, "99.5 kB"), (99_500, "100 kB"), (999_600, "1.0 MB"), (2**60, "1153 PB")]
)
def test_for_reading(size: int, text: str) -> None:
    assert human(size) == text
