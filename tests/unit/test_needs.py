"""Needs are walked in one way, whatever is done for them, and making carries out what was planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base.errors import UsageError
from axs_core.resolver import Resolver, Step, resolve

SAYS_NO = "from axs_core.sdk import DoesNotApply\nraise DoesNotApply('no tool')"


class Matched:
    """How often each query was matched with all recipes, and each with one alternative of a recipe."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.queries: Counter[str] = Counter()
        self.recipes: Counter[str] = Counter()
        matches, match = Resolver.matches, resolve.match

        def counted(resolver, query):  # type: ignore[no-untyped-def]
            self.queries[str(query)] += 1
            return matches(resolver, query)

        def counted_one(world, recipe, alternative, query):  # type: ignore[no-untyped-def]
            self.recipes[recipe.name] += 1
            return match(world, recipe, alternative, query)

        patch.setattr(Resolver, "matches", counted)
        patch.setattr(resolve, "match", counted_one)

    def told(self) -> tuple[dict[str, int], dict[str, int]]:
        """Both, counted anew from now on."""
        told = dict(self.queries), dict(self.recipes)
        self.queries.clear()
        self.recipes.clear()
        return told


@pytest.fixture
def matched() -> Iterator[Matched]:
    with pytest.MonkeyPatch.context() as patch:
        yield Matched(patch)


def tree(toys: Toys) -> None:
    """A thing that needs a middle, which needs a tool, and data that only the base tells."""
    toys.maker("base", "base", "return {'version': '7'}", finds=["version"])
    toys.maker("tool", "tool")
    toys.maker("mid", "mid", needs={"tool": "tool"})
    toys.maker("data", "data", parameters={"v": {"type": "str"}}, needs={"tool": "tool"})
    toys.maker("toy", "thing", needs={"base": "base", "mid": "mid", "data": "data,v={{ base.version }}"})


def test_a_query_is_matched_once_for_each_step_and_once_more_under_the_lock(toys: Toys, matched: Matched) -> None:
    tree(toys)
    toys.space().byquery("thing")
    queries, recipes = matched.told()
    # the tool stands in the plan twice: for the middle, and in that of the data, when their query is known
    assert queries == {"thing": 1, "base": 1, "mid": 1, "tool": 2, 'data,v="7"': 1}
    assert recipes == {"toy": 2, "base": 2, "mid": 2, "tool": 3, "data": 2}
    toys.space().byquery("thing")
    assert matched.told() == ({"thing": 1}, {"toy": 1})


def test_what_is_there_is_matched_once(toys: Toys, matched: Matched) -> None:
    tree(toys)
    toys.space().byquery("mid")
    matched.told()
    toys.space().byquery("thing")
    assert matched.told()[1] == {"toy": 2, "base": 2, "mid": 1, "data": 2, "tool": 1}


def test_a_plan_matches_each_of_its_steps_once(toys: Toys, matched: Matched) -> None:
    tree(toys)
    step = toys.space().plan("thing")

    def texts(step: Step) -> list[str]:
        below = [text for _, inner in step.needs for text in texts(inner)]
        return ([step.text] if step.action != "later" else []) + below

    assert matched.told() == (Counter(texts(step)), {"toy": 1, "base": 1, "mid": 1, "tool": 1})


def test_what_hands_over_was_matched_once(toys: Toys, matched: Matched) -> None:
    toys.maker("tool", "tool")
    toys.maker("first", "thing", SAYS_NO, preference=1)
    toys.maker("second", "thing", needs={"tool": "tool"})
    assert toys.space().byquery("thing").entry.produced["recipe"] == "second"
    assert matched.told() == ({"thing": 1, "tool": 1}, {"first": 2, "second": 2, "tool": 2})


def test_fresh_matches_no_more(toys: Toys, matched: Matched) -> None:
    tree(toys)
    toys.space().byquery("thing")
    matched.told()
    toys.space().byquery("thing", "all")
    queries, recipes = matched.told()
    assert queries == {"thing": 1, "base": 1, "mid": 1, "tool": 2, 'data,v="7"': 1}
    assert recipes == {"toy": 2, "base": 2, "mid": 2, "tool": 3, "data": 2}


# the plan and what is there by then


