"""Lock files: written from what pip reports, read back, and what cannot be had."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from support.toy import Toys

from axs_core.base.errors import NotFound, ProduceError, UsageError
from axs_core.compare.lock import lock_of
from axs_core.producers.python_env.installer import Installer
from axs_core.producers.python_env.lock import archives_of, exact_requirements, lock_text, read_lock, refuse_unmet
from axs_core.producers.python_env.requirements import parse_requirements

SHA = "0" * 63
THIS = ".".join(map(str, sys.version_info[:3]))


def item(name: str, version: str, url: str, **more: Any) -> dict[str, Any]:
    """One package in pip's report."""
    source = {"url": url, "archive_info": {"hashes": {"sha256": f"{SHA}{len(name) % 10}"}}, **more.pop("source", {})}
    return {"metadata": {"name": name, "version": version}, "download_info": source, **more}


def archive(name: str, version: str, file: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "url": f"https://host/{file}", "hashes": {"sha256": SHA + "1"}, **more}


PURE = archive("pure", "1.0", "pure-1.0-py3-none-any.whl")


def written(tmp_path: Path, *archives: dict[str, Any], python: str = THIS) -> Path:
    file = tmp_path / "pylock.toml"
    file.write_text(lock_text(archives, [f"{each['name']}=={each['version']}" for each in archives], python))
    return file


def test_what_pip_reports() -> None:
    report = {
        "install": [
            item("Toy_B", "2.0", "https://me:secret@host/toy_b-2.0.tar.gz"),
            item("toy.a", "1.0", "https://host/toy_a-1.0-py3-none-any.whl", is_direct=True),
            item("old", "1.0", "https://host/old-1.0.zip", source={"archive_info": {"hash": "sha256=abc"}}),
            item("git", "1.0", "https://host/git", source={"archive_info": {}, "vcs_info": {"vcs": "git"}}),
        ]
    }
    found = {each["name"]: each for each in archives_of(report)}
    assert list(found) == ["git", "old", "toy-a", "toy-b"]
    assert found["toy-b"]["url"] == "https://host/toy_b-2.0.tar.gz"
    assert (found["toy-a"].get("direct"), found["old"]["hashes"], found["git"]["hashes"]) == (
        True,
        {"sha256": "abc"},
        {},
    )


def test_written_and_read_back(tmp_path: Path) -> None:
    source = archive("source", "2.0", "source-2.0.tar.gz")
    direct = archive("direct", "3.0", "direct-3.0-py3-none-any.whl", direct=True)
    file = written(tmp_path, PURE, source, direct)
    lock = read_lock(file)
    assert str(lock.requires_python) == f"=={sys.version_info[0]}.{sys.version_info[1]}.*"
    assert exact_requirements(lock, file, own=True) == {
        "pure": f"pure==1.0 --hash=sha256:{SHA}1",
        "source": f"source==2.0 --hash=sha256:{SHA}1",
        "direct": f"direct @ https://host/direct-3.0-py3-none-any.whl --hash=sha256:{SHA}1",
    }


def test_archives_that_are_not_known_are_named() -> None:
    with pytest.raises(NotFound) as caught:
        lock_text([PURE, {**PURE, "name": "git", "hashes": {}}], ["pure==1.0", "git==1.0", "other==2.0"], "3.11.7")
    assert str(caught.value) == (
        "the archives are not known of git 1.0, other 2.0: only what pip installed from archives, into an environment "
        "of axs's own, can be locked"
    )


def test_what_cannot_be_had_is_named(tmp_path: Path) -> None:
    odd = archive("odd", "1.0", "odd-1.0-cp27-cp27m-win32.whl")
    file = written(tmp_path, PURE, odd, python="2.7.18")
    with pytest.raises(ProduceError) as caught:
        exact_requirements(read_lock(file), file, own=True)
    assert str(caught.value) == (
        f"{file} cannot be had here:\n    it is for Python ==2.7.*, and this is Python {THIS}\n"
        "    odd 1.0: no wheel for this Python and machine, only odd-1.0-cp27-cp27m-win32.whl"
    )
    assert set(exact_requirements(read_lock(file), file, own=False)) == {"pure", "odd"}


