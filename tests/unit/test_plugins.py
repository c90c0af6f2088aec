"""What installed packages bring is found, kept, and never breaks what is not theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.toy import SOURCES, Toys

from axs_core.base.errors import EntryError, UsageError
from axs_core.base.paths import user_cache
from axs_core.base.settings import Settings
from axs_core.collections.folders import roots, shipped
from axs_core.collections.trust import Trust, origin_of
from axs_core.plugins import installed, producers
from axs_core.plugins.shipped import BROUGHT_BY, IMPORTED_BY, PLACES, TRAITS
from axs_core.producers import get
from axs_core.producers.base import Producer


def package(folder: Path, name: str, points: str, version: str = "1.0") -> Path:
    """What pip leaves of a package: its ``.dist-info`` with these entry points."""
    about = folder / f"{name}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "entry_points.txt").write_text(points, encoding="utf-8")
    return about


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that Python looks into first; it is old enough to be kept."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    installed._brought.cache_clear()
    return folder


def settle(folder: Path, seconds: int = 100) -> None:
    """As if it was changed a while ago."""
    then = folder.stat().st_mtime - seconds
    os.utime(folder, (then, then))
    installed._brought.cache_clear()


def test_entry_points_are_read(packages: Path) -> None:
    scripts = "[console_scripts]\nx = y:z\n\n"
    own = "[axs.producers]\n# a remark\nbook = books.make:Book [extra]\n[axs.verbs]\nread=books.verbs"
    package(packages, "books", scripts + own)
    assert [each for each in installed.brought() if each.package == "books"] == [
        installed.Brought("axs.producers", "book", "books.make:Book", "books"),
        installed.Brought("axs.verbs", "read", "books.verbs", "books"),
    ]
    assert "book" in producers.names()


def test_what_a_folder_holds_is_kept_until_the_folder_changes(packages: Path) -> None:
    about = package(packages, "books", "[axs.verbs]\nread = books")
    settle(packages)
    assert "read" in installed.names("axs.verbs")
    assert json.loads((user_cache() / "packages.json").read_text())[str(packages)][1][0][1] == "read"
    (about / "entry_points.txt").write_text("[axs.verbs]\nlend = books")
    installed._brought.cache_clear()
    assert "read" in installed.names("axs.verbs"), "no package is looked into"
    package(packages, "more", "[axs.verbs]\nwrite = more")
    installed._brought.cache_clear()
    assert {"lend", "write"} <= set(installed.names("axs.verbs"))


def test_a_folder_that_has_just_changed_is_looked_into_again(packages: Path) -> None:
    about = package(packages, "books", "[axs.verbs]\nread = books")
    assert "read" in installed.names("axs.verbs")
    before = packages.stat()
    (about / "entry_points.txt").write_text("[axs.verbs]\nlend = books")
    os.utime(packages, ns=(before.st_atime_ns, before.st_mtime_ns))
    installed._brought.cache_clear()
    assert "lend" in installed.names("axs.verbs")


@pytest.mark.parametrize(
    "spoilt", ["{", "[]", '{"x": 3}', '{"x": [1, [["a"]]]}', '{"x": [1, [["axs.verbs", "a", null, "b"]]]}', "\0"]
)
def test_a_damaged_memory_is_made_anew(packages: Path, spoilt: str) -> None:
    package(packages, "books", "[axs.verbs]\nread = books")
    file = user_cache() / "packages.json"
    file.parent.mkdir(parents=True)
    file.write_text(spoilt)
    assert "read" in installed.names("axs.verbs")


def test_without_a_home_nothing_is_kept(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(packages, "books", "[axs.verbs]\nread = books")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/no/such/folder")
    assert "read" in installed.names("axs.verbs")


def test_collections_of_packages_come_before_the_shipped_one(packages: Path) -> None:
    package(packages, "books", "[axs.collections]\nbooks = books.inner.entries")
    (packages / "books" / "inner" / "entries").mkdir(parents=True)
    assert roots(Settings({}))[-2:] == [packages / "books" / "inner" / "entries", shipped()]
    assert "books" not in sys.modules


def test_a_collection_of_an_editable_package_is_found_where_it_lies(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(packages, "edited", "[axs.collections]\nedited = edited_books.entries")
    lies = tmp_path / "source" / "edited_books" / "entries"
    lies.mkdir(parents=True)
    (lies.parent / "__init__.py").write_text("raise RuntimeError('nobody may import this to find a folder')")
    monkeypatch.syspath_prepend(str(tmp_path / "source"))
    assert lies in installed.collections()


def test_a_collection_that_is_not_there_is_told(packages: Path, toys: Toys) -> None:
    package(packages, "books", "[axs.collections]\nbooks = no_such_package.entries")
    toys.add("toy", {"provides": [["toy"]]})
    assert toys.space().byquery("toy").name == "toy"
    told = "the package books brings a collection 'books', and no_such_package.entries is no folder of it"
    assert toys.reporter.warnings == [told]


def test_two_packages_with_one_name_are_an_error_where_it_is_used(packages: Path) -> None:
    package(packages, "books", "[axs.producers]\nbook = books:Book")
    package(packages, "library", "[axs.producers]\nbook = library:Book")
    with pytest.raises(EntryError, match="books and library bring 'book'"):
        get("book")
    assert producers.traits("book") is producers.UNKNOWN


def test_a_shipped_name_stays_the_shipped_ones(packages: Path) -> None:
    package(packages, "books", "[axs.producers]\nfetch = books:Book\n[axs.verbs]\nbyquery = books")
    assert producers.names().count("fetch") == 1
    assert type(get("fetch")).__module__ == "axs_core.producers.fetch.producer"


def test_a_broken_producer_breaks_its_own_recipes_only(packages: Path, toys: Toys) -> None:
    package(packages, "books", "[axs.producers]\nbook = books_broken:Book")
    (packages / "books_broken.py").write_text("import no_such_module")
    toys.maker("fine", "fine")
    toys.add("text", {"provides": [["text"]], "make": {"book": {"number": 1}}})
    space = toys.space()
    assert space.byquery("fine").entry.kind == "produced"
    with pytest.raises(EntryError) as caught:
        space.byname("text")
    told = "'book' of the package books cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"
    assert (caught.value.message, caught.value.key, caught.value.line) == (told, "make.book", 4)
    assert caught.value.hint == "pip uninstall books"


def test_a_schema_that_cannot_be_read_is_told(packages: Path, toys: Toys) -> None:
    package(packages, "books", "[axs.producers]\nbook = books_bare:Book")
    (packages / "books_bare.py").write_text(
        "from pathlib import Path\nfrom axs_core.sdk import Producer, Traits\n"
        "class Book(Producer):\n    name = 'book'\n    traits = Traits(schema=Path('/no/such/file.json'))\n"
    )
    toys.add("text", {"provides": [["text"]], "make": {"book": {"number": 1}}})
    with pytest.raises(EntryError, match=r"the schema of the producer 'book' cannot be read: .*No such file"):
        toys.space().byname("text")


def axs(*words: str, packages: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": f"{packages}{os.pathsep}{SOURCES}"}
    command = [sys.executable, "-m", "axs_core", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_a_broken_action_breaks_no_help(packages: Path) -> None:
    package(packages, "books", "[axs.verbs]\nread = books_broken\nlend = books_silent")
    (packages / "books_broken.py").write_text("1 / 0")
    (packages / "books_silent.py").write_text("")
    told = axs("help", packages=packages)
    assert told.returncode == 0
    assert "Actions of packages that cannot be loaded:" in told.stdout
    assert "'read' of the package books cannot be loaded: ZeroDivisionError: division by zero" in told.stdout
    used = axs("lend", packages=packages)
    assert used.returncode == 2
    assert "the package books says that it brings the action 'lend', and books_silent registers none" in used.stderr
    assert axs("complete", "axs byqu", packages=packages).stdout == "byquery\n"


@pytest.mark.process
def test_an_action_does_not_replace_another(packages: Path) -> None:
    package(packages, "books", "[axs.verbs]\nread = books_bold")
    (packages / "books_bold.py").write_text(
        "from axs_core.sdk import action\n"
        "@action('workspace')\ndef read(root): return 'read'\n"
        "@action('workspace')\ndef plan(root, query): return 'mine'\n"
    )
    used = axs("read", packages=packages)
    assert used.returncode == 2
    assert "books_bold registers the action 'plan', which axs_core.cli.actions has" in used.stderr


def test_shipped_producers_say_what_their_traits_are() -> None:
    for name in PLACES:
        own = get(name)
        assert isinstance(own, Producer)
        assert (own.name, own.traits) == (name, TRAITS[name])
        assert (type(own).downloads is not Producer.downloads) == own.traits.fetches
        assert (type(own).check is not Producer.check) == own.traits.checked
    assert set(TRAITS) == {*PLACES, BROUGHT_BY, IMPORTED_BY}


def test_what_an_unknown_producer_brought_counts_as_somebody_elses(tmp_path: Path) -> None:
    from axs_core.base.reporter import Reporter

    trust = Trust(Settings({}), Reporter(), tmp_path / "trust.json")
    meta = {"produced": {"by": ["gone"], "key": "k"}, "attributes": {}}
    assert origin_of(tmp_path, meta, trust) is not None
    assert origin_of(tmp_path, {**meta, "produced": {"by": ["python"], "key": "k"}}, trust) is None
    assert producers.bound(["gone"]) == []


def test_one_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match="no package brings 'nothing'"):
        installed.one("axs.verbs", "nothing")