def test_what_was_there_and_is_gone_is_made_by_who_applies_now(toys: Toys, tmp_path: Path) -> None:
    gone = f"""
        import shutil
        from pathlib import Path
        Path({str(tmp_path / "uninstalled")!r}).touch()
        for folder in Path({str(toys.work)!r}).glob("first_*"):
            shutil.rmtree(folder)
    """
    says_no = f"import os\nif os.path.exists({str(tmp_path / 'uninstalled')!r}):\n    {SAYS_NO.splitlines()[0]}"
    toys.maker("first", "tool", f"{says_no}\n    raise DoesNotApply('no tool')", preference=1)
    toys.maker("second", "tool")
    toys.maker("wipes", "wiped", gone)
    toys.maker("toy", "thing", needs={"wiped": "wiped", "tool": "tool"})
    toys.space().byquery("tool")
    space = toys.space()
    assert [(name, step.action) for name, step in space.plan("thing").needs] == [("wiped", "make"), ("tool", "reuse")]
    needs = space.byquery("thing").record["needs"]
    assert [need["recipe"] for need in needs] == ["wipes", "second"]


def test_what_only_an_entry_answers_and_is_gone_is_looked_for_again(toys: Toys) -> None:
    for n in (1, 2):
        toys.maker("run", "run", parameters={"n": {"type": "int"}})
        toys.space().byquery(f"run,n={n}")
    newest = toys.space().byquery("run,n=2").path
    toys.maker("wipes", "wiped", f"import shutil\nshutil.rmtree({str(newest)!r})")
    toys.maker("toy", "thing", needs={"wiped": "wiped", "any": "run,n>0,n<5,mark!=1"})
    (toys.recipes / "run" / "meta.yaml").unlink()
    space = toys.space()
    assert dict(space.plan("thing").needs)["any"].entry.path == newest  # type: ignore[union-attr]
    assert space.byquery("thing").record["needs"][1]["query"] == "run,n=1"


@pytest.mark.parametrize("kind", [{"all": True}, {"each": "{{ [1, 2] }}"}])
def test_what_is_left_out_is_null_in_plans_too(toys: Toys, kind: dict[str, object]) -> None:
    toys.maker("run", "run")
    toys.maker("data", "data", parameters={"v": {"type": "str"}})
    runs = {"query": "run", "when": "{{ false }}", **kind}
    needs = {"runs": runs, "data": "data,v={{ 'nothing' if runs is none else 'a list' }}"}
    toys.maker("toy", "thing", needs=needs)
    assert [step.text for _, step in toys.space().plan("thing").needs] == ["data,v=nothing"]
    assert [need["query"] for need in toys.space().byquery("thing").record["needs"]] == ["data,v=nothing"]


# files that change meanwhile

PARTS = """
def parts(path):
    from pathlib import Path
    return [name for name in ("beside.txt", "new.txt") if (Path(path).parent / name).exists()]
"""


@pytest.mark.parametrize("changed", ["file.txt", "beside.txt", "new.txt"])
def test_a_file_that_changes_before_its_turn_is_refused(toys: Toys, tmp_path: Path, changed: str) -> None:
    """What came of it would be kept as what came of the file before."""
    for name in ("file.txt", "beside.txt"):
        (tmp_path / name).write_text("as it was asked for")
    body = f"from pathlib import Path\nPath({str(tmp_path / changed)!r}).write_text('something else')"
    toys.maker("base", "base", body)
    recipe = toys.maker("toy", "thing", parameters={"f": {"type": "file", "parts": "parts"}}, needs={"base": "base"})
    with (recipe / "code.py").open("a") as stream:
        stream.write(PARTS)
    query = f"thing,f={tmp_path}/file.txt"
    with pytest.raises(UsageError) as caught:
        toys.space().byquery(query)
    assert str(caught.value) == f"{tmp_path}/file.txt has changed since {query} was asked for"
    assert caught.value.hint == "ask again"
    assert (toys.made("base"), toys.made("toy")) == (1, 0)
    assert toys.space().byquery(query)["f"] == f"{tmp_path}/file.txt"


def test_a_file_that_is_gone_before_its_turn_is_told(toys: Toys, tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("1")
    toys.maker("base", "base", f"import os\nos.unlink({str(file)!r})")
    toys.maker("toy", "thing", parameters={"f": {"type": "file"}}, needs={"base": "base"})
    with pytest.raises(UsageError, match=r"^there is no file .*file.txt$"):
        toys.space().byquery(f"thing,f={file}")
    assert toys.made("toy") == 0


def test_a_folder_in_which_things_are_made_may_change(toys: Toys, tmp_path: Path) -> None:
    """A folder that holds the work collection has another listing once anything was made."""
    toys.maker("base", "base")
    toys.maker("toy", "thing", parameters={"d": {"type": "folder"}}, needs={"base": "base"})
    assert toys.space().byquery(f"thing,d={tmp_path}")["d"] == str(tmp_path)
