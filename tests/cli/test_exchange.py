"""zip, unzip and collections as they are typed."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from support.toy import Toys
from support.typed import axs

SHIPPED = Path(__file__).parents[2] / "entries"


@pytest.fixture
def toys(toys: Toys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Toys:
    """A recipe ``run`` and the one for collections; the command line sees them."""
    toys.maker("run", "run", parameters={"n": {"default": 1, "type": "int"}}, license="MIT")
    shutil.copytree(SHIPPED / "collection", toys.recipes / "collection")
    for name, value in toys.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return toys


def test_there_and_back(toys: Toys, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, mine, _ = axs("byquery collection,collection_name=mine", capsys)
    _, name, _ = axs("byquery run,n=2 --into=mine", capsys)
    assert axs("byquery run,n=2 , get_path", capsys)[1].startswith(f"{toys.work}/{mine}/entries/{name}/")
    line = "zip mine --output=results.zip --identifier=doi:1 --authors,=Ann,Ben --with_needs"
    code, archive, talk = axs(line, capsys)
    assert (code, archive) == (0, f"{tmp_path}/results.zip")
    assert talk.startswith("results.zip: 1 entry, content ")
    with zipfile.ZipFile(archive) as opened:
        assert '"identifier": "doi:1"' in opened.read("manifest.json").decode()
    assert axs("work_collection , remove", capsys)[0] == 0
    assert axs("unzip results.zip --name=theirs", capsys)[:2] == (0, "theirs")
    assert axs("all_byquery run , get n", capsys)[1] == "2"
    assert axs("byname theirs , remove", capsys)[:2] == (0, "")
    assert axs("all_byquery run", capsys)[1] == ""


def test_the_whole_work_collection(toys: Toys, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    axs("byquery run", capsys)
    assert axs("work_collection , zip --output=all.zip", capsys)[:2] == (0, f"{tmp_path}/all.zip")


def test_a_name_a_note_and_tags(toys: Toys, capsys: pytest.CaptureFixture[str]) -> None:
    axs("byquery run , edit --name=baseline --note=before --tags+,=paper,2026", capsys)
    assert axs("byname baseline , get note", capsys)[1] == "before"
    assert axs("byname baseline , get tags", capsys)[1] == '["2026", "paper", "run"]'
    assert axs("byname baseline , edit --priority=high", capsys)[::2] == (2, "error: --priority=high is no number")


def test_collections_as_a_table(toys: Toys, capsys: pytest.CaptureFixture[str]) -> None:
    _, mine, _ = axs("byquery collection,collection_name=mine", capsys)
    axs(f"byname {mine} , edit --priority=2", capsys)
    rows = [line.split() for line in axs("collections", capsys)[1].splitlines()]
    assert rows[0] == ["order", "name", "kind", "priority", "entries", "trusted", "state", "folder"]
    assert rows[3] == ["3", mine, "local", "2", "0", "own", f"{toys.work}/{mine}/entries"]


@pytest.mark.parametrize(
    ("line", "code", "error", "hint"),
    [
        ("zip run", 2, "'zip' needs --output=FILE", "axs zip QUERY --output=results.zip"),
        ("zip run --output=x.zip --autors=me", 2, "'zip' has no option --autors", "--authors"),
        (
            "zip run --output=x.zip --with_needs=yes",
            2,
            "--with_needs is on or off, not 'yes'",
            "--with_needs or --with_needs-",
        ),
        (
            "zip run --output=x.zip",
            3,
            "there is nothing to put into an archive",
            "axs all_byquery QUERY shows what there is",
        ),
        (
            "unzip meta.yaml --limit=3",
            2,
            "'unzip' has no option --limit",
            "bounds are --max_size, --max_ratio, --max_members",
        ),
        (
            "unzip meta.yaml",
            1,
            "meta.yaml is refused: it is not a zip archive",
            "ask for it again where it came from",
        ),
        (
            "byquery run --into=nothing",
            3,
            "there is no collection 'nothing'",
            "make it: axs byquery collection,collection_name=nothing",
        ),
    ],
)
def test_mistakes(
    toys: Toys, tmp_path: Path, line: str, code: int, error: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "meta.yaml").write_text("no archive")
    assert axs(line, capsys)[::2] == (code, f"error: {error}\n\nhint: {hint}")


def test_mistakes_in_what_is_opened(toys: Toys, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert axs("unzip gone.zip", capsys)[::2] == (3, f"error: there is no file {tmp_path}/gone.zip")
    talk = "error: max_size must be a whole number above 0, not 'some'"
    assert axs("unzip gone.zip --max_size=some", capsys)[::2] == (2, talk)
    talk = "error: max_size must be a whole number above 0, not '5GiB'\n\nhint: --max_size=5368709120"
    assert axs("unzip gone.zip --max_size=5GiB", capsys)[::2] == (2, talk)
