"""Making entries again from their records."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from support.toy import Toys

from axs_core.base.errors import NotFound, UsageError

MADE = """
(path / "answers.txt").write_text("".join(f"{n} {n * parameters['factor'] % 7}\\n" for n in range(30)))
return {"rate": 100.0 * parameters["factor"]}
"""


@pytest.fixture
def toys(toys: Toys) -> Toys:
    toys.add("functions", {"attributes": {"compared_lines": "answers.txt"}})
    toys.maker("toy", "thing", MADE, parameters={"factor": {"type": "int", "default": 1}}, result_parents=["functions"])
    return toys


def redefine(toys: Toys, **changes: object) -> None:
    """Write the recipe anew."""
    toys.maker(
        "toy",
        "thing",
        MADE,
        **{"parameters": {"factor": {"type": "int", "default": 1}}, "result_parents": ["functions"], **changes},
    )


def test_the_same_again(toys: Toys) -> None:
    space = toys.space()
    old = space.byquery("thing,factor=2")
    outcome = old.replay()
    assert list(outcome.text()) == [
        f"old  {old.name}",
        f"new  {outcome.new.name}",
        "",
        "surroundings: the same as in the record",
        "",
        "figures",
        "        old  new  change",
        "  rate  200  200  same",
        "",
        "answers.txt: all 30 lines are the same",
    ]
    assert space.byname(outcome.new.name).record["replays"] == {
        "entry": old.name,
        "key": old.entry.produced["key"],
        "files": old.record["files"]["digest"],
        "made": old.entry.produced["at"],
    }


def test_queries_are_answered_as_before(toys: Toys) -> None:
    space = toys.space()
    old = space.byquery("thing")
    first, second = old.replay().new, old.replay().new
    assert second.name == f"{first.name}_2"
    assert toys.space().byquery("thing").name == old.name
    assert [each.name for each in toys.space().all_byquery(f"thing,replay_of={old.name}")] == [first.name, second.name]
    assert [each.name for each in toys.space().all_byquery("thing,replay_of!.")] == [old.name]


def test_a_default_that_was_changed_is_as_it_was(toys: Toys) -> None:
    space = toys.space()
    old = space.byquery("thing")
    redefine(toys, parameters={"factor": {"type": "int", "default": 3}, "more": {"default": "x"}})
    outcome = toys.space().byname(old.name).replay()
    assert outcome.new.values["factor"] == 1
    assert outcome.remarks == ("parameter more is new, it is 'x'",)
    assert [each.what for each in outcome.comparison.sections["recipes"]] == ["toy"]


def test_a_parameter_that_is_gone(toys: Toys) -> None:
    old = toys.space().byquery("thing")
    more = {"parameters": {"factor": {"type": "int", "default": 1}, "old_one": {"default": 5}}}
    redefine(toys, **more)
    old = toys.space().byquery("thing")
    redefine(toys)
    assert toys.space().byname(old.name).replay().remarks == ("parameter old_one is not known any more, it was 5",)


def test_figures_and_lines_that_differ(toys: Toys) -> None:
    space = toys.space()
    old = space.byquery("thing")
    code = (toys.recipes / "toy" / "code.py").read_text()
    (toys.recipes / "toy" / "code.py").write_text(code.replace("100.0", "98.0").replace("% 7", "% 5"))
    text = list(toys.space().byname(old.name).replay().text())
    start = text.index("figures")
    assert text[3:6] == ["surroundings that are not the same", "  recipes", text[5]]
    assert text[start + 1 : start + 3] == ["        old  new  change", "  rate  100  98   -2.00 %"]
    assert text[start + 4 : start + 7] == [
        "answers.txt: 25 of 30 lines differ",
        "  line  old   new",
        "  6     5 5   5 0",
    ]
    assert text[-1] == "  and 5 more"


def test_the_needs_are_those_of_the_record(toys: Toys) -> None:
    toys.maker(
        "base", "base", "(path / 'x.txt').write_text(str(parameters['size']))", parameters={"size": {"default": 1}}
    )
    toys.maker("user", "use", needs={"base": "base"})
    space = toys.space()
    old = space.byquery("use")
    space.byquery("base", fresh="one")  # newer, and it would answer
    new = old.replay().new
    assert space.byname(new.name).record["needs"][0]["entry"] in {each["entry"] for each in old.record["needs"]} | {
        each.name for each in space.all_byquery("base")
    }
    assert toys.made("base") == 2


def test_a_need_that_is_gone_is_made_again_and_told(toys: Toys) -> None:
    toys.maker("base", "base", "(path / 'x.txt').write_text('one')")
    toys.maker("user", "use", needs={"base": "base"})
    space = toys.space()
    old = space.byquery("use")
    space.byquery("base").remove()
    toys.maker("base", "base", "(path / 'x.txt').write_text('two')")
    outcome = toys.space().byname(old.name).replay()
    assert [each.what for each in outcome.comparison.sections["needs"]] == ["base"]


def test_environments_are_made_with_the_same_versions(toys: Toys) -> None:
    """The toy environment of today would have a newer version."""
    code = "return {'frozen': parameters['requirements'] or ['numpy==2.0'], 'packages': {}}"
    toys.maker("env", "env", code, parameters={"requirements": {"type": "list", "default": []}}, finds=["frozen"])
    toys.maker("user", "use", needs={"python": "env"})
    space = toys.space()
    old = space.byquery("use")
    space.byquery("env").remove()
    toys.maker("env", "env", code.replace("2.0", "3.0"), parameters={"requirements": {"type": "list", "default": []}})
    outcome = toys.space().byname(old.name).replay()
    assert toys.space().byname(outcome.new.name).record["python"] == {"python": ["numpy==2.0"]}
    assert outcome.remarks == ("python: the archives are not known, packages have the same versions",)
    assert "packages (python)" not in outcome.comparison.sections


ENVIRONMENT = "return {'frozen': parameters['requirements'] or ['numpy==2.0'], 'packages': {}}"
PIXELS = "(path / 'x.txt').write_text(parameters.get('way', 'plain'))"


@pytest.fixture
def chain(toys: Toys) -> Toys:
    """A program that needs pixels, which were made in an environment of their own from photographs."""
    toys.maker("env", "env", ENVIRONMENT, parameters={"requirements": {"type": "list"}}, finds=["frozen"])
    toys.maker("photographs", "photographs", "(path / 'p.txt').write_text('one')")
    toys.maker("pixels", "pixels", PIXELS, needs={"python": "env", "photographs": "photographs"})
    toys.maker("user", "use", needs={"images": "pixels"})
    return toys


def gone(toys: Toys, *queries: str) -> None:
    """Remove what was made as a need of something else."""
    for query in queries:
        toys.space().byquery(query).remove()


def newer_packages(toys: Toys) -> None:
    code = ENVIRONMENT.replace("2.0", "3.0")
    toys.maker("env", "env", code, parameters={"requirements": {"type": "list"}}, finds=["frozen"])


def test_needs_of_needs_are_as_they_were(chain: Toys) -> None:
    old = chain.space().byquery("use")
    gone(chain, "pixels", "env")
    newer_packages(chain)
    outcome = chain.space().byname(old.name).replay()
    made = chain.space().byname(outcome.new.name).record["needs"][0]
    assert made["python"] == {"python": ["numpy==2.0"]}
    assert outcome.remarks == ("python: the archives are not known, packages have the same versions",)
    assert "packages (images/python)" in outcome.comparison.same
    different = {title: [each.what for each in rows] for title, rows in outcome.comparison.sections.items()}
    assert different == {"recipes": ["env"]}
    again = chain.space().byname(old.name).replay()  # what was made again as a need is used again
    assert chain.space().byname(again.new.name).record["needs"][0]["entry"] == made["entry"]
    assert chain.made("pixels") == 2


def test_what_was_made_again_as_a_need_answers_nothing_else(chain: Toys) -> None:
    old = chain.space().byquery("use")
    gone(chain, "pixels", "env")
    newer_packages(chain)
    chain.space().byname(old.name).replay()
    assert chain.space().byquery("pixels").record["python"] == {"python": ["numpy==3.0"]}


def test_a_need_of_a_need_that_cannot_be_as_it_was_is_told(chain: Toys) -> None:
    """Its data come from elsewhere, and are others now."""
    old = chain.space().byquery("use")
    gone(chain, "pixels", "photographs")
    chain.maker("photographs", "photographs", "(path / 'p.txt').write_text('two')")
    outcome = chain.space().byname(old.name).replay()
    assert [each.what for each in outcome.comparison.sections["needs"]] == ["images/photographs"]
    assert [each.what for each in outcome.comparison.sections["recipes"]] == ["photographs"]


def test_the_recipe_of_a_need_is_not_here(chain: Toys) -> None:
    old = chain.space().byquery("use")
    gone(chain, "pixels")
    shutil.rmtree(chain.recipes / "pixels")
    chain.maker("other_pixels", "pixels", PIXELS)
    outcome = chain.space().byname(old.name).replay()
    assert outcome.remarks == ("images: the recipe 'pixels' does not answer here any more: pixels",)
    assert outcome.comparison.sections["needs"][0].what == "images"


def test_a_need_that_means_something_else_now(chain: Toys) -> None:
    old = chain.space().byquery("use")
    gone(chain, "pixels")
    needs = {"python": "env", "photographs": "photographs"}
    chain.maker("pixels", "pixels", PIXELS, needs=needs, parameters={"way": {"default": "sharper"}})
    outcome = chain.space().byname(old.name).replay()
    assert outcome.remarks == ("images: pixels means something else here (other defaults, or another file)",)
    assert [each.what for each in outcome.comparison.sections["needs"]] == ["images"]


def test_archives_of_which_some_are_not_known(toys: Toys) -> None:
    body = (
        "return {'frozen': ['numpy==2.0'], 'archives': [{'name': 'numpy', 'version': '2.0', 'url': '', 'hashes': {}}]}"
    )
    more = {"parameters": {"requirements": {"type": "list", "default": []}, "lock_file": {"type": "file"}}}
    toys.maker("env", "env", body, **more)
    toys.maker("user", "use", needs={"python": "env"})
    space = toys.space()
    old = space.byquery("use")
    space.byquery("env").remove()
    outcome = toys.space().byname(old.name).replay()
    assert outcome.remarks == ("python: the archives are not known, packages have the same versions",)


# files and folders of the user's own

READ = "from shutil import copy; copy(parameters['model'], path / 'copy.txt')"


@pytest.fixture
def own(toys: Toys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toys:
    """A program that needs something made of the user's own file and folder; the user is beside these."""
    parameters = {"model": {"type": "file"}, "pictures": {"type": "folder"}}
    toys.maker("inner", "inner", READ, parameters=parameters)
    need = {"query": "inner", "forward": ["model", "pictures"]}
    toys.maker("outer", "outer", READ, parameters=parameters, needs={"inner": need})
    mine = tmp_path / "mine"
    (mine / "pics").mkdir(parents=True)
    (mine / "net.onnx").write_text("a network")
    monkeypatch.chdir(mine)
    return toys


