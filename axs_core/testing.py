"""The tests that every producer and every entry must pass, for packages and collections that extend axs.

Inherit :class:`ProducerTests` or :class:`EntryTests` in a test file, say what is yours, and run pytest:
docs/extending.md shows it. Work collections, indexes and download caches are new and empty; the user's own settings of
axs do not count.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from axs_core.api import Workspace, WorkspaceEntry
from axs_core.base.errors import AxsError, EntryError, ProduceError
from axs_core.base.reporter import Reporter
from axs_core.entry import META, RECORD
from axs_core.entry.validate import validate
from axs_core.plugins import producers
from axs_core.plugins.shipped import PLACES
from axs_core.plugins.traits import Traits
from axs_core.producers.base import Job, Producer, Used
from axs_core.producers.paths import is_reserved
from axs_core.upkeep.verify import verified

TAG = "conformance"


class _Tests:
    """Folders and settings that both suites share."""

    settings: ClassVar[Mapping[str, str]] = {}
    """Variables of the environment: ``AXS_MIRRORS`` where something is fetched, so that no test needs a network."""
    room: ClassVar[Path]

    @classmethod
    def setup_class(cls) -> None:
        cls.room = Path(tempfile.mkdtemp(prefix="axs-testing-"))

    @classmethod
    def teardown_class(cls) -> None:
        shutil.rmtree(cls.room, ignore_errors=True)

    @classmethod
    def environ(cls, place: Path, **more: str) -> dict[str, str]:
        """An environment that sees nothing of the user's in axs."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AXS_")}
        own = {
            "AXS_WORK_COLLECTION": str(place / "work"),
            "AXS_DOWNLOAD_CACHE": str(place / "cache"),
            "AXS_INDEX": str(place / "index.sqlite"),
        }
        return {**clean, **own, **cls.settings, **more}


