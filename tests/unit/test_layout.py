"""A work collection that another version of axs has made is refused, and nothing in it is read or written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core import Workspace
from axs_core.api.vocabulary import vocabulary
from axs_core.base.digest import of_tree
from axs_core.base.errors import StoreError

Use = Callable[[Workspace], Any]


@pytest.fixture
def made(toys: Toys) -> Toys:
    """Something is there already."""
    toys.maker("toy", "thing", parameters={"n": {"default": 1, "type": "int"}})
    toys.space().byquery("thing")
    return toys


@pytest.mark.parametrize(
    "use",
    [
        lambda space: space.byquery("thing"),
        lambda space: space.byquery("thing,n=2"),
        lambda space: list(space.all_byquery("thing")),
        lambda space: space.byname("toy"),
        lambda space: space.entries(),
        lambda space: space.collections(),
        lambda space: space.plan("thing"),
        lambda space: space.table("thing"),
        lambda space: vocabulary(space.session),
        lambda space: space.verify(),
        lambda space: space.work_collection().sizes(),
        lambda space: space.gc(),
        lambda space: space.work_collection().reindex(),
        lambda space: space.work_collection().remove(),
        lambda space: space.zip(None, "x.zip"),
        lambda space: space.bundle(["thing"], "x.tar"),
    ],
)
def test_refused_by_all_that_reads_or_writes(made: Toys, tmp_path: Path, use: Use) -> None:
    (made.work / ".axs" / "layout").write_text("99\n")
    before = of_tree(made.work)
    with pytest.raises(StoreError) as refused:
        use(made.space())
    assert refused.value.message == (
        f"the work collection {made.work} has layout 99, of a newer axs; this one reads layout 1"
    )
    assert refused.value.hint == "install a newer axs; or another folder: AXS_WORK_COLLECTION=FOLDER axs ..."
    assert of_tree(made.work) == before


@pytest.mark.parametrize("action", ["unzip", "unbundle"])
def test_nothing_comes_in(made: Toys, tmp_path: Path, action: str) -> None:
    space = made.space()
    file = space.zip(None, tmp_path / "x.zip") if action == "unzip" else space.bundle(["thing"], tmp_path / "x.tar")
    (made.work / ".axs" / "layout").write_text("2")
    with pytest.raises(StoreError, match="has layout 2, of a newer axs"):
        getattr(made.space(), action)(file)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "0\n",
            "has layout 0, of an older axs; this one reads layout 1",
            "axs zip of the older one takes results along",
        ),
        ("", "layout is damaged: ''", "if this axs made it: echo 1 > "),
        ("\xff\x00garbage", "layout is damaged: ", "if this axs made it: echo 1 > "),
    ],
)
def test_other_texts(made: Toys, text: str, message: str, hint: str) -> None:
    (made.work / ".axs" / "layout").write_text(text, encoding="latin-1")
    with pytest.raises(StoreError) as refused:
        made.space().byquery("thing")
    assert message in refused.value.message
    assert refused.value.hint is not None
    assert refused.value.hint.startswith(hint)


def test_where_it_is_is_still_told(made: Toys) -> None:
    (made.work / ".axs" / "layout").write_text("99\n")
    assert made.space().work_collection().path == made.work


def test_a_folder_that_a_person_filled_has_none(toys: Toys) -> None:
    toys.add("mine", {"tags": ["x"]}, folder=toys.work)
    assert toys.space().byname("mine").tags == {"x"}
    toys.maker("toy", "thing")
    toys.space().byquery("thing")
    assert (toys.work / ".axs" / "layout").read_text() == "1\n"