TYPED = "outer,model=net.onnx,pictures=pics"


def test_relative_paths_are_recorded_as_absolute_ones(own: Toys, tmp_path: Path) -> None:
    made = own.space().byquery(TYPED)
    mine, record = tmp_path / "mine", made.record
    query = f"outer,model={mine}/net.onnx,pictures={mine}/pics"
    assert (record["query"], record["typed"]) == (query, TYPED)
    assert record["again"] == f"axs byquery {query} --fresh"
    assert record["needs"][0]["query"] == query.replace("outer", "inner")
    assert record["parameters"]["model"] == {
        "value": f"{mine}/net.onnx",
        "origin": "query",
        "digest": sha256(b"a network").hexdigest(),
    }


def test_what_is_recorded_runs_from_any_folder(own: Toys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = own.space().byquery(TYPED)
    monkeypatch.chdir("/")
    assert own.space().byquery(made.record["query"]).name == made.name
    outcome = own.space().byname(made.name).replay()
    assert (outcome.remarks, outcome.comparison.sections) == ((), {})


def test_older_records_with_relative_paths_are_replayed_too(own: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    made = own.space().byquery(TYPED)
    file = made.path / "record.json"
    kept = json.loads(file.read_text())
    for item in kept["parameters"].values():
        del item["digest"]
    file.write_text(json.dumps({**kept, "query": TYPED}))
    monkeypatch.chdir("/")
    assert own.space().byname(made.name).replay().remarks == ()


def test_files_that_are_not_here_are_named_by_digest(own: Toys, tmp_path: Path) -> None:
    mine, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    made = own.space().byquery(TYPED)
    mine.rename(elsewhere)
    with pytest.raises(NotFound) as caught:
        own.space().byname(made.name).replay()
    assert caught.value.message == (
        f"what {made.name} was made from is not here:\n"
        f"    model: {mine}/net.onnx (SHA-256 {sha256(b'a network').hexdigest()})\n"
        f"    pictures: {mine}/pics"
    )
    assert caught.value.hint == f"say where it is: axs byname {made.name} , replay --model=PATH --pictures=PATH"


def test_the_user_says_where_they_are(own: Toys, tmp_path: Path) -> None:
    mine, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    made = own.space().byquery(TYPED)
    mine.rename(elsewhere)
    own.space().byquery(f"inner,model={elsewhere}/net.onnx,pictures={elsewhere}/pics").remove()
    outcome = (
        own.space().byname(made.name).replay({"model": f"{elsewhere}/net.onnx", "pictures": str(elsewhere / "pics")})
    )
    assert outcome.remarks == ()
    assert outcome.new.values["model"] == f"{elsewhere}/net.onnx"
    assert (outcome.new.path / "copy.txt").read_text() == "a network"


def test_another_file_is_not_taken_for_it(own: Toys, tmp_path: Path) -> None:
    made = own.space().byquery(TYPED)
    other = tmp_path / "other.onnx"
    other.write_text("another network")
    digests = [sha256(text).hexdigest() for text in (b"another network", b"a network")]
    with pytest.raises(UsageError) as caught:
        own.space().byname(made.name).replay({"model": str(other)})
    assert str(caught.value) == f"model: {other} is another file: its SHA-256 is {digests[0]}, not {digests[1]}"
    with pytest.raises(UsageError) as caught:
        own.space().byname(made.name).replay({"factor": "2"})
    assert str(caught.value) == f"{made.name} was made from no file or folder that is called factor"
    assert caught.value.hint == "it was made from: model, pictures"


def test_content_that_changed_is_told(own: Toys, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    made = own.space().byquery(TYPED)
    (mine / "net.onnx").write_text("better")
    (mine / "pics" / "new.png").write_text("")
    now, then = sha256(b"better").hexdigest(), sha256(b"a network").hexdigest()
    assert own.space().byname(made.name).replay().remarks == (
        f"model has other content: {mine}/net.onnx has the SHA-256 {now}, it was {then}",
        f"pictures has other files, or files with other times: {mine}/pics",
    )


def test_the_recipe_is_not_here(toys: Toys) -> None:
    old = toys.space().byquery("thing")
    shutil.rmtree(toys.recipes / "toy")
    with pytest.raises(NotFound) as caught:
        toys.space().byname(old.name).replay()
    assert str(caught.value) == (f"the recipe 'toy', which made {old.name}, does not answer here any more: thing")


def test_what_was_not_made(toys: Toys) -> None:
    toys.add("written", {"tags": ["thing"]})
    space = toys.space()
    with pytest.raises(UsageError) as caught:
        space.byname("written").replay()
    assert str(caught.value) == "written was not made by axs: there is no record to make it again from"
