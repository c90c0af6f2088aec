"""bundle and unbundle as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.toy import Toys
from support.typed import axs


@pytest.fixture
def toys(toys: Toys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Toys:
    toys.maker("run", "run", parameters={"n": {"default": 1, "type": "int"}, "f": {"type": "file"}})
    for name, value in toys.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return toys


def test_there_and_back(
    toys: Toys, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    code, file, talk = axs("bundle run,n=2 run,f=mine.txt --output=b.tar", capsys)
    assert (code, file) == (0, f"{tmp_path}/b.tar")
    assert talk.startswith("b.tar: 1 entry of your own, 1 file or folder of yours, 0.0 MB, for any Python; content ")
    digest = talk.rpartition(" ")[2]
    (tmp_path / "mine.txt").unlink()
    monkeypatch.setenv("AXS_WORK_COLLECTION", str(tmp_path / "other"))
    monkeypatch.delenv("AXS_COLLECTIONS")
    code, queries, _ = axs(f"unbundle b.tar --name=brought --digest={digest} --trust", capsys)
    assert code == 0
    first, second = queries.splitlines()
    assert first == "run,n=2"
    assert second.startswith(f"run,f={tmp_path}/other/brought/files/")
    for query in (first, second):
        assert axs(f"byquery {query} , get_path", capsys)[0] == 0
    assert axs("byname brought , get queries", capsys)[1] == '["run,n=2", "run,f=mine.txt"]'


@pytest.mark.parametrize(
    ("line", "code", "talk"),
    [
        ("bundle run", 2, "error: 'bundle' needs --output=FILE\n\nhint: axs bundle QUERY --output=bundle.tar"),
        ("bundle --output=b.tar", 2, "error: 'bundle' needs a query\n\nhint: axs bundle QUERY --output=bundle.tar"),
        (
            "bundle run --output=b.tar --with_axs=2",
            2,
            "error: --with_axs is on or off, not '2'\n\nhint: --with_axs or --with_axs-",
        ),
        ("bundle run --outptu=b.tar", 2, "error: 'bundle' has no option --outptu\n\nhint: --output"),
        ("bundle run --output=gone/b.tar", 1, None),
        ("unbundle gone.tar", 3, None),
        ("unbundle run/meta.yaml", 3, None),
        (
            "unbundle recipes/run/meta.yaml",
            1,
            "error: meta.yaml is refused: it is no bundle\n\nhint: copy it again from where it was made",
        ),
    ],
)
def test_bad_usage(
    toys: Toys, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, code: int, talk: str | None
) -> None:
    found, out, err = axs(line, capsys)
    assert (found, out) == (code, "")
    assert err == talk or (talk is None and err.startswith("error: ") and str(tmp_path) in err)
