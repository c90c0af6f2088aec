"""Reports: what is collected of runs, and a page that no text of theirs can break out of."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import fake_loadgen
from support.toy import Toys

from axs_core.base.errors import EntryError, Inapplicable, Refused, UsageError
from axs_core.cli.comparisons import report as report_action
from axs_core.cli.execute import run_pipeline
from axs_core.cli.model import Root
from axs_core.cli.pipeline import parse_pipeline
from axs_core.compare.twin import Twins
from axs_core.report.collect import Distinct, collect
from axs_core.report.declaration import Declaration
from axs_core.report.page import Parts, as_json, page

pytestmark = pytest.mark.process

PERFORMANCE = "loadgen_output,loadgen_mode=PerformanceOnly"
NOTHING = ("all_byquery", "loadgen_output", ",", "report")
LIBRARY = "var Plotly = '</script>';"
PAGE = Path(__file__).parents[2] / "entries" / "report_page"
PARTS = Parts((PAGE / "page.html").read_text(), (PAGE / "page.css").read_text(), LIBRARY, "const a = '</script>';")


def test_what_a_run_says_is_collected(toys: Toys) -> None:
    fake_loadgen.add_to(toys.recipes)
    space = toys.space()
    run = space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=50")
    told: list[str] = []
    data = collect([run.entry], Twins(space.session.index.find), told.append)
    [shown] = data["runs"]
    wanted = {"name": run.name, "scenario": "Server", "framework": "toy", "performance": 100, "unit": "samples/s"}
    assert {name: shown[name] for name in wanted} == wanted
    assert data["machines"][shown["machine_place"]]["cores"] == run.record["machine"]["cores"]
    assert told == []


def test_a_figure_comes_with_the_accuracy_of_its_twin(toys: Toys) -> None:
    fake_loadgen.add_to(toys.recipes)
    space = toys.space()
    run, twin = space.byquery(PERFORMANCE), space.byquery("loadgen_output,loadgen_mode=AccuracyOnly")
    [shown] = collect([run.entry], Twins(space.session.index.find), print)["runs"]
    wanted = {"accuracy": 80.0, "accuracy_low": 79.647, "accuracy_high": 80.348, "accuracy_from": twin.name}
    assert {name: shown[name] for name in wanted} == wanted


def test_percentiles_are_those_of_the_log(toys: Toys) -> None:
    fake_loadgen.add_to(toys.recipes)
    space = toys.space()
    run = space.byquery(PERFORMANCE)
    lines = ["Max latency (ns)                : 90", "99.90 percentile latency (ns)   : 80", "Min latency (ns) : 10"]
    with (run.path / "mlperf_log_summary.txt").open("a") as summary:
        summary.write("\n".join([*lines, "50.00 percentile latency (ns)   : 20", ""]))
    [shown] = collect([run.entry], Twins(space.session.index.find), print)["runs"]
    assert shown["latency"] == [[0, 10], [50, 20], [99.9, 80], [100, 90]]


def attempt(entry: str, target: float | None, figure: float | None, word: str, purpose: str = "search") -> Any:
    said = {"entry": entry, "purpose": purpose, "target": target, "figure": figure}
    return {**said, "valid": word == "VALID", "verdict": f"{word} (reasons)"}


@pytest.mark.parametrize(
    ("figure_unit", "unit", "scale"), [("1/s", "samples/s", 1), ("ns", "ms", 1e6)], ids=["rates", "latencies"]
)
def test_a_search_is_shown_in_the_unit_of_its_target(toys: Toys, figure_unit: str, unit: str, scale: float) -> None:
    fake_loadgen.add_to(toys.recipes)
    space = toys.space()
    run = space.byquery(PERFORMANCE)
    tried = [
        attempt("a", 20, 15 * scale, "INVALID"),
        attempt("b", None, None, "INVALID"),
        attempt("c", 10, 10 * scale, "VALID", "confirm"),
    ]
    units = {"target": unit, "figure": figure_unit}
    data = {"scenario": "any", "units": units, "attempts": tried, "confirmed_by": "c"}
    (run.path / "search.json").write_text(json.dumps(data))
    [shown] = collect([run.entry], Twins(space.session.index.find), print)["runs"]
    attempts = [{**each, "number": at} for at, each in enumerate(tried, 1)]
    attempts[0]["figure"], attempts[2]["figure"] = 15, 10
    assert shown["search"] == {"unit": unit, "chosen": 10, "attempts": attempts}


def test_a_search_that_was_made_is_shown(toys: Toys) -> None:
    fake_loadgen.add_to(toys.recipes)
    space = toys.space()
    made = space.byquery(f"{PERFORMANCE},loadgen_scenario=Server,loadgen_target_qps=105,until_valid+")
    search = collect([made.entry], Twins(space.session.index.find), print)["runs"][0]["search"]
    told = [(each["number"], each["target"], each["figure"], each["valid"]) for each in search["attempts"]]
    assert told == [(1, 105, 105, False), (2, 94.5, 100, True), (3, 94.5, 100, True)]
    assert (search["unit"], search["chosen"]) == ("samples/s", 94.5)


def test_no_search_and_one_that_was_damaged(toys: Toys) -> None:
    fake_loadgen.add_to(toys.recipes)
    space = toys.space()
    run = space.byquery(PERFORMANCE)
    with pytest.raises(Inapplicable) as caught:
        run.get("target_search")
    assert caught.value.message == "its target was not searched"
    whole = {"units": {"figure": "ns"}, "attempts": [attempt("a", 1, 1, "VALID")], "confirmed_by": "another"}
    for text in ("{", "[]", '{"units": {}}', json.dumps(whole)):
        (run.path / "search.json").write_text(text)
        with pytest.raises(Refused) as refused:
            run.get("target_search")
        assert refused.value.message == "search.json is cut short or was changed, so the search cannot be shown"
    assert collect([run.entry], Twins(space.session.index.find), print)["runs"][0]["search"] is None


def test_what_does_not_say_how_it_is_shown_is_left_out_and_told(toys: Toys) -> None:
    fake_loadgen.add_to(toys.recipes)
    toys.maker("other", "other")
    space = toys.space()
    run, other = space.byquery(PERFORMANCE), space.byquery("other")
    told: list[str] = []
    data = collect([other.entry, run.entry], Twins(space.session.index.find), told.append)
    assert [shown["name"] for shown in data["runs"]] == [run.name]
    assert told == [f"1 entries are not in the report, as they do not say how they are shown: {other.name} ..."]
    with pytest.raises(UsageError) as caught:
        space.report([other], "report.html")
    assert caught.value.message == "there is nothing to report: none of these entries says how it is shown"


def test_machines_and_packages_are_kept_once() -> None:
    distinct = Distinct()
    assert [distinct.place(value) for value in (["a"], ["b"], ["a"], [], None)] == [0, 1, 0, None, None]
    assert distinct.values == [["a"], ["b"]]


def test_text_of_entries_stays_text() -> None:
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;@PROGRAM@"
    text = page(PARTS, {"runs": [{"name": hostile}], "about": ""}, hostile)
    assert "<script>alert" not in text and "<img" not in text
    assert len(re.findall("</script", text)) == 3, "the page's own three scripts"
    data = re.search(r'id="data">(.*?)</script>', text)
    assert data and json.loads(data[1])["runs"][0]["name"] == hostile


def test_only_the_scripts_of_the_page_may_run_and_nothing_is_loaded() -> None:
    text = page(PARTS, {"runs": [], "about": ""}, "title")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(scripts) == 2 and policy
    sources = " ".join(f"'sha256-{each}'" for each in hashes)
    assert policy[1] == (f"default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src {sources}")
    assert "http://" not in text and "https://" not in text


def test_a_template_needs_all_its_places_in_order() -> None:
    for template in ("", PARTS.template.replace("@POLICY@", ""), PARTS.template.replace("@TITLE@", "@DATA@", 1)):
        with pytest.raises(EntryError, match=r"the template of the page has no @[A-Z]+@ where it should be"):
            page(replace(PARTS, template=template), {}, "title")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("page", "toy declares its report as 'page', which is no mapping"),
        ({"page": "p"}, "toy declares a report without its library (a query)"),
        ({"page": "p", "library": "l", "values": ["a"]}, "toy declares a report whose values are no mapping"),
        ({"page": "p", "library": "l", "files": {"a": 1}}, "toy declares a report whose files are no mapping"),
    ],
)
def test_a_declaration_that_is_none(toys: Toys, said: Any, message: str) -> None:
    toys.add("toy", {"provides": [["toy"]], "attributes": {"report": said}})
    with pytest.raises(EntryError) as caught:
        Declaration.of(toys.space().byname("toy").entry)
    assert caught.value.message == message


def test_what_is_shown_is_what_the_results_declare(toys: Toys, tmp_path: Path) -> None:
    """Of a kind that nothing shipped knows: its values, its words and its page's entry."""
    words = {"table": {"columns": [{"value": "weight", "title": "weight, g"}]}}
    said = {"page": "own_page", "library": "own_library", "values": {"weight": "weight"}, "shown": words}
    toys.add("fruit", {"provides": [["fruit"]], "attributes": {"weight": 3, "report": said}})
    places = {"file": "own.html", "style": "own.css", "program": ["a.js", "b.js"]}
    files = {"own.html": PARTS.template, "own.css": "p {}", "a.js": "const a = 1;", "b.js": "const b = 2;"}
    toys.add("own_page", {"provides": [["own_page"]], "attributes": places}, **files)
    toys.add("own_library", {"provides": [["own_library"]], "attributes": {"file": "l.js"}}, **{"l.js": "const l = 0;"})
    space = toys.space()
    [file] = space.report([space.byname("fruit")], tmp_path / "report.html")
    text = file.read_text()
    assert re.findall(r"<script>(.*?)</script>", text, re.DOTALL) == ["const l = 0;", "const a = 1;\nconst b = 2;"]
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])  # type: ignore[index]
    assert (data["shown"], data["runs"][0]["weight"]) == (words, 3)
    with pytest.raises(UsageError, match="these entries declare no pictures"):
        space.report([space.byname("fruit")], file, pictures=tmp_path / "png")