def test_a_lock_of_somebody_elses(tmp_path: Path) -> None:
    file = tmp_path / "pylock.toml"
    wheel = f'{{name = "{{0}}-1-py3-none-any.whl", url = "https://h/w.whl", hashes = {{sha256 = "{SHA}1"}}}}'
    file.write_text(
        'lock-version = "1.0"\ncreated-by = "x"\n'
        f'[[packages]]\nname = "a"\nversion = "1"\nwheels = [{wheel.replace("{0}", "a")}]\n'
        f'[[packages]]\nname = "b"\nversion = "1"\nmarker = "sys_platform == \'x\'"\n'
        f"wheels = [{wheel.replace('{0}', 'b')}]\n"
        '[[packages]]\nname = "c"\nvcs = {type = "git", url = "https://h/c", commit-id = "1"}\n'
    )
    with pytest.raises(ProduceError) as caught:
        exact_requirements(read_lock(file), file, own=True)
    assert str(caught.value) == f"{file} cannot be had here:\n    c: it is no archive, but a repository"


@pytest.mark.parametrize("text", ["", "no toml", 'lock-version = "1.0"', 'lock-version = "9.0"\npackages = []'])
def test_no_lock_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pylock.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_lock(file)
    assert str(caught.value).startswith(f"{file} is no lock file (PEP 751): ")


def test_requirements_that_it_does_not_meet(tmp_path: Path) -> None:
    file = written(tmp_path, PURE)
    lock = read_lock(file)
    refuse_unmet(parse_requirements(["pure", "Pure==1.0", "gone==1; python_version < '3'"]), lock, file)
    with pytest.raises(ProduceError) as caught:
        refuse_unmet(parse_requirements(["pure>=2", "other"]), lock, file)
    assert (
        str(caught.value)
        == f"{file} does not hold what is asked for: pure>=2 (it has 1.0), other (it does not have it)"
    )


@pytest.mark.parametrize(
    ("name", "version", "can"),
    [("pip", "pip 23.2.1", True), ("pip", "pip 22.2", True), ("pip", "pip 22.1.2", False), ("uv", "uv 0.9.2", False)],
)
def test_which_installers_report(name: str, version: str, can: bool) -> None:
    assert Installer(name).can_report(version) is can


class TestOfAnEntry:
    @pytest.fixture
    def toys(self, toys: Toys) -> Toys:
        facts = {"frozen": ["pure==1.0"], "archives": [PURE], "python_version": "3.11.7"}
        toys.add("env", {"provides": [["env"]], "attributes": facts})
        toys.add("bare", {"provides": [["bare"]], "attributes": {**facts, "archives": []}})
        return toys

    def test_of_an_environment_and_of_what_was_made_with_it(self, toys: Toys) -> None:
        toys.maker("user", "use", needs={"python": "env"})
        space = toys.space()
        own, its = lock_of(space.byname("env").entry), lock_of(space.byquery("use").entry)
        assert [text.splitlines()[4:] for text in (own, its)] == [own.splitlines()[4:]] * 2
        assert 'name = "pure"' in own

    def test_of_several(self, toys: Toys) -> None:
        toys.maker("user", "use", needs={"python": "env", "other": "bare"})
        entry = toys.space().byquery("use").entry
        with pytest.raises(UsageError) as caught:
            lock_of(entry)
        assert str(caught.value) == f"{entry.name} was made with several environments: python, other"
        assert 'name = "pure"' in lock_of(entry, "python")
        with pytest.raises(NotFound, match=r"^the archives are not known of pure 1\.0: "):
            lock_of(entry, "other")
        with pytest.raises(NotFound) as none:
            lock_of(entry, "third")
        assert str(none.value) == f"{entry.name} has no environment 'third', but python, other"

    def test_of_none(self, toys: Toys) -> None:
        toys.maker("user", "use")
        entry = toys.space().byquery("use").entry
        with pytest.raises(UsageError) as caught:
            lock_of(entry)
        assert str(caught.value) == f"{entry.name} was not made with packages in a Python environment"
