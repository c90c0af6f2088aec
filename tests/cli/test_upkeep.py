"""du, verify, gc and moving as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.toy import Toys
from support.typed import axs

from axs_core.__main__ import main


@pytest.fixture
def toys(toys: Toys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Toys:
    toys.maker("run", "run", parameters={"n": {"default": 1, "type": "int"}})
    for name, value in toys.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return toys


def test_du(toys: Toys, capsys: pytest.CaptureFixture[str]) -> None:
    names = [axs(f"byquery run,n={n}", capsys)[1] for n in (1, 2)]
    code, table, _ = axs("du", capsys)
    lines = table.splitlines()
    assert code == 0
    assert lines[0].split() == ["size", "files", "made", "by", "asked", "made", "name"]
    assert sorted(line.split()[-1] for line in lines[1:3]) == sorted(names)
    assert lines[-1].endswith("(total)")
    rows = json.loads(axs("du run --by=tag --format=json", capsys)[1])
    assert [(row["tag"], row["entries"]) for row in rows] == [("run", 2), ("(total)", rows[1]["entries"])]
    assert rows[0]["size"] == rows[1]["size"] > 0
    first = axs("du run --top=1", capsys)[1].splitlines()
    assert [line.split()[-1] for line in first[1:]] == [first[1].split()[-1], "more)", "(total)"]


def test_verify(toys: Toys, capsys: pytest.CaptureFixture[str]) -> None:
    names = [axs(f"byquery run,n={n}", capsys)[1] for n in (1, 2)]
    assert axs("verify", capsys) == (0, "", "2 entries, 2 files, 20 B: as recorded")
    (toys.work / names[0] / "out.txt").write_text("other")
    assert axs(f"verify {names[1]}", capsys) == (0, "", "1 entry, 1 file, 10 B: as recorded")
    expected = (
        f"error: files are not what was recorded:\n    {names[0]}/out.txt: has 5 bytes, 10 were recorded\n\n"
        f"hint: axs byname {names[0]} , remove; the next ask makes it again"
    )
    for line in ("verify", "verify run,n=1", f"verify {names[1]} {names[0]}"):
        assert axs(line, capsys) == (1, "", expected)
    axs(f"byname {names[0]} , remove", capsys)
    axs("byquery run,n=1", capsys)
    assert axs("verify", capsys)[0] == 0


def test_verify_of_what_cannot_be_read_has_no_way_out(toys: Toys, capsys: pytest.CaptureFixture[str]) -> None:
    odd = toys.work / "odd"
    odd.mkdir(parents=True)
    (odd / "meta.yaml").write_text("[")
    code, out, err = axs("verify", capsys)
    assert (code, out) == (1, "")
    assert err.startswith(f"error: files are not what was recorded:\n    {odd}/meta.yaml:")
    assert "hint:" not in err


@pytest.mark.parametrize(
    ("line", "code", "talk"),
    [
        ("du --by=recpie", 2, "error: --by=recpie is not known\n\nhint: --by=recipe"),
        ("du --top=0", 2, "error: --top=0 is no whole number above 0\n\nhint: --top=20"),
        ("du --format=cvs", 2, "error: --format=cvs is not known\n\nhint: --format=csv"),
        ("verify gone", 3, None),
    ],
)
def test_bad_usage(toys: Toys, capsys: pytest.CaptureFixture[str], line: str, code: int, talk: str | None) -> None:
    found, out, err = axs(line, capsys)
    assert (found, out) == (code, "")
    assert err == talk or (talk is None and err.startswith("error: there is no entry named 'gone', nor one that"))


def test_move(toys: Toys, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    name = axs("byquery run", capsys)[1]
    new = tmp_path / "other disk"
    code = main(["work_collection", ",", "move", f"--to={new}"])
    said = capsys.readouterr()
    assert (code, said.out, said.err) == (0, f"{new}\n", f"from now on: export AXS_WORK_COLLECTION='{new}'\n")
    assert not toys.work.exists()
    monkeypatch.setenv("AXS_WORK_COLLECTION", str(new))
    assert axs("byquery run", capsys)[1] == name
    assert toys.made("run") == 1
    assert axs("work_collection , repair", capsys) == (0, "", "")
    assert axs("work_collection , move", capsys)[0] == 2
    code, _, talk = axs(f"work_collection , move --to={tmp_path}/recipes", capsys)
    assert (code, talk.splitlines()[0]) == (2, f"error: {tmp_path}/recipes is there already")
