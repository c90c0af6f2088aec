"""The conformance suite finds what is wrong with bad producers and recipes, and nothing wrong with good ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from textwrap import dedent

import pytest
from support.toy import SOURCES

TOYS = '''
    from pathlib import Path
    from axs_core.sdk import Download, Made, ProduceError, Producer, Traits

    KEYS = {"text": {"type": "string", "description": "What is written."}}
    SCHEMA = {"type": "object", "description": "Writes a text.", "required": ["text"], "properties": KEYS}

    class Good(Producer):
        name = "good"
        traits = Traits(schema=SCHEMA)

        def make(self, job):
            if job.spec["text"] == "bad":
                raise ProduceError("it is bad")
            (job.folder / "text.txt").write_text(job.spec["text"])
            return Made("text.txt", {"letters": len(job.spec["text"])})

    class Watched(Good):
        """Looks whether its file is there."""
        name = "watched"
        traits = Traits(schema=SCHEMA, checked=True)

        def check(self, folder, attributes):
            return None if (folder / "text.txt").exists() else "its text is gone"

    class Blind(Watched):
        name = "blind"

        def check(self, folder, attributes):
            return None

    class Untold(Watched):
        name = "untold"
        traits = Traits(schema=SCHEMA)

    class Wordless(Good):
        name = "wordless"
        traits = Traits(schema={"type": "object", "properties": {"text": {"type": "string"}}})

    class Astray(Good):
        name = "astray"

        def make(self, job):
            Path("left_behind.txt").write_text("somewhere else")
            return super().make(job)

    class Odd(Good):
        name = "odd"

        def make(self, job):
            return Made(super().make(job).file, {"letters": {1, 2}})

    class Tireless(Good):
        """Ends well whatever happens."""
        name = "tireless"

        def make(self, job):
            (job.folder / "text.txt").write_text("something")
            return Made("text.txt")

    class Online(Good):
        """Does not ask whether it may use the network."""
        name = "online"
        traits = Traits(schema=SCHEMA, fetches=True, brings="files")

        def downloads(self, spec):
            yield Download("file", "https://example.org/" + spec["text"])

        def pack(self, used, bundle):
            bundle.add_download(used, {"urls": "https://example.org/", "file": "text.txt"})

    class Secretive(Good):
        name = "secretive"
        traits = Traits(schema=SCHEMA, fetches=True, brings="files")

        def downloads(self, spec):
            return ()

    class Misnamed(Good):
        name = "another"

    class Bare(Producer):
        name = "bare"

        def make(self, job):
            return Made()
'''
PRODUCERS = {
    "good": set(),
    "watched": set(),
    "blind": {"test_its_check_tells_what_does_not_work"},
    "untold": {"test_its_traits_are_those_of_its_code"},
    "wordless": {"test_its_schema_is_a_schema_with_descriptions"},
    "astray": {"test_it_makes_files_in_its_folder_only"},
    "odd": {
        "test_it_makes_files_in_its_folder_only",
        "test_what_it_made_answers_the_second_ask",
        "test_its_check_tells_what_does_not_work",
        "test_offline_it_fetches_nothing",
    },
    "tireless": {"test_a_failure_leaves_nothing_that_looks_finished"},
    "online": {"test_offline_it_fetches_nothing"},
    "secretive": {"test_the_fetch_list_names_what_it_fetches", "test_a_bundle_takes_what_it_fetches"},
    "misnamed": {"test_it_is_registered"},
}
"""What fails for each; ``bare`` declares nothing, so that nearly all does."""
ENTRIES = {
    "fine": ("fine,text=hello", set()),
    "nameless": ("nameless", {"test_it_can_be_read"}),
    "helpless": ("helpless,text=hello", {"test_its_parameters_are_documented"}),
    "lying": ("lying", {"test_it_finds_what_it_says"}),
    "hidden": ("fine,text=hello", {"test_the_query_means_it", "test_the_query_answers"}),
}
META = {
    "fine": """
        title: Fine
        provides: [[fine]]
        parameters: {text: {help: What is written., required: true}}
        finds: [letters]
        make: {good: {text: "{{ text }}"}}
    """,
    "nameless": """
        provides: [[nameless]]
        make: {good: {text: hello}}
    """,
    "helpless": """
        title: Without help
        provides: [[helpless]]
        parameters: {text: {default: hello}}
        make: {good: {text: "{{ text }}"}}
    """,
    "lying": """
        title: Lying
        provides: [[lying]]
        finds: [words]
        make: {good: {text: hello}}
    """,
    "hidden": """
        title: Hidden behind another one
        provides: [[fine]]
        preference: -1
        parameters: {text: {help: What is written.}}
        make: {good: {text: "{{ text }}"}}
    """,
}


pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Class and name of each test that fails, of one run over all toys."""
    root = tmp_path_factory.mktemp("package")
    (root / "toy_producers.py").write_text(dedent(TOYS), encoding="utf-8")
    about = root / "toy_producers-1.0.dist-info"
    about.mkdir()
    names = [*PRODUCERS, "bare"]
    lines = ["[axs.producers]", *(f"{name} = toy_producers:{name.capitalize()}" for name in names)]
    (about / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    for name, meta in META.items():
        (root / "entries" / name).mkdir(parents=True)
        (root / "entries" / name / "meta.yaml").write_text(dedent(meta), encoding="utf-8")
    tests = ["from pathlib import Path", "from axs_core.testing import EntryTests, ProducerTests"]
    for name in names:
        tests += [
            f"class Test_{name}(ProducerTests):",
            f"    producer, section, failing = {name!r}, {{'text': 'hello'}}, {{'text': 'bad'}}",
            "    def spoil(self, folder, found): (folder / 'text.txt').unlink()",
        ]
    for name, (query, _) in ENTRIES.items():
        tests += [
            f"class Test_{name}(EntryTests):",
            f"    entry, query, collection = {name!r}, {query!r}, Path({str(root / 'entries')!r})",
        ]
    (root / "test_toys.py").write_text("\n".join(tests), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", "test_toys.py"],
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{SOURCES}"},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert re.search(r"\d+ failed, \d+ passed", run.stdout), run.stdout + run.stderr
    return set(re.findall(r"^(?:FAILED|ERROR) \S+::Test_(\w+)::(\w+)", run.stdout, re.MULTILINE))


def of(failed: set[tuple[str, str]], name: str) -> set[str]:
    return {test for kind, test in failed if kind == name}


@pytest.mark.parametrize("name", PRODUCERS)
def test_a_producer_is_judged(failed: set[tuple[str, str]], name: str) -> None:
    assert of(failed, name) == PRODUCERS[name]


def test_one_without_traits_passes_next_to_nothing(failed: set[tuple[str, str]]) -> None:
    assert "test_its_traits_are_those_of_its_code" in of(failed, "bare")
    assert len(of(failed, "bare")) > 8


@pytest.mark.parametrize("name", ENTRIES)
def test_a_recipe_is_judged(failed: set[tuple[str, str]], name: str) -> None:
    assert of(failed, name) == ENTRIES[name][1]