def test_what_json_or_html_does_not_have() -> None:
    assert as_json("<&>") == '"\\u003c\\u0026\\u003e"'
    assert as_json({"a": [float("nan"), float("inf"), 1.5], "b": Path("x")}) == '{"a":[null,null,1.5],"b":"x"}'


def drawing_toys(toys: Toys) -> None:
    """What draws, without an installation: a library of one line, and a program that writes a file of one byte."""
    fake_loadgen.add_to(toys.recipes)
    toys.add(
        "library", {"provides": [["report_library"]], "attributes": {"file": "library.js"}}, **{"library.js": LIBRARY}
    )
    program = "import sys, pathlib; pathlib.Path(sys.argv[2], 'one.png').write_text('1'); print('one.png')"
    toys.add("pictures", {"provides": [["report_pictures"]], "attributes": {"file": "draw.py"}}, **{"draw.py": program})
    environment = {"interpreter": sys.executable, "requirements": ["matplotlib==3.10.8", "numpy==2.2.6"]}
    toys.add("environment", {"provides": [["python_env"]], "attributes": environment})


def typed(toys: Toys, *words: str) -> Any:
    return run_pipeline(parse_pipeline(list(words)), Root(toys.space)).result


def test_the_action_writes_a_page_and_pictures(toys: Toys, tmp_path: Path) -> None:
    drawing_toys(toys)
    toys.space().byquery(PERFORMANCE)
    page_file, folder = tmp_path / "report.html", tmp_path / "png"
    asked = ("all_byquery", "loadgen_output", ",", "report")
    found = typed(toys, *asked, f"--output={page_file}", f"--png={folder}", "--title=A & B")
    assert list(found.items) == [page_file, folder / "one.png"]
    assert "<title>A &amp; B</title>" in page_file.read_text() and (folder / "one.png").read_text() == "1"
    with pytest.raises(UsageError) as caught:
        typed(toys, *asked, f"--output={tmp_path}/none/report.html")
    assert caught.value.message == f"--output={tmp_path}/none/report.html cannot be written: No such file or directory"
    with pytest.raises(UsageError) as caught:
        typed(toys, *asked, f"--output={page_file}", f"--png={page_file}")
    assert caught.value.message == f"--png={page_file} cannot be made: File exists"


def test_no_output_and_no_entries(toys: Toys) -> None:
    with pytest.raises(UsageError) as caught:
        report_action([])
    assert str(caught.value.message) == "'report' needs --output=FILE"
    for ask in (lambda: report_action([], output="x"), lambda: typed(toys, *NOTHING, "--output=x")):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.message == "there is nothing to report: no entries"
        assert caught.value.hint == "axs all_byquery loadgen_output lists some"