class ProducerTests(_Tests):
    """What holds for every producer.

    ``producer`` is its name in ``make``, ``section`` one with which it works here, ``failing`` one with which it fails
    (or does not apply). A producer whose traits say ``checked`` overrides :meth:`spoil`.
    """

    producer: ClassVar[str]
    section: ClassVar[Mapping[str, Any]]
    failing: ClassVar[Mapping[str, Any] | None] = None
    code: ClassVar[str] = ""
    """``code.py`` of the recipe, where a section names a function."""

    def spoil(self, folder: Path, found: Mapping[str, Any]) -> None:
        """Do what makes a finished entry useless, so that ``check`` has to notice."""
        raise NotImplementedError("a producer that is `checked` says here what its check has to notice")

    @property
    def traits(self) -> Traits:
        return producers.declared(self.producer)

    def made_by(self) -> Producer:
        made: Producer = producers.code(self.producer)()
        return made

    def job(self, place: Path, section: Mapping[str, Any], **settings: str) -> Job:
        """A job in an empty entry's folder below ``place``."""
        (place / "recipe").mkdir(parents=True, exist_ok=True)
        (place / "entry").mkdir()
        environ = self.environ(place, **settings)
        return Job(dict(section), place / "entry", place / "log.txt", Reporter(), place / "recipe", environ=environ)

    def space(self, place: Path, section: Mapping[str, Any], **settings: str) -> Workspace:
        """A workspace with one recipe, which uses the producer; its tag is :data:`TAG`."""
        recipe = place / "entries" / "conformance_recipe"
        recipe.mkdir(parents=True, exist_ok=True)
        data = {"title": "A recipe for a test", "provides": [[TAG]], "make": {self.producer: dict(section)}}
        (recipe / META).write_text(yaml.safe_dump(data), encoding="utf-8")
        if self.code:
            (recipe / "code.py").write_text(self.code, encoding="utf-8")
        environ = self.environ(place, AXS_COLLECTIONS=str(place / "entries"), **settings)
        return Workspace(environ=environ, reporter=Reporter())

    def test_it_is_registered(self) -> None:
        assert self.producer in producers.names(), f"no entry point of axs.producers is called {self.producer!r}"
        found = self.made_by()
        assert isinstance(found, Producer), "it inherits axs_core.sdk.Producer"
        assert found.name == self.producer, f"its name is {found.name!r}, and its entry point's {self.producer!r}"

    def test_its_traits_are_those_of_its_code(self) -> None:
        own, traits = self.made_by(), self.traits
        has = {name: getattr(type(own), name) is not getattr(Producer, name) for name in ("make", "check", "downloads")}
        assert has["make"], "it has a method make"
        assert has["check"] == traits.checked, "`checked` is true exactly where it has a method check"
        assert has["downloads"] == traits.fetches, "`fetches` is true exactly where it has a method downloads"
        assert not (traits.runs != "nothing" and traits.fetches), "what fetches does not only run: `runs` is nothing"

    def test_its_schema_is_a_schema_with_descriptions(self) -> None:
        from jsonschema import Draft202012Validator

        section = self.traits.section()
        Draft202012Validator.check_schema(section)
        assert section.get("type") == "object", "a section is of type object"
        assert section.get("description"), "the section has a description"
        for key, value in section.get("properties", {}).items():
            assert value.get("description"), f"the key {key!r} has no description"
        assert "when" not in section.get("properties", {}), "`when` is the engine's own"
        assert section.get("additionalProperties", False) is False, "other keys are errors, so that typing errors are"

    def test_its_sections_are_valid(self) -> None:
        for section in filter(None, (self.section, self.failing)):
            self.validate(section)

    def test_a_wrong_key_is_told(self) -> None:
        known = next(iter(self.traits.section().get("properties", {"key": {}})))
        with pytest.raises(EntryError) as caught:
            self.validate({**self.section, f"{known}x": 1})
        assert known in str(caught.value.hint), f"the hint does not name {known!r}: {caught.value.hint}"

    def validate(self, section: Mapping[str, Any]) -> None:
        """Raises EntryError for a section that the schema does not allow."""
        data = {"provides": [[TAG]], "make": {self.producer: dict(section)}}
        validate(data, yaml.safe_dump(data), self.room / META)

    def test_it_makes_files_in_its_folder_only(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        if self.code:
            pytest.skip("what it makes is the work of a recipe's code")
        job = self.job(tmp_path, self.section)
        made = self.made_by().make(job)
        outside = [path for path in ("elsewhere", "recipe") if any((tmp_path / path).iterdir())]
        others = {path.name for path in tmp_path.iterdir()} - {"elsewhere", "recipe", "entry", "cache", "log.txt"}
        assert not outside and not others, f"it wrote outside of job.folder: {outside or sorted(others)}"
        own = [path.name for path in job.folder.iterdir() if is_reserved(path.name)]
        assert not own, f"these names are axs's own: {own}"
        if made.file is not None:
            assert (job.folder / made.file).exists(), f"its main file is not there: {made.file}"
            relative = not Path(made.file).is_absolute()
            assert relative or self.traits.bound, "a main file elsewhere is for producers that are `bound`"
        assert json.loads(json.dumps(dict(made.found))) == dict(made.found), "what it found is plain data"

    def test_what_it_made_answers_the_second_ask(self, tmp_path: Path) -> None:
        made = self.space(tmp_path, self.section).byquery(TAG)
        again = self.space(tmp_path, self.section).byquery(TAG)
        assert again.path == made.path, "the second ask makes another one"
        _is_recorded(made)
        _verifies(made)

    def test_its_check_tells_what_does_not_work(self, tmp_path: Path) -> None:
        entry = self.space(tmp_path, self.section).byquery(TAG)
        found = dict(entry.entry.values)
        assert self.made_by().check(entry.path, found) is None, "its check finds fault with what was just made"
        if self.traits.checked:
            self.spoil(entry.path, found)
            assert self.made_by().check(entry.path, found), "its check does not notice what spoil did"

    def test_a_failure_leaves_nothing_that_looks_finished(self, tmp_path: Path) -> None:
        assert self.failing is not None, "say in `failing` a section with which it fails"
        space = self.space(tmp_path, self.failing)
        for _ in range(2):
            with pytest.raises(AxsError):
                space.byquery(TAG)
        assert [entry.name for entry in space.all_byquery(TAG)] == [], "what failed counts as made"
        assert not list((tmp_path / "work").glob(f"*/{RECORD}")), "what failed has a record"

    def test_offline_it_fetches_nothing(self, tmp_path: Path) -> None:
        """Without a mirror on this disk, that is."""
        space = self.space(tmp_path, self.section, AXS_OFFLINE="1", AXS_MIRRORS="")
        if self.traits.fetches and self._is_far():
            with pytest.raises(ProduceError):
                space.byquery(TAG)
        else:
            space.byquery(TAG)

    def _is_far(self) -> bool:
        listed = list(self.made_by().downloads(self.section))
        return not all(each.source.startswith(("file:", "/")) for each in listed)

    def test_the_fetch_list_names_what_it_fetches(self, tmp_path: Path) -> None:
        listed = self.space(tmp_path, self.section).fetch_list(TAG).known
        assert bool(listed) == self.traits.fetches, f"`fetches` is {self.traits.fetches}; its downloads are {listed}"
        assert all(each.source and each.needed_by == "conformance_recipe" for each in listed)

    def test_a_bundle_takes_what_it_fetches(self, tmp_path: Path) -> None:
        if not self.traits.fetches:
            pytest.skip("it fetches nothing")
        entry = self.space(tmp_path, self.section).byquery(TAG)
        packed = _Packed()
        used = Used(dict(self.section), tmp_path / "entries", TAG, entry.path, dict(entry.entry.values))
        self.made_by().pack(used, packed)
        assert packed.what, "its method pack puts nothing into a bundle"

    def test_no_shipped_one_is_hidden(self) -> None:
        shipped = producers.code(self.producer).__module__.startswith("axs_core.")
        assert shipped or self.producer not in PLACES, f"{self.producer!r} is the name of a shipped producer"


class EntryTests(_Tests):
    """What holds for every recipe: ``entry`` is its name, ``query`` one that it answers, ``collection`` the folder that
    it is in (None: a package brings it). It is made once for all tests.
    """

    entry: ClassVar[str]
    query: ClassVar[str]
    collection: ClassVar[Path | None] = None
    _made: ClassVar[WorkspaceEntry | None] = None

    @classmethod
    def setup_class(cls) -> None:
        super().setup_class()
        cls._made = None

    @classmethod
    def space(cls) -> Workspace:
        """A workspace that sees the entry; the same work collection for all tests."""
        here = {"AXS_COLLECTIONS": str(cls.collection)} if cls.collection is not None else {}
        return Workspace(environ=cls.environ(cls.room, **here), reporter=Reporter())

    @classmethod
    def made(cls) -> WorkspaceEntry:
        """What the query denotes."""
        if cls._made is None:
            cls._made = cls.space().byquery(cls.query)
        return cls._made

    def recipe(self) -> WorkspaceEntry:
        return self.space().byname(self.entry)

    def test_it_can_be_read(self) -> None:
        found = self.recipe()
        assert found.entry.kind == "recipe", f"{self.entry} is {found.entry.kind}, it makes nothing"
        assert found.entry.meta.get("title"), "it has a title"
        for name in found.entry.make:
            producers.declared(name)

    def test_its_parameters_are_documented(self) -> None:
        bare = [each.name for each in self.recipe().parameters() if not each.help]
        assert not bare, f"parameters without help: {', '.join(bare)}"

    def test_the_query_means_it(self) -> None:
        step = self.space().plan(self.query)
        by = step.match.recipe.name if step.match is not None else None
        assert by == self.entry, f"{self.query} is answered by {by}"

    def test_an_unknown_parameter_is_an_error(self) -> None:
        with pytest.raises(AxsError) as caught:
            self.space().plan(f"{self.query},no_such_parameter_xyz=1")
        assert "no_such_parameter_xyz" in str(caught.value)

    def test_the_query_answers(self) -> None:
        made = self.made()
        assert made.entry.produced.get("recipe") == self.entry
        main = made.entry.values.get("file")
        assert main is None or (made.path / str(main)).exists(), f"its main file is not there: {main}"

    def test_the_second_ask_makes_nothing(self) -> None:
        assert self.space().byquery(self.made_query()).path == self.made().path, "the second ask makes another one"
        assert self.space().plan(self.query).action == "reuse"

    def made_query(self) -> str:
        """The query, once what it denotes is there."""
        self.made()
        return self.query

    def test_it_finds_what_it_says(self) -> None:
        recipe, made = self.recipe().entry, self.made().entry
        missing = [name for name in recipe.finds if name not in made.values]
        assert not missing, f"`finds` names what was not found: {', '.join(missing)}"

    def test_its_results_are_kept(self) -> None:
        recipe, made = self.recipe().entry, self.made()
        for name in recipe.results:
            made.get(name)

    def test_its_record_is_complete(self) -> None:
        _is_recorded(self.made())

    def test_it_verifies(self) -> None:
        _verifies(self.made())


class _Packed:
    """Notes what a producer puts into a bundle."""

    def __init__(self) -> None:
        self.what: list[Any] = []

    def add_download(self, used: Used, spec: Mapping[str, Any]) -> None:
        assert spec.get("urls"), "add_download takes the options of fetch: urls, file, checksums"
        self.what.append(spec)

    def add_repository(self, url: str, clone: Path) -> None:
        assert clone.is_dir(), f"there is no clone {clone}"
        self.what.append(url)

    def add_environment(self, used: Used) -> None:
        self.what.append(used)

    def add_tool(self, query: str) -> None:
        self.what.append(query)


def _is_recorded(made: WorkspaceEntry) -> None:
    record = json.loads((made.path / RECORD).read_text(encoding="utf-8"))
    missing = [name for name in ("query", "recipes", "needs", "files", "machine") if name not in record]
    assert not missing, f"its record lacks {', '.join(missing)}"


def _verifies(made: WorkspaceEntry) -> None:
    problems = [str(problem) for problem in verified(made.session, [made.entry]).problems]
    assert not problems, f"it is not as it was recorded: {'; '.join(problems)}"
